"""Requests that wait for their answer, answers that were read, and outcomes that wait for their browser: all of them rows.

Rows, so that another process knows them too. Each is used once: a conditional update, or the key of a table, decides
which of several racers it was.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.crypto import tokens
from app.core.jobs import schedule
from app.features.sso import conflicts, verified
from app.features.sso.models import Purpose, SsoAttempt, SsoOutcome, SsoRequest, SsoSeen
from app.features.sso.verified import Verified
from app.protocols.saml.types import Outstanding

#: How long somebody may take at their provider.
REQUEST_LIFETIME = timedelta(minutes=20)
#: How long the outcome of an answer waits for the browser that asked.
OUTCOME_LIFETIME = timedelta(seconds=60)
#: How long attempts can be explained.
KEEP_ATTEMPTS = timedelta(days=30)


@dataclass(frozen=True)
class Asked:
    """A request that was sent to a provider: for what, by which browser, and what only the two of us know."""

    id: int
    connection_id: int
    browser_digest: str
    next_path: str
    purpose: Purpose
    person_id: int | None
    created_at: datetime
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Waiting:
    """An outcome that its browser has come for."""

    connection_id: int
    request: Asked | None
    verified: Verified


class AskedByConnection(Mapping[str, Outstanding]):
    """The outstanding SAML requests of one connection by their id, looked up one at a time."""

    def __init__(self, connection_id: int) -> None:
        self._connection_id = connection_id

    def __getitem__(self, request_id: str) -> Outstanding:
        with db.reading() as session:
            found = asked(session, self._connection_id, request_id)
        if found is None:
            raise KeyError(request_id)
        return Outstanding(request_id, found.created_at)

    def __iter__(self) -> Iterator[str]:
        raise TypeError("ids are kept as digests")

    def __len__(self) -> int:
        raise TypeError("ids are kept as digests")


def remember(
    session: Session,
    connection_id: int,
    secret: str,
    *,
    browser_digest: str,
    next_path: str,
    purpose: Purpose,
    person_id: int | None,
    secrets: Mapping[str, str],
) -> None:
    """Keep a request by its SAML id or OAuth state, before the browser is sent away."""
    now = clock.now()
    session.add(
        SsoRequest(
            connection_id=connection_id,
            digest=tokens.digest(secret),
            browser_digest=browser_digest,
            secrets=json.dumps(dict(secrets)) if secrets else None,
            next_path=next_path,
            purpose=purpose.value,
            person_id=person_id,
            created_at=now,
            ends_at=now + REQUEST_LIFETIME,
        )
    )
    session.flush()


def asked(session: Session, connection_id: int, secret: str) -> Asked | None:
    """Return the request of this very connection that still waits for its answer, or None."""
    query = select(SsoRequest).where(
        SsoRequest.connection_id == connection_id,
        SsoRequest.digest == tokens.digest(secret),
        SsoRequest.used_at.is_(None),
        SsoRequest.ends_at > clock.now(),
    )
    row = session.scalars(query).one_or_none()
    return _asked(row) if row is not None else None


def use(session: Session, request: Asked) -> bool:
    """Use a request up; False where somebody was quicker."""
    return _changed(
        session,
        update(SsoRequest).where(SsoRequest.id == request.id, SsoRequest.used_at.is_(None)).values(used_at=clock.now()),
    )


def see(session: Session, connection_id: int, assertion_id: str, until: datetime) -> bool:
    """Note that an assertion was read; False where it was read before (SAML Profiles 4.1.4.5)."""
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    query = insert(SsoSeen).values(
        connection_id=connection_id, assertion_digest=tokens.digest(assertion_id), until=until
    )
    # Not the row count: PostgreSQL's driver has none for an INSERT.
    return session.scalar(query.on_conflict_do_nothing().returning(SsoSeen.assertion_digest)) is not None


def deposit(session: Session, connection_id: int, request: Asked | None, outcome: Verified) -> str:
    """Keep what an answer said for its browser; returns the one-time handle."""
    handle = tokens.new_secret()
    session.add(
        SsoOutcome(
            digest=tokens.digest(handle),
            connection_id=connection_id,
            request_id=request.id if request else None,
            payload=verified.dump(outcome),
            ends_at=clock.now() + OUTCOME_LIFETIME,
        )
    )
    session.flush()
    return handle


def waiting(session: Session, handle: str) -> Waiting | None:
    """Return what waits under a handle without taking it; None where it is unknown, taken or over."""
    query = select(SsoOutcome).where(
        SsoOutcome.digest == tokens.digest(handle), SsoOutcome.used_at.is_(None), SsoOutcome.ends_at > clock.now()
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        return None
    request = session.get(SsoRequest, row.request_id) if row.request_id is not None else None
    return Waiting(row.connection_id, _asked(request) if request else None, verified.load(row.payload))


def collect(session: Session, handle: str) -> Waiting | None:
    """Take what waits under a handle, once; of several racers one gets it."""
    found = waiting(session, handle)
    if found is None:
        return None
    query = update(SsoOutcome).where(SsoOutcome.digest == tokens.digest(handle), SsoOutcome.used_at.is_(None))
    return found if _changed(session, query.values(used_at=clock.now())) else None


@schedule.every(600, "sso.purge")
def purge() -> None:
    """Delete requests, outcomes and assertion ids that are over, old attempts and old conflicts; safe to run twice."""
    now = clock.now()
    with db.transaction() as session:
        session.execute(delete(SsoOutcome).where(SsoOutcome.ends_at < now))
        session.execute(delete(SsoRequest).where(SsoRequest.ends_at < now - OUTCOME_LIFETIME))
        session.execute(delete(SsoSeen).where(SsoSeen.until < now))
        session.execute(delete(SsoAttempt).where(SsoAttempt.at < now - KEEP_ATTEMPTS))
        conflicts.purge(session)


def _asked(row: SsoRequest) -> Asked:
    return Asked(
        id=row.id,
        connection_id=row.connection_id,
        browser_digest=row.browser_digest,
        next_path=row.next_path,
        purpose=Purpose(row.purpose),
        person_id=row.person_id,
        created_at=row.created_at,
        secrets=json.loads(row.secrets) if row.secrets else {},
    )


def _changed(session: Session, query: Any) -> bool:
    # The row count decides, whatever was read before.
    result: CursorResult[Any] = session.execute(query)  # type: ignore[assignment]
    return result.rowcount == 1
