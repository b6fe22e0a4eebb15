"""A tiny identity provider: makes the responses that the reader is tested with, good ones and bad ones."""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree
from xmlsec import constants

from app.protocols.saml import responses
from app.protocols.saml.certificates import make_key_pair, read_certificate
from app.protocols.saml.types import (
    Demands,
    IdentityProvider,
    KeyPair,
    Outcome,
    Outstanding,
    ServiceProvider,
    Signed,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENTITY = "https://idp.example.com/metadata"
SP = "https://portal.example.org/sso/acme/saml/metadata"
ACS = "https://portal.example.org/sso/acme/saml/acs"
REQUEST = "_request-1"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
PASSWORD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
MIN = timedelta(minutes=1)


@cache
def _pair(name: str) -> KeyPair:
    return make_key_pair(NOW, name)


def keys(name: str = "idp") -> KeyPair:
    return _pair(name)


@cache
def curve_keys() -> KeyPair:
    """Return a pair on P-256, as some providers have."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "curve")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair("curve", private, read_certificate(made.public_bytes(serialization.Encoding.DER)))


def stamp(offset: timedelta = timedelta(0)) -> str:
    return (NOW + offset).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Said:
    """What the provider says; the defaults are a good answer."""

    issuer: str = ENTITY
    response_issuer: str | None = ENTITY
    destination: str | None = ACS
    recipient: str | None = ACS
    audiences: tuple[tuple[str, ...], ...] = ((SP,),)
    in_response_to: str | None = REQUEST
    response_in_response_to: str | None = REQUEST
    name_id: str = "mira@example.com"
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    status_message: str = ""
    issued: timedelta = timedelta(0)
    not_before: timedelta | None = -MIN
    not_on_or_after: timedelta | None = 5 * MIN
    confirmation_end: timedelta | None = 5 * MIN
    authn_instant: timedelta = timedelta(0)
    session_end: timedelta | None = timedelta(hours=8)
    context: str = PASSWORD_CONTEXT
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    version: str = "2.0"
    #: name, name format, values
    attributes: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
        ("mail", BASIC, ("mira@example.com",)),
        ("groups", "urn:example:unheard-of", ("finance", "harbour & quay")),
    )
    value_hint: str = 'xsi:type="xs:string"'
    response_id: str = "_response-1"
    assertion_id: str = "_assertion-1"
    response_namespaces: str = (
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    )
    extra_condition: str = ""
    subject: bool = True
    statements: bool = True


def _optional(name: str, value: str | None) -> str:
    return f' {name}="{value}"' if value is not None else ""


def _when(name: str, offset: timedelta | None) -> str:
    return _optional(name, stamp(offset) if offset is not None else None)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def assertion_text(said: Said) -> str:
    attributes = "".join(
        f'<saml:Attribute Name="{name}"{_optional("NameFormat", form)}>'
        + "".join(f"<saml:AttributeValue {said.value_hint}>{_escaped(value)}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, form, values in said.attributes
    )
    restrictions = "".join(
        "<saml:AudienceRestriction>"
        + "".join(f"<saml:Audience>{audience}</saml:Audience>" for audience in audiences)
        + "</saml:AudienceRestriction>"
        for audiences in said.audiences
    )
    subject = (
        f"<saml:Subject><saml:NameID>{said.name_id}</saml:NameID>"
        f'<saml:SubjectConfirmation Method="{said.method}"><saml:SubjectConfirmationData'
        f"{_optional('Recipient', said.recipient)}{_optional('InResponseTo', said.in_response_to)}"
        f"{_when('NotOnOrAfter', said.confirmation_end)}/></saml:SubjectConfirmation></saml:Subject>"
    )
    authn = (
        f'<saml:AuthnStatement AuthnInstant="{stamp(said.authn_instant)}" SessionIndex="_session-1"'
        f"{_when('SessionNotOnOrAfter', said.session_end)}><saml:AuthnContext>"
        f"<saml:AuthnContextClassRef>{said.context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
    )
    statement = f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>" if attributes else ""
    return (
        f'<saml:Assertion xmlns:saml="{SAML}" ID="{said.assertion_id}" Version="{said.version}" '
        f'IssueInstant="{stamp(said.issued)}"><saml:Issuer>{said.issuer}</saml:Issuer>'
        f"{subject if said.subject else ''}"
        f"<saml:Conditions{_when('NotBefore', said.not_before)}{_when('NotOnOrAfter', said.not_on_or_after)}>"
        f"{restrictions}{said.extra_condition}</saml:Conditions>{authn if said.statements else ''}{statement}</saml:Assertion>"
    )


def response_text(said: Said, inner: str | None = None) -> str:
    message = f"<samlp:StatusMessage>{said.status_message}</samlp:StatusMessage>" if said.status_message else ""
    issuer = f"<saml:Issuer>{said.response_issuer}</saml:Issuer>" if said.response_issuer is not None else ""
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" {said.response_namespaces} '
        f'ID="{said.response_id}" Version="{said.version}" IssueInstant="{stamp(said.issued)}"'
        f"{_optional('Destination', said.destination)}{_optional('InResponseTo', said.response_in_response_to)}>"
        f'{issuer}<samlp:Status><samlp:StatusCode Value="{said.status}"/>{message}</samlp:Status>'
        f"{assertion_text(said) if inner is None else inner}</samlp:Response>"
    )


@dataclass(frozen=True)
class How:
    """How a signature is made; the defaults fit the profile."""

    pair: KeyPair = field(default_factory=keys)
    method: Any = constants.TransformRsaSha256
    digest: Any = constants.TransformSha256
    c14n: Any = constants.TransformExclC14N
    transforms: tuple[Any, ...] = (constants.TransformEnveloped, constants.TransformExclC14N)
    prefixes: str = ""
    uri: str | None = None
    shown: KeyPair | None = None
    key: Any = None


def sign(element: etree._Element, how: How | None = None) -> etree._Element:
    """Put a signature after the Issuer of an element."""
    how = how or How()
    node = xmlsec.template.create(element, how.c14n, how.method, ns="ds")
    issuer = element.find("saml:Issuer", NS)
    if issuer is None:
        element.insert(0, node)
    else:
        issuer.addnext(node)
    reference = xmlsec.template.add_reference(
        node, how.digest, uri=f"#{element.get('ID')}" if how.uri is None else how.uri
    )
    for transform in how.transforms:
        made = xmlsec.template.add_transform(reference, transform)
        if how.prefixes and transform == constants.TransformExclC14N:
            xmlsec.template.transform_add_c14n_inclusive_namespaces(made, how.prefixes)
    if how.shown:
        info = etree.SubElement(node, f"{{{DS}}}KeyInfo")
        data = etree.SubElement(info, f"{{{DS}}}X509Data")
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(how.shown.certificate.der).decode()
    context = xmlsec.SignatureContext()
    context.key = how.key or xmlsec.Key.from_memory(how.pair.private_key_pem, constants.KeyDataFormatPem)
    context.register_id(element, "ID")
    context.sign(node)
    return node


@dataclass(frozen=True)
class Sealed:
    """How an assertion is encrypted."""

    to: KeyPair = field(default_factory=lambda: keys("sp"))
    content: str = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    transport: str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
    beside: bool = False


def encrypt(plain: bytes, how: Sealed) -> str:
    key = os.urandom(16 if "128" in how.content else 32)
    if how.content.endswith("gcm"):
        nonce = os.urandom(12)
        content = nonce + AESGCM(key).encrypt(nonce, plain, None)
    else:
        start = os.urandom(16)
        padder = block_padding.PKCS7(128).padder()
        step = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
        content = start + step.update(padder.update(plain) + padder.finalize()) + step.finalize()
    public = x509.load_der_x509_certificate(how.to.certificate.der).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    scheme: Any = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    if how.transport.endswith("rsa-1_5"):
        scheme = padding.PKCS1v15()
    wrapped = base64.b64encode(public.encrypt(key, scheme)).decode()
    encrypted_key = (
        '<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">'
        f'<xenc:EncryptionMethod Algorithm="{how.transport}"/>'
        f"<xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )
    info = "" if how.beside else f'<ds:KeyInfo xmlns:ds="{DS}">{encrypted_key}</ds:KeyInfo>'
    return (
        '<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" '
        'Type="http://www.w3.org/2001/04/xmlenc#Element">'
        f'<xenc:EncryptionMethod Algorithm="{how.content}"/>{info}<xenc:CipherData><xenc:CipherValue>'
        f"{base64.b64encode(content).decode()}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        f"{encrypted_key if how.beside else ''}</saml:EncryptedAssertion>"
    )


def assertion_in(root: etree._Element) -> etree._Element:
    found = root.find("saml:Assertion", NS)
    assert found is not None
    return found


def tree(
    said: Said | None = None,
    *,
    signed: Signed | None = Signed.BOTH,
    inner: How | None = None,
    outer: How | None = None,
    sealed: Sealed | None = None,
    cut_out: bool = False,
) -> etree._Element:
    """Return a response, signed and encrypted as asked."""
    said = said or Said()
    if sealed is None:
        root = etree.fromstring(response_text(said))
        if signed in {Signed.ASSERTION, Signed.BOTH}:
            sign(assertion_in(root), inner)
    else:
        alone = etree.fromstring(
            assertion_text(said).replace("<saml:Assertion", f"<saml:Assertion {said.response_namespaces}", 1)
        )
        if signed in {Signed.ASSERTION, Signed.BOTH}:
            sign(alone, inner)
        plain = etree.tostring(alone)
        if cut_out:
            plain = plain.replace(f' xmlns:saml="{SAML}"'.encode(), b"", 1)
        root = etree.fromstring(response_text(said, encrypt(plain, sealed)))
    if signed in {Signed.RESPONSE, Signed.BOTH}:
        sign(root, outer)
    return root


def response(said: Said | None = None, **how: Any) -> bytes:
    """Return a response as bytes."""
    return etree.tostring(tree(said, **how))


def attacked(change: Callable[[etree._Element], None], said: Said | None = None, **how: Any) -> bytes:
    """Return a response that was changed after it was signed."""
    # Parsed anew: lxml finds elements by interned names, which those that xmlsec put into a tree do not have.
    root = etree.fromstring(response(said, **how))
    change(root)
    return etree.tostring(root)


def identity_provider(name: str = "idp", entity_id: str = ENTITY, *more: KeyPair) -> IdentityProvider:
    certificates = (keys(name).certificate, *(pair.certificate for pair in more))
    return IdentityProvider(entity_id, "https://idp.example.com/sso", "https://idp.example.com/sso", certificates)


def service_provider(*pairs: KeyPair) -> ServiceProvider:
    return ServiceProvider(SP, ACS, SP, pairs or (keys("sp"),), sign_requests=True)


OUTSTANDING = {REQUEST: Outstanding(REQUEST, NOW - MIN)}


def read(xml: bytes, demands: Demands | None = None, **changes: Any) -> Outcome:
    """Read a response as a portal would that sent one request a minute ago."""
    given: dict[str, Any] = {
        "provider": identity_provider(),
        "service": service_provider(),
        "demands": demands or Demands(signed=Signed.ASSERTION),
        "encoded": base64.b64encode(xml),
        "outstanding": OUTSTANDING,
        "now": NOW,
    } | changes
    return responses.read(**given)


def saying(**changes: Any) -> Said:
    return replace(Said(), **changes)
