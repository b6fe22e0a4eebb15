"""Reading what is below a page: side by side, within one bound, and never by halves."""

import inspect
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading import freshness, tree, tree_reading
from app.features.share_links.reading.tree_reading import FoundPage
from app.integrations.atlassian.errors import AtlassianError, Busy, Forbidden, NotFound, Unreachable
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Descendant, Page, Restriction
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, aged, control, opened, share
from tests.features.share_links.test_children import GATE_HOURS, HANDBOOK, handbook, titles
from tests.pages import PageClient


class Slow:
    """A site with some pages below page 1, which says how many questions it had at once."""

    def __init__(self, *pages: tuple[str, str, int], fails: dict[str, AtlassianError] | None = None) -> None:
        self.pages = pages
        self.fails = fails or {}
        self.asked: list[str] = []
        self.most = self._inside = 0
        self._lock = threading.Lock()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        yield

    def descendants(self, page_id: str, *, depth: int, limit: int) -> list[Descendant]:
        return [Descendant(one, above, "page", one, "current", level, None) for one, above, level in self.pages]

    def page(self, page_id: str, *, with_body: bool) -> Page:
        with self._lock:
            self.asked.append(page_id)
            self._inside += 1
            self.most = max(self.most, self._inside)
            failure = self.fails.pop(page_id, None)
        time.sleep(0.02)
        with self._lock:
            self._inside -= 1
        if failure is not None:
            raise failure
        labels = ("no-share",) if page_id.startswith("n") else ()
        return Page(page_id, page_id, "current", 1, "1", "OPS", "", None, None, labels, None, "")

    def view_restrictions(self, page_id: str) -> Restriction:
        kept_out = frozenset({"somebody"}) if page_id.startswith("r") else frozenset[str]()
        return Restriction(page_id, kept_out, frozenset())


def read(site: Slow, depth: int = 3) -> tuple[FoundPage, ...] | None:
    client: Any = site
    found = tree_reading.read(client, "1", depth)
    return found.pages if found is not None else None


def test_three_are_asked_at_once_and_never_more() -> None:
    site = Slow(*((f"p{number}", "1", 1) for number in range(12)))
    found = read(site)
    assert [one.page_id for one in found or ()] == [f"p{number}" for number in range(12)]
    assert site.most == tree_reading.AT_ONCE == 3


def test_nothing_is_asked_of_what_stands_below_a_page_that_is_not_covered() -> None:
    site = Slow(("r1", "1", 1), ("n1", "1", 1), ("p1", "1", 1), ("a", "r1", 2), ("b", "n1", 2), ("c", "p1", 2))
    assert [one.page_id for one in read(site) or ()] == ["p1", "c"]
    assert sorted(site.asked) == ["c", "n1", "p1", "r1"]


@pytest.mark.parametrize("failure", [NotFound("gone", 404), Forbidden("closed", 403)])
def test_a_page_that_goes_away_meanwhile_is_left_out(failure: AtlassianError) -> None:
    site = Slow(("p1", "1", 1), ("p2", "1", 1), ("c", "p2", 2), fails={"p2": failure})
    assert [one.page_id for one in read(site) or ()] == ["p1"]


def test_half_a_tree_is_none() -> None:
    site = Slow(("p1", "1", 1), ("p2", "1", 1), fails={"p2": Unreachable("too slow")})
    assert read(site) is None


def test_a_site_that_others_of_us_are_asking_is_asked_again() -> None:
    site = Slow(("p1", "1", 1), fails={"p1": Busy("four others")})
    assert [one.page_id for one in read(site) or ()] == ["p1"]
    assert site.asked == ["p1", "p1"]


def test_a_check_with_its_tree_ends_within_its_lease() -> None:
    # The page, its restrictions and its files are an operation each.
    operation = inspect.signature(Transport).parameters["total_timeout"].default
    longest = 3 * operation + tree_reading.SECONDS
    assert timedelta(seconds=longest) < freshness.LEASE


def slow(world: World, path: str, seconds: float = 3) -> None:
    control(world, "POST", "failures", {"mode": "delay", "path": path, "seconds": seconds})


@pytest.mark.parametrize("path", [".*/restriction/.*", ".*/descendants", ".*/pages/10012[1-7]"])
def test_a_page_is_shown_without_a_tree_that_takes_too_long(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(tree_reading, "SECONDS", 1.0)
    shared = handbook(world)
    aged(shared)
    # What stands above the page is asked without the tree: only the restrictions below it are slow.
    slow(world, path.replace("restriction", "10012[1-7]/restriction"))
    began = time.monotonic()
    page = opened(pages, shared)
    assert time.monotonic() - began < 6
    assert page.heading == "Terminal handbook for partners"
    assert titles(pages, shared) == []
    assert "Gate hours" not in page.source
    pages.get(f"{shared.path}page-{GATE_HOURS}", status=404)


def with_slow_tree(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> Shared:
    """Open a link with child pages, whose list then becomes slow."""
    shared = share(world, HANDBOOK, powers=Powers(children=Children(2)))
    opened(pages, shared)
    monkeypatch.setattr(tree_reading, "SECONDS", 0.5)
    slow(world, ".*/descendants", 2)
    return shared


def test_the_tree_of_before_stays_for_a_while(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = with_slow_tree(world, pages, monkeypatch)
    aged(shared)
    assert "Gate hours" in titles(pages, shared)
    assert clock.now() - shared.target().checked_at < timedelta(seconds=30)
    shared.change_target(tree_read_at=clock.now() - tree.OLDEST - timedelta(seconds=1))
    aged(shared)
    assert titles(pages, shared) == []
    pages.get(f"{shared.path}page-{GATE_HOURS}", status=404)


def test_a_page_that_was_closed_is_not_read_by_way_of_an_older_tree(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = with_slow_tree(world, pages, monkeypatch)
    world.running.site.pages[GATE_HOURS].users = [world.account("reader").account_id]
    aged(shared)
    assert "Gate hours" in titles(pages, shared)
    pages.get(f"{shared.path}page-{GATE_HOURS}", status=404)
