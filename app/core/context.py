"""Who is calling: the facts of one request, job or command, set by web, worker and command line alike."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum


class Source(StrEnum):
    """Where a call entered Portico."""

    WEB = "web"
    API = "api"
    WORKER = "worker"
    COMMAND = "command"


def new_request_id() -> str:
    """Return 16 hexadecimal characters that name one call in logs, audit and error pages."""
    # Nobody has to be kept from guessing it, and the system's own source of chance is a call into the kernel.
    return f"{random.getrandbits(64):016x}"


@dataclass(frozen=True)
class CallContext:
    """One call: its reference id, where it came from, and the caller's address and agent where known."""

    source: Source = Source.COMMAND
    request_id: str = field(default_factory=new_request_id)
    #: The caller's address as trusted proxies report it, or None outside a request.
    address: str | None = None
    #: The User-Agent header, at most 400 characters.
    agent: str | None = None


_current: ContextVar[CallContext] = ContextVar("portico_call")


def current() -> CallContext:
    """Return the context of this call; outside any, a fresh command context."""
    try:
        return _current.get()
    except LookupError:
        context = CallContext()
        _current.set(context)
        return context


def set_current(context: CallContext) -> None:
    """Make `context` the one of this thread until it is set again."""
    _current.set(context)


@contextmanager
def use(context: CallContext) -> Iterator[CallContext]:
    """Set the context for the length of the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
