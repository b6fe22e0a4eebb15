"""Groups and their members as administrators see them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import paging
from app.core.accounts import queries
from app.core.accounts.actor import initials_of
from app.core.accounts.models import LOCAL, Group, Membership, MembershipSource, Person, RoleAssignment
from app.core.paging import Page
from app.core.permissions import Role
from app.features.admin.queries import PAGE_SIZE


@dataclass(frozen=True)
class GroupRow:
    """One group; `source` is `local` or the connection it comes through."""

    public_id: str
    name: str
    description: str
    source: str
    external_id: str
    members: int
    roles: frozenset[Role]

    @property
    def local(self) -> bool:
        """Whether it is edited here."""
        return self.source == LOCAL


@dataclass(frozen=True)
class MemberRow:
    """Somebody in a group, and by which sources."""

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


def groups(session: Session, *, search: str = "", after: str | None = None) -> Page[GroupRow]:
    """Return one page of groups by name."""
    key = func.lower(Group.name)
    query = select(Group, key)
    words = search.strip().lower()[:100]
    if words:
        query = query.where(key.contains(words, autoescape=True))
    start = paging.decode(after, str, int)
    if start is not None:
        query = query.where((key > start[0]) | ((key == start[0]) & (Group.id > start[1])))
    found = session.execute(query.order_by(key, Group.id).limit(PAGE_SIZE + 1)).all()
    shown = found[:PAGE_SIZE]
    cursor = paging.encode(shown[-1][1], shown[-1][0].id) if len(found) > PAGE_SIZE else None
    return Page(_rows(session, [group for group, _ in shown]), cursor)


def group(session: Session, public_id: str) -> GroupRow | None:
    """Return one group."""
    row = queries.group_by_public_id(session, public_id)
    return _rows(session, [row])[0] if row is not None else None


def members(session: Session, public_id: str, *, after: str | None = None) -> Page[MemberRow]:
    """Return one page of a group's members by name."""
    row = queries.group_by_public_id(session, public_id)
    if row is None:
        return Page(())
    key = func.lower(Person.display_name)
    inside = select(Membership.person_id).where(Membership.group_id == row.id)
    query = select(Person, key).where(Person.id.in_(inside))
    start = paging.decode(after, str, int)
    if start is not None:
        query = query.where((key > start[0]) | ((key == start[0]) & (Person.id > start[1])))
    found = session.execute(query.order_by(key, Person.id).limit(PAGE_SIZE + 1)).all()
    shown = found[:PAGE_SIZE]
    sources = _sources(session, row.id, [person.id for person, _ in shown])
    cursor = paging.encode(shown[-1][1], shown[-1][0].id) if len(found) > PAGE_SIZE else None
    return Page(
        tuple(
            MemberRow(person.public_id, person.display_name, person.email, person.active, sources.get(person.id, ()))
            for person, _ in shown
        ),
        cursor,
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
