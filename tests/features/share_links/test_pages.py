"""The internal pages, as a person uses them."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.features.share_links.models import ShareLink
from app.features.share_links.policy import PauseReason
from tests import html
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.pages import Page, PageClient


@pytest.fixture
def author(world: World, pages: PageClient) -> Person:
    pages.sign_in(world.author)
    return world.author


@pytest.fixture
def link(author: Person, world: World) -> ShareLink:
    with transaction() as db:
        return links.make_link(db, author, world.confluence)


def only_link() -> ShareLink:
    with reading() as db:
        return db.scalars(select(ShareLink)).one()


def described(page: Page, term: str) -> str:
    """Return what a description list says of a term."""
    return html.text_of(page.xpath(f"//dt[normalize-space()='{term}']/following-sibling::dd[1]")[0])


def refusals() -> list[str]:
    with reading() as db:
        rows = db.scalars(select(AuditEntry).where(AuditEntry.event == "share_links:link:refused"))
        return [row.details["reason"] for row in rows]


def test_without_links_the_list_says_what_they_are_for(author: Person, pages: PageClient) -> None:
    page = pages.get("/links/")
    assert "No links yet" in page.text
    assert page.links["Create link"] == "/links/new/"


def test_a_link_is_made_from_a_pasted_address(author: Person, world: World, pages: PageClient) -> None:
    pages.get("/links/new/")
    page = pages.submit("Look at it", {"url": world.page("100101")})
    assert "Berth and crane plan, week 48" in page.text
    assert described(page, "Shared already") == "No"
    pages.submit("Create link", {"name": "For Northwind", "generate": "y", "max_views": "3"})
    page = pages.follow()
    link = only_link()
    assert "Hand the link on" in page.text
    address, password = page.xpath("//input[@id='link-address']/@value | //input[@id='link-password']/@value")
    assert address.startswith("http://localhost:8000/s/")
    assert len(password) >= 20
    assert password not in pages.get(f"/links/{link.public_id}/").source
    # Once is once: neither the page nor the cookie knows it any more.
    assert password not in pages.get(f"/links/{link.public_id}/created/").source
    assert (link.name, link.max_views, link.created_by_id) == ("For Northwind", 3, author.id)


def test_the_second_link_to_a_page_says_that_there_is_one(link: ShareLink, world: World, pages: PageClient) -> None:
    page = pages.get(f"/links/new/?url={world.page('100101')}")
    assert described(page, "Shared already") == "By one link"


def test_a_password_of_ones_own_is_not_shown_again(author: Person, world: World, pages: PageClient) -> None:
    pages.get(f"/links/new/?url={world.issue('HARB-1')}")
    pages.submit("Create link", {"generate": [], "password": "harbour at dawn"})
    page = pages.follow()
    assert "harbour at dawn" not in page.source
    assert only_link().name == "HARB-1"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"generate": []}, "A link needs a password or a group"),
        ({"generate": [], "password": "short"}, "Use at least 10 characters"),
        ({"password": "long enough it is"}, "not both"),
        ({"max_views": "many"}, "Enter a whole number"),
        ({"max_views": "0"}, "Enter 1 to 1000000 views"),
        ({"expires_at": "soon"}, "Enter a day and a time"),
        ({"expires_at": "9999-12-31T23:59"}, "Enter a day and a time"),
        ({"expires_at": "0001-01-01T00:00"}, "Enter a day and a time"),
        ({"expires_at": "2099-01-01T00:00"}, "at most 90 days"),
        ({"name": "a" * 121}, "at most 120 characters"),
    ],
)
def test_conditions_that_do_not_fit_come_back_with_what_to_do(
    author: Person, world: World, pages: PageClient, fields: dict[str, str], sentence: str
) -> None:
    pages.get(f"/links/new/?url={world.page()}")
    page = pages.submit("Create link", fields, status=422)
    assert sentence in page.text
    assert "Berth and crane plan" in page.text
    with reading() as db:
        assert db.scalars(select(ShareLink)).all() == []


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("%20", "Paste the address"),
        ("hello", "not a web address"),
        ("https://elsewhere.atlassian.net/wiki/spaces/X/pages/1", "There is no connection to Confluence at elsewhere"),
        ("{site}/wiki/spaces/OPS", "Only pages can be shared"),
        ("{site}/wiki/spaces/OPS/pages/999999", "does not show this to your account"),
        ("{site}/wiki/spaces/FIN/pages/100302", "does not show this to your account"),
        ("{site}/wiki/spaces/OPS/pages/100113", "does not show this to your account"),
    ],
)
def test_an_address_that_cannot_be_shared_says_why(
    author: Person, world: World, pages: PageClient, address: str, sentence: str
) -> None:
    url = address.format(site=world.running.base_url)
    page = pages.get(f"/links/new/?url={url}", status=422)
    assert sentence in page.text
    assert "Result, third quarter" not in page.source


def test_whoever_has_no_account_is_told_how_to_connect(world: World, pages: PageClient) -> None:
    with transaction() as db:
        stranger = people.make_author(db, "Bo Lind")
    pages.sign_in(stranger)
    page = pages.get(f"/links/new/?url={world.page()}", status=422)
    assert "Connect your own Atlassian account on your profile" in page.text
    assert page.links["Go to your profile"] == "/profile"
    assert refusals() == ["not_connected"]


def test_a_restricted_page_says_so_before_it_is_shared(world: World, pages: PageClient, author: Person) -> None:
    page = pages.get(f"/links/new/?url={world.page('100105')}")
    assert "Restricted to some people" in page.text


def test_pausing_resuming_and_revoking_from_the_links_page(link: ShareLink, pages: PageClient) -> None:
    pages.get(f"/links/{link.public_id}/")
    pages.submit("Pause link")
    assert "Paused" in pages.follow().text
    pages.submit("Resume link")
    assert "active again" in pages.follow().text
    pages.submit("Give new address")
    assert "new address" in pages.follow().text
    pages.submit("Revoke link")
    page = pages.follow()
    assert "Revoked" in page.text
    assert not [form for form in page.forms if "Pause link" in form.buttons]
    assert only_link().generation == 1


def test_resuming_after_a_restriction_changed_reads_the_page_again(
    link: ShareLink, world: World, pages: PageClient
) -> None:
    with transaction() as db:
        row = db.get_one(ShareLink, link.id)
        row.paused_at, row.paused_reason = clock.now(), PauseReason.RESTRICTION_CHANGED.value
    pages.get(f"/links/{link.public_id}/")
    world.account("ines").token_valid = False
    pages.submit("Resume link")
    assert "no longer accepts the API token" in pages.follow().text
    assert only_link().paused_at is not None
    world.account("ines").token_valid = True
    pages.submit("Resume link")
    pages.follow()
    assert only_link().paused_at is None


def test_editing_shows_what_is_set_and_keeps_what_is_left_alone(link: ShareLink, pages: PageClient) -> None:
    pages.get(f"/links/{link.public_id}/edit/")
    pages.submit("Save changes", {"name": "Renamed"})
    assert "The changes are in force." in pages.follow().text
    after = only_link()
    assert (after.name, after.expires_at, after.password_hash) == ("Renamed", link.expires_at, link.password_hash)
    assert after.conditions_version == 1


def test_an_old_page_takes_back_nothing_that_was_tightened_since(link: ShareLink, pages: PageClient) -> None:
    pages.get(f"/links/{link.public_id}/edit/")
    old = pages.page
    pages.submit("Save changes", {"max_views": "5"})
    form = old.form("Save changes")
    assert "changed after you opened" in pages.send(form, "Save changes", {"name": "Renamed"}, status=422).text
    assert (only_link().max_views, only_link().name) == (5, link.name)
    pages.get(f"/links/{link.public_id}/edit/")
    pages.submit("Save changes", {"name": "Renamed"})
    assert (only_link().max_views, only_link().name) == (5, "Renamed")


def test_saving_the_same_page_twice_is_no_conflict(link: ShareLink, pages: PageClient) -> None:
    pages.get(f"/links/{link.public_id}/edit/")
    form = pages.page.form("Save changes")
    for _ in range(2):
        pages.send(form, "Save changes", {"name": "Renamed"})
    assert (only_link().name, only_link().version) == ("Renamed", 2)


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "٣"])
def test_a_page_that_does_not_say_what_it_showed_changes_nothing(
    link: ShareLink, pages: PageClient, version: str
) -> None:
    pages.get(f"/links/{link.public_id}/edit/")
    pages.submit("Save changes", {"name": "Renamed", "version": version}, status=422)
    assert only_link().name == link.name


def test_a_new_password_is_shown_once_and_sends_readers_back_to_the_gates(link: ShareLink, pages: PageClient) -> None:
    pages.get(f"/links/{link.public_id}/edit/")
    pages.submit("Save changes", {"generate": "y"})
    page = pages.follow()
    assert page.xpath("//input[@id='link-password']/@value")
    assert only_link().password_hash != link.password_hash
    assert only_link().conditions_version == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"remove_password": "y"}, "A link needs a password or a group"),
        ({"remove_password": "y", "generate": "y"}, "not both"),
        ({"expires_at": ""}, "Fill this in"),
        ({"name": ""}, "Fill this in"),
    ],
)
def test_an_edit_that_does_not_fit_comes_back(
    link: ShareLink, pages: PageClient, fields: dict[str, str], sentence: str
) -> None:
    pages.get(f"/links/{link.public_id}/edit/")
    assert sentence in pages.submit("Save changes", fields, status=422).text
    assert only_link().version == 1


def test_activity_names_who_did_what(link: ShareLink, pages: PageClient) -> None:
    page = pages.get(f"/links/{link.public_id}/")
    assert "Created" in page.text
    assert "Ines Duarte" in page.text
    assert described(page, "Openings") == "0"


def test_long_activity_goes_on_another_page(link: ShareLink, pages: PageClient) -> None:
    for _ in range(14):
        pages.get(f"/links/{link.public_id}/")
        pages.submit("Pause link")
        pages.follow()
        pages.submit("Resume link")
    pages.get(f"/links/{link.public_id}/")
    assert "Created" in pages.click("Next page").text


def test_lists_are_searched_filtered_and_paged(author: Person, world: World, pages: PageClient) -> None:
    with transaction() as db:
        for number in range(52):
            links.make_link(db, author, world.confluence, name=f"Link {number:02d}")
    page = pages.get("/links/")
    assert len(page.table()) == 50
    assert page.table()[0]["Link"] == "Link 51"
    assert [row["Link"] for row in pages.click("Next page").table()] == ["Link 01", "Link 00"]
    assert len(pages.get("/links/?q=lin 07").table()) == 1
    assert "No link matches" in pages.get("/links/?state=paused").text


def test_lists_are_sorted_and_handed_out_as_they_are_shown(author: Person, world: World, pages: PageClient) -> None:
    with transaction() as db:
        for views, name in enumerate(("beta", "Alpha", "gamma")):
            links.make_link(db, author, world.confluence, name=name).views = views
    pages.get("/links/?state=active")
    pages.click("Link")
    assert [row["Link"] for row in pages.page.table()] == ["Alpha", "beta", "gamma"]
    pages.click("Views")
    pages.click("Views")
    assert [row["Link"] for row in pages.page.table()] == ["gamma", "Alpha", "beta"]
    file = pages.get(pages.page.links["Export as CSV"])
    rows = list(csv.DictReader(io.StringIO(file.body.decode())))
    assert [(row["name"], row["views"]) for row in rows] == [("gamma", "2"), ("Alpha", "1"), ("beta", "0")]
    assert "/s/" not in file.body.decode()
    with reading() as db:
        assert db.scalar(select(AuditEntry.event).order_by(AuditEntry.id.desc()).limit(1)) == "lists:list:exported"


def test_files_of_links_are_for_whoever_reads_the_list(link: ShareLink, pages: PageClient) -> None:
    with transaction() as db:
        other, auditor, guest = people.make_author(db, "Bo Lind"), people.make_auditor(db), people.make_guest(db)
    assert len(pages.get("/links/links.csv").body.splitlines()) == 2
    for person, own, every in ((other, 200, 403), (auditor, 403, 200), (guest, 404, 404)):
        browser = pages.another()
        browser.sign_in(person)
        found = browser.get("/links/links.csv", status=own)
        assert "Northwind" not in found.body.decode()
        assert ("Northwind" in browser.get("/links/all/links.csv", status=every).body.decode()) == (every == 200)
    assert pages.another().get("/links/links.csv", status=303).location.startswith("/sign-in")


def test_an_auditor_reads_every_link_but_not_its_address(link: ShareLink, pages: PageClient) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
    pages.sign_in(auditor)
    pages.get("/links/?q=north", status=303)
    page = pages.follow()
    assert [html.text_of(one) for one in page.xpath("//tbody//th/*[self::a or self::span]")] == [
        "For Northwind",
        "Ines Duarte",
    ]
    assert pages.page.path == "/links/all/?q=north"
    page = pages.click("For Northwind")
    assert "/s/" not in page.source
    assert "Revoke" not in page.text
    pages.get(f"/links/{link.public_id}/edit/", status=403)
    pages.get("/links/new/", status=403)


def test_somebody_elses_link_is_not_there(link: ShareLink, pages: PageClient) -> None:
    with transaction() as db:
        other = people.make_author(db, "Bo Lind")
    pages.sign_in(other)
    for path in ("", "edit/", "created/"):
        pages.get(f"/links/{link.public_id}/{path}", status=404)
    pages.get("/links/all/", status=403)


def test_guests_and_strangers_never_see_the_pages(link: ShareLink, pages: PageClient) -> None:
    with transaction() as db:
        guest = people.make_guest(db)
    browser = pages.another()
    browser.get("/links/", status=303)
    browser.sign_in(guest)
    for path in ("/links/", "/links/new/", f"/links/{link.public_id}/"):
        browser.get(path, status=404)


def test_a_site_that_is_down_is_said_to_be(author: Person, world: World, pages: PageClient) -> None:
    world.running.stop()
    assert "does not answer" in pages.get(f"/links/new/?url={world.page()}", status=503).text


def test_hostile_titles_and_names_are_only_text(author: Person, world: World, pages: PageClient) -> None:
    page = pages.get(f"/links/new/?url={world.page('100112')}")
    assert "Forwarded supplier page <img src=x onerror=alert(1)>" in page.text
    assert "<img" not in page.source


def test_connections_that_are_switched_off_share_nothing(author: Person, world: World, pages: PageClient) -> None:
    with transaction() as db:
        row = db.get_one(Connection, world.confluence.id)
        row.disabled_at = clock.now() - timedelta(minutes=1)
    assert "switched off" in pages.get(f"/links/new/?url={world.page()}", status=422).text
