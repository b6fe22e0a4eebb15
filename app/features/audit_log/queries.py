"""The read side of the audit trail: entries with their personal values, where these were not erased."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from app.core import db, paging
from app.core.accounts import queries as accounts
from app.core.accounts.models import Group, Person
from app.core.audit import events, sealer
from app.core.audit.models import AuditEntry, AuditPersonal, AuditSeal
from app.core.audit.sealer import Head
from app.core.connections.models import Connection
from app.core.paging import Page

ORDERS = paging.Orders(AuditEntry.id, descending=True, at=AuditEntry.id)
#: Entries read at a time for an export.
BATCH = 1_000
#: What is not sealed yet is counted up to here.
UNSEALED_CAP = 10_000
#: Kinds of subjects that can be asked for.
SUBJECT_KINDS = ("link", "person", "group", "connection", "session", "settings", "job")


@dataclass(frozen=True)
class Filters:
    """What is asked for; empty strings ask for nothing. Addresses of people are replaced by their ids: see `resolved`."""

    event: str = ""
    actor: str = ""
    subject_kind: str = ""
    subject: str = ""
    ids: str = ""
    since: datetime | None = None
    #: Before this instant.
    until: datetime | None = None

    @property
    def asked(self) -> dict[str, str]:
        """What is asked for, as the trail records it."""
        values = {name: value for name, value in asdict(self).items() if value}
        return {
            name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in values.items()
        }


@dataclass(frozen=True)
class EntryRow:
    """One entry; names are those of now, for readers, and prove nothing."""

    id: int
    at: datetime
    event: str
    sentence: str
    actor_kind: str
    actor_id: str | None
    actor_name: str | None
    subject_kind: str | None
    subject_id: str | None
    subject_name: str | None
    source: str
    request_id: str
    details: dict[str, Any]
    personal: dict[str, Any]
    #: Its number in the sealed chain; None = not sealed yet.
    seal: int | None
    #: Personal values that were there once were erased.
    erased: bool


@dataclass(frozen=True)
class Chain:
    """How far the trail is sealed."""

    head: Head
    unsealed: int

    @property
    def many_unsealed(self) -> bool:
        """Whether more is waiting than was counted."""
        return self.unsealed >= UNSEALED_CAP


def resolved(session: Session, filters: Filters) -> Filters:
    """Return the filters with people's addresses replaced by their public ids, so that no address is recorded."""
    return Filters(
        **asdict(filters)
        | {"actor": _person_id(session, filters.actor), "subject": _person_id(session, filters.subject)}
    )


def entries(session: Session, filters: Filters, sort: str = "", after: str | None = None) -> Page[EntryRow]:
    """Return one page of entries, newest first where the oldest are not asked for."""
    found = paging.page(session, _query().where(*_conditions(filters)), ORDERS.chosen(sort), after)
    return Page(_rows(session, found.rows), found.next)


def entry(session: Session, entry_id: int) -> EntryRow | None:
    """Return one entry."""
    found = session.execute(_query().where(AuditEntry.id == entry_id)).all()
    return _rows(session, found)[0] if found else None


def chain(session: Session) -> Chain:
    """Return how far the trail is sealed."""
    return Chain(sealer.head(session), sealer.unsealed_count(session, UNSEALED_CAP))


def extent(session: Session, filters: Filters) -> tuple[int, int]:
    """Return how many entries there are now, and the id of the newest."""
    query = select(func.count(AuditEntry.id), func.max(AuditEntry.id)).where(*_conditions(filters))
    number, newest = session.execute(query).one()
    return int(number), int(newest or 0)


def exported(filters: Filters, newest: int) -> Iterator[EntryRow]:
    """Yield the entries up to `newest` in order, a batch at a time; opens its own reads."""
    last = 0
    while True:
        query = _query().where(*_conditions(filters), AuditEntry.id > last, AuditEntry.id <= newest)
        with db.reading() as session:
            rows = _rows(session, session.execute(query.order_by(AuditEntry.id).limit(BATCH)).all())
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def _query() -> Select[Any]:
    query: Any = (
        select(AuditEntry, AuditPersonal.values, AuditSeal.seq)
        .outerjoin(AuditPersonal, AuditPersonal.entry_id == AuditEntry.id)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
    )
    entries: Select[Any] = query
    return entries


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.event:
        conditions.append(AuditEntry.event == filters.event)
    if filters.actor:
        conditions.append(AuditEntry.actor_id == filters.actor)
    if filters.subject_kind:
        conditions.append(AuditEntry.subject_kind == filters.subject_kind)
    if filters.subject:
        conditions.append(AuditEntry.subject_id == filters.subject)
    if filters.ids:
        words = filters.ids
        conditions.append(
            or_(AuditEntry.actor_id == words, AuditEntry.subject_id == words, AuditEntry.request_id == words)
        )
    if filters.since is not None:
        conditions.append(AuditEntry.at >= filters.since)
    if filters.until is not None:
        conditions.append(AuditEntry.at < filters.until)
    return conditions


def _person_id(session: Session, words: str) -> str:
    if "@" not in words:
        return words
    person = accounts.person_by_email(session, words)
    # No public id has this form: an address that nobody has finds nothing.
    return person.public_id if person is not None else "unknown address"


def _rows(session: Session, found: Sequence[Row[Any]]) -> tuple[EntryRow, ...]:
    names = _names(session, found)
    known = events.registry()
    rows = []
    for row in found:
        one, personal, seal = tuple(row)[:3]
        event = known.get(one.event)
        values = personal or {}
        rows.append(
            EntryRow(
                id=one.id,
                at=one.at,
                event=one.event,
                sentence=event.sentence if event is not None else one.event,
                actor_kind=one.actor_kind,
                actor_id=one.actor_id,
                actor_name=values.get("actor_name"),
                subject_kind=one.subject_kind,
                subject_id=one.subject_id,
                subject_name=names.get((one.subject_kind, one.subject_id)),
                source=one.source,
                request_id=one.request_id,
                details=one.details,
                personal=values,
                seal=seal,
                erased=one.personal_digest is not None and personal is None,
            )
        )
    return tuple(rows)


def _names(session: Session, found: Sequence[Row[Any]]) -> dict[tuple[str | None, str | None], str]:
    wanted: dict[str, set[str]] = {}
    for row in found:
        one = row[0]
        wanted.setdefault(one.subject_kind or "", set()).add(one.subject_id or "")
    tables: tuple[tuple[str, Any, Any], ...] = (
        ("person", Person.public_id, Person.display_name),
        ("group", Group.public_id, Group.name),
        ("connection", Connection.public_id, Connection.name),
    )
    names: dict[tuple[str | None, str | None], str] = {}
    for kind, key, name in tables:
        if kind in wanted:
            for public_id, words in session.execute(select(key, name).where(key.in_(wanted[kind]))):
                names[kind, public_id] = words
    return names
