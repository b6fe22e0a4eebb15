"""People as administrators see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

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
from app.core.spreadsheet import Cell
from app.core.text import Text

ORDERS = paging.Orders(
    Person.id,
    name=Person.name_key,
    email=Person.email_key,
    signed_in=Person.signed_in_key,
)


class PersonState(StrEnum):
    """Whether somebody may sign in."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True)
class Wanted:
    """What is asked of the list; `search` looks in names and addresses, and what is unknown asks for nothing."""

    search: str = ""
    kind: str = ""
    state: str = ""
    sort: str = ""


@dataclass(frozen=True)
class PersonRow:
    """One row of the list."""

    HEAD: ClassVar = ("id", "name", "email", "kind", "state", "roles", "last_signed_in_at")

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

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The row of a file, under `HEAD`."""
        state = PersonState.ACTIVE if self.active else PersonState.DEACTIVATED
        roles = " ".join(self.roles)
        return (self.public_id, self.name, self.email, self.kind, state, roles, self.last_signed_in_at)


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


def people(session: Session, wanted: Wanted, after: str | None = None, size: int = paging.PAGE_SIZE) -> Page[PersonRow]:
    """Return one page of people."""
    query = select(Person).where(*_conditions(wanted))
    found = paging.page(session, query, ORDERS.chosen(wanted.sort), after, size)
    roles = roles_of(session, [row.Person.id for row in found.rows])
    return Page(tuple(_row(row.Person, roles.get(row.Person.id, frozenset())) for row in found.rows), found.next)


def count(session: Session, wanted: Wanted) -> int:
    """Return how many people the same filters find."""
    return session.scalar(select(func.count()).select_from(Person).where(*_conditions(wanted))) or 0


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


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    words = wanted.search.strip().lower()[:100]
    if words:
        by_name = func.lower(Person.display_name).contains(words, autoescape=True)
        conditions.append(by_name | Person.email_key.contains(words, autoescape=True))
    if wanted.kind in set(PersonKind):
        conditions.append(Person.kind == wanted.kind)
    if wanted.state == PersonState.ACTIVE:
        conditions.append(Person.deactivated_at.is_(None))
    if wanted.state == PersonState.DEACTIVATED:
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
