"""A connection as the protocols take it: the provider, ourselves, what is demanded of a response, what we publish."""

from datetime import timedelta

from app.features.sso import addresses
from app.features.sso.configuration import Connection, OwnKey, SamlSettings
from app.protocols.saml import types as saml
from app.protocols.saml.certificates import read_certificate

_ACS = "{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService"


def identity_provider(settings: SamlSettings, *, wants_signed_requests: bool = False) -> saml.IdentityProvider:
    """Return the provider of a connection."""
    return saml.IdentityProvider(
        entity_id=settings.entity_id,
        sso_redirect_url=settings.sso_redirect_url or None,
        sso_post_url=settings.sso_post_url or None,
        signing_certificates=tuple(read_certificate(one) for one in settings.certificates),
        wants_signed_requests=wants_signed_requests,
    )


def service_provider(connection: Connection, *, base_url: str | None = None) -> saml.ServiceProvider:
    """Return ourselves towards the provider, with the address for answers on one host; the key that signs comes first."""
    keys = connection.secrets.own_keys
    return _service(
        connection, (*(one for one in keys if one.signs), *(one for one in keys if not one.signs)), base_url
    )


def published(connection: Connection) -> saml.ServiceProvider:
    """Return ourselves as our metadata describes us: keys oldest first, so that the newest is encrypted to."""
    return _service(connection, connection.secrets.own_keys, None)


def demands(settings: SamlSettings, *, force_authn: bool = False) -> saml.Demands:
    """Return what is demanded of a response."""
    return saml.Demands(
        signed=saml.Signed(settings.signed.value),
        encrypted=settings.encrypted,
        allow_idp_initiated=settings.allow_idp_initiated,
        clock_tolerance=timedelta(seconds=settings.clock_tolerance_seconds),
        requested_contexts=settings.requested_contexts,
        force_authn=settings.force_authn or force_authn,
    )


def metadata(connection: Connection) -> bytes:
    """Return our metadata towards the provider, with an address for answers on each host."""
    from lxml import etree

    from app.protocols.saml.metadata import write_metadata

    document = write_metadata(published(connection))
    more = [addresses.acs_url(connection.public_id, one) for one in addresses.hosts()[1:]]
    if not more:
        return document
    root = etree.fromstring(document)
    first = next(root.iter(_ACS))
    for index, address in enumerate(more, start=1):
        attributes = {"Binding": first.get("Binding", ""), "Location": address, "index": str(index)}
        first.addnext(etree.Element(_ACS, attributes))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def key_set(connection: Connection) -> bytes:
    """Return our public keys towards an OpenID provider, as a JSON Web Key Set (RFC 7517 §5)."""
    from app.protocols.oidc.client_assertion import public_key_set
    from app.protocols.oidc.types import Algorithm, SigningKey

    own = connection.secrets.own_keys
    return public_key_set(tuple(SigningKey(one.private_key.encode(), Algorithm.RS256) for one in own))


def key_pair(key: OwnKey) -> saml.KeyPair:
    """Return a key pair of ours as the protocol takes it."""
    return saml.KeyPair(key.name, key.private_key.encode(), read_certificate(key.certificate))


def _service(connection: Connection, keys: tuple[OwnKey, ...], base_url: str | None) -> saml.ServiceProvider:
    settings = connection.settings
    return saml.ServiceProvider(
        entity_id=addresses.entity_id(connection.public_id),
        acs_url=addresses.acs_url(connection.public_id, base_url),
        metadata_url=addresses.entity_id(connection.public_id),
        keys=tuple(key_pair(one) for one in keys),
        sign_requests=isinstance(settings, SamlSettings) and settings.sign_requests,
    )
