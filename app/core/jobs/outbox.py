"""Declaring, enqueuing, claiming and finishing jobs."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, CursorResult, and_, case, event, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAXIMUM_ATTEMPTS = 8
#: Seconds before the next attempt, by attempts made; the last value repeats.
BACKOFF_SECONDS = (5, 30, 120, 600, 1_800, 7_200, 21_600)
_SCALARS = (str, int, float, bool, type(None))

Function = TypeVar("Function", bound=Callable[..., None])


@dataclass(frozen=True)
class JobKind:
    """A registered job: its name and the function that does it."""

    name: str
    function: Callable[..., None]


_kinds: dict[str, JobKind] = {}
#: Told the ids of jobs whose transaction has committed; the queue sets it, and losing a call costs ten seconds.
_wake: Callable[[int], None] | None = None


def job(name: str) -> Callable[[Function], Function]:
    """Register a function as the job `name`. It gets its arguments by keyword and opens its own transactions."""

    def register(function: Function) -> Function:
        known = _kinds.get(name)
        if known is not None and known.function.__qualname__ != function.__qualname__:
            raise ValueError(f"two jobs are named {name}")
        _kinds[name] = JobKind(name, function)
        function.job_name = name  # type: ignore[attr-defined]
        return function

    return register


def kinds() -> dict[str, JobKind]:
    """Return every registered job by name."""
    return dict(_kinds)


def on_commit(wake: Callable[[int], None] | None) -> None:
    """Set what is told the id of each job once its transaction has committed."""
    global _wake
    _wake = wake


def enqueue(
    session: Session,
    function: Callable[..., None],
    *,
    delay: timedelta = timedelta(0),
    unique_key: str | None = None,
    **arguments: Any,
) -> int | None:
    """Write a job into the caller's transaction and return its id; None where its unique key is queued already."""
    name: str = getattr(function, "job_name", "")
    if name not in _kinds:
        raise ValueError(f"{function!r} is not a job; decorate it with @job")
    for key, value in arguments.items():
        if not isinstance(value, _SCALARS):
            raise TypeError(f"{name}: {key} has to be an id or a scalar")
    if unique_key is not None and session.scalar(select(Job.id).where(Job.unique_key == unique_key)) is not None:
        return None
    now = clock.now()
    row = Job(name=name, arguments=arguments, run_at=now + delay, unique_key=unique_key, created_at=now)
    session.add(row)
    session.flush()
    if not delay:
        event.listen(session, "after_commit", lambda _session, job_id=row.id: _after_commit(job_id), once=True)
    return row.id


def _after_commit(job_id: int) -> None:
    if _wake is None:
        return
    try:
        _wake(job_id)
    except Exception:
        # The row is the job: the sweep finds it within ten seconds.
        logger.warning("a wake-up was lost", exc_info=True)


def claim(session: Session, job_id: int, worker: str) -> Job | None:
    """Lease a job that is due, or whose lease ran out; None where somebody else has it."""
    now = clock.now()
    query = (
        update(Job)
        .where(Job.id == job_id, _is_due(now))
        .values(state=JobState.LEASED, leased_until=now + LEASE, leased_by=worker, attempts=Job.attempts + 1)
        # From here on the same key may be queued again: what it stands for may change while the job runs.
        .values(unique_key=None)
    )
    if _changed(session, query) == 0:
        return None
    return session.scalars(select(Job).where(Job.id == job_id)).one()


def renew(session: Session, job_id: int, worker: str) -> bool:
    """Lengthen the lease of a running job; False where it was lost."""
    query = (
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.LEASED, Job.leased_by == worker)
        .values(leased_until=clock.now() + LEASE)
    )
    return _changed(session, query) == 1


def finish(session: Session, job_id: int, worker: str) -> bool:
    """Mark a job done; False where its lease was lost meanwhile."""
    query = (
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.LEASED, Job.leased_by == worker)
        .values(state=JobState.DONE, finished_at=clock.now(), leased_until=None, leased_by=None, last_error=None)
    )
    return _changed(session, query) == 1


def fail(session: Session, job_id: int, worker: str, error: str, *, attempts: int) -> bool:
    """Queue a job again after a pause, or give it up; returns True where it was given up."""
    now = clock.now()
    given_up = attempts >= MAXIMUM_ATTEMPTS
    pause = timedelta(seconds=BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1])
    query = (
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.LEASED, Job.leased_by == worker)
        .values(
            state=JobState.FAILED if given_up else JobState.QUEUED,
            run_at=now if given_up else now + pause,
            finished_at=now if given_up else None,
            leased_until=None,
            leased_by=None,
            last_error=error[:4_000],
        )
    )
    return _changed(session, query) == 1 and given_up


def retry(session: Session, job_id: int) -> bool:
    """Queue a failed job again from its first attempt; False where it is not failed."""
    query = (
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.FAILED)
        .values(state=JobState.QUEUED, run_at=clock.now(), attempts=0, finished_at=None)
    )
    changed = _changed(session, query) == 1
    if changed:
        event.listen(session, "after_commit", lambda _session: _after_commit(job_id), once=True)
    return changed


def due(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Return the ids of jobs that are queued and due, or whose lease ran out."""
    query = select(Job.id).where(_is_due(now)).order_by(Job.run_at).limit(limit)
    return list(session.scalars(query))


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition for jobs that are queued and due, or whose lease ran out.

    After the clock was turned back, instants of before it are in the future: a job that was written then, a pause or a lease
    that reaches further than any can. None of them is waited for.
    """
    after = now + clock.TOLERANCE
    pauses = {attempts: after + timedelta(seconds=pause) for attempts, pause in enumerate(BACKOFF_SECONDS, start=1)}
    too_far = and_(Job.attempts > 0, Job.run_at > case(pauses, value=Job.attempts, else_=max(pauses.values())))
    queued = or_(Job.run_at <= now, Job.created_at > after, too_far)
    over = or_(Job.leased_until < now, Job.leased_until > after + LEASE)
    return or_(and_(Job.state == JobState.QUEUED, queued), and_(Job.state == JobState.LEASED, over))


def _changed(session: Session, query: Any) -> int:
    result: CursorResult[Any] = session.execute(query)  # type: ignore[assignment]
    return result.rowcount
