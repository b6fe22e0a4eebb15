"""Names that the SAML 2.0 and XML security specifications fix: namespaces, algorithms, formats, status codes."""

from typing import Final

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
XML: Final = "http://www.w3.org/XML/1998/namespace"
XSI_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = DS + "enveloped-signature"

BINDING_REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
BINDING_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENTITY_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"

_RSA: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-"
_ECDSA: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-"
RSA_SHA256: Final = _RSA + "sha256"
#: Signature algorithms that are read, with the kind of key each needs. SHA-1 and HMAC are absent on purpose.
SIGNATURE_ALGORITHMS: Final = {
    **{_RSA + name: "RSA" for name in ("sha256", "sha384", "sha512")},
    **{_ECDSA + name: "EC" for name in ("sha256", "sha384", "sha512")},
}
SHA256: Final = XENC + "sha256"
#: Digest algorithms that are read, by the name hashlib gives them.
DIGEST_ALGORITHMS: Final = {
    SHA256: "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    XENC + "sha512": "sha512",
}


def saml(name: str) -> str:
    """Return a name of the assertion namespace in Clark notation."""
    return f"{{{SAML}}}{name}"


def samlp(name: str) -> str:
    """Return a name of the protocol namespace in Clark notation."""
    return f"{{{SAMLP}}}{name}"


def md(name: str) -> str:
    """Return a name of the metadata namespace in Clark notation."""
    return f"{{{MD}}}{name}"


def ds(name: str) -> str:
    """Return a name of the XML signature namespace in Clark notation."""
    return f"{{{DS}}}{name}"


def xenc(name: str) -> str:
    """Return a name of the XML encryption namespace in Clark notation."""
    return f"{{{XENC}}}{name}"
