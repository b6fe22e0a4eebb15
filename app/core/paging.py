"""Keyset paging: a page of rows and an opaque cursor to the next, so that a deep page costs what the first costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
#: Longer cursors are none of ours.
_MAXIMUM_LENGTH = 600


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and where the next ones begin; None at the end."""

    rows: tuple[Row, ...]
    next: str | None = None


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
    # Beyond 64 bits a database refuses the number with an error instead of an empty page.
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in key):
        return None
    return tuple(key)
