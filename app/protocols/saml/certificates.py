"""Certificates as carriers of public keys, and key pairs of our own.

Trust comes from the connection that names a certificate, not from its issuer or its dates (SAML metadata IOP §2.5);
dates are shown to administrators. Keys that are too weak to trust at all are refused here, at configuration.
"""

import base64
import binascii
import hashlib
import re
import threading
import warnings
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from app.protocols.saml.errors import SamlError
from app.protocols.saml.types import Certificate, Check, KeyPair

#: NIST SP 800-131A: shorter RSA keys are disallowed for verification.
MIN_RSA_BITS: Final = 2048
MIN_EC_BITS: Final = 256
_MAX_BASE64: Final = 32_768
_OUR_RSA_BITS: Final = 3072
#: How long a pair of ours is good for; a roll-over needs no new metadata at the provider's convenience before that.
_OUR_LIFETIME: Final = timedelta(days=5 * 365)
#: `warnings.catch_warnings` changes what the whole process has.
_loading = threading.Lock()
#: What cryptography raises for bytes that are no certificate, or one of a kind it does not know.
_UNREADABLE: Final = (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion)
_ARMOUR = re.compile(r"-----(?:BEGIN|END) CERTIFICATE-----")


class CertificateRefused(SamlError):
    """A certificate that cannot be read, or whose key is too weak; `str(error)` is a sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(Check.CERTIFICATE, "a certificate that can be used", sentence)

    def __str__(self) -> str:
        return self.found


def read_certificate(given: str | bytes) -> Certificate:
    """Return a certificate from PEM, from base64 as metadata holds it, or from DER; raise CertificateRefused."""
    der = given if isinstance(given, bytes) and given[:1] == b"\x30" else _der(given)
    try:
        return _described(der)
    except _UNREADABLE as error:
        raise CertificateRefused("This is not an X.509 certificate with a key that can be used.") from error


def _described(der: bytes) -> Certificate:
    read = _loaded(der)
    key = read.public_key()
    kind, bits = _strength(key)
    return Certificate(
        der=der,
        pem=read.public_bytes(serialization.Encoding.PEM).decode(),
        public_key_pem=key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
        fingerprint_sha256=hashlib.sha256(der).hexdigest(),
        subject=_subject(read),
        key_kind=kind,
        key_bits=bits,
    )


def _loaded(der: bytes) -> x509.Certificate:
    # Self-signed certificates with serial number 0 are common among providers; the number decides nothing here.
    with _loading, warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(der)


def _der(given: str | bytes) -> bytes:
    text = given.decode("ascii", "replace") if isinstance(given, bytes) else given
    if len(text) > _MAX_BASE64:
        raise CertificateRefused(f"This certificate is longer than {_MAX_BASE64:,} characters.")
    try:
        decoded = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)
        # Some providers encode the whole PEM text once more.
        armoured = _ARMOUR.match(decoded.decode("ascii", "replace"))
        return (
            base64.b64decode("".join(_ARMOUR.sub("", decoded.decode()).split()), validate=True) if armoured else decoded
        )
    except (binascii.Error, ValueError) as error:
        raise CertificateRefused("This certificate is not in base64.") from error


def _strength(key: object) -> tuple[str, int]:
    match key:
        case rsa.RSAPublicKey():
            kind, bits, least = "RSA", key.key_size, MIN_RSA_BITS
        case ec.EllipticCurvePublicKey():
            kind, bits, least = "EC", key.key_size, MIN_EC_BITS
        case _:
            raise CertificateRefused("This certificate holds neither an RSA nor an elliptic-curve key.")
    if bits < least:
        raise CertificateRefused(f"The {kind} key of this certificate has {bits:,} bits; {least:,} are the least.")
    return kind, bits


def _subject(read: x509.Certificate) -> str:
    try:
        return read.subject.rfc4514_string()
    except ValueError:
        # Some vendors' certificates name a country of more than two letters; the key is what matters.
        return ""


def make_key_pair(now: datetime, name: str) -> KeyPair:
    """Return a new RSA pair with a self-signed certificate, valid from a day ago for five years.

    `name` becomes the certificate's common name (64 characters at most) and tells pairs apart on the page.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_OUR_RSA_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64] or "Portico")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _OUR_LIFETIME)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(name, private, read_certificate(made.public_bytes(serialization.Encoding.DER)))
