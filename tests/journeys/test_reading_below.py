"""What is read besides the page itself: the pages below it, comments, and an issue by its chosen fields."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Route

from tests.journeys.portal import Portal
from tests.journeys.visitor import DAY_AND_NIGHT, PHONE, Look, Visit, Visitor, looks

PASSWORD = "quiet harbour lantern 42"
HANDBOOK, MOORING, ISSUE = "100120", "110021", "HARB-31"
CHILDREN = {"children": {"depth": 2}, "comments": True, "attachments": True}
FIELDS = ["status", "priority", "assignee", "reporter", "description", "issuelinks", "subtasks", "parent", "duedate"]


def look_at(reader: Visitor, name: str) -> None:
    """Take a picture where somebody wants to see them: `PICTURES` names the folder."""
    if folder := os.environ.get("PICTURES"):
        reader.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@contextmanager
def looking_once(reader: Visitor, address: str) -> Iterator[None]:
    """Have a page that looks again by itself stand still while it is looked at."""

    def still(route: Route) -> None:
        answer = route.fetch()
        headers = {name: value for name, value in answer.headers.items() if name != "refresh"}
        assert len(headers) < len(answer.headers), "it does not look again by itself"
        route.fulfill(response=answer, headers=headers)

    reader.page.route(address, still)
    yield
    reader.page.unroute(address)


@looks
def test_a_handbook_is_read_page_by_page_with_its_comments(portal: Portal, visit: Visit, look: Look) -> None:
    link = portal.share(portal.author(), portal.page_url(HANDBOOK), password=PASSWORD, powers=CHILDREN)
    reader = visit(look).open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    assert reader.heading == "Terminal handbook for partners"
    assert "Could we say which gate takes" in reader.words
    assert "The gates are open from Monday to Friday" in reader.words
    assert all(width > 0 for width in reader.pictures)
    look_at(reader, f"handbook-{look.name}")
    reader.open(f"{link.address}page-100121")
    assert reader.heading == "Gate hours"
    assert all(width > 0 for width in reader.pictures)
    look_at(reader, f"child-{look.name}")
    reader.follow("handbook")
    assert reader.page.url == link.address


@looks
def test_a_folder_is_a_heading_among_the_pages(portal: Portal, visit: Visit, look: Look) -> None:
    powers = {"children": {"depth": 2}}
    link = portal.share(portal.author(), portal.page_url(MOORING), password=PASSWORD, powers=powers)
    reader = visit(look).open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    if look is PHONE:
        reader.page.locator(".reader-tree-folded summary").click()
    look_at(reader, f"folder-{look.name}")
    assert reader.page.locator(".reader-folder:visible").inner_text() == "For visitors"
    reader.follow("Parking for visitors")
    assert reader.heading == "Parking for visitors"


@looks
def test_an_issue_is_read_with_its_fields_and_comments(portal: Portal, visit: Visit, look: Look) -> None:
    powers = {"jira_fields": FIELDS, "comments": True, "attachments": True}
    link = portal.share(portal.author(), portal.issue_url(ISSUE), password=PASSWORD, powers=powers)
    reader = visit(look).open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    assert reader.heading == "Scanner at gate 2 reads plates wrong at dusk"
    assert "A sun shade is on its way" in reader.words
    assert "CANARY" not in reader.page.content()
    assert all(width > 0 for width in reader.pictures)
    look_at(reader, f"issue-{look.name}")


# A page each: what was made for one link is there for the next.
@pytest.mark.parametrize(
    ("look", "page_id"),
    [(DAY_AND_NIGHT, "110019"), pytest.param(PHONE, "110016", marks=pytest.mark.looks)],
    ids=["light", "390"],
)
def test_a_pdf_is_awaited_and_saved(portal: Portal, visit: Visit, look: Look, page_id: str) -> None:
    powers = {"pdf": True, "watermark": True}
    link = portal.share(portal.author(), portal.page_url(page_id), password=PASSWORD, powers=powers)
    reader = visit(look).open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    title = reader.heading
    look_at(reader, f"watermark-{look.name}")
    progress = f"{link.address}pdf/progress"
    with looking_once(reader, progress):
        reader.open(progress)
        assert reader.heading == "Your PDF is being made"
        look_at(reader, f"progress-{look.name}")
    # It looks again by itself until the PDF is there.
    reader.page.goto(progress)
    reader.page.get_by_role("heading", name="Your PDF is ready").wait_for()
    name, pdf = reader.download("Download PDF")
    assert name == f"{title}.pdf"
    assert pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("what", ["page", "issue"])
def test_a_creator_chooses_what_readers_may_do(portal: Portal, visit: Visit, what: str) -> None:
    author = visit().sign_in(portal.author())
    author.open("/links/").follow("Create link")
    address = portal.page_url(HANDBOOK) if what == "page" else portal.issue_url(ISSUE)
    author.enter({"Address": address}).press("Look at it")
    look_at(author, f"create-{what}")
    if what == "page":
        assert "Readers will not see everything" in author.words
        author.page.get_by_label("Child pages", exact=True).select_option("2")
    else:
        author.tick("Vessel call")
    author.tick("Show comments").press("Create link")
    assert author.heading == "Hand the link on"
    author.follow("Go to the link's page")
    assert author.fact("Comments") == "Shown"
    look_at(author, f"link-{what}")
