"""Groups and their members as administrators see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import paging
from app.core.accounts import queries
from app.core.accounts.actor import initials_of
from app.core.accounts.models import LOCAL, Group, Membership, MembershipSource, Person, RoleAssignment
from app.core.paging import Page
from app.core.permissions import Role
from app.core.spreadsheet import Cell

ORDERS = paging.Orders(Group.id, name=Group.name_key, source=Group.source, created=Group.created_at)
MEMBER_ORDERS = paging.Orders(Person.id, name=Person.name_key, email=Person.email_key)


class GroupSource(StrEnum):
    """Where groups are kept up."""

    LOCAL = "local"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Wanted:
    """What is asked of a list of groups or members; empty words ask for nothing, and so do unknown ones."""

    search: str = ""
    source: str = ""
    sort: str = ""


@dataclass(frozen=True)
class GroupRow:
    """One group; `source` is `local` or the connection it comes through."""

    HEAD: ClassVar = ("id", "name", "description", "source", "external_id", "members", "roles", "created_at")

    public_id: str
    name: str
    description: str
    source: str
    external_id: str
    members: int
    roles: frozenset[Role]
    created_at: datetime

    @property
    def local(self) -> bool:
        """Whether it is edited here."""
        return self.source == LOCAL

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The row of a file, under `HEAD`."""
        own = (self.public_id, self.name, self.description, self.source, self.external_id)
        return (*own, self.members, " ".join(sorted(self.roles)), self.created_at)


@dataclass(frozen=True)
class MemberRow:
    """Somebody in a group, and by which sources."""

    HEAD: ClassVar = ("id", "name", "email", "active", "put_in_by")

    public_id: str
    name: str
    email: str
    active: bool
    sources: tuple[str, ...]

    @property
    def initials(self) -> str:
        """Letters for the avatar."""
        return initials_of(self.name)

    @property
    def manual(self) -> bool:
        """Whether somebody put them in by hand, so that they can be taken out by hand."""
        return MembershipSource.MANUAL in self.sources

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The row of a file, under `HEAD`."""
        return (self.public_id, self.name, self.email, self.active, " ".join(self.sources))


def groups(session: Session, wanted: Wanted, after: str | None = None, size: int = paging.PAGE_SIZE) -> Page[GroupRow]:
    """Return one page of groups."""
    query = select(Group)
    words = wanted.search.strip().lower()[:100]
    if words:
        query = query.where(func.lower(Group.name).contains(words, autoescape=True))
    if wanted.source == GroupSource.LOCAL:
        query = query.where(Group.source == LOCAL)
    if wanted.source == GroupSource.ELSEWHERE:
        query = query.where(Group.source != LOCAL)
    found = paging.page(session, query, ORDERS.chosen(wanted.sort), after, size)
    return Page(_rows(session, [row.Group for row in found.rows]), found.next)


def group(session: Session, public_id: str) -> GroupRow | None:
    """Return one group."""
    row = queries.group_by_public_id(session, public_id)
    return _rows(session, [row])[0] if row is not None else None


def members(
    session: Session, public_id: str, wanted: Wanted, after: str | None = None, size: int = paging.PAGE_SIZE
) -> Page[MemberRow]:
    """Return one page of a group's members."""
    row = queries.group_by_public_id(session, public_id)
    if row is None:
        return Page(())
    query = select(Person).where(Person.id.in_(select(Membership.person_id).where(Membership.group_id == row.id)))
    words = wanted.search.strip().lower()[:100]
    if words:
        named = func.lower(Person.display_name).contains(words, autoescape=True)
        query = query.where(named | Person.email_key.contains(words, autoescape=True))
    found = paging.page(session, query, MEMBER_ORDERS.chosen(wanted.sort), after, size)
    people = [one.Person for one in found.rows]
    sources = _sources(session, row.id, [person.id for person in people])
    return Page(
        tuple(
            MemberRow(person.public_id, person.display_name, person.email, person.active, sources.get(person.id, ()))
            for person in people
        ),
        found.next,
    )


def _rows(session: Session, found: Iterable[Group]) -> tuple[GroupRow, ...]:
    rows = list(found)
    ids = [row.id for row in rows]
    counted = (
        select(Membership.group_id, func.count(Membership.person_id.distinct()))
        .where(Membership.group_id.in_(ids))
        .group_by(Membership.group_id)
    )
    counts = dict(session.execute(counted).all())
    roles: dict[int | None, set[Role]] = {}
    assigned = select(RoleAssignment.group_id, RoleAssignment.role).where(RoleAssignment.group_id.in_(ids))
    for group_id, role in session.execute(assigned):
        roles.setdefault(group_id, set()).add(Role(role))
    return tuple(
        GroupRow(
            public_id=row.public_id,
            name=row.name,
            description=row.description,
            source=row.source,
            external_id=row.external_id,
            members=counts.get(row.id, 0),
            roles=frozenset(roles.get(row.id, ())),
            created_at=row.created_at,
        )
        for row in rows
    )


def _sources(session: Session, group_id: int, person_ids: list[int]) -> dict[int, tuple[str, ...]]:
    query = select(Membership.person_id, Membership.source).where(
        Membership.group_id == group_id, Membership.person_id.in_(person_ids)
    )
    found: dict[int, list[str]] = {}
    for person_id, source in session.execute(query.order_by(Membership.source)):
        found.setdefault(person_id, []).append(source)
    return {person_id: tuple(sources) for person_id, sources in found.items()}
