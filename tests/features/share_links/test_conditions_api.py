"""The conditions of a link by the API and in the form: set, read back, taken away, refused with the field."""

from typing import Any

import pytest
from flask import Flask

from app.core import db
from app.core.accounts import sign_in
from app.core.accounts.sign_in import Way
from app.core.mail import delivery
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import share
from tests.features.share_links.test_api import Program, problem, program
from tests.pages import PageClient

EVERYTHING: dict[str, Any] = {
    "opens_at": "2027-01-01T08:00:00Z",
    "expires_at": "2027-01-10T08:00:00Z",
    "networks": ["192.0.2.0/24", "2001:db8::/32"],
    "max_views": 9,
    "max_views_each": 2,
    "asks_sign_in": True,
    "sign_in_through": "acme",
    "all_groups": True,
    "recipients": ["example.net", "anna@example.org"],
    "asks_reason": True,
}
NOTHING: dict[str, Any] = dict.fromkeys(EVERYTHING) | {
    "networks": [],
    "recipients": [],
    "asks_sign_in": False,
    "all_groups": False,
    "asks_reason": False,
}


@pytest.fixture
def client(app: Flask, world: World) -> Program:
    return program(app, world.author)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Way:
    """One way to sign in besides passwords."""
    way = Way("acme", "Acme", "account.sign_in")
    monkeypatch.setattr(sign_in, "_ways", [lambda _session: [way]])
    return way


def test_every_condition_is_set_read_back_and_taken_away(
    client: Program, world: World, acme: Way, held_clock: object
) -> None:
    made = client.post({"url": world.page(), "password": "harbour at dawn", "terms": " Be kind ", **EVERYTHING})
    assert made.status_code == 201, made.text
    told = client.get(f"/api/v1/shares/{made.get_json()['id']}").get_json()
    kept = {name: told[name] for name in EVERYTHING if not name.endswith("_at")}
    assert kept == {name: value for name, value in EVERYTHING.items() if not name.endswith("_at")}
    assert (told["state"], told["terms_version"]) == ("scheduled", 1)
    patch = dict.fromkeys(EVERYTHING) | {"terms": None}
    del patch["expires_at"]
    gone = client.patch(told["id"], patch).get_json()
    assert {name: gone[name] for name in patch if name != "terms"} == {
        name: NOTHING[name] for name in patch if name != "terms"
    }
    assert (gone["state"], gone["terms_version"], gone["has_password"]) == ("active", None, True)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"networks": ["192.0.2.7/24"]}, "networks"),
        ({"recipients": ["anna"]}, "recipients"),
        ({"sign_in_through": "nobody"}, "sign_in_through"),
        ({"asks_second_factor": True}, "asks_second_factor"),
        ({"opens_at": "2999-01-01T00:00:00Z"}, "opens_at"),
        ({"networks": ["fe80::1%eth0"]}, "networks"),
        ({"password": " " * 12}, "password"),
        ({"password": "twelve\u0000 signs"}, "password"),
        ({"powers": {"children": {"labels": ["bell \u0007"]}}}, "labels"),
        ({"max_views_each": 0}, "max_views_each"),
        ({"terms": "x" * 20_001}, "terms"),
        ({"terms": "bell \u0007"}, "terms"),
        ({"password": None}, "password"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_changed(
    client: Program, world: World, wrong: dict[str, Any], field: str
) -> None:
    shared = share(world)
    refused = problem(client.patch(shared.link.public_id, wrong), 422)
    assert field in repr(refused)
    assert shared.gates() == []
    assert client.patch(shared.link.public_id, {"networks": ["192.0.2.0/24"]}).status_code == 200


def test_a_time_that_no_clock_tells_is_long_ago_or_never(client: Program, world: World, pages: PageClient) -> None:
    shared = share(world)
    assert client.patch(shared.link.public_id, {"opens_at": "0001-01-01T00:00:00+23:59"}).status_code == 200
    for opens, field in (("9999-12-31T23:59:59-23:59", "opens_at"), ("0001-01-01T00:00:00+23:59", "expires_at")):
        assert problem(client.patch(shared.link.public_id, {field: opens}), 422)["field"] == field
    pages.sign_in(world.author)
    pages.get(f"/links/{shared.link.public_id}/edit/")


def test_codes_cannot_be_asked_for_where_no_mail_leaves(
    client: Program, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share(world)
    monkeypatch.setattr(delivery, "_deliver", None)
    assert problem(client.patch(shared.link.public_id, {"recipients": ["example.org"]}), 422)["code"] == "no_mail"


def test_groups_of_another_sign_in_do_not_go_with_a_named_one(client: Program, world: World, acme: Way) -> None:
    with db.transaction() as session:
        other = people.make_group(session, "Theirs")
        other.source = "other"
        mine = people.make_group(session, "Ours")
    shared = share(world)
    refused = client.patch(shared.link.public_id, {"groups": [other.public_id], "sign_in_through": "acme"})
    assert "another sign-in" in problem(refused, 422)["detail"]
    good = client.patch(shared.link.public_id, {"groups": [mine.public_id], "sign_in_through": "acme"})
    assert good.get_json()["sign_in_through"] == "acme"


def test_a_link_that_names_a_sign_in_offers_only_that_and_says_who_is_signed_in(
    client: Program, world: World, acme: Way, pages: PageClient
) -> None:
    shared = share(world, password=False, sign_in_through="acme")
    page = pages.get(shared.path)
    assert "Acme" in page.text
    assert "Sign in with a password" not in page.text
    with db.transaction() as session:
        guest = people.make_guest(session)
    pages.sign_in(guest)
    page = pages.get(shared.path)
    assert "You are signed in as Greta Guest" in page.text
    pages.sign_in(guest, methods=("sso:acme",))
    pages.get(shared.path)
    pages.submit("Open")
    assert pages.follow().heading == "Berth and crane plan, week 48"
    # The same person by another way is asked again, although the browser reads already.
    pages.sign_in(guest)
    assert "You are signed in as Greta Guest" in pages.get(shared.path).text


def test_a_named_sign_in_that_is_switched_off_lets_nobody_in(
    world: World, acme: Way, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share(world, password=False, sign_in_through="acme")
    monkeypatch.setattr(sign_in, "_ways", [])
    assert "switched off at the moment" in pages.get(shared.path).text
    pages.sign_in(world.author)
    assert "switched off" in pages.get(f"/links/{shared.link.public_id}/").text
    assert "switched off" in pages.get(f"/links/{shared.link.public_id}/edit/").source


def test_an_edit_that_is_left_alone_changes_nothing(world: World, pages: PageClient, acme: Way) -> None:
    shared = share(
        world, networks=("192.0.2.0/24",), recipients=("example.org",), terms="Be kind", sign_in_through="acme"
    )
    pages.sign_in(world.author)
    page = pages.get(f"/links/{shared.link.public_id}/edit/")
    assert page.xpath("//details[@open]")
    pages.submit("Save changes")
    assert shared.gates() == []
    assert shared.row().conditions_version == 1
    pages.get(f"/links/{shared.link.public_id}/edit/")
    pages.submit("Save changes", {"networks": "192.0.2.0/25", "terms": "Be kinder"})
    assert shared.events()[0][1]["fields"] == ["networks", "terms"]
    assert shared.row().conditions_version == 2
