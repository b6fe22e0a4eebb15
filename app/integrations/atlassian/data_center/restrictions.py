"""Who may read a page of Confluence Data Center, by its own restrictions and by those of the pages above it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.integrations.atlassian.contents import checked_page_id
from app.integrations.atlassian.data_center.lists import API, LIST_LIMIT
from app.integrations.atlassian.errors import Forbidden, Gone, NotFound, Refused, Unreachable
from app.integrations.atlassian.pages import by_start
from app.integrations.atlassian.shapes import identifier, mapping, optional_text, part
from app.integrations.atlassian.transport import Params, Transport
from app.integrations.atlassian.types import Restriction

#: The most that the list of inherited restrictions gives at once.
INHERITED_LIMIT = 50
_CONTENT_PATH = re.compile(r"/rest/api/content/([1-9][0-9]{0,18})$", re.ASCII)


def own(transport: Transport, page_id: str) -> Restriction:
    """Return who may read a page by its own restrictions. Raises AtlassianError."""
    path = f"{API}/content/{checked_page_id(page_id)}/restriction/byOperation/read"

    def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
        query: Params = {"expand": "restrictions.user,restrictions.group", **params}
        return part(mapping(transport.get(path, query), "the restriction"), "restrictions")

    def named(kind: str, first: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        return by_start(lambda params: _subjects(fetch(params), kind), first=_subjects(first, kind))

    with transport.operation():
        first = fetch({"start": 0, "limit": LIST_LIMIT})
        # Somebody who left has lost the key, and still keeps others out.
        users = [optional_text(one, "userKey") or identifier(one, "username") for one in named("user", first)]
        groups = [identifier(one, "name") for one in named("group", first)]
        return Restriction(page_id, frozenset(users), frozenset(groups))


def path(transport: Transport, page_id: str, ancestors: Callable[[str], list[str]]) -> tuple[Restriction, ...]:
    """Return every restriction that bears on a page, its own last; those that restrict nothing are left out. Raises AtlassianError."""
    with transport.operation():
        restricting = [one for one in dict.fromkeys(_restricting(transport, page_id, ancestors)) if one != page_id]
        found = [*(_above(transport, one) for one in restricting), own(transport, page_id)]
        return tuple(one for one in found if one.restricts)


def _restricting(transport: Transport, page_id: str, ancestors: Callable[[str], list[str]]) -> list[str]:
    """Return the pages whose restrictions may bear on the page.

    The published document gives the list of inherited restrictions the shape of another call. Where an answer does not name its pages
    as Confluence's own classes do, every page above is asked, which is slower and just as right.
    """
    address = f"{API}/content/{checked_page_id(page_id)}/restriction/relevantViewRestrictions"

    def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
        listed = mapping(transport.get(address, dict(params)), "the restrictions").get("viewContentRestrictions")
        if not isinstance(listed, Mapping):
            raise _Unnamed
        return listed

    try:
        return [_page_of(one) for one in by_start(fetch, page_size=INHERITED_LIMIT)]
    except (_Unnamed, NotFound, Forbidden, Gone, Refused):
        return ancestors(page_id)


def _above(transport: Transport, page_id: str) -> Restriction:
    try:
        return own(transport, page_id)
    except (NotFound, Forbidden, Gone, Refused):
        pass
    # The page is visible, so those above it are: an answer that contradicts this is no fact about the page.
    raise Unreachable("Confluence did not say who may read a page above this one.")


class _Unnamed(Exception):
    """A list of inherited restrictions does not say which pages they are of."""


def _page_of(entry: Mapping[str, Any]) -> str:
    content = entry.get("content")
    if isinstance(content, Mapping) and isinstance(content.get("id"), str | int):
        return checked_page_id(str(content["id"]))
    link = part(entry, "_expandable").get("content")
    named = _CONTENT_PATH.search(urlsplit(link).path) if isinstance(link, str) else None
    if named is None:
        raise _Unnamed
    return named.group(1)


def _subjects(restrictions: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    # A missing list must not read as "nobody is kept out".
    return mapping(restrictions.get(kind), f"the restriction by {kind}")
