"""Keyset paging: a page of rows and an opaque cursor to the next, so that a deep page costs what the first costs.

A list says by which columns it can be sorted (`Orders`); `?sort=name` and `?sort=-name` choose, and the row id decides
between equals, so that no row is lost or shown twice between two pages.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, literal, tuple_
from sqlalchemy import Row as SqlRow
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core import db

Row = TypeVar("Row")
Column = ColumnElement[Any] | InstrumentedAttribute[Any]
#: Rows on one page of a list.
PAGE_SIZE = 50
#: Rows read at a time where a whole list is handed out.
BATCH = 1_000
#: The largest number that a database keeps as the id of a row.
MAXIMUM_ID = 2**63 - 1
#: Longer cursors are none of ours: the longest name takes 120 characters of four bytes.
_MAXIMUM_LENGTH = 1_000
#: Stands for an instant that never was, where a key is sorted by: it is never NULL.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and where the next ones begin; None at the end."""

    rows: tuple[Row, ...]
    next: str | None = None


@dataclass(frozen=True)
class Order:
    """One order of a list: by a column that is never NULL, then by row id, both in one direction."""

    key: Column
    identity: Column
    descending: bool

    def applied(self, query: Select[Any], after: str | None) -> Select[Any]:
        """Return the query in this order, from after the row of a cursor on, with key and id as its last columns."""
        query = query.add_columns(self.key.label("sort_key"), self.identity.label("sort_id"))
        start = self._start(after)
        if start is not None:
            # A comparison of rows is what both databases walk an index by.
            own = tuple_(self.key, self.identity)
            last = tuple_(literal(start[0], self.key.type), literal(start[1], self.identity.type))
            query = query.where(own < last if self.descending else own > last)
        columns = (self.key, self.identity)
        return query.order_by(*(column.desc() if self.descending else column.asc() for column in columns))

    def leads_on(self, cursor: str) -> bool:
        """Tell whether a cursor is one that this order gave."""
        return self._start(cursor) is not None

    def cursor(self, row: SqlRow[Any]) -> str:
        """Return the cursor that goes on after a row of `applied`."""
        key = row.sort_key
        return encode(key.isoformat() if isinstance(key, datetime) else key, row.sort_id)

    def _start(self, after: str | None) -> tuple[Any, int] | None:
        kind = self.key.type.python_type
        found = decode(after, str if kind is datetime else kind, int)
        if found is None:
            return None
        key, identity = found
        start = _instant(str(key)) if kind is datetime else key
        return (start, int(identity)) if start is not None else None


class Orders:
    """The orders that a list offers, by the names that stand in its address; the first is the one without a name there."""

    def __init__(self, identity: Column, *, descending: bool = False, **keys: Column) -> None:
        self._identity = identity
        self._keys = keys
        self._default = next(iter(keys))
        self._descending = descending
        for name, key in keys.items():
            # SQL functions have no type of their own, and a cursor of an unknown type would always lead to the first page.
            if key.type.python_type not in (str, int, datetime):
                raise TypeError(f"{name} has no type that a cursor can hold")

    def chosen(self, sort: str | None) -> Order:
        """Return the order that `name` or `-name` asks for; anything unknown is the default."""
        name = (sort or "").removeprefix("-")
        if name not in self._keys:
            return Order(self._keys[self._default], self._identity, self._descending)
        return Order(self._keys[name], self._identity, (sort or "").startswith("-"))


def folded(column: Column) -> ColumnElement[Any]:
    """Return a text to sort by, whatever its case."""
    return func.lower(column, type_=column.type)


def never_first(column: Column) -> ColumnElement[Any]:
    """Return an instant to sort by, where none stands before all others."""
    return func.coalesce(column, literal(NEVER, column.type), type_=column.type)


def page(
    session: Session, query: Select[Any], order: Order, after: str | None, size: int = PAGE_SIZE
) -> Page[SqlRow[Any]]:
    """Return one page of what a query finds, in an order."""
    found = session.execute(order.applied(query, after).limit(size + 1)).all()
    shown = tuple(found[:size])
    return Page(shown, order.cursor(shown[-1]) if len(found) > size else None)


def whole(read: Callable[[Session, str | None], Page[Row]]) -> Iterator[Row]:
    """Yield every row of a list, a page at a time; each page is a read of its own, so that a long export holds nothing."""
    after: str | None = None
    while True:
        with db.reading() as session:
            found = read(session, after)
        yield from found.rows
        after = found.next
        if after is None:
            return


def encode(*key: str | int) -> str:
    """Return the cursor that continues after the row with this sort key."""
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> tuple[str | int, ...] | None:
    """Return the sort key of a cursor; None where there is none or it was changed: then the first page is shown."""
    if not cursor or len(cursor) > _MAXIMUM_LENGTH:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        return None
    return tuple(key) if all(_storable(part) for part in key) else None


def _storable(part: str | int) -> bool:
    # Beyond 64 bits, and with NUL or half a character, a database refuses the value with an error.
    if isinstance(part, int):
        return abs(part) <= MAXIMUM_ID
    return not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in part)


def _instant(words: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(words)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
