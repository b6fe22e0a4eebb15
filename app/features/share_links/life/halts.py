"""What halts sharing: an emergency stop, or a place switched off. Facts in rows, which every visit reads as they are now.

A halt covers one link, one page or issue, one space or project, one connection, the links of one person, or everything.
It changes no link: what it covers is shut while it is in force, and is afterwards what it was before, without grants.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, cast, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.text import Text
from app.features.share_links.life_models import SharingHalt
from app.features.share_links.models import SharedObject, ShareLink


class HaltKind(StrEnum):
    """What was done. Where both cover a link, the stop is what counts: its name is the greater one."""

    OFF = "off"
    STOP = "stop"


class HaltScope(StrEnum):
    """How much it covers."""

    LINK = "link"
    OBJECT = "page"
    CONTAINER = "space"
    CONNECTION = "connection"
    PERSON = "person"
    EVERYTHING = "everything"


#: What can be switched off; the rest can only be stopped.
PLACES = frozenset({HaltScope.CONTAINER, HaltScope.CONNECTION})

_HALT, _LINK, _TARGET = SharingHalt.__table__.c, ShareLink.__table__.c, SharedObject.__table__.c
#: Whether anything is halted at all, whatever a query has of its own.
_RUNNING = SharingHalt.__table__.alias("running").c


@dataclass(frozen=True)
class Target:
    """What a halt covers."""

    scope: HaltScope
    #: Row ids, and for a space or project its key.
    ids: tuple[int | str, ...] = ()
    #: What administrators call it.
    label: str = ""
    #: Names it in the audit trail, by public ids and keys.
    reference: str = ""

    @property
    def key(self) -> str:
        """What the halt's row and the visit's statement both call it; keys in small letters, so that no spelling escapes."""
        return ":".join([self.scope.value, *(str(one).lower() for one in self.ids)])

    @property
    def links(self) -> ColumnElement[bool]:
        """Condition for the links it covers, in a query that joins what they show."""
        match self.scope:
            case HaltScope.LINK:
                return ShareLink.id == self.ids[0]
            case HaltScope.OBJECT:
                return ShareLink.shared_object_id == self.ids[0]
            case HaltScope.CONTAINER:
                same_key = func.lower(SharedObject.container) == str(self.ids[1]).lower()
                return (SharedObject.connection_id == self.ids[0]) & same_key
            case HaltScope.CONNECTION:
                return SharedObject.connection_id == self.ids[0]
            case HaltScope.PERSON:
                return ShareLink.created_by_id == self.ids[0]
            case HaltScope.EVERYTHING:
                return literal_column("1 = 1")


@dataclass(frozen=True)
class HaltRow:
    """A halt that is in force, or was."""

    public_id: str
    kind: HaltKind
    scope: HaltScope
    label: str
    reason: str
    message: str
    began_at: datetime
    began_by: str | None
    ended_at: datetime | None
    ended_by: str | None


def in_force() -> ScalarSelect[Any]:
    """Return what halts a link, as a column of a query that has `ShareLink` and its `SharedObject`; NULL = nothing does."""
    return (
        select(func.max(_HALT.kind))
        .where(_HALT.ended_at.is_(None), _HALT.target.in_(_keys()))
        .correlate(ShareLink.__table__, SharedObject.__table__)
        .scalar_subquery()
    )


def covered_links() -> Select[Any]:
    """Return the ids of all links that are halted; costs nothing while nothing is."""
    return (
        select(ShareLink.id)
        .select_from(SharingHalt)
        .join(ShareLink, literal_column("1 = 1"))
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .where(SharingHalt.ended_at.is_(None), SharingHalt.target.in_(_keys()))
        # Asked once, for all links: SQLite would begin with the links.
        .where(exists().where(_RUNNING.ended_at.is_(None)))
    )


def covering(session: Session, link_id: int) -> list[HaltRow]:
    """Return what halts a link now, stops first."""
    query = (
        select(SharingHalt)
        .join(ShareLink, ShareLink.id == link_id)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .where(SharingHalt.ended_at.is_(None), SharingHalt.target.in_(_keys()))
        .order_by(SharingHalt.kind.desc(), SharingHalt.id)
    )
    return [row_of(one) for one in session.scalars(query)]


def message_for(session: Session, link_id: int) -> str:
    """Return what those are told who held a grant for a link of a place that is switched off; may be empty."""
    return next((one.message for one in covering(session, link_id) if one.kind is HaltKind.OFF and one.message), "")


def row_of(row: SharingHalt, began_by: str | None = None, ended_by: str | None = None) -> HaltRow:
    """Return a halt as it is shown."""
    return HaltRow(
        public_id=row.public_id,
        kind=HaltKind(row.kind),
        scope=HaltScope(row.scope),
        label=row.label,
        reason=row.reason,
        message=row.message,
        began_at=row.began_at,
        began_by=began_by,
        ended_at=row.ended_at,
        ended_by=ended_by,
    )


def refuse_new(session: Session, connection_id: int, container: str | None, object_id: str, person_id: int) -> None:
    """Raise Conflict where a new link, or a new owner of one, would be halted from its first moment."""
    shared = select(SharedObject.id).where(
        SharedObject.connection_id == connection_id, SharedObject.object_id == object_id
    )
    row_id = session.scalar(shared)
    targets = [
        Target(HaltScope.EVERYTHING),
        Target(HaltScope.CONNECTION, (connection_id,)),
        Target(HaltScope.CONTAINER, (connection_id, container or "")),
        Target(HaltScope.PERSON, (person_id,)),
        *([Target(HaltScope.OBJECT, (row_id,))] if row_id is not None else []),
    ]
    query = select(SharingHalt.id).where(
        SharingHalt.ended_at.is_(None), SharingHalt.target.in_([one.key for one in targets])
    )
    if session.scalar(query.limit(1)) is not None:
        raise Conflict(
            Text("Sharing is stopped or switched off here. Ask an administrator about it."), code="sharing_halted"
        )


def object_halted(session: Session, object_row_id: int) -> bool:
    """Tell whether a page itself, or its space, is halted, whichever link it is read by."""
    keys = or_(
        SharingHalt.target == _text("page:", _TARGET.id),
        SharingHalt.target == _container(),
        SharingHalt.target == _text("connection:", _TARGET.connection_id),
    )
    query = (
        select(SharingHalt.id)
        .join(SharedObject, SharedObject.id == object_row_id)
        .where(SharingHalt.ended_at.is_(None), keys)
    )
    return session.scalar(query.limit(1)) is not None


def _keys() -> list[ColumnElement[str]]:
    return [
        literal_column("'everything'", String()),
        _text("connection:", _TARGET.connection_id),
        _container(),
        _text("page:", _TARGET.id),
        _text("person:", _LINK.created_by_id),
        _text("link:", _LINK.id),
    ]


def _text(prefix: str, column: ColumnElement[Any]) -> ColumnElement[str]:
    # Written into the statement: a bound value would have no type that both databases agree on.
    return literal_column(f"'{prefix}'", String()) + cast(column, String)


def _container() -> ColumnElement[str]:
    between = literal_column("':'", String())
    return _text("space:", _TARGET.connection_id) + between + func.lower(_TARGET.container)
