"""Asking what is below a shared page: few questions at a time, and one end for all of them.

A tree takes two calls for each of its pages. They go out side by side, yet leave a place of the site's four for others;
what is not answered in time leaves the tree unknown, and half of one is never returned.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.features.share_links.objects import CURRENT
from app.integrations.atlassian.errors import AtlassianError, Busy, Forbidden, Gone, NotFound
from app.integrations.atlassian.interfaces import ConfluenceReader
from app.integrations.atlassian.types import Descendant

#: Pages below one shared page that are looked at; two calls for each, once a minute while somebody reads.
MOST_PAGES = 40
#: Pages with this label are in no tree.
NO_SHARE = "no-share"
#: For the whole tree. A check asks three things besides, twelve seconds each at most, and has a lease of 45.
SECONDS = 8.0
#: Questions of one tree that wait for an answer at once.
AT_ONCE = 3
_PAUSE_SECONDS = 0.05

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FoundPage:
    """A page below a shared page as Atlassian has it now."""

    page_id: str
    parent_id: str
    title: str
    space_key: str | None
    web_url: str
    position: int
    depth: int
    labels: tuple[str, ...]
    version: int
    updated_at: datetime | None


@dataclass(frozen=True)
class Below:
    """What links to a page may cover below it; `cut` says that there is more than was looked at."""

    pages: tuple[FoundPage, ...] = ()
    cut: bool = False


def read(client: ConfluenceReader, root_id: str, depth: int, *, most: int = MOST_PAGES) -> Below | None:
    """Read what is below a page that links may cover; None where that took too long. Raises AtlassianError."""
    end = time.monotonic() + SECONDS
    try:
        with client.within(SECONDS):
            below = _patiently(lambda: client.descendants(root_id, depth=depth, limit=most + 1), end)
            return Below(_look_at(client, root_id, below[:most], end), len(below) > most)
    except AtlassianError as error:
        if not error.is_down:
            raise
        # The page itself was read a moment ago: this is no reason to show nothing of it.
        return None


def _look_at(client: ConfluenceReader, root_id: str, below: Iterable[Descendant], end: float) -> tuple[FoundPage, ...]:
    """Look at what is below level by level: nothing is asked of pages below one that is not covered."""
    levels: dict[int, list[tuple[int, Descendant]]] = {}
    for position, one in enumerate(below):
        if one.kind == "page" and one.status == CURRENT:
            levels.setdefault(one.depth, []).append((position, one))
    found: dict[str, FoundPage] = {}
    places = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tree")
    try:
        for _, level in sorted(levels.items()):
            asked = [
                # A context for each: the end of this operation is in it.
                places.submit(copy_context().run, _look, client, position, one, end)
                for position, one in level
                if one.parent_id == root_id or one.parent_id in found
            ]
            found |= {page.page_id: page for one in asked if (page := one.result()) is not None}
    finally:
        places.shutdown(cancel_futures=True)
    return tuple(sorted(found.values(), key=lambda page: page.position))


def _look(client: ConfluenceReader, position: int, below: Descendant, end: float) -> FoundPage | None:
    try:
        page = _patiently(lambda: client.page(below.id, with_body=False), end)
        restricted = _patiently(lambda: client.view_restrictions(below.id), end).restricts
    except (NotFound, Forbidden, Gone):
        # It went away, or was closed to us, while we looked.
        return None
    if restricted or page.status != CURRENT or NO_SHARE in page.labels:
        return None
    return FoundPage(
        page.id,
        below.parent_id,
        page.title[:500],
        page.space_key,
        page.web_url[:600],
        position,
        below.depth,
        page.labels,
        page.version,
        page.updated_at,
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
