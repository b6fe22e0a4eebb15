"""People as administrators see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.core import paging, signals
from app.core.accounts import api_tokens, queries, sessions
from app.core.accounts.actor import PersonKind, initials_of
from app.core.accounts.models import Group, Membership, Person, RoleAssignment
from app.core.connections import queries as connections
from app.core.connections.queries import AccountRow
from app.core.paging import Page
from app.core.permissions import Role
from app.core.text import Text
from app.features.admin.queries import PAGE_SIZE


class PersonState(StrEnum):
    """Whether somebody may sign in."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True)
class PersonRow:
    """One row of the list."""

    public_id: str
    name: str
    email: str
    kind: PersonKind
    active: bool
    roles: tuple[Role, ...]
    last_signed_in_at: datetime | None

    @property
    def initials(self) -> str:
        """Letters for the avatar."""
        return initials_of(self.name)


@dataclass(frozen=True)
class MembershipRow:
    """A group that a person is in, and by whom."""

    group_id: str
    name: str
    source: str


@dataclass(frozen=True)
class PersonDetail:
    """One person, whole."""

    row: PersonRow
    created_at: datetime
    email_verified_at: datetime | None
    email_verified_by: str | None
    has_password: bool
    own_roles: frozenset[Role]
    groups: Sequence[MembershipRow]
    sessions: int
    tokens: int
    accounts: Sequence[AccountRow]


@dataclass(frozen=True)
class Ending:
    """What deactivating somebody ends, and for how many."""

    sessions: int
    tokens: int
    #: What features say that they end.
    more: tuple[Text, ...]


def people(
    session: Session, *, search: str = "", kind: str = "", state: str = "", after: str | None = None
) -> Page[PersonRow]:
    """Return one page of people by name; `search` looks in names and addresses."""
    key = func.lower(Person.display_name)
    query = select(Person, key).where(*_conditions(search, kind, state))
    start = paging.decode(after, str, int)
    if start is not None:
        query = query.where((key > start[0]) | ((key == start[0]) & (Person.id > start[1])))
    found = session.execute(query.order_by(key, Person.id).limit(PAGE_SIZE + 1)).all()
    shown = found[:PAGE_SIZE]
    roles = roles_of(session, [person.id for person, _ in shown])
    cursor = paging.encode(shown[-1][1], shown[-1][0].id) if len(found) > PAGE_SIZE else None
    return Page(tuple(_row(person, roles.get(person.id, frozenset())) for person, _ in shown), cursor)


def count(session: Session, *, search: str = "", kind: str = "", state: str = "") -> int:
    """Return how many people the same filters find."""
    query = select(func.count()).select_from(Person).where(*_conditions(search, kind, state))
    return session.scalar(query) or 0


def person(session: Session, public_id: str) -> PersonDetail | None:
    """Return one person with what there is about them."""
    row = queries.person_by_public_id(session, public_id)
    if row is None:
        return None
    own = session.scalars(select(RoleAssignment.role).where(RoleAssignment.person_id == row.id))
    return PersonDetail(
        row=_row(row, roles_of(session, [row.id]).get(row.id, frozenset())),
        created_at=row.created_at,
        email_verified_at=row.email_verified_at,
        email_verified_by=row.email_verified_by,
        has_password=row.password_hash is not None,
        own_roles=frozenset(Role(role) for role in own),
        groups=_groups_of(session, row.id),
        sessions=len(sessions.live(session, row.id)),
        tokens=len(api_tokens.live(session, row.id)),
        accounts=connections.accounts_of(session, row.id) if row.kind == PersonKind.STAFF else (),
    )


def ending(session: Session, public_id: str) -> Ending:
    """Return what deactivating a person ends: sessions, tokens, and what features answer."""
    row = queries.person_by_public_id(session, public_id)
    if row is None:
        return Ending(0, 0, ())
    answers = signals.deactivation_effects.send(row.id, db=session)
    return Ending(
        sessions=len(sessions.live(session, row.id)),
        tokens=len(api_tokens.live(session, row.id)),
        more=tuple(answer for _, answer in answers if isinstance(answer, Text)),
    )


def roles_of(session: Session, person_ids: Iterable[int]) -> dict[int | None, frozenset[Role]]:
    """Return the roles of several people, direct and through groups, as they are assigned."""
    wanted = list(person_ids)
    direct = select(RoleAssignment.person_id, RoleAssignment.role).where(RoleAssignment.person_id.in_(wanted))
    through = (
        select(Membership.person_id, RoleAssignment.role)
        .join(RoleAssignment, RoleAssignment.group_id == Membership.group_id)
        .where(Membership.person_id.in_(wanted))
    )
    found: dict[int | None, set[Role]] = {}
    for person_id, role in session.execute(direct.union(through)):
        found.setdefault(person_id, set()).add(Role(role))
    return {person_id: frozenset(roles) for person_id, roles in found.items()}


def _conditions(search: str, kind: str, state: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    words = search.strip().lower()[:100]
    if words:
        by_name = func.lower(Person.display_name).contains(words, autoescape=True)
        conditions.append(by_name | Person.email_key.contains(words, autoescape=True))
    if kind in set(PersonKind):
        conditions.append(Person.kind == kind)
    if state == PersonState.ACTIVE:
        conditions.append(Person.deactivated_at.is_(None))
    if state == PersonState.DEACTIVATED:
        conditions.append(Person.deactivated_at.is_not(None))
    return conditions


def _row(person: Person, roles: frozenset[Role]) -> PersonRow:
    kind = PersonKind(person.kind)
    # Roles of somebody who is not staff count for nothing, so they are not shown as if they did.
    held = roles if kind is PersonKind.STAFF else frozenset()
    return PersonRow(
        public_id=person.public_id,
        name=person.display_name,
        email=person.email,
        kind=kind,
        active=person.active,
        roles=tuple(sorted(held)),
        last_signed_in_at=person.last_signed_in_at,
    )


def _groups_of(session: Session, person_id: int) -> tuple[MembershipRow, ...]:
    query = (
        select(Group.public_id, Group.name, Membership.source)
        .join(Membership, Membership.group_id == Group.id)
        .where(Membership.person_id == person_id)
        .order_by(func.lower(Group.name), Group.id)
    )
    return tuple(MembershipRow(group_id, name, source) for group_id, name, source in session.execute(query))
