"""Reading people: roles, actors, groups. Returns frozen facts, never rows that a template could change."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import Actor, ActorKind, PersonKind
from app.core.accounts.models import Group, Membership, OneTimeLink, Person, RoleAssignment
from app.core.crypto import tokens
from app.core.permissions import Role, permissions_of


def roles_of(session: Session, person_id: int) -> frozenset[Role]:
    """Return the roles a person holds directly or through groups."""
    direct = select(RoleAssignment.role).where(RoleAssignment.person_id == person_id)
    through = (
        select(RoleAssignment.role)
        .join(Membership, Membership.group_id == RoleAssignment.group_id)
        .where(Membership.person_id == person_id, membership_counts())
    )
    return frozenset(Role(role) for role in session.scalars(direct.union(through)))


def actor_for(
    session: Session, person: Person, *, session_id: int | None = None, scopes: frozenset[str] | None = None
) -> Actor:
    """Return a person as an actor. Only staff have roles, whatever was assigned."""
    kind = PersonKind(person.kind)
    roles = roles_of(session, person.id) if kind is PersonKind.STAFF and person.active else frozenset()
    return Actor(
        kind=ActorKind.PERSON if scopes is None else ActorKind.TOKEN,
        person_id=person.id,
        public_id=person.public_id,
        name=person.display_name,
        email=person.email,
        person_kind=kind,
        permissions=permissions_of(roles),
        time_zone=person.time_zone,
        session_id=session_id,
        scopes=scopes,
    )


def person_by_email(session: Session, email: str) -> Person | None:
    """Return the person with that address, whatever its case."""
    if not email.isprintable():
        # PostgreSQL refuses some of it, and nobody has such an address.
        return None
    return session.scalars(select(Person).where(Person.email_key == email_key(email))).one_or_none()


def person_by_public_id(session: Session, public_id: str) -> Person | None:
    """Return the person with that public id."""
    return session.scalars(select(Person).where(Person.public_id == public_id)).one_or_none()


def person_of_one_time_link(session: Session, secret: str) -> Person | None:
    """Return whose password a one-time link would set now; None where it is unknown, used or over."""
    query = (
        select(Person)
        .join(OneTimeLink, OneTimeLink.person_id == Person.id)
        .where(
            OneTimeLink.digest == tokens.digest(secret),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.ends_at > clock.now(),
            Person.deactivated_at.is_(None),
        )
    )
    return session.scalars(query).one_or_none()


def group_by_public_id(session: Session, public_id: str) -> Group | None:
    """Return the group with that public id."""
    return session.scalars(select(Group).where(Group.public_id == public_id)).one_or_none()


def groups_of(session: Session, person_id: int) -> frozenset[int]:
    """Return the row ids of the groups a person is in now, by whatever source."""
    query = select(Membership.group_id).where(Membership.person_id == person_id, membership_counts())
    return frozenset(session.scalars(query))


def is_member(session: Session, person_id: int, group_ids: Collection[int]) -> bool:
    """Tell whether a person is in any of the groups now."""
    query = select(Membership.person_id).where(
        Membership.person_id == person_id, Membership.group_id.in_(list(group_ids)), membership_counts()
    )
    return session.execute(query.limit(1)).first() is not None


def membership_counts() -> ColumnElement[bool]:
    """Return the condition that a membership counts now: what a provider asserted counts for a while only."""
    return or_(Membership.valid_until.is_(None), Membership.valid_until > clock.now())


def email_key(email: str) -> str:
    """Return what an address is compared by."""
    return email.strip().lower()
