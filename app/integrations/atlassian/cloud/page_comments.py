"""Comments of Confluence Cloud: under a page and on its text, with their replies.

A list gives the first comments of threads only; replies are asked for by thread. Bodies come as ADF, which every comment has.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from app.integrations.atlassian.cloud.adf import document
from app.integrations.atlassian.cloud.lists import LIST_LIMIT, V2, entries
from app.integrations.atlassian.shapes import (
    count,
    identifier,
    nonsense,
    optional_text,
    parse_instant,
    part,
)
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Body, BodyFormat, PageComment, Resolution

#: Replies to one comment that are read, and comments whose replies are asked for.
MAX_REPLIES = 200
MAX_ASKED = 200
_ASKED: Mapping[str, str | int] = {"body-format": "atlas_doc_format", "limit": LIST_LIMIT, "sort": "created-date"}
# Of the lists below a page; what hangs under a draft or in the bin is none of a reader's.
_CURRENT: Mapping[str, str | int] = {**_ASKED, "status": "current"}


def footer(transport: Transport, page_id: str, limit: int) -> list[PageComment]:
    """Return the comments under a page with their replies. Raises AtlassianError."""
    return _threads(transport, page_id, "footer-comments", limit)


def inline(transport: Transport, page_id: str, limit: int) -> list[PageComment]:
    """Return the comments on text of a page with their replies. Raises AtlassianError."""
    return _threads(transport, page_id, "inline-comments", limit)


def _threads(transport: Transport, page_id: str, kind: str, limit: int) -> list[PageComment]:
    with transport.operation():
        firsts = islice(entries(transport, f"{V2}/pages/{page_id}/{kind}", _CURRENT), max(0, limit))
        waiting = [_comment(one, None, kind) for one in firsts][::-1]
        found: dict[str, PageComment] = {}
        asked = 0
        while waiting:
            one = waiting.pop()
            if one.id in found:
                raise nonsense("a comment was offered twice")
            found[one.id] = one
            # Replies on text are flat; under a page there may be replies to replies.
            if asked < MAX_ASKED and (one.parent_id is None or not one.inline):
                asked += 1
                waiting += _replies(transport, one, kind)[::-1]
    return list(found.values())


def _replies(transport: Transport, above: PageComment, kind: str) -> list[PageComment]:
    path = f"{V2}/{kind}/{above.id}/children"
    return [_comment(one, above, kind) for one in islice(entries(transport, path, _ASKED), MAX_REPLIES)]


def _comment(data: Mapping[str, Any], above: PageComment | None, kind: str) -> PageComment:
    version, properties = part(data, "version"), part(data, "properties")
    number, at = count(version, "number"), parse_instant(version.get("createdAt"))
    resolution = optional_text(data, "resolutionStatus")
    return PageComment(
        id=_numeric(identifier(data, "id")),
        parent_id=above.id if above else None,
        author_id=optional_text(version, "authorId") or "",
        body=Body(BodyFormat.ADF, document(part(data, "body"), "the body of a comment")),
        created_at=at if number == 1 else None,
        edited_at=at if number > 1 else None,
        version=number,
        inline=kind == "inline-comments",
        resolution=Resolution(resolution) if resolution in set(Resolution) else None,
        anchor=optional_text(properties, "inlineOriginalSelection") or "",
    )


def _numeric(comment_id: str) -> str:
    # It goes into the next address.
    if not (comment_id.isascii() and comment_id.isdigit()):
        raise nonsense("the id of a comment is no number")
    return comment_id
