"""Lists as CSV (RFC 4180), safe to open in a spreadsheet, a row at a time."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

#: Characters with which spreadsheets begin a formula (OWASP, CSV injection); full-width ones count as much in some.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: What a cell may hold; instants are written in UTC.
Cell = str | int | bool | datetime | None


def lines(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield the head and one line for each row."""
    yield _line(head)
    for row in rows:
        yield _line(row)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _line(cells: Sequence[Cell]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([harmless(_words(cell)) for cell in cells])
    return buffer.getvalue()


def _words(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.isoformat(timespec="milliseconds")
        case _:
            return str(cell)
