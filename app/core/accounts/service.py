"""The only writer of people and roles, as `membership` is of groups: pages, command line, SSO and later SCIM and sync call it."""

import re
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock, signals
from app.core.accounts import api_tokens, queries, sessions
from app.core.accounts.actor import SYSTEM, Actor, PersonKind
from app.core.accounts.models import LOCAL, Group, Membership, OneTimeLink, Person, RoleAssignment
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.crypto import tokens
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import Permission, Role
from app.core.text import Text

ONE_TIME_LINK_LIFETIME = timedelta(hours=24)
_EMAIL = re.compile(r"^[^@\s<>\"',;:\\()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?$")


def create_person(
    session: Session,
    actor: Actor,
    *,
    email: str,
    name: str,
    kind: PersonKind = PersonKind.STAFF,
    password_hash: str | None = None,
    verified_by: str | None = "administrator",
    source: str = LOCAL,
) -> Person:
    """Create a person. `verified_by` says who vouches for the address. Raises Forbidden, Invalid, Conflict."""
    require(actor, Permission.ADMIN_PEOPLE_MANAGE)
    email = checked_email(email)
    if queries.person_by_email(session, email) is not None:
        raise Conflict(Text("Somebody with the address %(email)s exists already.", email=email))
    now = clock.now()
    person = Person(
        public_id=tokens.new_public_id(),
        kind=kind.value,
        display_name=checked_name(name),
        email=email,
        email_key=queries.email_key(email),
        email_verified_at=now if verified_by else None,
        email_verified_by=verified_by,
        password_hash=password_hash,
        password_changed_at=now if password_hash else None,
        created_at=now,
    )
    session.add(person)
    session.flush()
    trail.record(
        session,
        CoreEvent.PERSON_CREATED,
        subject=("person", person.public_id),
        actor=actor,
        kind=kind.value,
        source=source,
        email=email,
        name=person.display_name,
    )
    return person


def change_person(
    session: Session, actor: Actor, person: Person, *, name: str | None = None, kind: PersonKind | None = None
) -> None:
    """Change a person's name or kind. Raises Forbidden, Invalid, Conflict for the last administrator."""
    require(actor, Permission.ADMIN_PEOPLE_MANAGE)
    fields = []
    if name is not None and checked_name(name) != person.display_name:
        person.display_name = checked_name(name)
        fields.append("name")
    if kind is not None and kind.value != person.kind:
        if person.kind == PersonKind.STAFF:
            _keep_an_administrator(session, person)
        person.kind = kind.value
        # Guests and customers live in other sessions, and cannot use the API.
        sessions.end_all(session, person.id)
        api_tokens.revoke_all(session, person.id)
        fields.append("kind")
    if fields:
        trail.record(
            session,
            CoreEvent.PERSON_CHANGED,
            subject=("person", person.public_id),
            actor=actor,
            fields=fields,
            name=person.display_name,
        )


def deactivate(session: Session, actor: Actor, person: Person) -> None:
    """Deactivate a person: sessions and tokens end in this transaction, and features end what they keep."""
    require(actor, Permission.ADMIN_PEOPLE_MANAGE)
    if not person.active:
        return
    if actor.person_id == person.id:
        raise Conflict(Text("You cannot deactivate yourself. Ask another administrator."))
    _keep_an_administrator(session, person)
    person.deactivated_at = clock.now()
    ended = sessions.end_all(session, person.id)
    revoked = api_tokens.revoke_all(session, person.id)
    session.execute(delete(OneTimeLink).where(OneTimeLink.person_id == person.id))
    session.flush()
    signals.person_deactivated.send(person.id, db=session, person=person, actor=actor)
    trail.record(
        session,
        CoreEvent.PERSON_DEACTIVATED,
        subject=("person", person.public_id),
        actor=actor,
        sessions=ended,
        tokens=revoked,
    )


def reactivate(session: Session, actor: Actor, person: Person) -> None:
    """Let a deactivated person sign in again; what ended then stays ended."""
    require(actor, Permission.ADMIN_PEOPLE_MANAGE)
    if person.active:
        return
    person.deactivated_at = None
    trail.record(session, CoreEvent.PERSON_REACTIVATED, subject=("person", person.public_id), actor=actor)


def set_password(
    session: Session,
    actor: Actor,
    person: Person,
    password_hash: str,
    *,
    keep_session: int | None = None,
    by_reset: bool = False,
) -> int:
    """Store a hashed password and end all other sessions; returns how many ended."""
    person.password_hash = password_hash
    person.password_changed_at = clock.now()
    ended = sessions.end_all(session, person.id, but=keep_session)
    session.execute(delete(OneTimeLink).where(OneTimeLink.person_id == person.id, OneTimeLink.used_at.is_(None)))
    trail.record(
        session,
        CoreEvent.PASSWORD_CHANGED,
        subject=("person", person.public_id),
        actor=actor,
        sessions_ended=ended,
        by_reset=by_reset,
    )
    return ended


def issue_one_time_link(session: Session, actor: Actor, person: Person) -> tuple[str, datetime]:
    """Make a link's secret that sets a new password once; earlier ones die. Returns it and its end."""
    require(actor, Permission.ADMIN_PEOPLE_MANAGE)
    if not person.active:
        raise Conflict(Text("%(name)s is deactivated. Reactivate first.", name=person.display_name))
    secret = tokens.new_secret()
    now = clock.now()
    session.execute(delete(OneTimeLink).where(OneTimeLink.person_id == person.id))
    row = OneTimeLink(
        digest=tokens.digest(secret), person_id=person.id, created_at=now, ends_at=now + ONE_TIME_LINK_LIFETIME
    )
    session.add(row)
    trail.record(
        session,
        CoreEvent.RESET_ISSUED,
        subject=("person", person.public_id),
        actor=actor,
        expires_at=row.ends_at,
    )
    return secret, row.ends_at


def use_one_time_link(session: Session, secret: str, password_hash: str) -> Person | None:
    """Set the password through a one-time link; None where it is unknown, used or over. One of many racers wins."""
    row = session.scalars(
        select(OneTimeLink).where(OneTimeLink.digest == tokens.digest(secret)).with_for_update()
    ).one_or_none()
    if row is None or row.used_at is not None or row.ends_at <= clock.now():
        return None
    person = session.get_one(Person, row.person_id)
    if not person.active:
        return None
    row.used_at = clock.now()
    session.flush()
    set_password(session, queries.actor_for(session, person), person, password_hash, by_reset=True)
    return person


def give_role(
    session: Session, actor: Actor, role: Role, *, person: Person | None = None, group: Group | None = None
) -> bool:
    """Give a role to a person or a group; False where it is held already. Guests and customers get none."""
    require(actor, Permission.ADMIN_PEOPLE_MANAGE)
    if person is not None and person.kind != PersonKind.STAFF:
        raise Invalid("role", Text("Roles are for staff. Change the kind of %(name)s first.", name=person.display_name))
    if _assignment(session, role, person, group) is not None:
        return False
    session.add(
        RoleAssignment(role=role.value, person_id=person.id if person else None, group_id=group.id if group else None)
    )
    session.flush()
    _record_role(session, CoreEvent.ROLE_GIVEN, actor, role, person, group)
    return True


def take_role(
    session: Session, actor: Actor, role: Role, *, person: Person | None = None, group: Group | None = None
) -> bool:
    """Take a role away; False where it was not held. The last administrator keeps theirs."""
    require(actor, Permission.ADMIN_PEOPLE_MANAGE)
    row = _assignment(session, role, person, group)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    if role is Role.ADMINISTRATOR and not administrators(session):
        raise Conflict(Text("Somebody has to be administrator. Give the role to another person first."))
    _record_role(session, CoreEvent.ROLE_TAKEN, actor, role, person, group)
    return True


def administrators(session: Session, *, but: int | None = None) -> list[int]:
    """Return the row ids of active staff who are administrators, by themselves or through a group."""
    direct = select(RoleAssignment.person_id).where(
        RoleAssignment.role == Role.ADMINISTRATOR, RoleAssignment.person_id.is_not(None)
    )
    through = (
        select(Membership.person_id)
        .join(RoleAssignment, RoleAssignment.group_id == Membership.group_id)
        .where(RoleAssignment.role == Role.ADMINISTRATOR, queries.membership_counts())
    )
    query = select(Person.id).where(
        Person.id.in_(direct.union(through).scalar_subquery()),
        Person.deactivated_at.is_(None),
        Person.kind == PersonKind.STAFF,
    )
    return [person_id for person_id in session.scalars(query) if person_id != but]


def checked_email(email: str) -> str:
    """Return an address without spaces around it; raise Invalid where it is none."""
    email = email.strip()
    if len(email) > 254 or not _EMAIL.match(email) or ".." in email:
        raise Invalid("email", Text("Enter an address such as name@example.com."))
    return email


def checked_name(name: str) -> str:
    """Return a display name with single spaces; raise Invalid where it is empty or too long."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise Invalid("name", Text("Enter a name of 1 to 120 characters."))
    return name


def require(actor: Actor, permission: Permission) -> None:
    """Raise Forbidden where the actor has not the permission; Portico itself may do everything."""
    if actor is not SYSTEM and not actor.may(permission):
        raise Forbidden


def _keep_an_administrator(session: Session, person: Person) -> None:
    if person.id in administrators(session) and not administrators(session, but=person.id):
        raise Conflict(Text("Somebody has to be administrator. Give the role to another person first."))


def _assignment(session: Session, role: Role, person: Person | None, group: Group | None) -> RoleAssignment | None:
    query = select(RoleAssignment).where(RoleAssignment.role == role.value)
    if person is not None and group is None:
        return session.scalars(query.where(RoleAssignment.person_id == person.id)).one_or_none()
    if group is not None and person is None:
        return session.scalars(query.where(RoleAssignment.group_id == group.id)).one_or_none()
    raise ValueError("a role is held by a person or by a group")


def _record_role(
    session: Session, event: CoreEvent, actor: Actor, role: Role, person: Person | None, group: Group | None
) -> None:
    holder = ("person", person.public_id) if person else ("group", group.public_id if group else "")
    trail.record(session, event, subject=holder, actor=actor, role=role.value, to=holder[0])
