"""A provider for tests: its keys, and a signer of its own, so that a token can be wrong in every way.

Signatures are made with `cryptography` alone and not with the library that verifies them in the product.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.protocols.oidc.keys import KeySet, read_key_set

ISSUER = "https://id.acme.example/realms/staff"
CLIENT = "portico"
NONCE = "n-0123456789abcdef"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
AT = int(NOW.timestamp())

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}

#: The key that signs by each algorithm.
KEY_OF = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "rsa"),
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "ed",
    "Ed25519": "ed",
}


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@cache
def key(name: str) -> Private:
    """Return the provider's key of that name, the same for the whole run."""
    if name in _CURVES:
        return ec.generate_private_key(_CURVES[name])
    if name.startswith("ed"):
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(private: Private) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(private: Private) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def jwk(name: str, **changes: Any) -> dict[str, Any]:
    """Return the public key of that name as a provider publishes it; a change to None leaves the member out."""
    private = key(name)
    found: dict[str, Any]
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        found = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        point = private.public_key().public_numbers()
        size = (private.curve.key_size + 7) // 8
        found = {"kty": "EC", "crv": name, "x": b64(point.x.to_bytes(size)), "y": b64(point.y.to_bytes(size))}
    else:
        found = {"kty": "OKP", "crv": "Ed25519", "x": b64(private.public_key().public_bytes_raw())}
    made = {**found, "kid": name, "use": "sig", **changes}
    return {member: value for member, value in made.items() if value is not None}


def document(*members: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": members}).encode()


@cache
def published() -> KeySet:
    """Return the key set with one key of each kind."""
    return read_key_set(document(*(jwk(name) for name in ("rsa", "P-256", "P-384", "P-521", "ed"))))


def signature(algorithm: str, private: Private, message: bytes) -> bytes:
    digest = _HASHES.get(algorithm[-3:], hashes.SHA512())
    if isinstance(private, rsa.RSAPrivateKey):
        if algorithm.startswith("PS"):
            return private.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return private.sign(message, padding.PKCS1v15(), digest)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(digest)))
        size = (private.curve.key_size + 7) // 8
        return r.to_bytes(size) + s.to_bytes(size)
    return private.sign(message)


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good ID token with changes; one to None leaves the claim out."""
    made = {
        "iss": ISSUER,
        "sub": "248289761001",
        "aud": CLIENT,
        "nonce": NONCE,
        "iat": AT - 5,
        "exp": AT + 300,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def token(
    said: Mapping[str, Any] | bytes | None = None,
    *,
    algorithm: str = "RS256",
    signer: Private | None = None,
    header: Mapping[str, Any] | bytes | None = None,
) -> str:
    """Return a token signed by the key that belongs to `algorithm`, or by `signer`; `header` adds to the usual one."""
    body = said if isinstance(said, bytes) else json.dumps(claims() if said is None else said).encode()
    if not isinstance(header, bytes):
        usual = {"alg": algorithm, "typ": "JWT", "kid": KEY_OF[algorithm], **(header or {})}
        header = json.dumps({name: value for name, value in usual.items() if value is not None}).encode()
    message = f"{b64(header)}.{b64(body)}"
    made = signature(algorithm, signer or key(KEY_OF[algorithm]), message.encode())
    return f"{message}.{b64(made)}"


def hmac_token(secret: bytes, algorithm: str = "HS256") -> str:
    """Return a token whose signature is a MAC over `secret`."""
    header = json.dumps({"alg": algorithm, "typ": "JWT", "kid": "rsa"}).encode()
    message = f"{b64(header)}.{b64(json.dumps(claims()).encode())}"
    made = hmac.new(secret, message.encode(), getattr(hashlib, "sha" + algorithm[2:])).digest()
    return f"{message}.{b64(made)}"


def half_hash(value: str, name: str = "sha256") -> str:
    digest = hashlib.new(name, value.encode()).digest()
    return b64(digest[: len(digest) // 2])
