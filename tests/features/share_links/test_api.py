"""The programming interface, as a program uses it, and its own description."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.accounts import api_tokens
from app.core.accounts.models import Person
from app.core.db import reading, transaction
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import ShareLink
from app.features.share_links.policy import PauseReason
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.pages import PageClient

READ, WRITE = "shares:read", "shares:write"
SHARES = "/api/v1/shares"
PATCH = "application/merge-patch+json"


@dataclass
class Program:
    """A client with a token."""

    app: Flask
    token: str | None

    def call(
        self, method: str, path: str, body: object = None, *, kind: str = "application/json", **headers: str
    ) -> TestResponse:
        """Send one request."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        payload: dict[str, Any] = {"data": data, "content_type": kind} if body is not None else {}
        client = self.app.test_client(use_cookies=False)
        return client.open(path, method=method, base_url="http://localhost:8000", headers=sent, **payload)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def post(self, body: object, **headers: str) -> TestResponse:
        return self.call("POST", SHARES, body, **headers)

    def patch(self, public_id: str, body: object) -> TestResponse:
        return self.call("PATCH", f"{SHARES}/{public_id}", body, kind=PATCH)


def program(app: Flask, person: Person, *scopes: str) -> Program:
    with transaction() as db:
        row = db.get_one(Person, person.id)
        secret, _ = api_tokens.create(db, people.actor_of(db, row), row, name="Test", scopes=scopes or (READ, WRITE))
    return Program(app, secret)


@pytest.fixture
def author(world: World) -> Person:
    return world.author


@pytest.fixture
def client(app: Flask, author: Person) -> Program:
    return program(app, author)


@pytest.fixture
def link(author: Person, world: World) -> ShareLink:
    with transaction() as db:
        return links.make_link(db, author, world.confluence)


def problem(response: TestResponse, status: int) -> Mapping[str, Any]:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    found: dict[str, Any] = response.get_json()
    assert found["status"] == status
    assert found["reference"]
    return found


def count() -> int:
    with reading() as db:
        return len(db.scalars(select(ShareLink)).all())


def test_a_link_is_made_with_a_password_that_is_answered_once(client: Program, world: World) -> None:
    made = client.post({"url": world.page(), "name": "For Northwind", "generate": True, "max_views": 5})
    assert made.status_code == 201
    share = made.get_json()
    assert share["state"] == "active"
    assert share["link"].startswith("http://localhost:8000/s/")
    assert len(share["password"]) >= 20
    assert (share["name"], share["max_views"], share["views"]) == ("For Northwind", 5, 0)
    assert made.headers["Location"] == f"http://localhost:8000{SHARES}/{share['id']}"
    again = client.get(f"{SHARES}/{share['id']}").get_json()
    assert "password" not in again
    assert again["object"]["title"] == "Berth and crane plan, week 48"


def test_only_the_address_is_needed_where_the_settings_allow(client: Program, world: World) -> None:
    told = problem(client.post({"url": world.page()}), 422)
    assert told["field"] == "password"
    assert "password or a group" in told["detail"]


def test_groups_are_named_by_id_or_unique_name(client: Program, world: World) -> None:
    with transaction() as db:
        group = people.make_group(db, "Partners")
        people.make_group(db, "Twice")
        people.make_foreign_group(db, "Twice")
    for name in (group.public_id, "Partners"):
        made = client.post({"url": world.issue(), "groups": [name]})
        assert made.get_json()["groups"] == [{"id": group.public_id, "name": "Partners"}]
    for name in ("Twice", "Nobody", "bell\u0007"):
        assert problem(client.post({"url": world.issue(), "groups": [name]}), 422)["field"] == "groups"


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({}, "url", "Fill this in"),
        ({"url": 7}, "url", "Give text"),
        ({"colour": "red"}, "colour", "no such field"),
        ({"expires_at": "2026-12-01T10:00:00"}, "expires_at", "with its offset"),
        ({"expires_at": "tomorrow"}, "expires_at", "with its offset"),
        ({"expires_at": 1796000000}, "expires_at", "with its offset"),
        ({"expires_at": "2099-12-01T10:00:00+01:00"}, "expires_at", "at most 90 days"),
        ({"expires_at": "2001-12-01T10:00:00Z"}, "expires_at", "still to come"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at", "still to come"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at", "at most 90 days"),
        ({"max_views": 10**30}, "max_views", "or less"),
        ({"name": "nul\u0000"}, "name", "NUL"),
        ({"name": "bell\u0007"}, "name", "1 to 120"),
        ({"max_views": 0}, "max_views", "1 or more"),
        ({"max_views": "5"}, "max_views", "whole number"),
        ({"max_views": 1.5}, "max_views", "whole number"),
        ({"max_views": True}, "max_views", "whole number"),
        ({"generate": "yes"}, "generate", "true or false"),
        ({"groups": "Partners"}, "groups", "Give a list"),
        ({"groups": [1]}, "groups.0", "Give text"),
        ({"password": "short"}, "password", "at least 10"),
        ({"password": "long enough by far", "generate": True}, "password", "not both"),
        ({"name": "a" * 121}, "name", "at most 120"),
        ({"powers": {"fly": True}}, "powers.fly", "no such field"),
        ({"powers": {"children": {"depth": 11}}}, "powers.children.depth", "10"),
        ({"powers": {"jira_fields": ["*all"]}}, "powers.jira_fields.0", "cannot be used"),
        ({"powers": {"jira_fields": ["status"]}}, "fields", "page has no fields"),
        ({"powers": {"names": "nickname"}}, "powers.names", "full"),
    ],
)
def test_each_field_that_does_not_fit_is_named(
    client: Program, world: World, body: dict[str, Any], field: str, sentence: str
) -> None:
    whole = body if "url" in body or not body else {"url": world.page(), "generate": "password" not in body} | body
    told = problem(client.post(whole), 422)
    assert told["field"] == field
    assert sentence in told["detail"]
    assert count() == 0


def test_every_wrong_field_is_in_one_answer(client: Program) -> None:
    told = problem(client.post({"url": 1, "max_views": "x", "wrong": 1}), 422)
    assert [one["field"] for one in told["errors"]] == ["url", "max_views", "wrong"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1,2", b'{"url": "\\ud800"}'])
def test_what_is_not_json_is_said_to_be_none(client: Program, body: bytes) -> None:
    assert problem(client.call("POST", SHARES, body), 400)["code"] == "not_json"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
def test_json_that_is_no_object_is_refused(client: Program, body: bytes) -> None:
    problem(client.call("POST", SHARES, body), 422)


def test_another_kind_of_body_is_refused(client: Program, world: World) -> None:
    problem(client.call("POST", SHARES, f"url={world.page()}", kind="application/x-www-form-urlencoded"), 415)


def test_a_body_beyond_the_limit_is_refused(client: Program) -> None:
    problem(client.call("POST", SHARES, b'{"url": "' + b"a" * 1_100_000 + b'"}'), 413)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("hello", "not_an_address"),
        ("https://elsewhere.example/browse/X-1", "no_connection"),
        ("{site}/wiki/spaces/FIN/pages/100302", "not_visible"),
        ("{site}/wiki/spaces/OPS/pages/31337", "not_visible"),
    ],
)
def test_an_address_that_cannot_be_shared_has_a_code(client: Program, world: World, url: str, code: str) -> None:
    told = problem(client.post({"url": url.format(site=world.running.base_url), "generate": True}), 422)
    assert (told["field"], told["code"]) == ("url", code)


def test_while_atlassian_is_down_the_caller_is_told_when_to_come_back(client: Program, world: World) -> None:
    world.running.stop()
    response = client.post({"url": world.page(), "generate": True})
    problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0


def test_the_same_key_makes_one_link_and_answers_the_same(client: Program, world: World) -> None:
    body = {"url": world.page(), "generate": True}
    first = client.post(body, Idempotency_Key="order-1")
    second = client.post(body, Idempotency_Key="order-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert count() == 1
    problem(client.post(body | {"max_views": 3}, Idempotency_Key="order-1"), 409)
    assert client.post(body, Idempotency_Key="order-2").get_json()["id"] != first.get_json()["id"]


def test_the_same_key_of_somebody_else_is_another_key(app: Flask, client: Program, world: World) -> None:
    with transaction() as db:
        other = people.make_author(db, "Bo Lind")
    world.connect(other, "bob")
    body = {"url": world.page(), "generate": True}
    mine = client.post(body, Idempotency_Key="order-1").get_json()
    theirs = program(app, other).post(body, Idempotency_Key="order-1").get_json()
    assert mine["id"] != theirs["id"]


def test_two_requests_at_once_with_one_key_make_one_link(client: Program, world: World) -> None:
    answers: list[TestResponse] = []

    def send() -> None:
        answers.append(client.post({"url": world.page(), "generate": True}, Idempotency_Key="race"))

    # As many as may hash a password or wait for it, however few cores there are.
    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status_code for one in answers] == [201] * 3, [one.text for one in answers]
    assert len({one.get_json()["password"] for one in answers}) == 1
    assert count() == 1


@pytest.mark.parametrize("key", ["a" * 201, "with\ttab"])
def test_a_key_that_is_none_is_refused(client: Program, world: World, key: str) -> None:
    problem(client.post({"url": world.page(), "generate": True}, Idempotency_Key=key), 422)


def test_a_merge_patch_changes_what_it_names(client: Program, link: ShareLink) -> None:
    share = client.patch(link.public_id, {"name": "Renamed", "max_views": 3}).get_json()
    assert (share["name"], share["max_views"], share["has_password"]) == ("Renamed", 3, True)
    share = client.patch(link.public_id, {"max_views": None}).get_json()
    assert (share["name"], share["max_views"]) == ("Renamed", None)
    assert client.patch(link.public_id, {"generate": True}).get_json()["password"]
    assert client.patch(link.public_id, {}).get_json()["password"] is None
    share = client.patch(link.public_id, {"powers": {"download": True}}).get_json()
    assert (share["powers"]["attachments"], share["powers"]["download"]) == (True, True)
    share = client.patch(link.public_id, {"powers": {"children": {"depth": 2, "labels": ["partner"]}}}).get_json()
    assert share["powers"]["children"] == {"depth": 2, "labels": ["partner"]}
    assert share["powers"]["download"] is True
    share = client.patch(
        link.public_id, {"powers": {"children": None, "names": "initials", "comments": True}}
    ).get_json()
    assert (share["powers"]["children"], share["powers"]["names"], share["powers"]["comments"]) == (
        None,
        "initials",
        True,
    )
    share = client.patch(link.public_id, {"powers": None}).get_json()
    assert {name for name, value in share["powers"].items() if value} == {"names"}


def test_pausing_resuming_and_revoking(client: Program, link: ShareLink) -> None:
    assert client.patch(link.public_id, {"paused": True}).get_json()["state"] == "paused"
    assert client.patch(link.public_id, {"paused": False}).get_json()["state"] == "active"
    assert client.call("DELETE", f"{SHARES}/{link.public_id}").status_code == 204
    assert client.call("DELETE", f"{SHARES}/{link.public_id}").status_code == 204
    assert client.get(f"{SHARES}/{link.public_id}").get_json()["state"] == "revoked"
    problem(client.patch(link.public_id, {"paused": True}), 409)


def test_resuming_without_the_proof_changes_nothing_else(client: Program, link: ShareLink, world: World) -> None:
    with transaction() as db:
        row = db.get_one(ShareLink, link.id)
        row.paused_at, row.paused_reason = clock.now(), PauseReason.RESTRICTION_CHANGED.value
    world.account("ines").token_valid = False
    told = problem(client.patch(link.public_id, {"paused": False, "name": "Renamed"}), 422)
    assert (told["field"], told["code"]) == ("paused", "token_rejected")
    share = client.get(f"{SHARES}/{link.public_id}").get_json()
    assert (share["state"], share["name"]) == ("paused", "For Northwind")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": None}, "password"),
        ({"password": ""}, "password"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"expires_at": None}, "expires_at"),
        ({"paused": None}, "paused"),
        ({"url": "https://x"}, "url"),
        ({"views": 0}, "views"),
    ],
)
def test_a_patch_that_does_not_fit_names_the_field(
    client: Program, link: ShareLink, body: dict[str, Any], field: str
) -> None:
    assert problem(client.patch(link.public_id, body), 422)["field"] == field


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "active"),
        ({"paused_at": "now"}, "paused"),
        ({"expires_at": "now"}, "expired"),
        ({"expires_at": "soon"}, "expiring"),
        ({"max_views": 2, "views": 2}, "used_up"),
        ({"revoked_at": "now"}, "revoked"),
        ({"closed_at": "now", "closed_reason": "gone"}, "closed"),
    ],
)
def test_the_state_is_named_and_can_be_searched_for(
    client: Program, link: ShareLink, change: dict[str, Any], state: str
) -> None:
    with transaction() as db:
        row = db.get_one(ShareLink, link.id)
        for name, value in change.items():
            instants = {"now": clock.now(), "soon": clock.now() + timedelta(days=1)}
            setattr(row, name, instants[value] if value in ("now", "soon") else value)
    assert client.get(f"{SHARES}/{link.public_id}").get_json()["state"] == state
    for wanted in ("active", "paused", "expiring", "expired", "used_up", "revoked", "closed"):
        found = client.get(f"{SHARES}?state={wanted}").get_json()["items"]
        assert bool(found) is (wanted == state)


def test_lists_go_on_at_a_cursor(client: Program, author: Person, world: World) -> None:
    with transaction() as db:
        made = [links.make_link(db, author, world.confluence, name=f"Link {n}").public_id for n in range(5)]
    seen, cursor = [], ""
    while True:
        told = client.get(f"{SHARES}?limit=2{cursor}").get_json()
        seen += [one["id"] for one in told["items"]]
        if told["next"] is None:
            break
        cursor = f"&cursor={told['next']}"
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "state=open", "cursor=x", "cursor=%00", "colour=red", "all=perhaps"]
)
def test_query_arguments_that_do_not_fit_are_refused(client: Program, query: str) -> None:
    problem(client.get(f"{SHARES}?{query}"), 422)


def test_activity_tells_what_happened(client: Program, link: ShareLink) -> None:
    client.patch(link.public_id, {"paused": True})
    told = client.get(f"{SHARES}/{link.public_id}/activity?limit=1").get_json()
    assert [one["event"] for one in told["items"]] == ["share_links:link:paused"]
    following = client.get(f"{SHARES}/{link.public_id}/activity?cursor={told['next']}").get_json()
    assert [one["event"] for one in following["items"]] == ["share_links:link:created"]
    assert following["items"][0]["actor_name"] == "Ines Duarte"


def test_links_of_others_do_not_exist(app: Flask, link: ShareLink) -> None:
    with transaction() as db:
        other = people.make_author(db, "Bo Lind")
    stranger = program(app, other)
    for path in (link.public_id, f"{link.public_id}/activity", "AAAAAAAAAAAA", "%00", "a" * 500):
        problem(stranger.get(f"{SHARES}/{path}"), 404)
    problem(stranger.patch(link.public_id, {"paused": True}), 404)
    problem(stranger.call("DELETE", f"{SHARES}/{link.public_id}"), 404)
    assert stranger.get(SHARES).get_json()["items"] == []
    problem(stranger.get(f"{SHARES}?all=true"), 403)


def test_an_auditor_reads_everything_and_changes_nothing(app: Flask, link: ShareLink) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
    reader = program(app, auditor)
    (share,) = reader.get(SHARES).get_json()["items"]
    assert share["id"] == link.public_id
    assert share["link"] is None, "an address is for whoever hands it on"
    problem(reader.patch(link.public_id, {"paused": True}), 403)
    problem(reader.post({"url": "https://x.example/browse/X-1"}), 403)


def test_a_token_does_what_its_scopes_say(app: Flask, author: Person, link: ShareLink) -> None:
    reader, writer = program(app, author, READ), program(app, author, WRITE)
    assert reader.get(SHARES).status_code == 200
    problem(reader.patch(link.public_id, {"paused": True}), 403)
    assert writer.patch(link.public_id, {"paused": True}).status_code == 200
    problem(writer.get(SHARES), 403)


@pytest.mark.parametrize("token", [None, "portico_wrong", "a" * 300])
def test_without_a_token_nothing_is_answered(app: Flask, link: ShareLink, token: str | None) -> None:
    response = Program(app, token).get(f"{SHARES}/{link.public_id}")
    problem(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_is_over_is_dead(client: Program) -> None:
    with clock.at(clock.now() + timedelta(days=91)):
        problem(client.get(SHARES), 401)


def operations(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [
        (method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


def test_the_document_says_which_scope_is_asked_for(client: Program) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    scopes = {one["operationId"]: one["security"] for _, _, one in operations(document)}
    assert scopes["createShare"] == [{"token": ["shares:write"]}]
    assert scopes["listShares"] == [{"token": ["shares:read"]}]
    assert scopes["describe"] == []
    assert {one["name"] for one in document["paths"][SHARES]["get"]["parameters"]} == {
        "limit",
        "cursor",
        "state",
        "search",
        "all",
        "saved",
        "sort",
        *(field.name for field in fields(Wanted) if field.name != "everybodys"),
    }


def test_what_was_made_opens_and_can_be_looked_at_as_a_recipient(
    client: Program, world: World, pages: PageClient
) -> None:
    share = client.post({"url": world.page(), "password": "harbour at dawn"}).get_json()
    gate = pages.get(share["link"].removeprefix("http://localhost:8000"))
    assert "Berth and crane plan" not in gate.source
    pages.sign_in(world.author)
    assert "Berth and crane plan" in pages.get(f"/links/{share['id']}/as-recipient/").source
    assert client.get(f"{SHARES}/{share['id']}").get_json()["views"] == 0
    events = [one["event"] for one in client.get(f"{SHARES}/{share['id']}/activity").get_json()["items"]]
    assert events == ["share_links:link:previewed", "share_links:link:created"]


def test_the_default_end_follows_the_settings(client: Program, world: World, held_clock: datetime) -> None:
    share = client.post({"url": world.page(), "generate": True}).get_json()
    assert datetime.fromisoformat(share["expires_at"]) == held_clock + timedelta(days=14)
