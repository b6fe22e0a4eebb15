"""Verifying and making signatures, in process: xmlsec for XML, cryptography for query strings.

The key always comes from the connection. xmlsec is given one key and told to use it, so that what KeyInfo says is never
looked at; which algorithms may be used was settled by `profile` before.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from app.protocols.saml import names
from app.protocols.saml.errors import RequestRefused
from app.protocols.saml.names import ds
from app.protocols.saml.profile import Signature
from app.protocols.saml.types import Certificate, Check, KeyPair

if TYPE_CHECKING:
    import xmlsec


def verify(signature: Signature, certificates: tuple[Certificate, ...]) -> Certificate | None:
    """Return the certificate whose key made the signature, None if none of them did."""
    for certificate in certificates:
        if certificate.key_kind == signature.key_kind and _made_by(signature, certificate):
            return certificate
    return None


def _made_by(signature: Signature, certificate: Certificate) -> bool:
    import xmlsec

    context = xmlsec.SignatureContext()
    context.key = _public_key(certificate.public_key_pem)
    context.register_id(signature.element, "ID")
    try:
        context.verify(signature.node)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=256)
def _public_key(pem: bytes) -> "xmlsec.Key":
    import xmlsec
    from xmlsec import constants

    # The bare key: a certificate would make xmlsec look at its dates and names, which decide nothing here.
    return xmlsec.Key.from_memory(pem, constants.KeyDataFormatPem)


def sign(xml: bytes, pair: KeyPair) -> bytes:
    """Return a message with an enveloped signature after its Issuer: RSA, SHA-256, exclusive C14N (SAML Core §5)."""
    import xmlsec
    from xmlsec import constants

    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    issuer = root.find(names.saml("Issuer"))
    identifier = root.get("ID")
    if issuer is None or not identifier:
        raise RequestRefused(Check.MESSAGE, "a message with an ID and an Issuer", "none")
    node = xmlsec.template.create(root, constants.TransformExclC14N, constants.TransformRsaSha256, ns="ds")
    issuer.addnext(node)
    reference = xmlsec.template.add_reference(node, constants.TransformSha256, uri=f"#{identifier}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    certificate = etree.SubElement(
        etree.SubElement(etree.SubElement(node, ds("KeyInfo")), ds("X509Data")), ds("X509Certificate")
    )
    certificate.text = "".join(pair.certificate.pem.splitlines()[1:-1])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair.private_key_pem, constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(node)
    return etree.tostring(root)


def sign_octets(octets: bytes, pair: KeyPair) -> bytes:
    """Return an RSA-SHA256 signature (PKCS #1 v1.5) over a query string (SAML Bindings §3.4.4.1)."""
    return private_key(pair).sign(octets, padding.PKCS1v15(), hashes.SHA256())


def private_key(pair: KeyPair) -> rsa.RSAPrivateKey:
    """Return the RSA key of a pair of ours; raise RequestRefused if it is of another kind."""
    key = _private_key(pair.private_key_pem)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise RequestRefused(Check.CERTIFICATE, "an RSA key of ours", "a key of another kind")
    return key


@lru_cache(maxsize=64)
def _private_key(pem: bytes) -> object:
    # Loading tests that its primes are primes: a tenth of a second and more, which nobody should be able to ask for by the
    # thousand with messages that are refused anyway.
    return serialization.load_pem_private_key(pem, password=None)
