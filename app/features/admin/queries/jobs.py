"""Jobs as administrators see them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import paging
from app.core.jobs.models import Job, JobState
from app.core.paging import Page
from app.features.admin.queries import PAGE_SIZE

#: Counting stops here: what matters is that there are many.
COUNT_CAP = 1_000
#: The tabs of the page and the states that each shows; what is done is of no interest and not listed.
TABS: dict[str, tuple[JobState, ...]] = {
    "failed": (JobState.FAILED,),
    "queued": (JobState.QUEUED, JobState.LEASED),
}


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


def jobs(session: Session, tab: str, after: str | None = None) -> Page[JobRow]:
    """Return one page of the jobs of a tab, newest first."""
    query = select(Job).where(Job.state.in_(TABS[tab]))
    start = paging.decode(after, int)
    if start is not None:
        query = query.where(Job.id < start[0])
    found = session.scalars(query.order_by(Job.id.desc()).limit(PAGE_SIZE + 1)).all()
    shown = found[:PAGE_SIZE]
    cursor = paging.encode(shown[-1].id) if len(found) > PAGE_SIZE else None
    return Page(tuple(_row(job) for job in shown), cursor)


def counts(session: Session) -> dict[str, int]:
    """Return how many jobs each tab has, at most `COUNT_CAP`."""
    return {
        tab: session.scalar(
            select(func.count()).select_from(select(Job.id).where(Job.state.in_(states)).limit(COUNT_CAP).subquery())
        )
        or 0
        for tab, states in TABS.items()
    }


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
