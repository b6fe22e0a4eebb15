"""Jobs as administrators see them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import paging
from app.core.jobs.models import Job, JobState
from app.core.paging import Page

#: Counting stops here: what matters is that there are many.
COUNT_CAP = 1_000
#: The tabs of the page and the states that each shows.
TABS: dict[str, JobState] = {
    "failed": JobState.FAILED,
    "queued": JobState.QUEUED,
    "running": JobState.LEASED,
    "done": JobState.DONE,
}
ORDERS = paging.Orders(Job.id, descending=True, created=Job.id, due=Job.run_at)
#: What is over is looked at by when it ended; every such row has that instant.
ENDED_ORDERS = paging.Orders(Job.id, descending=True, ended=Job.finished_at, created=Job.id)


@dataclass(frozen=True)
class Wanted:
    """What is asked of the list: a tab, one kind of job, an order."""

    tab: str = "failed"
    name: str = ""
    sort: str = ""


@dataclass(frozen=True)
class JobRow:
    """One job."""

    id: int
    name: str
    state: JobState
    arguments: str
    attempts: int
    created_at: datetime
    run_at: datetime
    finished_at: datetime | None
    last_error: str | None

    @property
    def failed(self) -> bool:
        """Whether it was given up."""
        return self.state is JobState.FAILED


def jobs(session: Session, wanted: Wanted, after: str | None = None) -> Page[JobRow]:
    """Return one page of the jobs of a tab, newest first where no other order is asked for."""
    query = select(Job).where(Job.state == TABS[wanted.tab])
    if wanted.name:
        query = query.where(Job.name == wanted.name)
    orders = ENDED_ORDERS if wanted.tab in ("failed", "done") else ORDERS
    found = paging.page(session, query, orders.chosen(wanted.sort), after)
    return Page(tuple(_row(row.Job) for row in found.rows), found.next)


def counts(session: Session, name: str = "") -> dict[str, int]:
    """Return how many jobs, or jobs of one kind, each tab has, at most `COUNT_CAP`."""
    found = {}
    for tab, state in TABS.items():
        some = select(Job.id).where(Job.state == state, *([Job.name == name] if name else []))
        found[tab] = session.scalar(select(func.count()).select_from(some.limit(COUNT_CAP).subquery())) or 0
    return found


def _row(job: Job) -> JobRow:
    return JobRow(
        id=job.id,
        name=job.name,
        state=JobState(job.state),
        arguments=", ".join(f"{name} {value}" for name, value in job.arguments.items()),
        attempts=job.attempts,
        created_at=job.created_at,
        run_at=job.run_at,
        finished_at=job.finished_at,
        last_error=job.last_error,
    )
