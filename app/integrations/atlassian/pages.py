"""Walks through answers that come in pages, one function per style that Atlassian uses.

All styles share three rules, each from a paging fault seen in a client library: go on from what was received and not from what was asked
for, a short or empty page is not the end unless the style says so, and a list that does not end is an error and not a partial result.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.integrations.atlassian.errors import Unreachable
from app.integrations.atlassian.shapes import items, nonsense, optional_count, optional_text, part

Entry = Mapping[str, Any]
Fetch = Callable[[Mapping[str, str | int]], Mapping[str, Any]]

MAX_PAGES = 200


def by_start_at(fetch: Fetch, *, key: str = "values", page_size: int = 50) -> Iterator[Entry]:
    """Yield the entries of a Jira list: `startAt` and `maxResults`, with `total` and `isLast` where the route has them."""
    start = 0
    for _ in range(MAX_PAGES):
        data = fetch({"startAt": start, "maxResults": page_size})
        found = items(data, key)
        yield from found
        total = optional_count(data, "total")
        start = _following(data, start, len(found), page_size)
        if data.get("isLast") is True or (data.get("isLast") is None and total is not None and start >= total):
            return
        if not found and data.get("isLast") is None and total is None:
            return
    raise _endless()


def by_page_token(fetch: Fetch, *, key: str = "issues", page_size: int = 50) -> Iterator[Entry]:
    """Yield the entries of a Jira search: `nextPageToken` until it is absent; a token seen before is an error."""
    seen: set[str] = set()
    token: str | None = None
    for _ in range(MAX_PAGES):
        params: dict[str, str | int] = {"maxResults": page_size}
        if token is not None:
            params["nextPageToken"] = token
        data = fetch(params)
        yield from items(data, key)
        token = optional_text(data, "nextPageToken")
        if token is None or data.get("isLast") is True:
            return
        if token in seen:
            raise nonsense("the same page was offered twice")
        seen.add(token)
    raise _endless()


def by_cursor(fetch: Callable[[str | None], tuple[Mapping[str, Any], str | None]]) -> Iterator[Entry]:
    """Yield the `results` of a Confluence v2 list, following `_links.next` or the Link header.

    `fetch` takes the link to follow (None for the first page) and returns the answer and the target of its Link header.
    """
    seen: set[str] = set()
    link: str | None = None
    for _ in range(MAX_PAGES):
        data, header = fetch(link)
        yield from items(data, "results")
        link = optional_text(part(data, "_links"), "next") or header
        if link is None:
            return
        if link in seen:
            raise nonsense("the same page was offered twice")
        seen.add(link)
    raise _endless()


def by_start(fetch: Fetch, *, first: Mapping[str, Any] | None = None, page_size: int = 100) -> Iterator[Entry]:
    """Yield the `results` of a Confluence v1 list: `start` and `limit`; `first` is a first page that is at hand already.

    The server may lower the limit, and says so in `limit`; a page that is full by its own limit is followed by another.
    """
    start = 0
    for _ in range(MAX_PAGES):
        data = first if first is not None and not start else fetch({"start": start, "limit": page_size})
        found = items(data, "results")
        yield from found
        start += len(found)
        limit = min(page_size, optional_count(data, "limit") or page_size)
        if not found or (len(found) < limit and not part(data, "_links").get("next")):
            return
    raise _endless()


def _following(data: Mapping[str, Any], start: int, received: int, page_size: int) -> int:
    """Return the next `startAt`: behind what was received, or a whole page on where rights left the page empty."""
    if received:
        return start + received
    return start + (optional_count(data, "maxResults") or page_size)


def _endless() -> Unreachable:
    return Unreachable(f"Atlassian's list did not end after {MAX_PAGES} pages.")
