"""Lists of Confluence's second interface, followed by their cursors."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.integrations.atlassian.pages import by_cursor
from app.integrations.atlassian.shapes import mapping, nonsense
from app.integrations.atlassian.transport import Params, Transport

V2 = "/wiki/api/v2"

#: The most a list gives at once.
LIST_LIMIT = 250


def entries(transport: Transport, path: str, params: Params) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a list, asking for the next page only when it is needed. Raises AtlassianError."""

    def fetch(link: str | None) -> tuple[Mapping[str, Any], str | None]:
        if link is None:
            data, header = transport.get_linked(path, params)
        else:
            data, header = transport.get_linked(_own_path(link))
        return mapping(data, "the list"), header

    return by_cursor(fetch)


def searched(transport: Transport, path: str, params: Params) -> Iterator[Mapping[str, Any]]:
    """Yield what a search of the first interface finds; of its links only the cursor is used. Raises AtlassianError."""

    def fetch(link: str | None) -> tuple[Mapping[str, Any], str | None]:
        more = {} if link is None else {"cursor": _cursor_of(link)}
        return mapping(transport.get(path, {**params, **more}), "the list"), None

    return by_cursor(fetch)


def _cursor_of(link: str) -> str:
    try:
        cursors = parse_qs(urlsplit(link).query).get("cursor", [])
    except ValueError:
        cursors = []
    if len(cursors) != 1:
        raise nonsense("a paging link has no cursor")
    return cursors[0]


def _own_path(link: str) -> str:
    """Return the path and query of a paging link, as they are below our base, whatever host the link names.

    Links start at the site's root (`/wiki/…`), behind the gateway sometimes at the gateway's, and may be whole addresses. Only the part from
    `/wiki/api/v2/` on is used, so that no answer can send our credentials anywhere else.
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        raise nonsense("a paging link cannot be read") from None
    at = parts.path.find(f"{V2}/")
    path = parts.path[at:] if at >= 0 else ""
    if not re.fullmatch(r"/wiki/api/v2(?:/[A-Za-z0-9_-]+)+", path) or not parts.query:
        raise nonsense("a paging link leads elsewhere")
    return f"{path}?{parts.query}"
