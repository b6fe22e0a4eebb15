"""Sessions as rows: a session ended anywhere is dead at the next request everywhere."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from app.core import clock, context
from app.core.accounts import queries
from app.core.accounts.actor import Actor, PersonKind
from app.core.accounts.models import Person, SignInSession
from app.core.accounts.settings import SessionSettings
from app.core.crypto import tokens
from app.core.settings import registry

#: `last_seen_at` is written at most this often.
SEEN_EVERY = timedelta(minutes=1)


def begin(
    session: Session, person: Person, methods: dict[str, datetime], *, ends_at_most: datetime | None = None
) -> tuple[str, SignInSession]:
    """Start a session; returns the secret for the cookie and the row. The caller records the event.

    `ends_at_most` is when an identity provider says that its own session ends (SAML Core 2.7.2 SessionNotOnOrAfter).
    """
    secret = tokens.new_secret()
    now = clock.now()
    kind, limits = PersonKind(person.kind), registry.read(session, SessionSettings)
    call = context.current()
    ends_at = now + limits.absolute(kind)
    if ends_at_most is not None:
        ends_at = min(ends_at, ends_at_most)
    row = SignInSession(
        digest=tokens.digest(secret),
        public_id=tokens.new_public_id(),
        person_id=person.id,
        kind=kind.value,
        created_at=now,
        last_seen_at=now,
        idle_ends_at=min(now + limits.idle(kind), ends_at),
        ends_at=ends_at,
        methods={name: instant.isoformat() for name, instant in methods.items()},
        address=call.address,
        agent=call.agent,
    )
    session.add(row)
    session.flush()
    person.last_signed_in_at = now
    return secret, row


def resolve(session: Session, secret: str) -> tuple[Actor, SignInSession] | None:
    """Return who a cookie's secret stands for, or None where the session is over or the person inactive."""
    now = clock.now()
    query = (
        select(SignInSession, Person)
        .join(Person, Person.id == SignInSession.person_id)
        .where(
            SignInSession.digest == tokens.digest(secret),
            SignInSession.ended_at.is_(None),
            SignInSession.ends_at > now,
            SignInSession.idle_ends_at > now,
            Person.deactivated_at.is_(None),
        )
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    row, person = found
    return queries.actor_for(session, person, session_id=row.id), row


def renew(session: Session, session_id: int) -> str | None:
    """Give a session a new secret, so that a copy of the old one opens nothing; None where the session is over."""
    row = session.get(SignInSession, session_id)
    if row is None or row.ended_at is not None:
        return None
    secret = tokens.new_secret()
    row.digest = tokens.digest(secret)
    return secret


def due_for_touch(row: SignInSession) -> bool:
    """Tell whether `touch` would write."""
    return clock.now() - row.last_seen_at >= SEEN_EVERY


def touch(session: Session, session_id: int) -> None:
    """Note that a session was seen, and move its idle end."""
    now = clock.now()
    row = session.get(SignInSession, session_id)
    if row is not None and row.ended_at is None:
        row.last_seen_at = now
        row.idle_ends_at = now + registry.read(session, SessionSettings).idle(PersonKind(row.kind))


def proven_at(row: SignInSession) -> datetime:
    """Return when the session's person last showed who they are."""
    instants = [datetime.fromisoformat(str(said)) for said in row.methods.values()]
    return max(instants, default=row.created_at)


def end(session: Session, session_id: int) -> bool:
    """End one session; False where it was over already."""
    return _end(session, SignInSession.id == session_id) == 1


def end_all(session: Session, person_id: int, *, but: int | None = None) -> int:
    """End every session of a person, except one if given; returns how many."""
    condition = SignInSession.person_id == person_id
    if but is not None:
        condition = condition & (SignInSession.id != but)
    return _end(session, condition)


def end_begun_by(session: Session, person_id: int, method: str) -> int:
    """End every session of a person that has `method` among its methods; returns how many."""
    found = [row.id for row in live(session, person_id) if method in row.methods]
    return _end(session, SignInSession.id.in_(found)) if found else 0


def live(session: Session, person_id: int) -> list[SignInSession]:
    """Return a person's live sessions, newest first."""
    now = clock.now()
    query = (
        select(SignInSession)
        .where(
            SignInSession.person_id == person_id,
            SignInSession.ended_at.is_(None),
            SignInSession.ends_at > now,
            SignInSession.idle_ends_at > now,
        )
        .order_by(SignInSession.last_seen_at.desc())
    )
    return list(session.scalars(query))


def _end(session: Session, condition: Any) -> int:
    query = update(SignInSession).where(condition, SignInSession.ended_at.is_(None)).values(ended_at=clock.now())
    result: CursorResult[Any] = session.execute(query)  # type: ignore[assignment]
    return result.rowcount
