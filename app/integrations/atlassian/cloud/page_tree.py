"""What is below a page of Confluence Cloud.

The list goes down by depth and holds everything that has a place in the tree, folders and whiteboards too; it says nothing of labels or
restrictions.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from app.integrations.atlassian.cloud.lists import LIST_LIMIT, V2, entries
from app.integrations.atlassian.shapes import count, identifier, optional_count, optional_text, text
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Descendant

#: How deep Confluence goes in one list.
MAX_DEPTH = 10


def descendants(transport: Transport, page_id: str, depth: int, limit: int) -> list[Descendant]:
    """Return what is below a page, parents before children and these by their positions. Raises AtlassianError."""
    params = {"depth": max(1, min(depth, MAX_DEPTH)), "limit": LIST_LIMIT}
    with transport.operation():
        found = [
            _descendant(one)
            for one in islice(entries(transport, f"{V2}/pages/{page_id}/descendants", params), max(0, limit))
        ]
    return sorted(found, key=lambda one: (one.depth, one.position is None, one.position or 0, one.id))


def _descendant(data: Mapping[str, Any]) -> Descendant:
    return Descendant(
        id=identifier(data, "id"),
        parent_id=identifier(data, "parentId"),
        kind=optional_text(data, "type") or "page",
        title=text(data, "title"),
        status=text(data, "status"),
        depth=count(data, "depth"),
        position=optional_count(data, "childPosition"),
    )
