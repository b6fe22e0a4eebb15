"""Signing in: which steps were achieved, which remain, and when a session may begin.

A local password is one way to achieve the step `identified`; features register further steps (a second factor) and
further ways (an identity provider) in their wiring.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, context, db, ratelimit
from app.core.accounts import queries, sessions
from app.core.accounts.models import KnownBrowser, Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.crypto import passwords
from app.core.ratelimit import Limit

PER_ADDRESS = Limit("sign-in-address", 5, 60)
PER_ACCOUNT = Limit("sign-in-account", 20, 3_600)
PER_BROWSER = Limit("sign-in-browser", 10, 600)
#: All attempts from one network, whatever names they try.
PER_NETWORK = Limit("sign-in-network", 60, 60)


class SignInRefusal(StrEnum):
    """Why a sign-in was refused; the page shows one sentence for all but the limit."""

    WRONG = "wrong"
    LIMITED = "limited"
    INACTIVE = "inactive"


@dataclass(frozen=True)
class Attempt:
    """What was gathered before the transaction: who it is about and whether the password matches."""

    email: str
    person_id: int | None
    matches: bool
    rehashed: str | None
    #: Set where a limit was reached; the password was not looked at.
    retry_after: int | None = None


@dataclass(frozen=True)
class SignedIn:
    """A session has begun: the secret for the cookie."""

    secret: str
    person_id: int
    kind: str


@dataclass(frozen=True)
class Refused:
    """No session; `retry_after` seconds where a limit was reached."""

    reason: SignInRefusal
    retry_after: int | None = None


@dataclass(frozen=True)
class Step:
    """A step of signing in that a feature adds: `due` tells whether this person still has to take it."""

    name: str
    due: Callable[[Session, Person, dict[str, datetime]], bool]


_steps: list[Step] = []


def register_step(step: Step) -> None:
    """Add a step that every sign-in passes."""
    _steps.append(step)


def remaining(session: Session, person: Person, achieved: dict[str, datetime]) -> list[str]:
    """Return the names of the steps still due, in order."""
    return [step.name for step in _steps if step.due(session, person, achieved)]


def gather(email: str, password: str, browser_digest: str | None) -> Attempt:
    """Count the attempt, then compare the password with no transaction open; equal time for unknown names."""
    key = queries.email_key(email)[:254]
    network = ratelimit.network_of(context.current().address)
    with db.reading() as session:
        person = queries.person_by_email(session, key)
        known = person is not None and browser_digest is not None and _known(session, person.id, browser_digest)
    with db.transaction() as session:
        # A browser that signed in before is not locked out by strangers who try the same name.
        own = (PER_BROWSER, f"{key}|{browser_digest}") if known else (PER_ACCOUNT, key)
        taken = ratelimit.take(session, (PER_NETWORK, network), (PER_ADDRESS, f"{key}|{network}"), own)
    if not taken.allowed:
        return Attempt(key, person.id if person else None, False, None, taken.retry_after)
    stored = person.password_hash if person else None
    matches = passwords.verify_password(password, stored)
    rehashed = None
    if matches and stored is not None and passwords.needs_rehash(stored):
        rehashed = passwords.hash_password(password)
    return Attempt(key, person.id if person else None, matches, rehashed)


def sign_in(session: Session, attempt: Attempt, browser_digest: str | None) -> SignedIn | Refused:
    """Begin a session for a proven password, or record why not."""
    person = session.get(Person, attempt.person_id, with_for_update=True) if attempt.person_id else None
    reason = _refusal(attempt, person)
    if reason is not None or person is None:
        trail.record(
            session,
            CoreEvent.SIGN_IN_FAILED,
            subject=("person", person.public_id) if person else None,
            email=attempt.email,
            reason=(reason or SignInRefusal.WRONG).value,
        )
        return Refused(reason or SignInRefusal.WRONG, attempt.retry_after)
    if attempt.rehashed is not None:
        person.password_hash = attempt.rehashed
    return begin(session, person, {"password": clock.now()}, browser_digest)


def begin(session: Session, person: Person, methods: dict[str, datetime], browser_digest: str | None) -> SignedIn:
    """Begin a session for somebody who has achieved every step, and record it."""
    secret, row = sessions.begin(session, person, methods)
    if browser_digest is not None:
        _remember(session, person.id, browser_digest)
    trail.record(
        session,
        CoreEvent.SIGNED_IN,
        subject=("session", row.public_id),
        actor=queries.actor_for(session, person),
        methods=sorted(methods),
        kind=person.kind,
        email=person.email,
    )
    return SignedIn(secret, person.id, person.kind)


def _refusal(attempt: Attempt, person: Person | None) -> SignInRefusal | None:
    if attempt.retry_after is not None:
        return SignInRefusal.LIMITED
    if not attempt.matches or person is None:
        return SignInRefusal.WRONG
    return None if person.active else SignInRefusal.INACTIVE


def _known(session: Session, person_id: int, browser_digest: str) -> bool:
    query = select(KnownBrowser.person_id).where(
        KnownBrowser.person_id == person_id, KnownBrowser.browser_digest == browser_digest
    )
    return session.scalar(query) is not None


def _remember(session: Session, person_id: int, browser_digest: str) -> None:
    row = session.get(KnownBrowser, {"person_id": person_id, "browser_digest": browser_digest})
    if row is None:
        session.add(KnownBrowser(person_id=person_id, browser_digest=browser_digest, last_used_at=clock.now()))
    else:
        row.last_used_at = clock.now()
