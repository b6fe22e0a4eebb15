"""Shows a token endpoint who we are by a signature instead of a secret (private_key_jwt: RFC 7523 §3, OpenID Connect Core §9).

The id of each assertion is random: two that were made in the same second would otherwise be one and the same string, and the second
would be refused as a replay. Use one key per provider, so that an assertion made for one is worth nothing at another.
"""

import base64
import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.protocols.oidc.errors import RequestRefused
from app.protocols.oidc.signed_tokens import signature_model
from app.protocols.oidc.types import Algorithm, Check, SigningKey

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

LIFETIME = timedelta(minutes=2)
_KEY_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}


def sign(client_id: str, key: SigningKey, *, audience: str, now: datetime, unique: str) -> str:
    """Return an assertion for `audience` that is good for two minutes; `unique` is a random text of at least 128 bits.

    Raises RequestRefused for a key that cannot be read or does not fit its algorithm.
    """
    from joserfc.errors import JoseError

    private = _load(key)
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": unique,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
    }
    header: dict[str, Any] = {"alg": key.algorithm.value, "typ": "JWT", "kid": _kid(key, private)}
    if key.certificate_sha256 is not None:
        header["x5t#S256"] = _base64url(key.certificate_sha256)
    signing_input = f"{_encoded(header)}.{_encoded(claims)}"
    model = signature_model(key.algorithm)
    try:
        model.check_key(private)
        signature = model.sign(signing_input.encode("ascii"), private)
    except (JoseError, ValueError, TypeError):
        raise RequestRefused(Check.KEY, f"a key for {key.algorithm.value}", "a key of another kind") from None
    return f"{signing_input}.{_base64url(signature)}"


def public_key_set(keys: tuple[SigningKey, ...]) -> bytes:
    """Return the key set document that lets a provider verify our assertions (RFC 7517 §5), without private parts."""
    found = []
    for key in keys:
        private = _load(key)
        public = dict(private.as_dict(private=False))
        found.append({**public, "kid": _kid(key, private), "use": "sig", "alg": key.algorithm.value})
    return json.dumps({"keys": found}, sort_keys=True).encode()


def _kid(key: SigningKey, private: "RSAKey | ECKey | OKPKey") -> str:
    return key.kid or private.thumbprint()


@lru_cache(maxsize=64)
def _load(key: SigningKey) -> "RSAKey | ECKey | OKPKey":
    # Kept, since loading tests the primes of an RSA key, and anybody may ask for the key set as often as they like.
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kinds: dict[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey}
    kind = (
        OKPKey if key.algorithm in (Algorithm.EDDSA, Algorithm.ED25519) else kinds[_KEY_TYPES[key.algorithm.value[0]]]
    )
    loaded: RSAKey | ECKey | OKPKey | None = None
    try:
        loaded = kind.import_key(key.private_key_pem)
    except (JoseError, ValueError, TypeError):
        loaded = None
    if loaded is None or not loaded.is_private:
        raise RequestRefused(Check.KEY, f"a private key for {key.algorithm.value}", "something else")
    return loaded


def _encoded(members: dict[str, Any]) -> str:
    return _base64url(json.dumps(members, separators=(",", ":")).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
