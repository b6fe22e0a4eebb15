"""How many threads of this process may be busy with files: the rest stays free for pages and gates.

A reader on a slow line holds a thread for as long as a file takes; without a bound a few of them would stop everything.
"""

import threading
from typing import Self

from app.core.errors import Unavailable
from app.core.text import Text

#: A file up to this size is handed to the server whole and holds no place.
SMALL_BYTES = 1024 * 1024
_WAIT_SECONDS = 2.0
_RETRY_AFTER = 5


class Places:
    """A number of places; one instance for files going out, one for files being fetched."""

    def __init__(self, count: int, wait_seconds: float = _WAIT_SECONDS) -> None:
        self._free = threading.BoundedSemaphore(max(1, count))
        self._wait_seconds = wait_seconds

    def take(self) -> "Place":
        """Take a place; raises Unavailable where none becomes free soon."""
        if not self._free.acquire(timeout=self._wait_seconds):
            sentence = Text("Many files are being fetched at the moment. Try again in a few seconds.")
            raise Unavailable("downloads", sentence, retry_after=_RETRY_AFTER)
        return Place(self._free)


class Place:
    """A place that is given back once, however often that is asked for."""

    def __init__(self, free: threading.BoundedSemaphore) -> None:
        self._free = free
        self._once = threading.Lock()

    def give_back(self) -> None:
        """Give the place back."""
        if self._once.acquire(blocking=False):
            self._free.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()


_outgoing = Places(4)
_incoming = Places(3, wait_seconds=8.0)


def configure(threads: int) -> None:
    """Set the places from the number of threads of this process: half of them for files going out."""
    global _outgoing, _incoming
    _outgoing = Places(threads // 2)
    # Never all four that the Atlassian client has for a host: checks of pages need one as well.
    _incoming = Places(min(3, threads // 2), wait_seconds=8.0)


def outgoing() -> Places:
    """Return the places for files going out."""
    return _outgoing


def incoming() -> Places:
    """Return the places for files being fetched from Atlassian."""
    return _incoming
