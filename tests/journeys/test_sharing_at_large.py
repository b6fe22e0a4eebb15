"""What is done to many links at once: emergency stops, bulk work from the list, and handing a link to a colleague."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from app.core import clock
from app.core.db import transaction
from app.features.share_links.life_models import SharingHalt
from tests.journeys.portal import Portal, Shared
from tests.journeys.test_sharing_rules import both
from tests.journeys.visitor import PHONE, Visit, Visitor
from tests.processes import PATIENCE_SECONDS

PASSWORD = "quiet harbour lantern 42"
TITLE = "Berth and crane plan, week 48"


@pytest.fixture
def stoppable(portal: Portal) -> Iterator[Portal]:
    """A portal where nothing is left stopped for other stories, whatever becomes of this one."""
    yield portal
    with transaction() as session:
        session.execute(update(SharingHalt).where(SharingHalt.ended_at.is_(None)).values(ended_at=clock.now()))


def reading(visit: Visit, link: Shared, *, script: bool) -> Visitor:
    """Be somebody who reads by a link."""
    reader = visit(script=script).open(link.address).enter({"Password": PASSWORD}).press("Open")
    assert reader.heading == TITLE
    return reader


@both
def test_a_stopped_link_is_lost_at_once_and_its_owner_sees_why(stoppable: Portal, visit: Visit, script: bool) -> None:
    ines = stoppable.author()
    link, other = (stoppable.share(ines, name=name, password=PASSWORD) for name in ("Stopped", "Untouched"))
    reader, reader_of_other = reading(visit, link, script=script), reading(visit, other, script=script)
    ada = visit(script=script).sign_in(stoppable.administrator()).open(f"/links/{link.id}/")
    ada.follow("Emergency stop …").enter({"Reason": "A price list went out."}).press("Continue")
    assert "One link that could be opened is shut. One browser that reads now is cut off." in ada.words
    reader.reload()
    ada.press("Stop now")
    reader.reload(status=403)
    assert "Sharing was stopped for the time being." in reader.words
    visit(script=script).open(link.address, status=404)
    reader_of_other.reload()
    owner = visit(script=script).sign_in(ines).open(f"/links/{link.id}/")
    assert "Sharing is stopped" in owner.words
    assert "Sharing was stopped in an emergency" in owner.words
    assert "A price list went out." not in owner.words

    ada.follow("Resume …", row="Stopped").press("Resume sharing")
    reader.open(link.address).enter({"Password": PASSWORD}).press("Open")
    assert reader.heading == TITLE
    owner.reload()
    assert "Sharing goes on" in owner.words


def test_everything_is_stopped_and_goes_on(stoppable: Portal, visit: Visit) -> None:
    link = stoppable.share(stoppable.author(), password=PASSWORD)
    reader = reading(visit, link, script=True)
    ada = visit(PHONE).sign_in(stoppable.administrator()).open("/sharing/").follow("Stop sharing")
    ada.tick("Everything")
    assert not ada.page.get_by_label("Which").is_visible(), "what everything needs no name for"
    ada.press("Continue").press("Stop now")
    reader.reload(status=403)
    visit().open(link.address, status=404)
    ada.follow("Resume …", row="Every link").press("Resume sharing")
    assert "Nothing is stopped" in ada.words
    reader.open(link.address).enter({"Password": PASSWORD}).press("Open")
    assert reader.heading == TITLE


@both
def test_all_that_a_filter_shows_is_paused_with_a_report(portal: Portal, visit: Visit, script: bool) -> None:
    ines = portal.author()
    cranes = [portal.share(ines, name=f"Crane {number}", password=PASSWORD) for number in range(3)]
    berth = portal.share(ines, name="Quay", password=PASSWORD)
    with portal.link(cranes[0]) as row:
        row.revoked_at = clock.now()
    author = visit(script=script).sign_in(ines).open("/links/?q=crane+plan")
    assert "Quay" in author.words, "its page is about cranes"
    author.open("/links/?state=active").press("Change selected or all …")
    author.tick("All that the list shows").press("Continue")
    with portal.link(cranes[1]) as row:
        row.revoked_at = clock.now()
    author.press("Pause 3 links")
    report(author, script=script)
    assert "Nothing was done to one link" in author.words
    assert "2 links were changed." in author.words
    assert author.page.get_by_role("row").filter(has_text="Crane 1").count() == 1
    visit().open(berth.address, status=404)


@both
def test_ticks_in_the_list_choose_links_on_a_phone_too(portal: Portal, visit: Visit, script: bool) -> None:
    ines = portal.author()
    for name in ("Crane", "Quay", "Gate"):
        portal.share(ines, name=name, password=PASSWORD)
    author = visit(PHONE, script=script).sign_in(ines).open("/links/")
    author.tick("Select Crane", "Select Gate").press("Change selected or all …")
    assert author.page.get_by_label("Quay").count() == 0
    author.tick("Revoke").press("Continue")
    assert "Nothing is done yet" in author.words
    author.press("Revoke 2 links")
    report(author, script=script)
    author.open("/links/?state=revoked")
    assert "Crane" in author.words
    assert "Gate" in author.words
    author.open("/links/?state=active")
    assert author.page.get_by_role("row").filter(has_text="Quay").count() == 1


def test_the_tick_in_the_head_chooses_all_of_the_page_by_script(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    for name in ("Crane", "Quay", "Gate"):
        portal.share(ines, name=name, password=PASSWORD)
    author = visit().sign_in(ines).open("/links/").tick("Select all on this page")
    assert author.page.locator("tbody :checked").count() == 3
    author.tick("Select Quay", off=True)
    head = author.page.locator("thead input")
    assert head.evaluate("one => [one.checked, one.indeterminate]") == [False, True]
    # Sorting draws the table anew; the head still works.
    author.page.get_by_role("link", name="Created").click()
    author.page.wait_for_url("**/links/?sort=*")
    author.tick("Select all on this page").press("Change selected or all …")
    assert author.page.get_by_role("checkbox", checked=True).count() == 3
    plain = visit(script=False).sign_in(ines).open("/links/")
    assert not plain.page.locator("thead input").is_visible(), "it would do nothing"


def test_a_link_is_handed_to_a_colleague(portal: Portal, visit: Visit) -> None:
    ines, jonas = portal.author(), portal.author("Jonas Berg")
    link = portal.share(ines, name="Berth plan", password=PASSWORD)
    author = visit().sign_in(ines).open(f"/links/{link.id}/").follow("Transfer …")
    author.enter({"Email address of the new owner": "nobody@acme.example"}).press("Transfer link", status=422)
    author.enter({"Email address of the new owner": jonas.email}).press("Transfer link")
    assert "The link is transferred." in author.words
    author.open(f"/links/{link.id}/", status=404)
    colleague = visit().sign_in(jonas).open("/links/").follow("Berth plan")
    assert "This link was transferred to you." in colleague.words
    colleague.press("Pause link")
    assert "The link is paused." in colleague.words


def report(author: Visitor, *, script: bool) -> None:
    """Wait until the work on many links is done: the page says so by itself, or is looked at again."""
    if script:
        author.page.locator(".job-done").wait_for()
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not author.page.locator(".job-done").count():
        assert time.monotonic() < deadline, "the work was not done"
        author.page.wait_for_timeout(250)
        author.follow("Look again")
