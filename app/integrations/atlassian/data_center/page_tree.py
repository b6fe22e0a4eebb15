"""What is below a page of Confluence Data Center, whose list of descendants holds comments only.

A search tells of all pages at once where each of them hangs, five hundred in five answers. Its index lags behind by seconds,
and takes what it tells from the pages themselves: a page may stand in the tree late, and never in a wrong place. Where the
search is refused, or there is more than is asked of it, pages are asked for their children one by one, the upper levels first.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from app.integrations.atlassian import summaries
from app.integrations.atlassian.data_center.lists import API, entries
from app.integrations.atlassian.errors import Forbidden, Gone, NotFound, Refused
from app.integrations.atlassian.shapes import identifier, items, optional_count, part, text
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Descendant

MAX_DEPTH = 10
#: Pages that the search is asked about: ten answers. It cannot be asked for the upper levels alone.
MAX_TOLD = 1_000
#: Pages whose children are asked for one by one; the rest are marked.
MAX_ASKED = 100
_PLACED = "extensions.position"


def descendants(transport: Transport, page_id: str, depth: int, limit: int) -> list[Descendant]:
    """Return the pages below a page, parents before children and these by their positions. Raises AtlassianError."""
    deepest = max(1, min(depth, MAX_DEPTH))
    with transport.operation():
        found = _told(transport, page_id, deepest)
        return (_asked(transport, page_id, deepest, limit) if found is None else found)[: max(0, limit)]


def _told(transport: Transport, page_id: str, depth: int) -> list[Descendant] | None:
    """Return what a search tells; None where it is refused, tells no places, or finds too much."""
    question = {"cql": summaries.below(page_id), "expand": f"ancestors,{_PLACED}"}
    try:
        told = list(islice(entries(transport, f"{API}/{summaries.PATH}", question), MAX_TOLD + 1))
    except (NotFound, Forbidden, Gone, Refused):
        return None
    if len(told) > MAX_TOLD or any("ancestors" not in one for one in told):
        return None
    # By their ids: what moves between two answers may be in both.
    placed: dict[str, Descendant] = {}
    for one in told:
        above = [identifier(higher, "id") for higher in items(one, "ancestors")]
        # What was moved away meanwhile is in the index still.
        if page_id in above and one.get("type") == "page":
            each = _descendant(one, above[-1], len(above) - above.index(page_id))
            placed[each.id] = each
    return _in_order(placed.values(), page_id, depth)


def _in_order(placed: Iterable[Descendant], page_id: str, depth: int) -> list[Descendant]:
    hanging: dict[str, list[Descendant]] = {}
    for one in placed:
        hanging.setdefault(one.parent_id, []).append(one)
    found, waiting = list[Descendant](), deque([page_id])
    while waiting:
        below = sorted(hanging.pop(waiting.popleft(), ()), key=_place)
        found += below
        waiting += [one.id for one in below if one.depth < depth]
    return found


def _asked(transport: Transport, page_id: str, depth: int, limit: int) -> list[Descendant]:
    found: list[Descendant] = []
    waiting = deque([(page_id, 1)])
    asked = 0
    while waiting and len(found) < limit and asked < MAX_ASKED:
        parent_id, level = waiting.popleft()
        asked += 1
        below = sorted(_children(transport, parent_id, level), key=_place)
        found += below
        if level < depth:
            waiting += [(one.id, level + 1) for one in below]
    unasked = {page_id for page_id, _ in waiting}
    return [replace(one, unasked=one.id in unasked) for one in found]


def _children(transport: Transport, parent_id: str, depth: int) -> Iterator[Descendant]:
    for one in entries(transport, f"{API}/content/{parent_id}/child/page", {"expand": _PLACED}):
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
