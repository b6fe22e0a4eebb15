"""The key ring: one master secret per key, and a derived key for each purpose.

The newest key encrypts, signs and seals; older ones keep decrypting and verifying until they are removed. Every
ciphertext, seal and password hash names the key it was made with.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class KeyRingError(Exception):
    """The key ring cannot be read, or does not hold the key that something was made with."""


class Purpose(StrEnum):
    """What a derived key is for. The value is part of the derivation: changing one loses what was made with it."""

    ENCRYPTION = "encryption"
    PASSWORDS = "passwords"
    SHARE_LINKS = "share-link"
    FORMS = "forms"
    AUDIT = "audit"
    DIGESTS = "digests"


@dataclass(frozen=True)
class Key:
    """One master key: a short id, 32 secret bytes, and when it was made."""

    id: str
    secret: bytes
    created_at: datetime

    def __repr__(self) -> str:
        return f"Key({self.id!r})"


@lru_cache(maxsize=256)
def _derive(secret: bytes, purpose: Purpose) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"portico:" + purpose.encode()).derive(secret)


@dataclass(frozen=True)
class KeyRing:
    """Keys from oldest to newest."""

    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise KeyRingError("the key ring holds no key; `portico init` makes one")
        if len({key.id for key in self.keys}) != len(self.keys):
            raise KeyRingError("two keys of the key ring have the same id")

    @property
    def newest(self) -> Key:
        """The key that new things are made with."""
        return self.keys[-1]

    def key(self, key_id: str) -> Key:
        """Return the key of that id; raise KeyRingError where it was removed."""
        for key in self.keys:
            if key.id == key_id:
                return key
        raise KeyRingError(f"the key {key_id!r} is not in the key ring; put it back from your backup")

    def derived(self, purpose: Purpose, key_id: str | None = None) -> bytes:
        """Return the 32 bytes for a purpose, of the newest key or of a named one."""
        return _derive((self.key(key_id) if key_id else self.newest).secret, purpose)

    def all_derived(self, purpose: Purpose) -> list[bytes]:
        """Return the derived keys from oldest to newest, as itsdangerous wants them."""
        return [_derive(key.secret, purpose) for key in self.keys]

    def encrypt(self, plain: bytes, *, bound_to: bytes = b"") -> bytes:
        """Encrypt with AES-256-GCM; `bound_to` has to be given again to decrypt (NIST SP 800-38D).

        Layout: version (1), length of key id (1), key id, nonce (12), ciphertext and tag.
        """
        key_id = self.newest.id.encode()
        header = _VERSION + bytes([len(key_id)]) + key_id
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.derived(Purpose.ENCRYPTION)).encrypt(nonce, plain, header + bound_to)
        return header + nonce + sealed

    def decrypt(self, sealed: bytes, *, bound_to: bytes = b"") -> bytes:
        """Decrypt what `encrypt` made; raise KeyRingError where key, binding or bytes are wrong."""
        if len(sealed) < 2 or sealed[:1] != _VERSION:
            raise KeyRingError("this is not a ciphertext of Portico")
        split = 2 + sealed[1]
        header, nonce, rest = sealed[:split], sealed[split : split + _NONCE_BYTES], sealed[split + _NONCE_BYTES :]
        key = self.derived(Purpose.ENCRYPTION, header[2:].decode("ascii", "replace"))
        try:
            return AESGCM(key).decrypt(nonce, rest, header + bound_to)
        except (InvalidTag, ValueError) as error:
            raise KeyRingError("a ciphertext was changed or belongs elsewhere") from error

    def key_id_of(self, sealed: bytes) -> str:
        """Return the id of the key that a ciphertext was made with."""
        return sealed[2 : 2 + sealed[1]].decode("ascii", "replace")

    def digest(self, value: bytes | str, *, context: str) -> str:
        """Return a keyed digest (hex) for values that are looked up and must not be guessable from a stolen table.

        It uses the oldest key, so that look-ups survive a rotation.
        """
        raw = value.encode() if isinstance(value, str) else value
        key = _derive(self.keys[0].secret, Purpose.DIGESTS)
        return hmac.new(key, context.encode() + b"\x00" + raw, hashlib.sha256).hexdigest()


def new_key(now: datetime, taken: Sequence[str] = ()) -> Key:
    """Make a key with a fresh id."""
    while True:
        key_id = "k" + secrets.token_hex(4)
        if key_id not in taken:
            return Key(key_id, secrets.token_bytes(KEY_BYTES), now)


def dump(ring: KeyRing) -> str:
    """Write a key ring as the text of a key file."""
    entries = [
        {"id": key.id, "created_at": key.created_at.isoformat(), "secret": base64.b64encode(key.secret).decode()}
        for key in ring.keys
    ]
    return json.dumps({"portico_keys": 1, "keys": entries}, indent=2) + "\n"


def parse(text: str) -> KeyRing:
    """Read the text of a key file; raise KeyRingError with what is wrong."""
    try:
        document = json.loads(text)
        keys = tuple(
            Key(str(entry["id"]), base64.b64decode(entry["secret"], validate=True), _instant(entry["created_at"]))
            for entry in document["keys"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise KeyRingError("the key file is not one that `portico init` wrote") from error
    for key in keys:
        if len(key.secret) != KEY_BYTES or not key.id.isascii() or not 1 <= len(key.id) <= 40:
            raise KeyRingError(f"the key {key.id!r} has the wrong length")
    return KeyRing(keys)


def read(path: Path) -> KeyRing:
    """Read a key file; raise KeyRingError that says how to get one."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KeyRingError(
            f"there is no key file at {path}; put it back from your backup, or where Portico is new, `portico init` writes one"
        ) from error
    except OSError as error:
        raise KeyRingError(f"the key file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KeyRingError(f"the key file {path} is not one that `portico init` wrote") from error


def write(path: Path, ring: KeyRing) -> None:
    """Write a key file that only its owner may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(dump(ring))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant
