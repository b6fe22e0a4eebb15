"""The one source of the current time, so that tests and policies can name an instant."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

#: Clocks of two machines may differ by this. What is dated further ahead was written before a clock was turned back.
TOLERANCE = timedelta(seconds=30)


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Return the current instant, aware and in UTC."""
    return _source()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Hold the clock at one aware instant for the length of the block (tests only)."""
    global _source
    if instant.tzinfo is None:
        raise ValueError("the clock needs an aware instant")
    previous, _source = _source, lambda: instant.astimezone(UTC)
    try:
        yield
    finally:
        _source = previous
