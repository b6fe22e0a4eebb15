"""Addresses that a provider publishes or an administrator enters, before anybody is sent there."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from app.protocols.oidc.checks import shown
from app.protocols.oidc.errors import MetadataRefused
from app.protocols.oidc.types import Check

MAX_ADDRESS_LENGTH = 2000


def read_address(value: Any, what: str, *, allow_loopback: bool = False) -> str:
    """Return `value` if it is an absolute https address without fragment or credentials (RFC 6749 §3.1, §3.2).

    With `allow_loopback` plain http to this machine is fine too, for development. Raises MetadataRefused naming it as `what`.
    """
    if value is None:
        raise MetadataRefused(f"The provider gives no {what}.", Check.ADDRESS)
    reason = _fault(value, allow_loopback)
    if reason:
        raise MetadataRefused(f"The {what} {reason}: {shown(value)}", Check.ADDRESS)
    return str(value)


def read_issuer(value: str, *, allow_loopback: bool = False) -> str:
    """Return `value` if it can be an issuer: an address as above, without a query (OpenID Connect Discovery §3)."""
    address = read_address(value, "issuer", allow_loopback=allow_loopback)
    if "{" in address or "}" in address:
        raise MetadataRefused(
            f"The issuer stands for many organisations: {shown(address)}. Use the address with the id of your own.",
            Check.DISCOVERY_ISSUER,
        )
    if "?" in address:
        raise MetadataRefused(f"The issuer must not hold a query: {shown(address)}", Check.ADDRESS)
    return address


def _fault(value: Any, allow_loopback: bool) -> str | None:
    if not isinstance(value, str) or not value or len(value) > MAX_ADDRESS_LENGTH:
        return "is not an address"
    if not value.isascii() or not value.isprintable() or any(one in value for one in ' \\<>"^`|'):
        return "holds characters that an address does not have"
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return "cannot be read as an address"
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    if scheme not in ("https", "http") or not host:
        return "is not an absolute https:// address"
    if "@" in parts.netloc:
        return "must not hold a user name"
    if "#" in value:
        return "must not hold a fragment"
    if scheme == "http" and not (allow_loopback and _is_loopback(host)):
        return "must start with https://"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
