"""What gunicorn asks for in the portal's master (`--config python:app.listening`): whose end is ours, and how long to wait.

A thread that reads a request or writes an answer waits for the peer. Without a bound, as many connections as there are
threads, each silent in the middle of a request, would keep everybody else out for ever. Standard library only, as
`app.lifeline`.
"""

import socket
import struct
from typing import Protocol

from app import lifeline

#: A request or an answer that makes no progress for so long is given up; the front end holds slow readers, not a thread.
STALLED_SECONDS = 15


class Listener(Protocol):
    """One of gunicorn's listeners."""

    sock: socket.socket


class Arbiter(Protocol):
    """Gunicorn's master, as far as it is used here."""

    LISTENERS: list[Listener]


def on_starting(_arbiter: object) -> None:
    """Watch the process that started this one; gunicorn's workers end with their master."""
    lifeline.hold()


def when_ready(arbiter: Arbiter) -> None:
    """Bound every wait on a connection: what is accepted has the listener's times (Linux, socket(7) SO_RCVTIMEO)."""
    for listener in arbiter.LISTENERS:
        bound(listener.sock)


def bound(listener: socket.socket) -> None:
    """Give up reading or writing on the listener's connections after STALLED_SECONDS without progress."""
    wait = struct.pack("@ll", STALLED_SECONDS, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
