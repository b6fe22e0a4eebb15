"""Whose a provider's account is, as administrators say it: assigning, taking away, deciding conflicts.

An account is a connection and a subject; it belongs to one person. Who loses one is signed out where it signed them in, and
leaves the groups that the connection asserted.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries as people
from app.core.accounts import sessions
from app.core.accounts.actor import SYSTEM, Actor, PersonKind
from app.core.accounts.models import Membership, MembershipSource, Person
from app.core.audit import trail
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.features.sso import conflicts
from app.features.sso.events import SsoEvent
from app.features.sso.finish import METHOD
from app.features.sso.models import SsoConnection, SsoIdentity
from app.features.sso.verified import MAXIMUM_SUBJECT


def assign(session: Session, actor: Actor, public_id: str, *, subject: str, email: str) -> Person:
    """Say that an account is the person's with that address. Raises Forbidden, NotFound, Invalid, Conflict."""
    connection = _locked(session, actor, public_id)
    subject = checked_subject(subject)
    person = people.person_by_email(session, email[:254])
    if person is None:
        raise Invalid("email", Text("Nobody here has this address."))
    allowed = connection.for_staff if person.kind == PersonKind.STAFF else connection.for_guests
    if not allowed:
        raise Invalid("email", Text("%(name)s is of a kind that does not sign in this way.", name=person.display_name))
    taken = _identity(session, connection.id, subject)
    if taken is not None and taken.person_id != person.id:
        holder = session.get_one(Person, taken.person_id).display_name
        raise Conflict(Text("This account is that of %(name)s. Take it away there first.", name=holder))
    if taken is None:
        now = clock.now()
        session.add(SsoIdentity(connection_id=connection.id, subject=subject, person_id=person.id, created_at=now))
        session.flush()
        _record(session, SsoEvent.ACCOUNT_ASSIGNED, actor, connection, person, subject)
    conflicts.settle(session, connection.id, subject)
    return person


def unassign(session: Session, actor: Actor, public_id: str, *, subject: str) -> Person:
    """Take an account away: its sessions and what its connection asserted end. Raises Forbidden, NotFound."""
    connection = _locked(session, actor, public_id)
    row = _identity(session, connection.id, subject)
    if row is None:
        raise NotFound
    person = session.get_one(Person, row.person_id, with_for_update=True)
    session.delete(row)
    session.flush()
    ended = sessions.end_begun_by(session, person.id, f"{METHOD}{connection.public_id}")
    gone = delete(Membership).where(
        Membership.person_id == person.id,
        Membership.source == MembershipSource.SSO.value,
        Membership.origin == connection.public_id,
    )
    # Another account of theirs at the same provider goes on speaking for them at its next sign-in.
    memberships = session.execute(gone).rowcount  # type: ignore[attr-defined]
    _record(
        session,
        SsoEvent.ACCOUNT_UNASSIGNED,
        actor,
        connection,
        person,
        subject,
        sessions=ended,
        memberships=memberships,
    )
    return person


def dismiss(session: Session, actor: Actor, public_id: str, *, subject: str) -> None:
    """Forget a conflict until it is tried again. Raises Forbidden, NotFound."""
    connection = _locked(session, actor, public_id)
    row = conflicts.find(session, connection.id, subject)
    if row is None:
        raise NotFound
    person = session.get_one(Person, row.person_id)
    session.delete(row)
    _record(session, SsoEvent.CONFLICT_DISMISSED, actor, connection, person, subject)


def checked_subject(value: str) -> str:
    """Return what stands for a person at a provider; raise Invalid where nothing could."""
    if not 1 <= len(value) <= MAXIMUM_SUBJECT or not value.isprintable() or value != value.strip():
        raise Invalid("subject", Text("Enter the account as the explanation of an attempt shows it."))
    return value


def _identity(session: Session, connection_id: int, subject: str) -> SsoIdentity | None:
    query = select(SsoIdentity).where(SsoIdentity.connection_id == connection_id, SsoIdentity.subject == subject)
    return session.scalars(query).one_or_none()


def _locked(session: Session, actor: Actor, public_id: str) -> SsoConnection:
    # Whoever says whose an account is decides what it opens: this takes both permissions.
    for needed in (Permission.ADMIN_SSO_MANAGE, Permission.ADMIN_PEOPLE_MANAGE):
        if actor is not SYSTEM and not actor.may(needed):
            raise Forbidden
    row = session.scalars(
        select(SsoConnection).where(SsoConnection.public_id == public_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def _record(
    session: Session,
    event: SsoEvent,
    actor: Actor,
    connection: SsoConnection,
    person: Person,
    subject: str,
    **details: object,
) -> None:
    trail.record(
        session,
        event,
        subject=("person", person.public_id),
        actor=actor,
        name=connection.name,
        account=subject,
        **details,
    )
