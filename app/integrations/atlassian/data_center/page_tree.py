"""What is below a page of Confluence Data Center, asked for page by page: its list of descendants holds comments only."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.integrations.atlassian.data_center.lists import API, entries
from app.integrations.atlassian.shapes import identifier, optional_count, part, text
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Descendant

MAX_DEPTH = 10
#: Pages whose children are asked for; the rest are marked.
MAX_ASKED = 100


def descendants(transport: Transport, page_id: str, depth: int, limit: int) -> list[Descendant]:
    """Return the pages below a page, parents before children and these by their positions. Raises AtlassianError."""
    found: list[Descendant] = []
    waiting = deque([(page_id, 1)])
    asked = 0
    with transport.operation():
        while waiting and len(found) < limit and asked < MAX_ASKED:
            parent_id, level = waiting.popleft()
            asked += 1
            below = sorted(_children(transport, parent_id, level), key=_place)
            found += below
            if level < min(depth, MAX_DEPTH):
                waiting += [(one.id, level + 1) for one in below]
    unasked = {page_id for page_id, _ in waiting}
    return [replace(one, unasked=one.id in unasked) for one in found[: max(0, limit)]]


def _children(transport: Transport, parent_id: str, depth: int) -> Iterator[Descendant]:
    for one in entries(transport, f"{API}/content/{parent_id}/child/page", {"expand": "extensions.position"}):
        yield _descendant(one, parent_id, depth)


def _descendant(data: Mapping[str, Any], parent_id: str, depth: int) -> Descendant:
    page_id = identifier(data, "id")
    return Descendant(
        id=page_id,
        parent_id=parent_id,
        kind="page",
        title=text(data, "title"),
        status=text(data, "status"),
        depth=depth,
        # A page nobody has moved has the word "none" there.
        position=optional_count(part(data, "extensions"), "position"),
    )


def _place(one: Descendant) -> tuple[bool, int, str]:
    # Confluence orders pages that nobody has moved by their titles, after the others.
    return one.position is None, one.position or 0, one.title.casefold()
