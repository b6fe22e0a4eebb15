"""Recurring work: `@every(seconds)` on a function; one machine at a time does it, whichever is free."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.jobs.models import ScheduleEntry

#: Seconds after which work that neither finished nor failed may be taken over.
LEASE_SECONDS = 60

Function = TypeVar("Function", bound=Callable[[], None])


@dataclass(frozen=True)
class Recurring:
    """A registered piece of recurring work."""

    name: str
    every: timedelta
    function: Callable[[], None]


_recurring: dict[str, Recurring] = {}


def every(seconds: float, name: str) -> Callable[[Function], Function]:
    """Register a function to run about every `seconds`; it opens its own transactions and may run again after a crash."""

    def register(function: Function) -> Function:
        _recurring[name] = Recurring(name, timedelta(seconds=seconds), function)
        return function

    return register


def registered() -> dict[str, Recurring]:
    """Return all recurring work by name."""
    return dict(_recurring)


def prepare() -> None:
    """Give each piece of recurring work its row; called by a worker at start."""
    for name in _recurring:
        with db.reading() as session:
            if session.get(ScheduleEntry, name) is not None:
                continue
        try:
            with db.transaction() as session:
                session.add(ScheduleEntry(name=name, next_run_at=clock.now()))
        except IntegrityError:
            continue


def due() -> list[Recurring]:
    """Return the recurring work that nobody has taken and whose time has come."""
    with db.reading() as session:
        query = select(ScheduleEntry.name, ScheduleEntry.next_run_at).where(_free())
        planned = dict(session.execute(query).all())
    return [entry for name, entry in _recurring.items() if name in planned and _has_come(planned[name], entry)]


def take(session: Session, entry: Recurring, worker: str) -> bool:
    """Lease a piece of recurring work; False where somebody else was quicker."""
    now = clock.now()
    query = (
        update(ScheduleEntry)
        .where(ScheduleEntry.name == entry.name, _free())
        .where((ScheduleEntry.next_run_at <= now) | (ScheduleEntry.next_run_at > now + entry.every + clock.TOLERANCE))
        .values(leased_until=now + timedelta(seconds=LEASE_SECONDS), leased_by=worker)
    )
    result: CursorResult[Any] = session.execute(query)  # type: ignore[assignment]
    return result.rowcount == 1


def release(session: Session, entry: Recurring, worker: str) -> None:
    """Give the lease back and say when the work is due next."""
    session.execute(
        update(ScheduleEntry)
        .where(ScheduleEntry.name == entry.name, ScheduleEntry.leased_by == worker)
        .values(leased_until=None, leased_by=None, next_run_at=clock.now() + entry.every)
    )


def _free() -> ColumnElement[bool]:
    now = clock.now()
    # No lease reaches further than its length: one that does is from before the clock was turned back.
    longest = now + timedelta(seconds=LEASE_SECONDS) + clock.TOLERANCE
    over = (ScheduleEntry.leased_until < now) | (ScheduleEntry.leased_until > longest)
    return ScheduleEntry.leased_until.is_(None) | over


def _has_come(next_run_at: datetime, entry: Recurring) -> bool:
    now = clock.now()
    # Nothing is planned further ahead than its own period, unless the clock was turned back since.
    return next_run_at <= now or next_run_at > now + entry.every + clock.TOLERANCE
