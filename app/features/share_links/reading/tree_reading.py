"""Asking what is below a shared page: in lists where they tell all, else few questions at a time, and one end for all.

The tree itself is a list, and so is what a search tells of its pages. Who may see a folder, and what the search does not
know yet, is asked one by one. These questions go out side by side, yet leave a place of the site's four for others; what
is not answered in time leaves the tree unknown, and half of one is never returned.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.features.share_links.objects import CURRENT
from app.integrations.atlassian.errors import AtlassianError, Busy, Forbidden, Gone, NotFound, Refused
from app.integrations.atlassian.interfaces import ConfluenceReader
from app.integrations.atlassian.types import Descendant, PageSummary

#: What is looked at below one shared page: about ten calls, once a minute while somebody reads.
MOST_PAGES = 500
#: Of these, folders and pages that are asked about one by one: one call for a folder, two for a page.
MOST_ASKED = 40
#: Pages with this label are in no tree.
NO_SHARE = "no-share"
#: For the whole tree. A check asks three things besides, twelve seconds each at most, and has a lease of 45.
SECONDS = 8.0
#: Questions of one tree that wait for an answer at once.
AT_ONCE = 3
_PAUSE_SECONDS = 0.05
_AWAY = (NotFound, Forbidden, Gone)

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FoundPage:
    """A page below a shared page as Atlassian has it now."""

    page_id: str
    #: The page above it, whatever folders are in between; their titles are `folders`, the highest first.
    parent_id: str
    title: str
    space_key: str | None
    web_url: str
    position: int
    depth: int
    labels: tuple[str, ...]
    version: int
    updated_at: datetime | None
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Below:
    """What links to a page may cover below it."""

    pages: tuple[FoundPage, ...] = ()
    #: The depth from which on there may be more than was looked at; None = that is all.
    cut_at: int | None = None


@dataclass(frozen=True)
class _Place:
    """Where pages in the tree may hang: a covered page, or an open folder below one."""

    page_id: str
    folders: tuple[str, ...] = ()


def read(client: ConfluenceReader, root_id: str, depth: int, *, most: int | None = None) -> Below | None:
    """Read what is below a page that links may cover, or the first `most` of it; None where that took too long.

    Raises AtlassianError.
    """
    end, most = time.monotonic() + SECONDS, most or MOST_PAGES
    try:
        with client.within(SECONDS):
            below = _patiently(lambda: client.descendants(root_id, depth=depth, limit=most + 1), end)
            if not below:
                return Below()
            told = _told(client, root_id, most, end)
            found, unasked = _look_at(client, root_id, below[:most], told, end)
            beyond = [one.depth for one in below[most:]] + [one.depth + 1 for one in below if one.unasked] + unasked
            return Below(found, min(beyond, default=None))
    except AtlassianError as error:
        if not error.is_down:
            raise
        # The page itself was read a moment ago: this is no reason to show nothing of it.
        return None


def _told(client: ConfluenceReader, root_id: str, most: int, end: float) -> Mapping[str, PageSummary]:
    try:
        return {one.id: one for one in _patiently(lambda: client.summaries_below(root_id, limit=2 * most), end)}
    except (*_AWAY, Refused):
        # A credential that may not search is no reason to have no tree: as much as can be is asked one by one.
        return {}


def _look_at(
    client: ConfluenceReader,
    root_id: str,
    below: Iterable[Descendant],
    told: Mapping[str, PageSummary],
    end: float,
) -> tuple[tuple[FoundPage, ...], list[int]]:
    """Look at what is below level by level: nothing is asked of what stands below something that is not covered.

    Returns the covered pages, and the depths of what there were too many questions for.
    """
    levels: dict[int, list[tuple[int, Descendant]]] = {}
    for position, one in enumerate(below):
        if one.kind in ("page", "folder") and one.status == CURRENT:
            levels.setdefault(one.depth, []).append((position, one))
    places, found, unasked, left = {root_id: _Place(root_id)}, list[FoundPage](), list[int](), MOST_ASKED
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tree")
    try:
        for _, level in sorted(levels.items()):
            asked: dict[str, Future[PageSummary | None]] = {}
            hanging = [(position, one) for position, one in level if one.parent_id in places]
            for _position, one in hanging:
                if one.id not in told and left > 0:
                    left -= 1
                    # A context for each: the end of this operation is in it.
                    asked[one.id] = threads.submit(copy_context().run, _ask, client, one, end)
                elif one.id not in told:
                    unasked.append(one.depth)
            for position, one in hanging:
                summary = asked[one.id].result() if one.id in asked else told.get(one.id)
                if summary is None or summary.restricted or summary.status != CURRENT or NO_SHARE in summary.labels:
                    continue
                place = places[one.parent_id]
                if one.kind == "folder":
                    places[one.id] = _Place(place.page_id, (*place.folders, summary.title[:500]))
                else:
                    places[one.id] = _Place(one.id)
                    found.append(_found(summary, one, place, position))
    finally:
        threads.shutdown(cancel_futures=True)
    return tuple(sorted(found, key=lambda page: page.position)), unasked


def _found(summary: PageSummary, below: Descendant, place: _Place, position: int) -> FoundPage:
    return FoundPage(
        summary.id,
        place.page_id,
        summary.title[:500],
        summary.space_key,
        summary.web_url[:600],
        position,
        below.depth,
        summary.labels,
        summary.version,
        summary.updated_at,
        place.folders,
    )


def _ask(client: ConfluenceReader, below: Descendant, end: float) -> PageSummary | None:
    """Ask about one page or folder; None where it went away, was closed to us, or nobody says who may see it."""
    try:
        restricted = _patiently(lambda: client.view_restrictions(below.id), end).restricts
        if below.kind == "folder":
            return PageSummary(below.id, below.title, below.status, 0, None, None, (), "", restricted)
        page = _patiently(lambda: client.page(below.id, with_body=False), end)
    except _AWAY:
        return None
    except Refused:
        if below.kind == "folder":
            return None
        raise
    return PageSummary(
        page.id,
        page.title,
        page.status,
        page.version,
        page.space_key,
        page.updated_at,
        page.labels,
        page.web_url,
        restricted,
    )


def _patiently(ask: Callable[[], Answer], end: float) -> Answer:
    """Ask, and wait while others of this process have all places of the site. Raises AtlassianError."""
    while True:
        try:
            return ask()
        except Busy:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE_SECONDS)
