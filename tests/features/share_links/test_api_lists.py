"""Saved filters and figures by the interface: the same as the pages keep and count, and nobody else's."""

from typing import Any

import pytest
from flask import Flask

from app.core.accounts.api_tokens import Scope
from app.core.accounts.models import Person
from app.core.db import transaction
from app.features.share_links import jobs
from app.features.share_links.lists.saved_filters import MAXIMUM
from tests.factories import links, people
from tests.features.share_links.test_api import Program, problem, program
from tests.pages import PageClient

FILTERS, SHARES = "/api/v1/share-filters", "/api/v1/shares"
MERGE_PATCH = "application/merge-patch+json"


@pytest.fixture
def author(app: Flask) -> Person:
    with transaction() as db:
        person = people.make_author(db)
        links.make_link(db, person, name="Opened one")
        links.make_link(db, person, name="Crane three", found=links.page_facts("7", object_key="HARB-7"))
    return person


@pytest.fixture
def client(app: Flask, author: Person) -> Program:
    return program(app, author, *Scope)


def kept(client: Program, name: str = "Cranes", **narrows: Any) -> dict[str, Any]:
    made = client.call("POST", FILTERS, {"name": name, "filter": narrows or {"search": "crane"}})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.get_json()
    return found


EVERYTHING: dict[str, Any] = {
    "search": "crane",
    "state": "active",
    "condition": "password",
    "risk": "password_only",
    "page": "HARB-7",
    "creator": "ines",
    "recipient": "anna@example.org",
    "domain": "example.org",
    "created_from": "2026-01-01",
    "created_to": "2099-01-31",
    "ends_from": "2026-02-01",
    "ends_to": "2099-02-01",
    "opened_from": "2026-03-01",
    "opened_to": "2099-03-01",
    "never_opened": True,
    "sort": "-name",
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_part_of_a_filter_is_kept_as_it_was_given_and_shown_on_the_page(
    client: Program, author: Person, pages: PageClient, name: str
) -> None:
    narrows = {name: EVERYTHING[name]} | ({"search": "crane"} if name == "sort" else {})
    told = kept(client, **narrows)
    assert {one: value for one, value in told["filter"].items() if value} == narrows
    pages.sign_in(author)
    pages.get("/links/")
    arguments = pages.click("Cranes").path
    shown = "yes" if EVERYTHING[name] is True else EVERYTHING[name]
    assert f"{'q' if name == 'search' else name}={shown}" in arguments


def test_a_filter_that_a_page_keeps_is_told_and_used_by_the_interface(
    client: Program, author: Person, pages: PageClient
) -> None:
    pages.sign_in(author)
    pages.get("/links/filters/new/?q=three&ends_to=2099-12-31&never_opened=yes&sort=name&state=nonsense")
    pages.submit("Save filter", {"name": "From a page"})
    (told,) = client.get(FILTERS).get_json()["items"]
    assert (told["name"], told["all"]) == ("From a page", False)
    assert {one: value for one, value in told["filter"].items() if value} == {
        "search": "three",
        "ends_to": "2099-12-31",
        "never_opened": True,
        "sort": "name",
    }
    found = client.get(f"{SHARES}?saved={told['id']}&limit=10").get_json()
    assert [one["name"] for one in found["items"]] == ["Crane three"]


def test_a_saved_filter_stands_for_all_filters_and_goes_on_by_its_cursor(client: Program) -> None:
    told = kept(client, condition="password", sort="name")
    path = f"{SHARES}?saved={told['id']}"
    first = client.get(f"{path}&limit=1").get_json()
    rest = client.get(f"{path}&limit=1&cursor={first['next']}").get_json()
    assert [one["name"] for one in (*first["items"], *rest["items"])] == ["Crane three", "Opened one"]
    for other in ("search=crane", "sort=name", "all=false", "state=active"):
        assert problem(client.get(f"{path}&{other}"), 422)["field"] == "saved"
    problem(client.get(f"{SHARES}?saved=AAAAAAAAAAAA"), 404)
    problem(client.get(f"{SHARES}?saved=%00"), 422)


def test_a_filter_is_renamed_replaced_and_deleted(client: Program) -> None:
    first, second = kept(client), kept(client, "Others", state="active")
    renamed = client.call("PATCH", f"{FILTERS}/{first['id']}", {"name": " Big  cranes "}, kind=MERGE_PATCH)
    assert renamed.get_json() == first | {"name": "Big cranes"}
    taken = client.call("PATCH", f"{FILTERS}/{first['id']}", {"name": "Others"}, kind=MERGE_PATCH)
    assert problem(taken, 422)["field"] == "name"
    assert client.call("PATCH", f"{FILTERS}/{second['id']}", {"name": "Others"}, kind=MERGE_PATCH).status_code == 200
    replaced = kept(client, "Others", state="paused")
    assert [(one["name"], one["id"]) for one in client.get(FILTERS).get_json()["items"]] == [
        ("Big cranes", first["id"]),
        ("Others", replaced["id"]),
    ]
    assert client.call("DELETE", f"{FILTERS}/{first['id']}").status_code == 204
    problem(client.call("DELETE", f"{FILTERS}/{first['id']}"), 404)
    problem(client.get(f"{SHARES}?saved={first['id']}"), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "filter": {"search": "x"}}, "name"),
        ({"name": " ", "filter": {"search": "x"}}, "name"),
        ({"name": "x" * 61, "filter": {"search": "x"}}, "name"),
        ({"name": "x", "filter": {}}, "name"),
        ({"name": "x", "filter": {"search": ""}}, "name"),
        ({"name": "x"}, "filter"),
        ({"name": "x", "filter": {"search": "x" * 201}}, "filter.search"),
        ({"name": "x", "filter": {"state": "open"}}, "filter.state"),
        ({"name": "x", "filter": {"created_from": "tomorrow"}}, "filter.created_from"),
        ({"name": "x", "filter": {"colour": "red"}}, "filter.colour"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused_with_its_field(
    client: Program, body: dict[str, Any], field: str
) -> None:
    assert problem(client.call("POST", FILTERS, body), 422)["field"] == field
    assert client.get(FILTERS).get_json() == {"items": []}


def test_there_is_a_largest_number_by_the_interface_too(client: Program) -> None:
    for number in range(MAXIMUM):
        kept(client, f"No. {number}")
    body = {"name": "More", "filter": {"search": "crane"}}
    assert "Delete one first" in problem(client.call("POST", FILTERS, body), 409)["detail"]
    kept(client, "No. 0", state="paused")


def test_filters_are_nobody_elses_and_those_of_all_links_are_for_who_reads_them(
    app: Flask, author: Person, client: Program
) -> None:
    told = kept(client)
    with transaction() as db:
        administrator = people.make_administrator(db)
    ada = program(app, administrator, *Scope)
    assert ada.get(FILTERS).get_json() == {"items": []}
    problem(ada.call("PATCH", f"{FILTERS}/{told['id']}", {"name": "Mine"}, kind=MERGE_PATCH), 404)
    problem(ada.call("DELETE", f"{FILTERS}/{told['id']}"), 404)
    problem(ada.get(f"{SHARES}?saved={told['id']}"), 404)
    everybodys = {"name": "All", "all": True, "filter": {"creator": "ines"}}
    problem(client.call("POST", FILTERS, everybodys), 403)
    mine = ada.call("POST", FILTERS, everybodys).get_json()
    assert len(ada.get(f"{SHARES}?saved={mine['id']}").get_json()["items"]) == 2


def test_figures_are_those_of_the_risk_board(app: Flask, author: Person, client: Program) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
    reader = program(app, auditor, *Scope)
    assert reader.get(f"{SHARES}/figures").get_json() == {
        "counted_at": None,
        "risks": {},
        "states": {},
        "openings": [],
    }
    jobs.count()
    told = reader.get(f"{SHARES}/figures").get_json()
    assert (told["risks"]["password_only"], told["states"]["active"], len(told["openings"])) == (2, 2, 30)
    problem(client.get(f"{SHARES}/figures"), 403)
