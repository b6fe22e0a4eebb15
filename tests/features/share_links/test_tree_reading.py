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
from app.integrations.atlassian.errors import AtlassianError, Busy, Forbidden, NotFound, Refused, Unreachable
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Descendant, Page, PageSummary, Restriction
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, aged, control, opened, share
from tests.features.share_links.test_children import GATE_HOURS, HANDBOOK, handbook, titles
from tests.pages import PageClient
from tests.processes import PATIENCE_SECONDS


class Slow:
    """A site with some pages below page 1, which says how many questions it had at once."""

    def __init__(
        self, *pages: tuple[str, str, int], fails: dict[str, AtlassianError] | None = None, told: str = ""
    ) -> None:
        self.pages = pages
        self.fails = fails or {}
        #: What a search knows: pages whose ids begin so.
        self.told = told
        self.asked: list[str] = []
        self.most = self._inside = 0
        #: So many are answered together, and the first not sooner.
        self.together = 1
        self._gathered = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        yield

    def descendants(self, page_id: str, *, depth: int, limit: int) -> list[Descendant]:
        return [
            Descendant(
                one,
                above,
                "folder" if one.startswith("f") else "page",
                one,
                "current",
                level,
                None,
                one.startswith("u"),
            )
            for one, above, level in self.pages
        ]

    def summaries_below(self, page_id: str, *, limit: int) -> list[PageSummary]:
        if "search" in self.fails:
            raise self.fails.pop("search")
        ids = [one for one, _, _ in self.pages if self.told and one.startswith(tuple(self.told))]
        return [
            PageSummary(
                one,
                one,
                "current",
                1,
                "OPS",
                None,
                ("no-share",) if one[0] == "n" else (),
                "",
                restricted=one[0] == "r",
            )
            for one in ids
        ]

    def page(self, page_id: str, *, with_body: bool) -> Page:
        with self._lock:
            self.asked.append(page_id)
            self._inside += 1
            self.most = max(self.most, self._inside)
            failure = self.fails.pop(page_id, None)
            if self._inside == self.together:
                self._gathered.set()
        self._gathered.wait(PATIENCE_SECONDS)
        # For one too many to come in as well.
        time.sleep(0.02)
        with self._lock:
            self._inside -= 1
        if failure is not None:
            raise failure
        labels = ("no-share",) if page_id.startswith("n") else ()
        return Page(page_id, page_id, "current", 1, "1", "OPS", "", None, None, labels, None, "")

    def view_restrictions(self, page_id: str) -> Restriction:
        if page_id.startswith("f"):
            self.asked.append(page_id)
            if page_id in self.fails:
                raise self.fails[page_id]
        kept_out = frozenset({"somebody"}) if page_id.startswith(("r", "fr")) else frozenset[str]()
        return Restriction(page_id, kept_out, frozenset())


def read(site: Slow, depth: int = 3) -> tuple[FoundPage, ...] | None:
    client: Any = site
    found = tree_reading.read(client, "1", depth)
    return found.pages if found is not None else None


def test_three_are_asked_at_once_and_never_more() -> None:
    site = Slow(*((f"p{number}", "1", 1) for number in range(12)))
    site.together = tree_reading.AT_ONCE
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


def test_nothing_is_asked_of_what_a_search_tells() -> None:
    site = Slow(("p1", "1", 1), ("r1", "1", 1), ("n1", "1", 1), ("c", "p1", 2), ("d", "r1", 2), told="prncd")
    assert [one.page_id for one in read(site) or ()] == ["p1", "c"]
    assert site.asked == []


def test_what_a_search_does_not_know_yet_is_asked_by_itself() -> None:
    site = Slow(("p1", "1", 1), ("q1", "1", 1), ("c", "q1", 2), told="pc")
    assert [one.page_id for one in read(site) or ()] == ["p1", "q1", "c"]
    assert site.asked == ["q1"]


@pytest.mark.parametrize("failure", [Forbidden("may not search", 403), Refused(("no such query",), 400)])
def test_without_a_search_as_many_are_asked_as_may_be_and_the_rest_is_said_to_be_left_out(
    failure: AtlassianError,
) -> None:
    many = [(f"p{number:02}", "1", 1) for number in range(tree_reading.MOST_ASKED + 1)]
    site: Any = Slow(*many, ("c", "p00", 2), fails={"search": failure})
    found = tree_reading.read(site, "1", 3)
    assert found is not None
    assert [one.page_id for one in found.pages] == [one for one, _, _ in many[: tree_reading.MOST_ASKED]]
    assert found.cut_at == 1


def test_a_search_that_takes_too_long_leaves_the_tree_unknown() -> None:
    assert read(Slow(("p1", "1", 1), fails={"search": Unreachable("too slow")})) is None


@pytest.mark.parametrize(("pages", "cut_at"), [(500, None), (501, 2)])
def test_five_hundred_pages_are_looked_at(pages: int, cut_at: int | None) -> None:
    site: Any = Slow(("p", "1", 1), *((f"p{number}", "p", 2) for number in range(pages - 1)), told="p")
    found = tree_reading.read(site, "1", 3)
    assert found is not None
    assert (len(found.pages), found.cut_at) == (500, cut_at)
    assert site.asked == []


def test_where_not_all_lists_of_pages_could_be_asked_for_that_is_said() -> None:
    site: Any = Slow(("p1", "1", 1), ("u1", "p1", 2), told="pu")
    found = tree_reading.read(site, "1", 5)
    assert found is not None
    assert ([one.page_id for one in found.pages], found.cut_at) == (["p1", "u1"], 3)


def test_pages_in_folders_hang_on_the_page_above_and_know_the_folders_between() -> None:
    site = Slow(
        ("p1", "1", 1), ("f1", "p1", 2), ("f2", "f1", 3), ("c", "f1", 3), ("d", "f2", 4), ("e", "d", 5), told="pcde"
    )
    assert [(one.page_id, one.parent_id, one.folders, one.depth) for one in read(site, 5) or ()] == [
        ("p1", "1", (), 1),
        ("c", "p1", ("f1",), 3),
        ("d", "p1", ("f1", "f2"), 4),
        ("e", "d", (), 5),
    ]
    assert site.asked == ["f1", "f2"]


@pytest.mark.parametrize(
    ("folder", "failure"),
    [
        ("fr", None),
        ("f1", NotFound("no such content", 404)),
        ("f1", Forbidden("closed", 403)),
        ("f1", Refused(("folders have no restrictions",), 400)),
    ],
)
def test_what_is_below_a_folder_is_covered_only_where_confluence_says_that_it_is_open(
    folder: str, failure: AtlassianError | None
) -> None:
    fails = {folder: failure} if failure is not None else {}
    site = Slow(("p1", "1", 1), (folder, "1", 1), ("c", folder, 2), fails=fails, told="pc")
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


@pytest.mark.parametrize("path", [".*/descendants", ".*/content/search"])
def test_a_page_is_shown_without_a_tree_that_takes_too_long(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(tree_reading, "SECONDS", 1.0)
    shared = handbook(world)
    aged(shared)
    slow(world, path)
    page = opened(pages, shared)
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
