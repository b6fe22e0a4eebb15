"""What is asked of a provider, or takes long to compute, before the transaction: metadata, discovery, new keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core import clock
from app.core.errors import Invalid
from app.core.text import Text
from app.features.sso import addresses, checking, entries, wire
from app.features.sso.configuration import (
    ClientAuthentication,
    Kind,
    OidcSettings,
    OwnKey,
    SamlSettings,
    Settings,
)
from app.integrations.http.errors import OutsideError

#: As large as a form may be; the description of one organisation has a few kilobytes.
MAXIMUM_METADATA_BYTES = 1_000_000
#: More names than this are not listed in a sentence.
_LISTED = 5


@dataclass(frozen=True)
class Metadata:
    """A SAML provider's metadata as it is given: a file, an address, or neither."""

    file: bytes
    url: str
    #: Which provider of several it is.
    entity_id: str
    #: Certificate that the metadata is signed with, where it is to be verified.
    certificate: str = ""


def saml_settings(given: Metadata, by_hand: SamlSettings) -> SamlSettings:
    """Return a provider as its metadata describes it; without metadata, as it was entered. Raises Invalid, Unavailable."""
    if given.file:
        return _of_metadata("metadata_file", given.file, given)
    if given.url:
        return _of_metadata("metadata_url", _fetched("metadata_url", given.url, wire.fetcher().saml_metadata), given)
    return SamlSettings(
        entity_id=by_hand.entity_id,
        sso_redirect_url=by_hand.sso_redirect_url,
        sso_post_url=by_hand.sso_post_url,
        certificates=checking.certificates(by_hand.certificates),
    )


def described(kind: Kind, settings: Mapping[str, Any], metadata: Metadata) -> Settings | None:
    """Return what a provider says of itself, where data leaves that to it; else None. Raises Invalid, Unavailable.

    SAML metadata is read where it is given; an OpenID provider is discovered where none of its addresses is said.
    """
    if kind is Kind.SAML and (metadata.file or metadata.url):
        return saml_settings(metadata, SamlSettings(metadata.entity_id))
    said = any(settings.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
    if kind is not Kind.OIDC or said:
        return None
    wanted: OidcSettings = entries.shaped(OidcSettings, dict(settings), "settings")
    return oidc_settings(wanted.issuer, wanted.client_id, wanted.authentication, wanted.scopes)


def oidc_settings(
    issuer: str, client_id: str, authentication: ClientAuthentication, scopes: tuple[str, ...]
) -> OidcSettings:
    """Return a provider as its discovery document describes it. Raises Invalid, Unavailable."""
    from app.protocols.oidc.discovery import discovery_url, read_discovery
    from app.protocols.oidc.errors import MetadataRefused

    checking.address("issuer", issuer)
    document = _fetched("issuer", discovery_url(issuer), wire.fetcher().discovery)
    try:
        read = read_discovery(document, issuer, allow_loopback=addresses.plain_http_is_allowed())
    except MetadataRefused as error:
        raise Invalid("issuer", Text("%(problem)s", problem=str(error))) from error
    return OidcSettings(
        issuer=issuer,
        client_id=client_id,
        authorization_endpoint=read.endpoints.authorization,
        token_endpoint=read.endpoints.token,
        jwks_uri=read.jwks_uri,
        userinfo_endpoint=read.endpoints.userinfo or "",
        sends_issuer=read.names_issuer_in_answer,
        authentication=authentication,
        scopes=scopes or OidcSettings.scopes,
        read_userinfo=read.endpoints.userinfo is not None,
    )


def new_key(name: str) -> OwnKey:
    """Make a key pair of ours; takes about half a second."""
    from app.protocols.saml.certificates import make_key_pair

    made = make_key_pair(clock.now(), f"Portico, {name}")
    return OwnKey(made.name, made.private_key_pem.decode(), made.certificate.pem)


def _of_metadata(field: str, xml: bytes, given: Metadata) -> SamlSettings:
    from app.protocols.saml.errors import MetadataRefused
    from app.protocols.saml.metadata import read_metadata

    signed_by = checking.certificate("metadata_certificate", given.certificate) if given.certificate else None

    if len(xml) > MAXIMUM_METADATA_BYTES:
        raise Invalid(field, Text("The metadata is larger than 1 MB. Ask for that of your own provider only."))
    try:
        providers = read_metadata(xml, now=clock.now(), entity_id=given.entity_id or None, signed_by=signed_by)
    except MetadataRefused as error:
        raise Invalid(field, Text("%(problem)s", problem=str(error))) from error
    if len(providers) > 1:
        names = ", ".join(one.entity_id for one in providers[:_LISTED])
        raise Invalid(
            "entity_id",
            Text(
                "The metadata describes %(count)s providers. Enter which: %(names)s.", count=len(providers), names=names
            ),
        )
    one = providers[0]
    return SamlSettings(
        entity_id=one.entity_id,
        sso_redirect_url=one.sso_redirect_url or "",
        sso_post_url=one.sso_post_url or "",
        certificates=tuple(certificate.pem for certificate in one.signing_certificates),
        sign_requests=one.wants_signed_requests,
    )


def _fetched(field: str, url: str, fetch: Callable[[str], bytes]) -> bytes:
    checking.address(field, url)
    try:
        return fetch(url)
    except OutsideError as error:
        raise Invalid(field, Text("%(problem)s", problem=str(error))) from error
