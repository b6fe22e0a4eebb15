"""People: found, created, changed, and shut out; what ends is said before, and ends."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, signals
from app.core.accounts import api_tokens, queries, sessions
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import AtlassianAccount
from app.core.db import reading, transaction
from app.core.permissions import Role
from app.core.text import Text
from tests.factories.connections import make_account, make_connection
from tests.factories.people import (
    PASSWORD,
    actor_of,
    make_administrator,
    make_author,
    make_group,
    make_guest,
    make_person,
)
from tests.pages import PageClient


@pytest.fixture
def administrator(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    return made


@pytest.fixture
def bo(app: Flask) -> Person:
    with transaction() as db:
        return make_author(db, "Bo Lind")


def events() -> list[str]:
    with reading() as db:
        return list(db.scalars(select(AuditEntry.event).order_by(AuditEntry.id)))


def stored(email: str) -> Person:
    with reading() as db:
        found = queries.person_by_email(db, email)
    assert found is not None
    return found


def test_people_are_found_by_part_of_name_and_address(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        make_person(db, "Cem Arslan", email="cem@northwind.example")
        make_person(db, "100 % Person", email="percent@example.com")
    for search, names in {
        "arsl": ["Cem Arslan"],
        "NORTHWIND": ["Cem Arslan"],
        "%": ["100 % Person"],
        "nobody": [],
    }.items():
        page = pages.get(f"/admin/people?q={search.replace('%', '%25')}")
        shown = [row["Name"] for row in page.table()] if names else []
        assert [any(name in one for one in shown) for name in names] == [True] * len(names)
        assert len(shown) == len(names)
    assert "Nobody matches" in pages.page.text


def test_people_are_filtered_by_kind_and_state(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        make_guest(db)
        gone = make_person(db, "Gone Person")
        db.get_one(Person, gone.id).deactivated_at = clock.now()
    assert [row["Email address"] for row in pages.get("/admin/people?kind=guest").table()] == [
        "greta.guest@example.com"
    ]
    assert [row["Email address"] for row in pages.get("/admin/people?state=deactivated").table()] == [
        "gone.person@example.com"
    ]
    assert len(pages.get("/admin/people?kind=nonsense&state=x").table()) == 3


def test_the_list_is_paged_by_key_without_losing_or_repeating_anybody(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        for number in range(120):
            make_person(db, "Same Name", email=f"p{number}@example.com", password=False)
    seen: list[str] = []
    page = pages.get("/admin/people?q=same")
    assert "120 people" in page.text
    while True:
        seen += [row["Email address"] for row in page.table()]
        if "Next page" not in page.links:
            break
        page = pages.click("Next page")
    assert len(seen) == 120
    assert len(set(seen)) == 120


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyJhIiwgImIiXQ", "WzEsIDJd", "x" * 700, "%00"])
def test_a_changed_cursor_shows_the_first_page(pages: PageClient, administrator: Person, cursor: str) -> None:
    assert len(pages.get(f"/admin/people?after={cursor}").table()) == 1


def test_people_are_sorted_by_what_the_heads_say(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        for name, email, day in (
            ("Bea", "z@example.com", 2),
            ("Änne", "y@example.com", None),
            ("cem", "x@example.com", 1),
        ):
            made = make_person(db, name, email=email, password=False)
            made.last_signed_in_at = clock.now() - timedelta(days=day) if day else None
        db.get_one(Person, administrator.id).last_signed_in_at = clock.now()

    def shown() -> list[str]:
        return [row["Email address"].partition("@")[0] for row in pages.page.table() if "@ex" in row["Email address"]]

    pages.get("/admin/people")
    pages.click("Email address")
    assert shown() == sorted(shown())
    pages.click("Email address")
    assert shown() == sorted(shown(), reverse=True)
    pages.click("Last signed in")
    assert [one for one in shown() if one in "xyz"] == ["y", "z", "x"]
    assert pages.page.xpath("//input[@name='sort'][@value='signed_in'][@form='people-filters']")


def test_the_list_of_people_is_handed_out_as_it_is_shown_and_that_is_recorded(
    pages: PageClient, administrator: Person
) -> None:
    with transaction() as db:
        make_guest(db)
        make_person(db, "=HYPERLINK(1)", email="formula@example.com", password=False)
    pages.get("/admin/people?kind=staff&q=example&sort=-email")
    link = pages.page.links["Export as CSV"]
    assert link == "/admin/people.csv?kind=staff&q=example&sort=-email"
    rows = list(csv.DictReader(io.StringIO(pages.get(link).body.decode())))
    assert "formula@example.com" in [row["email"] for row in rows]
    assert [row["email"] for row in rows] == sorted((row["email"] for row in rows), reverse=True)
    assert [row["name"] for row in rows if row["email"] == "formula@example.com"] == ["'=HYPERLINK(1)"]
    assert not [row for row in rows if row["kind"] == "guest"]
    with reading() as db:
        last = db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.event, last.details) == ("lists:list:exported", {"list": "people", "filters": {"kind": "staff"}})


def test_a_person_is_created_with_roles(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/people/new")
    pages.submit(
        "Create person",
        {"email": "New.Person@Example.com", "name": "New Person", "kind": "staff", "roles": ["author", "auditor"]},
    )
    page = pages.follow()
    assert page.heading == "New Person"
    assert "Auditor, Author" in page.text
    assert "Yes, by an administrator" in page.text
    assert events().count("accounts:role:given") == 3


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "no address"}, "Enter an address such as name@example.com."),
        ({"email": "ADA.ADMIN@example.com"}, "exists already"),
        ({"email": ""}, "Fill this in."),
        ({"name": "x" * 121}, "Use at most 120 characters."),
        ({"name": "a\u202eb"}, "Enter a name of 1 to 120 characters."),
        ({"kind": "guest", "roles": ["author"]}, "Roles are for staff."),
    ],
)
def test_what_cannot_be_created_says_why_and_creates_nothing(
    pages: PageClient, administrator: Person, fields: dict[str, Any], sentence: str
) -> None:
    pages.get("/admin/people/new")
    page = pages.submit("Create person", {"email": "x@example.com", "name": "X", **fields}, status=422)
    assert sentence in page.text
    with reading() as db:
        assert len(db.scalars(select(Person)).all()) == 1


def test_name_kind_and_roles_are_changed_together(pages: PageClient, administrator: Person, bo: Person) -> None:
    elsewhere = pages.another()
    elsewhere.sign_in(bo)
    pages.get(f"/admin/people/{bo.public_id}/edit")
    pages.submit("Save person", {"name": "Bo Lindqvist", "kind": "guest", "roles": []})
    assert "Guest" in pages.follow().text
    with reading() as db:
        assert queries.roles_of(db, bo.id) == frozenset()
    elsewhere.get("/profile", status=303)


def test_the_last_administrator_stays_one(pages: PageClient, administrator: Person) -> None:
    address = f"/admin/people/{administrator.public_id}"
    pages.get(f"{address}/edit")
    page = pages.submit("Save person", {"roles": []}, status=422)
    assert "Somebody has to be administrator." in page.text
    pages.get(f"{address}/deactivate")
    told = pages.submit("Deactivate person", status=409).text
    assert "You cannot deactivate yourself." in told
    assert "Nothing was changed." in told
    assert "meanwhile" not in told
    with reading() as db:
        assert Role.ADMINISTRATOR in queries.roles_of(db, administrator.id)


def test_deactivating_says_what_ends_and_ends_it(pages: PageClient, administrator: Person, bo: Person) -> None:
    elsewhere = pages.another()
    elsewhere.sign_in(bo)
    with transaction() as db:
        secret, _ = api_tokens.create(db, actor_of(db, bo), db.get_one(Person, bo.id), name="x", scopes=["shares:read"])

    def links(person_id: int, db: object) -> Text:
        return Text("%(count)s links are paused.", count=4)

    with signals.deactivation_effects.connected_to(links, sender=bo.id):
        page = pages.get(f"/admin/people/{bo.public_id}/deactivate")
    assert "One session ends." in page.text
    assert "One API token is revoked." in page.text
    assert "4 links are paused." in page.text
    pages.submit("Deactivate person")
    assert "Deactivated" in pages.follow().text
    elsewhere.get("/profile", status=303)
    with reading() as db:
        assert api_tokens.resolve(db, secret) is None
    pages.submit("Reactivate")
    pages.follow()
    elsewhere.enter(bo.email, PASSWORD)


def test_looking_at_the_question_deactivates_nobody(pages: PageClient, administrator: Person, bo: Person) -> None:
    pages.get(f"/admin/people/{bo.public_id}/deactivate")
    assert stored(bo.email).active


def test_a_one_time_link_is_shown_once_and_works(pages: PageClient, administrator: Person, bo: Person) -> None:
    pages.get(f"/admin/people/{bo.public_id}")
    page = pages.submit("Make link", status=200)
    address = str(page.xpath("//input[@id='one-time-link']/@value")[0])
    assert address.startswith("http://localhost:8000/reset/")
    with reading() as db:
        details = [str(details) for details in db.scalars(select(AuditEntry.details))]
    assert not any(address[-20:] in one for one in details)
    stranger = pages.another()
    assert bo.email in stranger.get(address.removeprefix("http://localhost:8000")).text
    assert address not in pages.get(f"/admin/people/{bo.public_id}").source


def test_ending_all_sessions_signs_them_out(pages: PageClient, administrator: Person, bo: Person) -> None:
    browsers = [pages.another() for _ in range(2)]
    for browser in browsers:
        browser.sign_in(bo)
    pages.get(f"/admin/people/{bo.public_id}")
    pages.submit("End sessions")
    assert "2 sessions were ended." in pages.follow().text
    for browser in browsers:
        browser.get("/profile", status=303)
    with reading() as db:
        assert sessions.live(db, bo.id) == []
    assert events()[-1] == "accounts:session:revoked"


def test_groups_and_roles_through_them_are_shown(pages: PageClient, administrator: Person, bo: Person) -> None:
    with transaction() as db:
        group = make_group(db, "Partners", db.get_one(Person, bo.id))
    pages.get(f"/admin/groups/{group.public_id}/roles")
    pages.submit("Save roles", {"roles": ["auditor"]})
    page = pages.get(f"/admin/people/{bo.public_id}")
    assert "Auditor, Author" in page.text
    assert "Partners" in page.links


def test_an_account_somebody_proved_is_not_overwritten(pages: PageClient, administrator: Person, bo: Person) -> None:
    with transaction() as db:
        connection = make_connection(db, base_url="http://localhost:9")
        make_account(db, bo, connection)
    pages.get(f"/admin/people/{bo.public_id}/accounts/{connection.public_id}")
    page = pages.submit("Assign account", {"account_id": "557058:other"}, status=422)
    assert "connected their own account" in page.text
    pages.get(f"/admin/people/{bo.public_id}")
    pages.submit("Remove account")
    with reading() as db:
        assert db.scalars(select(AtlassianAccount)).all() == []


@pytest.mark.parametrize("account_id", ["a b", "../x", "x" * 128 + "y", "ä"])
def test_what_cannot_be_an_account_id_is_refused(
    pages: PageClient, administrator: Person, bo: Person, account_id: str
) -> None:
    with transaction() as db:
        connection = make_connection(db)
    pages.get(f"/admin/people/{bo.public_id}/accounts/{connection.public_id}")
    pages.submit("Assign account", {"account_id": account_id}, status=422)
