"""Lists as pages: columns to sort by, the place a page begins at, addresses with something changed, the list as CSV."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from flask import Response, request
from werkzeug.datastructures import MultiDict

from app.core import spreadsheet

Direction = Literal["ascending", "descending"]

#: Where keyset paging stands; another order starts at its beginning.
_CURSORS = ("after", "before")


@dataclass(frozen=True)
class Column:
    """One column head; `direction` is set on the column the rows are sorted by."""

    label: str
    sort_url: str | None = None
    direction: Direction | None = None
    numeric: bool = False
    label_hidden: bool = False
    ticks: str | None = None


def column(
    label: str,
    sort: str | None = None,
    default: Direction | None = None,
    numeric: bool = False,
    label_hidden: bool = False,
    ticks: str | None = None,
) -> Column:
    """Return a column head; one with `sort` links to this page sorted by it, `?sort=name` or `?sort=-name`.

    `default` marks the column the page is sorted by when the query says nothing. The view reads the same `sort` argument
    and accepts only the names it knows. `ticks` is what the row_tick of its cells are sent as: its head ticks them all.
    """
    if sort is None:
        return Column(label, None, None, numeric, label_hidden, ticks)
    asked = request.args.get("sort")
    direction: Direction | None = default if asked is None else None
    if asked is not None and asked.removeprefix("-") == sort:
        direction = "descending" if asked.startswith("-") else "ascending"
    turned = f"-{sort}" if direction == "ascending" else sort
    return Column(label, with_query(sort=turned), direction, numeric, label_hidden)


def place() -> tuple[str, str | None]:
    """Return the order and the cursor that the address asks for; what they mean, `app.core.paging` knows."""
    return request.args.get("sort", ""), request.args.get("after")


def with_query(path: str | None = None, /, **changes: str | int | None) -> str:
    """Return the current page's address with query arguments set, or left out where the value is None.

    A change starts at the first page again unless it names a cursor itself. `path` is another page that takes the same.
    """
    arguments: MultiDict[str, str] = MultiDict(request.args)
    for cursor in _CURSORS:
        arguments.poplist(cursor)
    for name, value in changes.items():
        arguments.poplist(name)
        if value is not None:
            arguments.add(name, str(value))
    query = urlencode(list(arguments.items(multi=True)))
    path = path or request.path
    return f"{path}?{query}" if query else path


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[spreadsheet.Cell]]) -> Response:
    """Return the answer that a browser saves as `name`.csv; rows are sent as they are read."""
    response = Response(spreadsheet.lines(head, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
