"""The token in a link's address: ten bytes that name the link, signed with the key ring.

The bytes are the link's random public id and its generation. One link of one generation has exactly one token for each
key: base64 leaves its last character malleable, so whatever is not byte-equal to its re-encoding is forged and is turned
away without a query.
"""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

from itsdangerous import Signer

from app.core.crypto import ring
from app.core.crypto.keyring import Purpose
from app.core.crypto.tokens import PUBLIC_ID_BYTES

SALT = b"share-link"
#: "New address" wraps around after this many; by then the old tokens have been dead for long.
GENERATIONS = 256
#: 14 characters of value, a dot, 43 of signature.
LENGTH = 58
_VALUE_BYTES = PUBLIC_ID_BYTES + 1
_SHOWN_CHARACTERS = 4


def make(public_id: str, generation: int) -> str:
    """Return the token of a link, signed with the newest key."""
    keys = ring.current().all_derived(Purpose.SHARE_LINKS)
    return _signer(keys[-1]).sign(_value(public_id, generation)).decode()


def read(token: str) -> tuple[str, int] | None:
    """Return the public id and generation of a token that any key of the ring made, or None."""
    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token[:14] + "==")
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _VALUE_BYTES:
        return None
    public_id, generation = _encode(raw[:-1]).decode(), raw[-1]
    given, value = token.encode(), _encode(raw)
    # The newest key first: it made nearly all of them.
    for key in reversed(ring.current().all_derived(Purpose.SHARE_LINKS)):
        if hmac.compare_digest(_signer(key).sign(value), given):
            return public_id, generation
    return None


def shown(token: str) -> str:
    """Return what logs and pages may show of a token."""
    return f"…{token[-_SHOWN_CHARACTERS:]}"


def _value(public_id: str, generation: int) -> bytes:
    raw = base64.urlsafe_b64decode(public_id)
    if len(raw) != PUBLIC_ID_BYTES:
        raise ValueError("a public id has another length")
    return _encode(raw + bytes([generation % GENERATIONS]))


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


@lru_cache(maxsize=32)
def _signer(key: bytes) -> Signer:
    # Derived here, once, and not at each signature.
    derived = Signer(key, salt=SALT, key_derivation="hmac", digest_method=hashlib.sha256).derive_key()
    return Signer(derived, sep=b".", key_derivation="none", digest_method=hashlib.sha256)
