"""Pages below the shared one: which a link covers, that each is authorised every time, and what becomes of one that is closed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core import db
from app.features.share_links import jobs
from app.features.share_links.models import Copy, SharedObject
from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading import tree_reading
from tests import html
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import (
    Shared,
    aged,
    calls,
    control,
    forget_calls,
    forget_kept,
    opened,
    share,
)
from tests.pages import Page, PageClient

HANDBOOK = "100120"
GATE_HOURS, FEES, WINTER_RULES, HOLIDAYS, CHRISTMAS, FEE_REVIEW, WALK, OLD = (
    "100121", "100122", "100123", "100124", "100125", "100126", "100127", "100128",
)  # fmt: skip
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = {
    FEES: "CANARY-RESTRICTED-CHILD",
    WINTER_RULES: "CANARY-NO-SHARE-LABEL",
    FEE_REVIEW: "CANARY-BELOW-RESTRICTED",
    OLD: "CANARY-ARCHIVED-CHILD",
}


def handbook(world: World, depth: int = 2, *labels: str) -> Shared:
    """Share the handbook with its child pages."""
    return share(world, HANDBOOK, powers=Powers(children=Children(depth, labels)))


def titles(pages: PageClient, shared: Shared, path: str = "") -> list[str]:
    """Return the titles in the tree beside a page."""
    return [html.text_of(one) for one in beside(pages.get(shared.path + path))]


def beside(page: Page) -> list[Any]:
    """Return the links of the tree beside a page."""
    return page.xpath("//nav[@class='reader-tree no-print']//a")


def within(page: Page) -> dict[str, str]:
    """Return the links of the content by their words."""
    return {html.text_of(one): one.get("href") for one in page.xpath("(//div[@class='doc-body'])[1]//a")}


def test_child_pages_stand_beside_the_page_and_open_under_the_same_gates(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    assert "Gate hours" not in pages.get(f"{shared.path}page-{GATE_HOURS}").source
    opened(pages, shared)
    assert titles(pages, shared) == [
        "Terminal handbook for partners",
        "Gate hours",
        "Holiday hours",
        "A walk along the quay",
    ]
    page = pages.get(f"{shared.path}page-{GATE_HOURS}")
    assert page.heading == "Gate hours"
    assert "08:00 to 14:00" in page.text
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]
    assert [html.text_of(one) for one in beside(page) if one.get("aria-current") == "page"] == ["Gate hours"]
    assert shared.gates() == ["link:opened"]


@pytest.mark.parametrize("page_id", [*NEVER, CHRISTMAS, "100101", "100107", "9", "x", "att10012100"])
def test_a_page_that_is_not_covered_is_not_found(world: World, pages: PageClient, page_id: str) -> None:
    shared = handbook(world)
    opened(pages, shared)
    pages.get(f"{shared.path}page-{page_id}", status=404)
    for kind in ("media", "files"):
        pages.get(f"{shared.path}{kind}/{page_id}/att{page_id}00", status=404)


def test_a_link_without_the_power_covers_its_page_alone(world: World, pages: PageClient) -> None:
    shared = share(world, HANDBOOK)
    page = opened(pages, shared)
    assert beside(page) == []
    assert "06:00 to 22:00" not in page.text
    pages.get(f"{shared.path}page-{GATE_HOURS}", status=404)
    assert calls(world, "descendants") == []


@pytest.mark.parametrize(
    ("depth", "labels", "below"),
    [
        (1, (), ["Gate hours", "A walk along the quay"]),
        (3, (), ["Gate hours", "Holiday hours", "Christmas week, hour by hour", "A walk along the quay"]),
        (2, ("partner",), ["Gate hours", "A walk along the quay"]),
        (2, ("handbook",), ["Gate hours", "Holiday hours"]),
        (3, ("handbook", "partner"), ["Gate hours", "Holiday hours", "A walk along the quay"]),
    ],
)
def test_depth_and_labels_choose(
    world: World, pages: PageClient, depth: int, labels: tuple[str, ...], below: list[str]
) -> None:
    shared = handbook(world, depth, *labels)
    opened(pages, shared)
    assert titles(pages, shared)[1:] == below


def test_includes_links_and_lists_come_from_what_is_covered(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    page = opened(pages, shared)
    assert "The gates are open from Monday to Friday" in page.text
    links = within(page)
    assert links["the page about gate hours"] == f"page-{GATE_HOURS}"
    assert "the price list" not in links
    assert "the price list" in page.text
    for secret in (*NEVER.values(), "Berthing fees", "Winter rules", "Handbook of 2023"):
        assert secret not in page.source
    below = pages.get(f"{shared.path}page-{GATE_HOURS}")
    assert within(below)["handbook"] == "./"


def test_pictures_of_covered_pages_are_served_and_those_of_others_are_not(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    opened(pages, shared)
    page = pages.get(f"{shared.path}page-{GATE_HOURS}")
    source = page.xpath("//div[@class='doc-body']//img")[0].get("src")
    assert source == f"media/{GATE_HOURS}/att10012100"
    found = pages.http.get(shared.path + source, base_url=pages.base_url)
    assert (found.status_code, found.content_type) == (200, "image/png")
    for wrong in (
        f"media/{FEES}/att10012200",
        f"media/{GATE_HOURS}/att10012200",
        "media/att10012100",
        "media/att10012200",
    ):
        assert pages.http.get(shared.path + wrong, base_url=pages.base_url).status_code == 404


@pytest.mark.parametrize(
    ("change", "value"),
    [("restrict", {"users": ["ines"]}), ("labels", ["handbook", "no-share"]), ("status", "archived")],
)
def test_a_page_that_is_closed_disappears_at_the_next_check(
    world: World, pages: PageClient, change: str, value: object
) -> None:
    shared = handbook(world)
    opened(pages, shared)
    pages.get(f"{shared.path}page-{GATE_HOURS}")
    page = world.running.site.pages[GATE_HOURS]
    if change == "restrict":
        page.users = [world.account("ines").account_id, world.account("reader").account_id]
    else:
        setattr(page, change, value)
    aged(shared)
    found = pages.get(shared.path)
    assert "Gate hours" not in [html.text_of(one) for one in beside(found)]
    # What it said, the pages below it, and what included it are gone with it.
    assert "The gates are open" not in found.text
    pages.get(f"{shared.path}page-{GATE_HOURS}", status=404)
    pages.get(f"{shared.path}page-{HOLIDAYS}", status=404)


def test_a_restriction_on_the_page_itself_is_seen_when_it_is_read_though_the_tree_is_older(
    world: World, pages: PageClient
) -> None:
    shared = handbook(world)
    opened(pages, shared)
    page = world.running.site.pages[GATE_HOURS]
    page.users = [world.account("reader").account_id]
    # Never read before, so it is checked now.
    pages.get(f"{shared.path}page-{GATE_HOURS}", status=404)


def test_a_page_that_is_gone_is_taken_out_of_the_tree_at_once(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    opened(pages, shared)
    world.running.site.pages[GATE_HOURS].status = "trashed"
    pages.get(f"{shared.path}page-{GATE_HOURS}", status=404)
    assert "Gate hours" not in titles(pages, shared)


def test_children_of_a_restricted_page_are_covered_where_only_it_restricts(world: World, pages: PageClient) -> None:
    # 100105 is restricted, the page below it only through it.
    shared = share(world, "100105", powers=Powers(children=Children(1)))
    opened(pages, shared)
    assert titles(pages, shared) == ["Storm closure procedure", "Storm contact list"]
    assert pages.get(f"{shared.path}page-100106").heading == "Storm contact list"


def test_a_change_below_shows_within_a_minute(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    opened(pages, shared)
    control(world, "PATCH", f"pages/{GATE_HOURS}", {"title": "Hours of the gates", "body": "<p>Now at night, too.</p>"})
    assert "Gate hours" in titles(pages, shared)
    aged(shared)
    assert "Hours of the gates" in titles(pages, shared)


def test_reading_on_asks_atlassian_once_a_minute(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    opened(pages, shared)
    pages.get(f"{shared.path}page-{GATE_HOURS}")
    forget_calls(world)
    for path in ("", f"page-{GATE_HOURS}", ""):
        pages.get(shared.path + path)
    assert calls(world) == []
    forget_kept()
    pages.get(shared.path)
    assert calls(world) == []


def test_a_deeper_link_has_the_tree_read_again(world: World, pages: PageClient) -> None:
    opened(pages, handbook(world, 1))
    deeper = handbook(world, 3)
    opened(pages, deeper)
    assert "Christmas week, hour by hour" in titles(pages, deeper)


def test_children_are_read_from_copies_while_atlassian_is_down(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    opened(pages, shared)
    pages.get(f"{shared.path}page-{GATE_HOURS}")
    control(world, "POST", "failures", {"mode": "status", "status": 503})
    aged(shared)
    with db.transaction() as session:
        row = session.scalars(select(SharedObject).where(SharedObject.object_id == GATE_HOURS)).one()
        row.checked_at = shared.target().checked_at
    page = pages.get(f"{shared.path}page-{GATE_HOURS}")
    assert "cannot be reached" in page.text
    assert "08:00 to 14:00" in page.text
    # What was never read has no copy.
    pages.get(f"{shared.path}page-{WALK}", status=503)


def test_copies_of_children_live_as_long_as_a_link_covers_them(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    opened(pages, shared)
    pages.get(f"{shared.path}page-{GATE_HOURS}")
    jobs.delete_copies()
    with db.reading() as session:
        query = select(Copy.kind).join(SharedObject).where(SharedObject.object_id == GATE_HOURS)
        assert session.scalars(query).all() == ["body"]
    shared.change(expires_at=shared.row().created_at)
    jobs.delete_copies()
    with db.reading() as session:
        assert session.scalars(query).all() == []


def add_folder(world: World, parent: str, title: str, *users: str) -> str:
    """Add a folder that only these may see, or everybody."""
    restrict = {"users": list(users)} if users else {}
    found = control(world, "POST", "folders", {"parent": parent, "title": title, "restrict": restrict})
    return str(found["id"])


def add_page(world: World, parent: str, title: str) -> str:
    """Add a page that says its title."""
    made = control(
        world, "POST", "pages", {"space": "OPS", "parent": parent, "title": title, "body": f"<p>{title}</p>"}
    )
    return str(made["id"])


def test_a_folder_is_a_heading_in_the_tree_and_its_pages_are_covered(world: World, pages: PageClient) -> None:
    forms = add_folder(world, HANDBOOK, "Forms & lists")
    ticket = add_page(world, forms, "Gate ticket")
    copy = add_page(world, ticket, "Second copy")
    years = add_folder(world, forms, "Past years")
    past = add_page(world, years, "Gate ticket of 2024")
    shared = handbook(world, 3)
    page = opened(pages, shared)
    assert [
        html.text_of(one) for one in page.xpath("//nav[@class='reader-tree no-print']//*[self::a or self::span]")
    ] == [
        "Terminal handbook for partners",
        "Gate hours",
        "Holiday hours",
        "Christmas week, hour by hour",
        "A walk along the quay",
        "Forms & lists",
        "Gate ticket",
        "Second copy",
        "Past years",
        "Gate ticket of 2024",
    ]
    for page_id, title in ((ticket, "Gate ticket"), (copy, "Second copy"), (past, "Gate ticket of 2024")):
        assert pages.get(f"{shared.path}page-{page_id}").heading == title
    pages.get(f"{shared.path}page-{forms}", status=404)


def test_what_is_in_a_closed_folder_is_not_covered_and_closes_with_it(world: World, pages: PageClient) -> None:
    closed, open_one = (
        add_folder(world, HANDBOOK, "CANARY-FOLDER", "reader", "ines"),
        add_folder(world, HANDBOOK, "Open"),
    )
    hidden, shown = add_page(world, closed, "CANARY-IN-FOLDER"), add_page(world, open_one, "In the open")
    shared = handbook(world)
    page = opened(pages, shared)
    assert "In the open" in titles(pages, shared)
    assert "CANARY" not in page.source
    pages.get(f"{shared.path}page-{hidden}", status=404)
    world.running.site.folders[open_one].users = [world.account("reader").account_id]
    with db.transaction() as session:
        # The page was checked long ago, the tree a moment ago.
        session.execute(update(SharedObject).where(SharedObject.object_id == shown).values(checked_at=LONG_AGO))
    pages.get(f"{shared.path}page-{shown}", status=404)
    aged(shared)
    assert "In the open" not in titles(pages, shared)


def test_many_pages_take_few_calls_and_what_is_beyond_is_said(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        add_page(world, HANDBOOK, f"Sheet {number:02}")
    shared = handbook(world, 1)
    opened(pages, shared)
    aged(shared)
    forget_calls(world)
    found = titles(pages, shared)
    assert found[-1] == "Sheet 59"
    assert "more pages below" not in pages.get(shared.path).text
    # The page and its files and restrictions, what is below it, and what the search tells of that.
    assert len(calls(world)) < 12, calls(world)
    monkeypatch.setattr(tree_reading, "MOST_PAGES", 20)
    aged(shared)
    page = pages.get(shared.path)
    assert len(beside(page)) < 21
    assert "There are more pages below than can be shown here." in page.text


def test_the_owner_sees_child_pages_as_recipients_do(world: World, pages: PageClient) -> None:
    shared = handbook(world)
    pages.sign_in(world.author)
    base = f"/links/{shared.link.public_id}/as-recipient/"
    assert "Gate hours" in pages.get(base).text
    assert pages.get(f"{base}page-{GATE_HOURS}").heading == "Gate hours"
    found = pages.http.get(f"{base}media/{GATE_HOURS}/att10012100", base_url=pages.base_url)
    assert found.status_code == 200
    pages.get(f"{base}page-{FEES}", status=404)
