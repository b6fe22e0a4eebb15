"""The SAML side of the simulated identity provider: metadata, a page that lists people, a response signed twice.

Written from the specification and with `xmlsec` alone, so that it shares nothing with the product's own reader. It answers
every portal on this machine: who asks is an entity id `…/sso/<connection>/saml/metadata`, and the answer goes to the address
beside it.
"""

import base64
import binascii
import secrets
import zlib
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from flask import Flask, Response, request
from lxml import etree
from xmlsec import constants

from simulator import people
from simulator.people import Somebody

if TYPE_CHECKING:
    from simulator.identity import Provider

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
SECOND_FACTOR = "https://refeds.org/profile/mfa"
_LOOPBACK = ("localhost", "127.0.0.1")
_MAXIMUM_REQUEST = 65_536
_LIFE = timedelta(minutes=5)


def install(app: Flask, provider: "Provider") -> None:
    """Add the addresses of the SAML side to the provider's program."""
    certificate = base64.b64encode(_certificate(provider)).decode()
    app.add_url_rule("/saml/metadata", "saml_metadata", lambda: _described(provider, certificate))
    app.add_url_rule("/saml/sso", "saml_sso", lambda: _sign_in(provider), methods=["GET", "POST"])


def entity_id(issuer: str) -> str:
    """Return who the provider is: the address of its metadata."""
    return f"{issuer}/saml/metadata"


def _described(provider: "Provider", certificate: str) -> Response:
    location = f"{provider.issuer}/saml/sso"
    services = "".join(
        f'<md:SingleSignOnService Binding="{_BINDINGS}{one}" Location="{location}"/>'
        for one in ("HTTP-Redirect", "HTTP-POST")
    )
    text = (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        f'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id(provider.issuer)}">'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><md:KeyDescriptor use="signing"><ds:KeyInfo>'
        f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"</md:KeyDescriptor>{services}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
    return Response(text, content_type="application/samlmetadata+xml")


def _certificate(provider: "Provider") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated identity provider")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(provider.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(provider.key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def _sign_in(provider: "Provider") -> Response:
    asked = _asked(request.values.get("SAMLRequest", ""))
    if asked is None:
        return Response(people.page("This request cannot be answered", "<p>Who asks is not registered here.</p>"), 400)
    chosen = request.form.get("person") if request.method == "POST" else None
    kept = {"SAMLRequest": request.values.get("SAMLRequest", ""), "RelayState": request.values.get("RelayState", "")}
    if chosen is None:
        return Response(people.choice(provider.people, kept, "/saml/sso"))
    somebody = next((one for one in provider.people if one.handle == chosen), None)
    answer = base64.b64encode(_answer(provider, asked, somebody)).decode()
    fields = {"SAMLResponse": answer} | ({"RelayState": kept["RelayState"]} if kept["RelayState"] else {})
    # As real providers do: the form goes by itself, and by a button where there is no script.
    body = (
        f'<form method="post" action="{escape(asked["acs"])}">{people.hidden(fields)}<button>Continue</button></form>'
        "<script>document.forms[0].submit()</script>"
    )
    return Response(people.page("Back to where you came from", body))


def _asked(encoded: str) -> dict[str, str] | None:
    """Return who asks, for what and where to answer; None for whoever is no portal on this machine."""
    try:
        packed = base64.b64decode(encoded, validate=True)
        xml = packed if packed.startswith(b"<") else zlib.decompressobj(-15).decompress(packed, _MAXIMUM_REQUEST)
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except (binascii.Error, ValueError, zlib.error, etree.XMLSyntaxError):
        return None
    issuer = (root.findtext(f"{{{SAML}}}Issuer") or "").strip()
    acs = root.get("AssertionConsumerServiceURL") or ""
    asks, back = urlsplit(issuer), urlsplit(acs)
    known = asks.hostname in _LOOPBACK and back.hostname in _LOOPBACK and back.path.startswith("/sso/")
    if not known or asks.path.removesuffix("/metadata") != back.path.removesuffix("/acs"):
        return None
    return {"issuer": issuer, "acs": acs, "id": root.get("ID") or "", "force": root.get("ForceAuthn") or ""}


def _answer(provider: "Provider", asked: dict[str, str], somebody: Somebody | None) -> bytes:
    said = _response(provider, asked, somebody)
    root = etree.fromstring(provider.saml_changes(said))
    for element in (root.find(f"{{{SAML}}}Assertion"), root):
        if element is not None:
            _sign(provider, element)
    return provider.saml_answers(etree.tostring(root))


def _response(provider: "Provider", asked: dict[str, str], somebody: Somebody | None) -> str:
    now = datetime.now(UTC)
    to, request_id = escape(asked["acs"]), escape(asked["id"])
    status = f'<samlp:StatusCode Value="{_STATUS}Success"/>'
    if somebody is None:
        inner = f'<samlp:StatusCode Value="{_STATUS}AuthnFailed"/>'
        status = f'<samlp:StatusCode Value="{_STATUS}Responder">{inner}</samlp:StatusCode>'
        status += "<samlp:StatusMessage>Cancelled by the person</samlp:StatusMessage>"
    issuer = f"<saml:Issuer>{entity_id(provider.issuer)}</saml:Issuer>"
    assertion = _assertion(asked, somebody, issuer, now) if somebody is not None else ""
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_{secrets.token_hex(16)}" Version="2.0" '
        f'IssueInstant="{_stamp(now)}" Destination="{to}" InResponseTo="{request_id}">'
        f"{issuer}<samlp:Status>{status}</samlp:Status>{assertion}</samlp:Response>"
    )


def _assertion(asked: dict[str, str], somebody: Somebody, issuer: str, now: datetime) -> str:
    to, end = escape(asked["acs"]), _stamp(now + _LIFE)
    context = SECOND_FACTOR if "mfa" in somebody.methods else _PASSWORD
    return (
        f'<saml:Assertion ID="_{secrets.token_hex(16)}" Version="2.0" IssueInstant="{_stamp(now)}">{issuer}'
        f'<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{somebody.subject}'
        '</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData Recipient="{to}" InResponseTo="{escape(asked["id"])}" NotOnOrAfter="{end}"/>'
        f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{_stamp(now)}" NotOnOrAfter="{end}">'
        f"<saml:AudienceRestriction><saml:Audience>{escape(asked['issuer'])}</saml:Audience></saml:AudienceRestriction>"
        f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{_stamp(now)}" SessionIndex="_{secrets.token_hex(8)}" '
        f'SessionNotOnOrAfter="{_stamp(now + timedelta(hours=8))}"><saml:AuthnContext><saml:AuthnContextClassRef>{context}'
        "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        f"<saml:AttributeStatement>{_attributes(somebody)}</saml:AttributeStatement></saml:Assertion>"
    )


def _attributes(somebody: Somebody) -> str:
    said = {"mail": (somebody.email,), "displayName": (somebody.name,), "groups": somebody.groups}
    return "".join(
        f'<saml:Attribute Name="{name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">'
        + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, values in said.items()
        if values
    )


def _sign(provider: "Provider", element: Any) -> None:
    node = xmlsec.template.create(element, constants.TransformExclC14N, constants.TransformRsaSha256, ns="ds")
    element.find(f"{{{SAML}}}Issuer").addnext(node)
    reference = xmlsec.template.add_reference(node, constants.TransformSha256, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    pem = provider.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, constants.KeyDataFormatPem)
    context.register_id(element, "ID")
    context.sign(node)


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
