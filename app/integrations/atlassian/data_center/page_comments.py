"""Comments of Confluence Data Center: under a page and on its text, with their replies, which all come in one list."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from app.integrations.atlassian.data_center.lists import API, entries
from app.integrations.atlassian.shapes import count, identifier, items, optional_text, parse_instant, part, text
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Body, BodyFormat, PageComment, Resolution

#: Comments of a page that are read at most, replies among them.
MAX_COMMENTS = 2_000
_EXPANDS = "body.storage,version,history,ancestors,extensions.inlineProperties,extensions.resolution"


def footer(transport: Transport, page_id: str, limit: int) -> list[PageComment]:
    """Return the comments under a page with their replies. Raises AtlassianError."""
    return _threads(transport, page_id, ("footer",), limit)


def inline(transport: Transport, page_id: str, limit: int) -> list[PageComment]:
    """Return the comments on text of a page with their replies, the resolved ones too. Raises AtlassianError."""
    return _threads(transport, page_id, ("inline", "resolved"), limit)


def _threads(transport: Transport, page_id: str, locations: tuple[str, ...], limit: int) -> list[PageComment]:
    asked = {"depth": "all", "location": locations, "expand": _EXPANDS}
    with transport.operation():
        listed = entries(transport, f"{API}/content/{page_id}/child/comment", asked)
        found = [_comment(one, "footer" not in locations) for one in islice(listed, MAX_COMMENTS)]
    # ISO instants of one site order as texts; ids tell two of the same second apart.
    found.sort(key=lambda one: (str(one.created_at or ""), one.id))
    below: dict[str | None, list[PageComment]] = {}
    for one in found:
        below.setdefault(one.parent_id, []).append(one)
    return list(_in_order(islice(below.get(None, []), max(0, limit)), below))


def _in_order(firsts: Iterable[PageComment], below: Mapping[str | None, list[PageComment]]) -> Iterable[PageComment]:
    waiting, seen = list(firsts)[::-1], set[str]()
    while waiting:
        one = waiting.pop()
        if one.id not in seen:
            seen.add(one.id)
            yield one
            waiting += below.get(one.id, [])[::-1]


def _comment(data: Mapping[str, Any], inline: bool) -> PageComment:
    version, extensions = part(data, "version"), part(data, "extensions")
    number, above = count(version, "number"), items(data, "ancestors")
    resolution = optional_text(part(extensions, "resolution"), "status")
    written = part(data, "history")
    return PageComment(
        id=identifier(data, "id"),
        # The nearest one stands last.
        parent_id=identifier(above[-1], "id") if above else None,
        author_id=optional_text(part(written, "createdBy"), "userKey") or "",
        body=Body(BodyFormat.STORAGE, text(part(part(data, "body"), "storage"), "value")),
        created_at=parse_instant(written.get("createdDate")),
        edited_at=parse_instant(version.get("when")) if number > 1 else None,
        version=number,
        inline=inline,
        resolution=Resolution(resolution) if resolution in set(Resolution) else None,
        anchor=optional_text(part(extensions, "inlineProperties"), "originalSelection") or "",
    )
