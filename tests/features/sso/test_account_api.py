"""Accounts at providers and their conflicts by the programming interface: listed, assigned, taken away, dismissed."""

from datetime import datetime
from typing import Any

import jsonschema
import pytest
from flask import Flask

from app.core.accounts.actor import SYSTEM, PersonKind
from app.core.accounts.models import Person
from app.core.db import transaction
from app.features.sso import accounts
from tests.factories import people
from tests.features.share_links.test_api import Program, problem
from tests.features.sso import acme
from tests.features.sso.acme import Provider
from tests.features.sso.test_accounts import ACME, MIRA, SUBJECT, UMBRA, open_conflicts, owners
from tests.features.sso.test_api import READ, WRITE, program
from tests.pages import PageClient

ACCOUNTS, CONFLICTS = "/api/v1/sso/accounts", "/api/v1/sso/conflicts"
ONE = "?connection=acme&subject=one"
NEW = {"connection": "acme", "subject": "one", "email": MIRA}


@pytest.fixture
def administrator(app: Flask) -> Person:
    with transaction() as db:
        return people.make_administrator(db)


@pytest.fixture
def client(app: Flask, administrator: Person, held_clock: datetime) -> Program:
    acme.connect(ACME)
    return program(app, administrator, READ, WRITE)


@pytest.fixture
def mira(app: Flask) -> Person:
    with transaction() as db:
        return people.make_person(db, "Mira Sand", email=MIRA, kind=PersonKind.GUEST)


def items(client: Program, path: str) -> list[dict[str, Any]]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.get_json()["items"]
    return found


def refused_for_the_address(pages: PageClient, provider: Provider = ACME) -> None:
    acme.sign_in(pages, provider, status=403, assertion_id=f"_{provider.name}")


def test_an_account_is_assigned_found_and_taken_away(client: Program, mira: Person) -> None:
    made = client.call("POST", ACCOUNTS, NEW)
    assert made.status_code == 201, made.text
    assert (made.get_json()["person"], made.get_json()["last_used_at"]) == (mira.public_id, None)
    again = client.call("POST", ACCOUNTS, NEW)
    assert (again.status_code, again.get_json()) == (201, made.get_json())
    assert items(client, ACCOUNTS) == [made.get_json()]
    assert client.call("DELETE", ACCOUNTS + ONE).status_code == 204
    assert (items(client, ACCOUNTS), owners()) == ([], [])
    problem(client.call("DELETE", ACCOUNTS + ONE), 404)


def test_assigning_the_account_of_a_conflict_settles_it(client: Program, mira: Person, pages: PageClient) -> None:
    refused_for_the_address(pages)
    (waiting,) = items(client, CONFLICTS)
    assert (waiting["connection"], waiting["subject"], waiting["email"]) == ("acme", SUBJECT, MIRA)
    assert (waiting["person"], waiting["reference"]) == (mira.public_id, acme.last_attempt().reference)
    answer = client.call("POST", ACCOUNTS, {name: waiting[name] for name in ("connection", "subject", "email")})
    assert answer.status_code == 201, answer.text
    assert items(client, CONFLICTS) == []
    acme.sign_in(pages, ACME, assertion_id="_2")


def test_a_dismissed_conflict_is_forgotten_and_lets_nobody_in(client: Program, mira: Person, pages: PageClient) -> None:
    refused_for_the_address(pages)
    where = f"{CONFLICTS}?connection=acme&subject={SUBJECT}"
    assert client.call("DELETE", where).status_code == 204
    assert (open_conflicts(), owners()) == ([], [])
    problem(client.call("DELETE", where), 404)


def test_accounts_are_narrowed_and_listed_page_by_page(client: Program, mira: Person) -> None:
    acme.connect(UMBRA)
    with transaction() as db:
        greta = people.make_guest(db)
        for subject, person in (("one", mira), ("two", greta), ("three", greta)):
            accounts.assign(db, SYSTEM, "acme", subject=subject, email=person.email)
        accounts.assign(db, SYSTEM, "umbra", subject="one", email=MIRA)
    first = client.get(f"{ACCOUNTS}?limit=3").get_json()
    second = client.get(f"{ACCOUNTS}?limit=3&cursor={first['next']}").get_json()
    found = [(one["connection"], one["subject"]) for one in (*first["items"], *second["items"])]
    assert found == [("umbra", "one"), ("acme", "three"), ("acme", "two"), ("acme", "one")]
    assert second["next"] is None
    for narrowing, count in (
        ("connection=umbra", 1),
        (f"person={mira.public_id}", 2),
        (f"connection=acme&person={greta.public_id}", 2),
        ("search=thr", 1),
        ("connection=nobody", 0),
    ):
        assert len(items(client, f"{ACCOUNTS}?{narrowing}")) == count, narrowing


def test_conflicts_are_narrowed_and_listed_page_by_page(client: Program, mira: Person, pages: PageClient) -> None:
    acme.connect(UMBRA)
    refused_for_the_address(pages)
    refused_for_the_address(pages.another(), UMBRA)
    first = client.get(f"{CONFLICTS}?limit=1").get_json()
    second = client.get(f"{CONFLICTS}?limit=1&cursor={first['next']}").get_json()
    assert [one["connection"] for one in (*first["items"], *second["items"])] == ["umbra", "acme"]
    assert [one["connection"] for one in items(client, f"{CONFLICTS}?connection=acme")] == ["acme"]
    assert len(items(client, f"{CONFLICTS}?person={mira.public_id}")) == 2
    assert items(client, f"{CONFLICTS}?person=nobody") == []


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"connection": "nobody"}, 404, None),
        ({"email": "nobody@acme.example"}, 422, "email"),
        ({"subject": " one"}, 422, "subject"),
        ({"subject": "x" * 513}, 422, "subject"),
        ({"subject": ""}, 422, "subject"),
        ({"surprise": 1}, 422, "surprise"),
    ],
)
def test_what_cannot_be_assigned_is_refused_with_the_field(
    client: Program, mira: Person, change: dict[str, Any], status: int, field: str | None
) -> None:
    assert problem(client.call("POST", ACCOUNTS, NEW | change), status).get("field") == field
    assert owners() == []


def test_an_account_of_somebody_else_is_not_taken_over(client: Program, mira: Person) -> None:
    with transaction() as db:
        greta = people.make_guest(db)
        accounts.assign(db, SYSTEM, "acme", subject="one", email=greta.email)
    assert "Take it away there first." in problem(client.call("POST", ACCOUNTS, NEW), 409)["detail"]
    assert owners() == [greta.id]


CALLS = (
    ("POST", ACCOUNTS, "", NEW, 201),
    ("GET", ACCOUNTS, "", None, 200),
    ("GET", CONFLICTS, "", None, 200),
    ("DELETE", ACCOUNTS, ONE, None, 204),
    ("DELETE", CONFLICTS, f"?connection=acme&subject={SUBJECT}", None, 204),
)


@pytest.mark.parametrize(("method", "path", "query", "body", "status"), CALLS)
def test_each_operation_needs_its_scope_and_its_permission(
    app: Flask, administrator: Person, method: str, path: str, query: str, body: object, status: int
) -> None:
    wrong = program(app, administrator, WRITE if method == "GET" else READ, "shares:write")
    problem(wrong.call(method, path + query, body), 403)
    with transaction() as db:
        author, auditor = people.make_author(db), people.make_auditor(db)
    problem(program(app, author, READ, WRITE).call(method, path + query, body), 403)
    problem(Program(app, None).call(method, path + query, body), 401)
    reader = program(app, auditor, READ, WRITE).call(method, path + query, body)
    assert reader.status_code == (200 if method == "GET" else 403), reader.text


def test_every_operation_answers_as_the_description_says(client: Program, mira: Person, pages: PageClient) -> None:
    refused_for_the_address(pages)
    description = client.get("/api/v1/openapi.json").get_json()
    for method, path, query, body, status in CALLS:
        response = client.call(method, path + query, body)
        assert response.status_code == status, response.text
        described = description["paths"][path][method.lower()]
        for content in described["responses"][str(status)].get("content", {}).values():
            schema = content["schema"] | {"components": description["components"]}
            jsonschema.validate(response.get_json(), schema)
    ours = {(path, method.upper()) for path in (ACCOUNTS, CONFLICTS) for method in description["paths"][path]}
    assert ours == {(path, method) for method, path, *_ in CALLS}
    needed = {one["name"]: one["required"] for one in description["paths"][ACCOUNTS]["delete"]["parameters"]}
    assert needed == {"connection": True, "subject": True}
    problem(client.call("DELETE", f"{ACCOUNTS}?connection=acme"), 422)
