"""Signing in: which steps were achieved, which remain, and when a session may begin.

A local password is one way to achieve the step `identified`; features register further steps (a second factor) and
further ways (an identity provider) in their wiring. A way may close local passwords to staff; what stays is the emergency
sign-in of administrators, which has a limit of its own, an audit event of its own, and is told to every administrator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, context, db, ratelimit
from app.core.accounts import emergency, queries, sessions
from app.core.accounts.actor import PersonKind
from app.core.accounts.models import KnownBrowser, Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.crypto import passwords
from app.core.errors import Unavailable
from app.core.permissions import Role
from app.core.ratelimit import Limit

#: Before the name of the way in the methods of a session that was begun by it.
THROUGH = "sso:"

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
    #: The password is right, and staff sign in through an identity provider.
    CLOSED = "closed"
    #: The emergency sign-in is for administrators.
    NOT_ADMINISTRATOR = "not_administrator"


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


@dataclass(frozen=True)
class Way:
    """Another way to sign in than the local password, as the sign-in page and the gates of links offer it."""

    #: Public id of what stands behind it.
    name: str
    label: str
    #: Endpoint that a form is posted to, with the path wanted as `next`.
    endpoint: str
    values: Mapping[str, str] = field(default_factory=dict)
    for_staff: bool = True
    for_guests: bool = True
    #: What a session that began this way has among its methods.
    method: str = ""
    #: Endpoint that has the signed-in person prove again who they are; likewise a form with `next`.
    again: str = ""


_steps: list[Step] = []
_ways: list[Callable[[Session], Sequence[Way]]] = []
_closings: list[Callable[[Session], bool]] = []


def register_step(step: Step) -> None:
    """Add a step that every sign-in passes."""
    _steps.append(step)


def register_ways(read: Callable[[Session], Sequence[Way]]) -> None:
    """Add a source of ways to sign in; doing it twice changes nothing."""
    if read not in _ways:
        _ways.append(read)


def ways(session: Session) -> tuple[Way, ...]:
    """Return the ways that are open now, in their order."""
    return tuple(way for read in _ways for way in read(session))


def begun_by(methods: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the ways by which a session was begun, from its methods."""
    return frozenset(name.removeprefix(THROUGH) for name in methods if name.startswith(THROUGH))


def register_closing(closes: Callable[[Session], bool]) -> None:
    """Add a rule that may close local passwords to staff; doing it twice changes nothing."""
    if closes not in _closings:
        _closings.append(closes)


def passwords_closed(session: Session) -> bool:
    """Tell whether staff may not sign in with local passwords now, but for the emergency."""
    return any(closes(session) for closes in _closings)


def remaining(session: Session, person: Person, achieved: dict[str, datetime]) -> list[str]:
    """Return the names of the steps still due, in order."""
    return [step.name for step in _steps if step.due(session, person, achieved)]


def gather(email: str, password: str, browser_digest: str | None, *, in_emergency: bool = False) -> Attempt:
    """Count the attempt, then compare the password with no transaction open; equal time for unknown names.

    Raises Unavailable while too many passwords are being compared; such an attempt does not count.
    """
    key = queries.email_key(email)[:254]
    network = ratelimit.network_of(context.current().address)
    with db.reading() as session:
        person = queries.person_by_email(session, key)
        known = person is not None and browser_digest is not None and _known(session, person.id, browser_digest)
    # First a place: whoever is told to come back has cost nothing that is written.
    with passwords.Place() as place:
        with db.transaction() as session:
            # A browser that signed in before is not locked out by strangers who try the same name.
            own = (PER_BROWSER, f"{key}|{browser_digest}") if known else (PER_ACCOUNT, key)
            limits = [(PER_NETWORK, network), (PER_ADDRESS, f"{key}|{network}"), own]
            limits += [(emergency.LIMIT, network)] if in_emergency else []
            taken = ratelimit.take(session, *limits)
        if not taken.allowed:
            return Attempt(key, person.id if person else None, False, None, taken.retry_after)
        stored = person.password_hash if person else None
        try:
            matches = place.verify(password, stored)
        except Unavailable:
            # Nothing was compared, so nothing was tried.
            with db.transaction() as session:
                ratelimit.give_back(session, *limits)
            raise
        rehashed = None
        if matches and stored is not None and passwords.needs_rehash(stored):
            rehashed = place.hash(password)
    return Attempt(key, person.id if person else None, matches, rehashed)


def sign_in(
    session: Session, attempt: Attempt, browser_digest: str | None, *, in_emergency: bool = False
) -> SignedIn | Refused:
    """Begin a session for a proven password, or record why not."""
    person = session.get(Person, attempt.person_id, with_for_update=True) if attempt.person_id else None
    reason = _refusal(session, attempt, person, in_emergency)
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
    if in_emergency:
        emergency.tell(session, person)
    return begin(session, person, {"password": clock.now()}, browser_digest)


def begin(
    session: Session,
    person: Person,
    methods: dict[str, datetime],
    browser_digest: str | None,
    *,
    ends_at_most: datetime | None = None,
) -> SignedIn:
    """Begin a session for somebody who has achieved every step, and record it."""
    secret, row = sessions.begin(session, person, methods, ends_at_most=ends_at_most)
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


def _refusal(session: Session, attempt: Attempt, person: Person | None, in_emergency: bool) -> SignInRefusal | None:
    if attempt.retry_after is not None:
        return SignInRefusal.LIMITED
    if not attempt.matches or person is None:
        return SignInRefusal.WRONG
    if not person.active:
        return SignInRefusal.INACTIVE
    if in_emergency:
        administrator = person.kind == PersonKind.STAFF and Role.ADMINISTRATOR in queries.roles_of(session, person.id)
        return None if administrator else SignInRefusal.NOT_ADMINISTRATOR
    closed = person.kind == PersonKind.STAFF and passwords_closed(session)
    return SignInRefusal.CLOSED if closed else None


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
