"""Passwords: bcrypt over a peppered pre-hash, bounded to the machine's cores, with an equal cost for unknown names.

bcrypt ignores or refuses what is beyond 72 bytes, so it gets base64(HMAC-SHA-384(pepper, password)): 64 characters.
"""

import base64
import hashlib
import hmac
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import bcrypt

from app.core import db
from app.core.crypto import ring
from app.core.crypto.keyring import KeyRingError, Purpose
from app.core.errors import Unavailable
from app.core.text import Text

MINIMUM_LENGTH = 12
#: bcrypt cost 12 takes a quarter of a second; NIST SP 800-63B asks for a limit of at least 64 characters.
MAXIMUM_LENGTH = 200
MINIMUM_SCORE = 3
COST = 12
#: Seconds a caller waits for a free core before it is told to come back.
_QUEUE_SECONDS = 4.0

# bcrypt releases the GIL: more hashes at once than cores only slow the readers of other links down.
_CORES = max(1, (os.cpu_count() or 2) - 1)
_cores = threading.BoundedSemaphore(_CORES)
#: On a core that is wanted by both, reading gets nine tenths.
_NICENESS = 10
# Threads that hash or wait for it; the others of a process go on serving those who may read already.
_places = threading.BoundedSemaphore(_CORES + 2)


@dataclass(frozen=True)
class Strength:
    """What zxcvbn thinks: a score from 0 to 4 and what would make the password better."""

    score: int
    advice: str


class Place:
    """A place among those who have passwords hashed, to be taken before an attempt is counted: being told to come back is cheap.

    Entering raises Unavailable, at once, while all places are taken.
    """

    def __enter__(self) -> Self:
        if not _places.acquire(blocking=False):
            raise _too_many()
        return self

    def __exit__(self, *_: object) -> None:
        _places.release()

    def hash(self, password: str) -> str:
        """Hash a password as `<key id>$<bcrypt>`; raise Unavailable where no core is free in time."""
        key_id = ring.current().newest.id
        made: bytes = _on_a_core(bcrypt.hashpw, _prehash(password, key_id), bcrypt.gensalt(COST))
        return f"{key_id}${made.decode()}"

    def verify(self, password: str, stored: str | None) -> bool:
        """Compare a password with its hash; without a hash the same time passes and the answer is no.

        Raises Unavailable where no core is free in time.
        """
        key_id, _, hashed = (stored or _dummy_hash()).partition("$")
        try:
            matches: bool = _on_a_core(bcrypt.checkpw, _prehash(password, key_id), hashed.encode())
        except (KeyRingError, ValueError):
            return False
        return matches and stored is not None


def hash_password(password: str) -> str:
    """Hash a password as `<key id>$<bcrypt>`; raise Unavailable while too many hashes are under way."""
    with Place() as place:
        return place.hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Compare a password with its hash; raise Unavailable while too many hashes are under way."""
    with Place() as place:
        return place.verify(password, stored)


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash was made with an older key or another cost."""
    key_id, _, hashed = stored.partition("$")
    return key_id != ring.current().newest.id or not hashed.startswith(f"$2b${COST:02d}$")


def strength(password: str, *, user_inputs: tuple[str, ...] = ()) -> Strength:
    """Estimate how hard a password is to guess, knowing the person's name and address."""
    words = [
        word for value in user_inputs for word in (value, re.sub(r"\W", "", value), *re.split(r"\W+", value)) if word
    ]
    # Its lists of words are 10 MB, and most processes never see a new password.
    from zxcvbn import zxcvbn

    result = zxcvbn(password[:72], user_inputs=[*words, "portico"])
    feedback = result["feedback"]
    advice = " ".join([feedback["warning"] or "", *feedback["suggestions"]]).strip()
    return Strength(int(result["score"]), advice)


def problem_with(password: str, *, user_inputs: tuple[str, ...] = ()) -> Text | None:
    """Return why a sign-in password cannot be used, or None."""
    if len(password) < MINIMUM_LENGTH:
        return Text("Use at least %(count)s characters.", count=MINIMUM_LENGTH)
    if len(password) > MAXIMUM_LENGTH:
        return Text("Use at most %(count)s characters.", count=MAXIMUM_LENGTH)
    if strength(password, user_inputs=user_inputs).score < MINIMUM_SCORE:
        return Text("This password is too easy to guess. Use a longer one, such as four unrelated words.")
    return None


def _prehash(password: str, key_id: str) -> bytes:
    pepper = ring.current().derived(Purpose.PASSWORDS, key_id)
    return base64.b64encode(hmac.new(pepper, password.encode(), hashlib.sha384).digest())


def _dummy_hash() -> str:
    # Well formed, so that comparing takes the full time; no password is known to match it.
    return f"{ring.current().newest.id}${bcrypt.gensalt(COST).decode()}{'a' * 31}"


@cache
def _hashers() -> ThreadPoolExecutor:
    """Return the threads that hash: they give way to those that read, which on Linux each thread may by itself."""
    return ThreadPoolExecutor(_CORES, "hashing", initializer=_give_way)


def _give_way() -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _on_a_core(function: Callable[..., Any], *arguments: bytes) -> Any:
    # A quarter of a second inside a transaction would lock out every writer.
    if db.in_transaction():
        raise RuntimeError("passwords are hashed before the transaction, not in it")
    if not _cores.acquire(timeout=_QUEUE_SECONDS):
        raise _too_many()
    try:
        return _hashers().submit(function, *arguments).result()
    finally:
        _cores.release()


def _too_many() -> Unavailable:
    sentence = Text("Too many people are proving a password at the moment. Try again in a few seconds.")
    return Unavailable("sign-in", sentence, retry_after=2)
