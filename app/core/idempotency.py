"""Answers to repeated API requests: the same key gives the same answer, and the thing is done once.

Answers may hold a secret that is shown once, so they are encrypted and kept for a day.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, db
from app.core.audit.models import RowId
from app.core.crypto.columns import EncryptedText
from app.core.db import Base
from app.core.errors import Conflict
from app.core.jobs import schedule
from app.core.text import Text

KEPT = timedelta(hours=24)
MAXIMUM_KEY_LENGTH = 200


class IdempotencyKey(Base):
    """One answered request of one person."""

    __tablename__ = "idempotency_keys"

    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    #: SHA-256 of method, path and body: the same key with another request is a mistake.
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(EncryptedText("idempotency_keys.body"))
    created_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: str


def request_digest(method: str, path: str, body: bytes) -> str:
    """Return what makes two requests the same."""
    return hashlib.sha256(method.encode() + b"\n" + path.encode() + b"\n" + body).hexdigest()


def find(session: Session, person_id: int, key: str, digest: str) -> Answer | None:
    """Return the earlier answer; raise Conflict where the key was used for another request."""
    row = session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.person_id == person_id, IdempotencyKey.key == key)
    ).one_or_none()
    if row is None or row.created_at < clock.now() - KEPT:
        return None
    if row.request_digest != digest:
        raise Conflict(Text("This Idempotency-Key was used for another request. Use a new one."))
    return Answer(row.status, row.body)


def remember(session: Session, person_id: int, key: str, digest: str, answer: Answer) -> None:
    """Keep an answer in the transaction of what it answers; a second racer fails on the primary key."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT))
    session.add(
        IdempotencyKey(
            person_id=person_id,
            key=key,
            request_digest=digest,
            status=answer.status,
            body=answer.body,
            created_at=clock.now(),
        )
    )
    session.flush()


@schedule.every(3_600, "idempotency.purge")
def purge() -> None:
    """Delete answers older than a day."""
    with db.transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT))
