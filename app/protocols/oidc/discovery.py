"""Reads what a provider publishes about itself (OpenID Connect Discovery 1.0 §3 and §4, RFC 8414).

The document is believed only if it names the issuer that was configured, letter for letter: without that comparison whoever can serve a
document at one address speaks for every issuer. What it says about algorithms can only take some away.
"""

from typing import Any

from app.protocols.oidc.addresses import read_address, read_issuer
from app.protocols.oidc.checks import shown
from app.protocols.oidc.errors import MetadataRefused
from app.protocols.oidc.strict_json import Ambiguous, read_object
from app.protocols.oidc.types import ALL_ALGORITHMS, Algorithm, Check, ClientMethod, Endpoints, Provider

MAX_DOCUMENT_BYTES = 256 * 1024
#: Of lists that are only shown to an administrator.
MAX_LISTED = 200

_METHODS = frozenset(ClientMethod)


def discovery_url(issuer: str) -> str:
    """Return where `issuer` publishes its document (OpenID Connect Discovery §4)."""
    return issuer.removesuffix("/") + "/.well-known/openid-configuration"


def read_discovery(document: bytes, issuer: str, *, allow_loopback: bool = False) -> Provider:
    """Return the provider that `document` describes. Raises MetadataRefused with a sentence for an administrator.

    `allow_loopback` lets addresses be plain http on this machine, for development.
    """
    try:
        metadata = read_object(document, MAX_DOCUMENT_BYTES)
    except Ambiguous as error:
        raise MetadataRefused(f"The discovery document cannot be read: it is {error}.") from None
    _check_issuer(metadata.get("issuer"), issuer, allow_loopback)

    def address(member: str, what: str) -> str:
        return read_address(metadata.get(member), what, allow_loopback=allow_loopback)

    authorization = address("authorization_endpoint", "authorization endpoint")
    token = address("token_endpoint", "token endpoint")
    userinfo = address("userinfo_endpoint", "userinfo endpoint") if metadata.get("userinfo_endpoint") else None
    jwks_uri = address("jwks_uri", "address of the key set")
    _check_code_flow(_texts(metadata, "response_types_supported"))
    return Provider(
        issuer=issuer,
        endpoints=Endpoints(authorization, token, userinfo),
        jwks_uri=jwks_uri,
        algorithms=_algorithms(_texts(metadata, "id_token_signing_alg_values_supported")),
        client_methods=_methods(_texts(metadata, "token_endpoint_auth_methods_supported")),
        names_issuer_in_answer=metadata.get("authorization_response_iss_parameter_supported") is True,
        scopes=(_texts(metadata, "scopes_supported") or ())[:MAX_LISTED],
        acr_values=(_texts(metadata, "acr_values_supported") or ())[:MAX_LISTED],
    )


def _check_issuer(found: Any, configured: str, allow_loopback: bool) -> None:
    if not isinstance(found, str) or not found:
        raise MetadataRefused("The document names no issuer. Is it a discovery document?", Check.DISCOVERY_ISSUER)
    read_issuer(found, allow_loopback=allow_loopback)
    if found == configured:
        return
    advice = "Enter the issuer exactly as the provider writes it."
    if found.rstrip("/") == configured.rstrip("/"):
        advice = "They differ by the slash at the end. " + advice
    raise MetadataRefused(
        f"The document is about another issuer: {shown(found)} instead of {shown(configured)}. {advice}",
        Check.DISCOVERY_ISSUER,
    )


def _texts(metadata: dict[str, Any], member: str) -> tuple[str, ...] | None:
    found = metadata.get(member)
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise MetadataRefused(f"{member} of the discovery document is not a list of texts.")
    return tuple(found)


def _check_code_flow(response_types: tuple[str, ...] | None) -> None:
    if response_types is not None and "code" not in response_types:
        offered = shown(", ".join(response_types) or None)
        raise MetadataRefused(f"The provider does not offer the authorization code flow; it offers {offered}.")


def _algorithms(offered: tuple[str, ...] | None) -> frozenset[Algorithm]:
    if offered is None:
        return ALL_ALGORITHMS
    common = frozenset(one for one in ALL_ALGORITHMS if one.value in offered)
    if not common:
        raise MetadataRefused(
            f"The provider signs ID tokens only in ways that are not accepted: {shown(', '.join(offered) or 'none')}."
            " Let it sign with RS256, PS256, ES256 or EdDSA."
        )
    return common


def _methods(offered: tuple[str, ...] | None) -> frozenset[ClientMethod]:
    # OpenID Connect Discovery §3: absent means client_secret_basic.
    if offered is None:
        return frozenset({ClientMethod.BASIC})
    common = frozenset(one for one in _METHODS if one.value in offered)
    if not common:
        raise MetadataRefused(
            f"The token endpoint knows clients only in ways that Portico does not: {shown(', '.join(offered) or 'none')}."
        )
    return common
