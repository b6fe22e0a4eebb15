"""The pages beside the lists: filters in the address, saved filters, the risk board, files and the API of filtered lists."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.core import clock
from app.core.accounts.models import Person
from app.core.db import transaction
from app.features.share_links import jobs
from app.features.share_links.lists import tallies
from app.features.share_links.lists.saved_filters import MAXIMUM
from app.features.share_links.models import ShareLink
from tests import html
from tests.factories import links, people
from tests.pages import PageClient


@pytest.fixture
def author(app: Flask) -> Person:
    with transaction() as db:
        person = people.make_author(db)
        links.make_link(db, person, name="Opened one")
        links.make_link(db, person, name="=Formula", found=links.page_facts("7", title="Crane 3", object_key="HARB-7"))
    return person


def names(pages: PageClient, path: str) -> list[str]:
    return [html.text_of(one) for one in pages.get(path).xpath("//tbody//th/a")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=crane+3", ["=Formula"]),
        ("page=HARB-7", ["=Formula"]),
        ("page=100101", ["Opened one"]),
        ("condition=password&sort=name", ["=Formula", "Opened one"]),
        ("condition=nonsense&state=nonsense&risk=nonsense&created_from=nonsense", ["=Formula", "Opened one"]),
        ("never_opened=yes&sort=-name", ["Opened one", "=Formula"]),
        ("ends_from=2026-12-01&ends_to=2026-12-31", ["=Formula", "Opened one"]),
    ],
)
def test_a_list_is_narrowed_by_its_address(
    author: Person, pages: PageClient, held_clock: datetime, query: str, found: list[str]
) -> None:
    with transaction() as db:
        for link in db.query(ShareLink):
            link.expires_at = held_clock + timedelta(days=14)
    pages.sign_in(author)
    assert names(pages, f"/links/?{query}") == found


def test_a_file_holds_what_the_filter_leaves(author: Person, pages: PageClient) -> None:
    pages.sign_in(author)
    found = pages.get("/links/links.csv?q=crane+3")
    rows = list(csv.DictReader(io.StringIO(found.body.decode())))
    assert [(row["name"], row["last_opened_at"]) for row in rows] == [("'=Formula", "")]


def test_a_link_that_ends_soon_says_so_and_is_found_by_that(author: Person, pages: PageClient) -> None:
    with transaction() as db:
        links.make_link(db, db.merge(author), name="Nearly over", expires_at=clock.now() + timedelta(days=2))
    pages.sign_in(author)
    rows = {row["Link"]: row["State"] for row in pages.get("/links/").table()}
    assert rows == {"Nearly over": "Ends soon", "=Formula": "Active", "Opened one": "Active"}
    assert [row["Link"] for row in pages.get("/links/?state=expiring").table()] == ["Nearly over"]
    assert [row["Link"] for row in pages.get("/links/?state=active").table()] == ["=Formula", "Opened one"]


def test_a_filter_is_kept_found_again_and_deleted(author: Person, pages: PageClient) -> None:
    pages.sign_in(author)
    pages.get("/links/?q=harb-7&sort=name")
    page = pages.click("Save filter")
    assert "harb-7" in page.text
    pages.submit("Save filter", {"name": "Cranes"})
    pages.follow()
    assert pages.page.path == "/links/?q=harb-7&sort=name"
    pages.get("/links/")
    assert [row["Link"] for row in pages.click("Cranes").table()] == ["=Formula"]
    pages.get("/links/filters/")
    assert dict(pages.click("Rename").form("Rename").values)["name"] == "Cranes"
    assert "Fill this in." in pages.submit("Rename", {"name": " "}, status=422).text
    pages.submit("Rename", {"name": "Cranes and  berths"})
    assert "Cranes and berths" in pages.follow().text
    pages.submit("Delete")
    assert "No saved filters yet" in pages.follow().text


def test_a_filter_needs_a_name_and_something_to_filter_by(author: Person, pages: PageClient) -> None:
    pages.sign_in(author)
    pages.get("/links/filters/new/?q=crane")
    assert "Fill this in." in pages.submit("Save filter", {"name": " "}, status=422).text
    assert "at most 60" in pages.submit("Save filter", {"name": "x" * 61}, status=422).text
    pages.get("/links/filters/new/")
    assert "Nothing is filtered" in pages.submit("Save filter", {"name": "Nothing"}, status=422).text


def test_there_is_a_largest_number_of_filters_and_a_name_is_used_once(author: Person, pages: PageClient) -> None:
    pages.sign_in(author)
    for number in (*range(MAXIMUM), 0):
        pages.get(f"/links/filters/new/?q=crane{number}")
        pages.submit("Save filter", {"name": f"No. {number}"}, status=303)
    pages.get("/links/filters/new/?q=more")
    assert "Delete one first" in pages.submit("Save filter", {"name": "More"}, status=422).text


def test_saved_filters_are_nobody_elses(author: Person, pages: PageClient) -> None:
    pages.sign_in(author)
    pages.get("/links/filters/new/?q=crane")
    pages.submit("Save filter", {"name": "Cranes"})
    action = next(form.action for form in pages.get("/links/filters/").forms if "delete" in form.action)
    with transaction() as db:
        other = people.make_author(db, "Bo Lind")
    stranger = pages.another()
    stranger.sign_in(other)
    assert "Cranes" not in stranger.get("/links/filters/").text
    stranger.post(action, status=404)
    stranger.get("/links/filters/")
    stranger.post(action.removesuffix("delete/"), {"name": "Mine now"}, status=404)
    stranger.get(action.removesuffix("delete/"), status=404)
    stranger.get("/links/filters/new/?q=crane&list=all", status=403)
    assert pages.another().get("/links/filters/", status=303).location.startswith("/sign-in")


def test_the_board_shows_what_deserves_a_look(author: Person, pages: PageClient, held_clock: datetime) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
        with clock.at(held_clock - timedelta(days=20)):
            old = links.make_link(db, author, name="Forgotten")
        old.expires_at = held_clock + timedelta(days=5)
        tallies.opened(db, db.query(ShareLink).filter_by(name="Opened one").one().id, "192.0.2.1")
    pages.sign_in(auditor)
    assert "Nothing is counted yet" in pages.get("/links/risks/").text
    jobs.count()
    page = pages.get("/links/risks/")
    assert "Nothing is counted yet" not in page.text
    assert "Openings of all links by day" in page.text
    assert names(pages, "/links/all/?risk=never_opened") == ["Forgotten"]
    assert names(pages, "/links/all/?risk=password_only&sort=name") == ["=Formula", "Forgotten", "Opened one"]


def test_the_board_is_for_whoever_reads_all_links(author: Person, pages: PageClient) -> None:
    assert pages.get("/links/risks/", status=303).location.startswith("/sign-in")
    pages.sign_in(author)
    pages.get("/links/risks/", status=403)
    with transaction() as db:
        administrator = people.make_administrator(db)
    other = pages.another()
    other.sign_in(administrator)
    other.get("/links/risks/")


def test_the_page_of_a_link_draws_its_openings(author: Person, pages: PageClient) -> None:
    with transaction() as db:
        link = db.query(ShareLink).filter_by(name="Opened one").one()
        tallies.opened(db, link.id, "192.0.2.1")
        other = db.query(ShareLink).filter_by(name="=Formula").one()
    pages.sign_in(author)
    assert "Openings by day" in pages.get(f"/links/{link.public_id}/").text
    assert "Openings by day" not in pages.get(f"/links/{other.public_id}/").text
