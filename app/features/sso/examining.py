"""Looking at a connection without a person: certificates and clocks, and what the provider says of itself today.

A test sign-in shows more, but takes somebody with a browser; this is what a program can ask for at any time. Runs with no
transaction open.
"""

from collections.abc import Iterator
from datetime import datetime

from app.core import clock
from app.features.sso import addresses, wire
from app.features.sso.configuration import Connection, OidcSettings, SamlSettings
from app.features.sso.received import CheckLine
from app.features.sso.wire import ProviderDown
from app.integrations.http.errors import OutsideError
from app.protocols.oidc.discovery import discovery_url, read_discovery
from app.protocols.oidc.errors import MetadataRefused
from app.protocols.oidc.types import Provider
from app.protocols.saml.certificates import read_certificate


def examine(connection: Connection) -> tuple[CheckLine, ...]:
    """Return what was looked at, each with what was expected and found; nothing is raised for what a provider does."""
    found = connection.settings
    lines = [*_own_keys(connection)]
    if isinstance(found, SamlSettings):
        lines += [_dated("provider_certificate", one) for one in found.certificates]
    if isinstance(found, OidcSettings):
        lines += _discovered(found)
    return tuple(lines)


def _own_keys(connection: Connection) -> Iterator[CheckLine]:
    for one in connection.secrets.own_keys:
        yield _dated("own_certificate", one.certificate)


def _dated(name: str, pem: str) -> CheckLine:
    read, now = read_certificate(pem), clock.now()
    good = read.not_before <= now < read.not_after
    return CheckLine(
        name,
        good,
        f"a certificate in force at {_said(now)}",
        f"{read.fingerprint_sha256[:16]}…, from {_said(read.not_before)} to {_said(read.not_after)}",
    )


def _discovered(found: OidcSettings) -> Iterator[CheckLine]:
    try:
        document = wire.fetcher().discovery(discovery_url(found.issuer))
        said = read_discovery(document, found.issuer, allow_loopback=addresses.plain_http_is_allowed())
    except (OutsideError, MetadataRefused) as error:
        yield CheckLine("discovery", False, "a discovery document of this issuer", str(error))
        return
    yield CheckLine("discovery", True, "a discovery document of this issuer", found.issuer)
    for name, stored, now in _addresses(found, said):
        yield CheckLine(name, stored == now, stored or "none", now or "none")
    try:
        keys = wire.key_set(said.jwks_uri, fresh=True)
    except ProviderDown as error:
        yield CheckLine("key_set", False, "keys to verify ID tokens with", str(error))
    else:
        yield CheckLine("key_set", bool(keys.keys), "keys to verify ID tokens with", f"{len(keys.keys)}")


def _addresses(found: OidcSettings, said: Provider) -> Iterator[tuple[str, str, str]]:
    yield "authorization_endpoint", found.authorization_endpoint, said.endpoints.authorization
    yield "token_endpoint", found.token_endpoint, said.endpoints.token
    yield "jwks_uri", found.jwks_uri, said.jwks_uri
    yield "userinfo_endpoint", found.userinfo_endpoint, said.endpoints.userinfo or ""


def _said(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
