"""Tables of the job queue and the schedule."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.db import Base


class JobState(StrEnum):
    """queued → leased → done, or failed once the attempts are spent."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work; claimed by a conditional update, its lease renewed while it runs."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_run_at", "state", "run_at"),
        Index("ix_jobs_state_id", "state", "id"),
        Index("ix_jobs_state_finished_at", "state", "finished_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: Registered name, such as `mail.send`.
    name: Mapped[str] = mapped_column(String(80))
    #: Ids and scalars only.
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default=JobState.QUEUED.value)
    #: Not before this instant.
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(80))
    last_error: Mapped[str | None] = mapped_column(Text)
    #: A job with a key that is still queued is not enqueued twice.
    unique_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ScheduleEntry(Base):
    """When a recurring piece of work is next due, and who does it now."""

    __tablename__ = "job_schedule"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    next_run_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(80))
