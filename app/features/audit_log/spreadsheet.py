"""The trail as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from app.features.audit_log.queries import EntryRow

COLUMNS = (
    "id",
    "at",
    "event",
    "actor_kind",
    "actor_id",
    "actor_name",
    "subject_kind",
    "subject_id",
    "source",
    "request_id",
    "address",
    "agent",
    "details",
    "personal",
    "seal",
)
#: Characters with which spreadsheets begin a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Personal values that have a column of their own.
_OWN_COLUMN = frozenset({"actor_name", "address", "agent"})


def lines(rows: Iterable[EntryRow]) -> Iterator[str]:
    """Yield the head and one line for each entry."""
    yield _line(COLUMNS)
    for row in rows:
        yield _line(_cells(row))


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cells(row: EntryRow) -> tuple[str, ...]:
    more = {name: value for name, value in row.personal.items() if name not in _OWN_COLUMN}
    return (
        str(row.id),
        row.at.isoformat(timespec="milliseconds"),
        row.event,
        row.actor_kind,
        row.actor_id or "",
        row.actor_name or "",
        row.subject_kind or "",
        row.subject_id or "",
        row.source,
        row.request_id,
        str(row.personal.get("address") or ""),
        str(row.personal.get("agent") or ""),
        json.dumps(row.details, ensure_ascii=False, sort_keys=True) if row.details else "",
        json.dumps(more, ensure_ascii=False, sort_keys=True) if more else "",
        str(row.seal) if row.seal is not None else "",
    )


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return buffer.getvalue()
