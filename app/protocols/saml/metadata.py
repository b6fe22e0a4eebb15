"""Identity providers as their metadata describes them, and the description of ourselves for them to read.

A description is believed because an administrator brought it, or it came from the address an administrator named. Where the
administrator also gives the certificate that it is signed with, only what that signature covers is read, under the same strict
profile as a response. What cannot be used is refused with a sentence that names the entity and the reason.
"""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from app.protocols.saml import crypto, envelope, instants, names, profile
from app.protocols.saml.certificates import CertificateRefused, read_certificate
from app.protocols.saml.errors import MetadataRefused, Refused
from app.protocols.saml.names import ds, md
from app.protocols.saml.types import Certificate, Check, IdentityProvider, ServiceProvider

#: Federations publish some tens of megabytes; one organisation's description has a few kilobytes.
MAX_METADATA_BYTES: Final = 32 * 1024 * 1024
MAX_CERTIFICATES: Final = 16
#: An aggregate of thousands of entities has about a hundred elements for each.
MAX_ELEMENTS: Final = 1_000_000
MAX_ENTITY_ID: Final = 1024
MAX_ADDRESS: Final = 2048
_UI: Final = "{urn:oasis:names:tc:SAML:metadata:ui}"
_LANGUAGE: Final = f"{{{names.XML}}}lang"
#: What else an entity may be, in words.
_ROLES: Final = {
    "SPSSODescriptor": "a service provider",
    "AttributeAuthorityDescriptor": "an attribute authority",
    "AuthnAuthorityDescriptor": "an authentication authority",
    "PDPDescriptor": "a policy decision point",
    "RoleDescriptor": "something of another protocol",
    "AffiliationDescriptor": "an affiliation",
}
_SIGNING, _ENCRYPTION = "signing", "encryption"


def read_metadata(
    xml: bytes, *, now: datetime, entity_id: str | None = None, signed_by: Certificate | None = None
) -> tuple[IdentityProvider, ...]:
    """Return the identity providers in an EntityDescriptor or EntitiesDescriptor, or the one that is named.

    Entities of an aggregate that cannot be used are left out; raise MetadataRefused if none is left. With `signed_by` the whole
    document has to be signed by that key.
    SAML Metadata §2.3, §2.4, §3.
    """
    root = _parsed(xml)
    if signed_by is not None:
        root = _verified(root, xml, signed_by)
    if root.tag not in {md("EntityDescriptor"), md("EntitiesDescriptor")}:
        raise MetadataRefused(f"This is not SAML metadata: it begins with “{_local(root)}”.")
    entities = list(root.iter(md("EntityDescriptor")))
    if entity_id is not None:
        entities = [entity for entity in entities if entity.get("entityID") == entity_id]
        if not entities:
            raise MetadataRefused(f"This metadata does not describe “{entity_id[:200]}”.")
    read: dict[str, IdentityProvider] = {}
    first: MetadataRefused | None = None
    for entity in entities:
        try:
            provider = _provider(entity, now)
        except MetadataRefused as refused:
            first = first or refused
            continue
        if provider.entity_id in read:
            raise MetadataRefused(f"This metadata describes “{provider.entity_id}” twice.")
        read[provider.entity_id] = provider
    if not read:
        raise first or MetadataRefused("This metadata describes no entity.")
    return tuple(read.values())


def _parsed(xml: bytes) -> etree._Element:
    try:
        root = envelope.parse_quietly(xml, max_bytes=MAX_METADATA_BYTES)
    except Refused as refused:
        said = f"This metadata cannot be read: expected {refused.expected}; found {refused.found}."
        raise MetadataRefused(said, refused.check) from refused
    # Comments between elements are banners; inside a value they would cut it in two.
    if envelope.has_other_nodes(root):
        raise MetadataRefused("This metadata has a comment or a processing instruction in a value.", Check.NO_COMMENTS)
    return root


def _verified(root: etree._Element, xml: bytes, certificate: Certificate) -> etree._Element:
    """Return what the signature of a document covers, parsed from those very bytes."""
    try:
        envelope.refuse_ambiguities(root, xml, max_elements=MAX_ELEMENTS)
        signature = profile.inspect(root)
        if signature is None:
            raise MetadataRefused(
                "This metadata is not signed, and a certificate was given to verify it with.", Check.METADATA_SIGNED
            )
        if crypto.verify(signature, (certificate,)) is None:
            raise MetadataRefused(
                "This metadata is signed with another key than that of the certificate that was given.",
                Check.METADATA_SIGNED,
            )
        covered = signature.canonical()
    except Refused as refused:
        said = f"The signature of this metadata cannot be verified: expected {refused.expected}; found {refused.found}."
        raise MetadataRefused(said, refused.check) from refused
    return _parsed(covered)


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2][:80]


def _provider(entity: etree._Element, now: datetime) -> IdentityProvider:
    entity_id = (entity.get("entityID") or "").strip()
    if not entity_id or len(entity_id) > MAX_ENTITY_ID:
        raise MetadataRefused(f"An entity needs an entityID of at most {MAX_ENTITY_ID:,} characters.")
    role = _role(entity, entity_id)
    until = _valid_until(role, entity_id, now)
    redirect, post = (_address(role, binding, entity_id) for binding in (names.BINDING_REDIRECT, names.BINDING_POST))
    if redirect is None and post is None:
        raise MetadataRefused(f"“{entity_id}” has no address for sign-in by HTTP-Redirect or HTTP-POST.", Check.ADDRESS)
    formats = (text.strip() for node in role.iterfind(md("NameIDFormat")) if (text := node.text))
    return IdentityProvider(
        entity_id=entity_id,
        sso_redirect_url=redirect,
        sso_post_url=post,
        signing_certificates=_signing(role, entity_id),
        wants_signed_requests=role.get("WantAuthnRequestsSigned", "").strip() in {"true", "1"},
        name_id_formats=tuple(dict.fromkeys(text for text in formats if text)),
        encryption_certificates=tuple(_certificates(role, _ENCRYPTION)[0]),
        valid_until=until,
        display_name=_display_name(role, entity),
    )


def _role(entity: etree._Element, entity_id: str) -> etree._Element:
    roles = entity.findall(md("IDPSSODescriptor"))
    if not roles:
        kinds = dict.fromkeys(words for child in entity if (words := _ROLES.get(_local(child))))
        said = f", only as {' and '.join(kinds)}" if kinds else ""
        raise MetadataRefused(f"“{entity_id}” is not described as an identity provider{said}.")
    speaking = [role for role in roles if names.SAMLP in (role.get("protocolSupportEnumeration") or "").split()]
    if not speaking:
        raise MetadataRefused(f"“{entity_id}” does not say that it speaks SAML 2.0.")
    return speaking[0]


def _valid_until(role: etree._Element, entity_id: str, now: datetime) -> datetime | None:
    # SAML Metadata §2.3.1: the earliest of everything around.
    said = [node.get("validUntil") for node in (role, *role.iterancestors())]
    try:
        ends = [instants.read(text) for text in said if text]
    except ValueError as error:
        raise MetadataRefused(f"The end of the description of “{entity_id}” is not an instant.") from error
    if not ends:
        return None
    if min(ends) <= now:
        raise MetadataRefused(
            f"The description of “{entity_id}” ended at {instants.write(min(ends))}; fetch a newer one.",
            Check.METADATA_EXPIRY,
        )
    return min(ends)


def _address(role: etree._Element, binding: str, entity_id: str) -> str | None:
    for node in role.iterfind(md("SingleSignOnService")):
        if node.get("Binding") == binding:
            return check_address((node.get("Location") or "").strip(), entity_id)
    return None


def check_address(location: str, entity_id: str) -> str:
    """Return the address of a sign-in service if a browser may be sent there; raise MetadataRefused.

    A form that posts to `javascript:` would run it in our pages.
    """
    try:
        parts = urlsplit(location)
    except ValueError:
        parts = urlsplit("")
    fine = parts.scheme.lower() in {"https", "http"} and bool(parts.hostname) and parts.username is None
    odd = any(character <= " " or character in "\"'<>\\\x7f" for character in location)
    if not fine or odd or parts.fragment or len(location) > MAX_ADDRESS:
        raise MetadataRefused(
            f"“{entity_id}” names an address for sign-in that is not a web address: “{location[:120]}”.", Check.ADDRESS
        )
    return location


def _signing(role: etree._Element, entity_id: str) -> tuple[Certificate, ...]:
    found, complaints = _certificates(role, _SIGNING)
    if not found:
        nothing = "Its description holds none in a KeyInfo of XML signature."
        if role.find(md("KeyDescriptor")) is None:
            nothing = "Its description names no key at all; enter the provider by hand, with its certificate."
        why = complaints[0] if complaints else nothing
        raise MetadataRefused(
            f"“{entity_id}” has no certificate for signing that can be used. {why}", Check.CERTIFICATE
        )
    return tuple(found)


def _certificates(role: etree._Element, use: str) -> tuple[list[Certificate], list[str]]:
    """Return certificates for a use, those for every use included, and what was wrong with the others."""
    found: dict[str, Certificate] = {}
    complaints: list[str] = []
    for descriptor in role.iterfind(md("KeyDescriptor")):
        if descriptor.get("use", use) != use:
            continue
        # The first of each X509Data: those after it are its chain, whose owners do not speak for the provider.
        for data in descriptor.iterfind(f"{ds('KeyInfo')}/{ds('X509Data')}"):
            text = data.findtext(ds("X509Certificate"))
            if not text or len(found) >= MAX_CERTIFICATES:
                continue
            try:
                read = read_certificate(text)
            except CertificateRefused as refused:
                complaints.append(str(refused))
            else:
                found.setdefault(read.fingerprint_sha256, read)
    return list(found.values()), complaints


def _display_name(role: etree._Element, entity: etree._Element) -> str | None:
    nodes = [
        *role.iterfind(f"{md('Extensions')}/{_UI}UIInfo/{_UI}DisplayName"),
        *entity.iterfind(f"{md('Organization')}/{md('OrganizationDisplayName')}"),
    ]
    english = [node for node in nodes if (node.get(_LANGUAGE) or "").lower().startswith("en")]
    texts = (" ".join((node.text or "").split())[:200] for node in (*english, *nodes))
    return next((text for text in texts if text), None)


def write_metadata(service: ServiceProvider) -> bytes:
    """Return our own metadata: every key of ours for signing, the newest for encryption, one POST address.

    SAML Metadata §2.4.4. During a roll-over the provider finds both keys; it encrypts to the newest.
    """
    from saml2 import md as schema

    role = schema.SPSSODescriptor(
        protocol_support_enumeration=names.SAMLP,
        authn_requests_signed="true" if service.sign_requests else "false",
        want_assertions_signed="true",
        key_descriptor=[
            *(_key_descriptor(pair.certificate, _SIGNING) for pair in service.keys),
            *(_key_descriptor(pair.certificate, _ENCRYPTION) for pair in service.keys[-1:]),
        ],
        assertion_consumer_service=[
            schema.AssertionConsumerService(
                binding=names.BINDING_POST, location=service.acs_url, index="0", is_default="true"
            )
        ],
    )
    entity = schema.EntityDescriptor(entity_id=service.entity_id, spsso_descriptor=role)
    made: bytes = entity.to_string()
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(etree.fromstring(made))


def _key_descriptor(certificate: Certificate, use: str) -> object:
    from saml2 import md as schema
    from saml2 import xmldsig

    text = "".join(certificate.pem.splitlines()[1:-1])
    data = xmldsig.X509Data(x509_certificate=xmldsig.X509Certificate(text=text))
    methods = []
    if use == _ENCRYPTION:
        methods = [
            schema.EncryptionMethod(algorithm=algorithm)
            for algorithm in (names.XENC11 + "aes256-gcm", names.XENC11 + "aes128-gcm", names.XENC + "rsa-oaep-mgf1p")
        ]
    return schema.KeyDescriptor(use=use, key_info=xmldsig.KeyInfo(x509_data=data), encryption_method=methods)
