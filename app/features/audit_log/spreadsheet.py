"""An entry of the trail as a row of a CSV file."""

import json

from app.core.spreadsheet import Cell
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
#: Personal values that have a column of their own.
_OWN_COLUMN = frozenset({"actor_name", "address", "agent"})


def cells(row: EntryRow) -> tuple[Cell, ...]:
    """Return an entry as a row under `COLUMNS`."""
    more = {name: value for name, value in row.personal.items() if name not in _OWN_COLUMN}
    return (
        row.id,
        row.at,
        row.event,
        row.actor_kind,
        row.actor_id,
        row.actor_name,
        row.subject_kind,
        row.subject_id,
        row.source,
        row.request_id,
        str(row.personal.get("address") or ""),
        str(row.personal.get("agent") or ""),
        json.dumps(row.details, ensure_ascii=False, sort_keys=True) if row.details else "",
        json.dumps(more, ensure_ascii=False, sort_keys=True) if more else "",
        row.seal,
    )
