"""Secrets that are shown once, on the page after the one that made them.

A form that makes a secret answers with a redirect like every other, so that reloading makes no second one. Meanwhile the
browser carries the secret in its form cookie, encrypted with the key ring and bound to where it may be shown.
"""

import base64
import binascii

from flask import session

from app.core.crypto import ring
from app.core.crypto.keyring import KeyRingError

_KEY = "revealed"


def keep(place: str, secret: str) -> None:
    """Let the next page about `place` (such as `link:<id>`) show `secret`; an earlier one is forgotten."""
    sealed = ring.current().encrypt(secret.encode(), bound_to=_binding(place))
    session[_KEY] = base64.b64encode(sealed).decode()


def take(place: str) -> str | None:
    """Return the secret kept for `place`, once; None where there is none, or it belongs elsewhere."""
    kept = session.get(_KEY)
    if not isinstance(kept, str):
        return None
    try:
        secret = ring.current().decrypt(base64.b64decode(kept, validate=True), bound_to=_binding(place)).decode()
    except (KeyRingError, binascii.Error):
        return None
    session.pop(_KEY)
    return secret


def _binding(place: str) -> bytes:
    return f"revealed:{place}".encode()
