"""Random values: secrets that are shown once and kept as digests, and public ids for addresses."""

import hashlib
import secrets

#: Random bytes of anything that is a secret by itself (sessions, API tokens, one-time links).
SECRET_BYTES = 32
#: Random bytes of a public id; it names a row and proves nothing.
PUBLIC_ID_BYTES = 9


def new_secret(prefix: str = "") -> str:
    """Return a 256-bit secret in URL-safe characters, after `prefix`."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> str:
    """Return what is stored of a 256-bit secret: its SHA-256 in hex. Never for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_public_id() -> str:
    """Return twelve URL-safe characters that name a row in addresses and on the command line."""
    # One that began with a dash would be taken for an option there.
    while (made := secrets.token_urlsafe(PUBLIC_ID_BYTES)).startswith("-"):
        pass
    return made
