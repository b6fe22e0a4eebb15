"""Identity providers by the programming interface: every operation, what it refuses, and that no secret comes out."""

import json
from dataclasses import asdict
from typing import Any

import jsonschema
import pytest
from flask import Flask

from app.core.accounts import api_tokens
from app.core.accounts.models import Person
from app.core.db import transaction
from app.features.sso.configuration import OAuthSettings, SamlSettings
from tests.factories import people
from tests.features.share_links.test_api import Program, problem
from tests.features.sso.acme import Provider, connect
from tests.features.sso.test_connections import described, stored

CONNECTIONS = "/api/v1/sso/connections"
READ, WRITE = "connections:read", "connections:write"
PATCH = "application/merge-patch+json"
SECRET = "canary-of-the-interface"
FORGE: dict[str, Any] = {
    "id": "forge",
    "name": "Forge",
    "kind": "oauth",
    "client_secret": SECRET,
    "settings": {
        "authorization_endpoint": "https://forge.example/authorize",
        "token_endpoint": "https://forge.example/token",
        "userinfo_endpoint": "https://forge.example/user",
        "client_id": "portico",
        "subject_field": "id",
    },
}


def program(app: Flask, person: Person, *scopes: str) -> Program:
    with transaction() as db:
        row = db.get_one(Person, person.id)
        secret, _ = api_tokens.create(db, people.actor_of(db, row), row, name="Set-up", scopes=scopes)
    return Program(app, secret)


@pytest.fixture
def administrator(app: Flask) -> Person:
    with transaction() as db:
        return people.make_administrator(db)


@pytest.fixture
def client(app: Flask, administrator: Person) -> Program:
    return program(app, administrator, READ, WRITE)


def made(client: Program, **more: Any) -> dict[str, Any]:
    response = client.call("POST", CONNECTIONS, FORGE | more)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.get_json()
    return body


def patched(client: Program, public_id: str, body: object) -> Any:
    return client.call("PATCH", f"{CONNECTIONS}/{public_id}", body, kind=PATCH)


def test_a_connection_is_made_switched_off_and_its_secret_never_comes_out(client: Program) -> None:
    response = client.call("POST", CONNECTIONS, FORGE)
    body = response.get_json()
    assert response.headers["Location"] == f"http://localhost:8000{CONNECTIONS}/forge"
    assert (body["id"], body["enabled"], body["has_client_secret"]) == ("forge", False, True)
    assert body["answer_urls"] == ["http://localhost:8000/sso/forge/oidc/callback"]
    assert stored("forge").secrets.client_secret == SECRET
    for path in ("", "/forge"):
        assert SECRET not in client.get(CONNECTIONS + path).text


def test_a_saml_provider_is_made_of_its_metadata_with_a_key_of_ours(client: Program) -> None:
    body = made(
        client, id="acme", name="Acme", kind="saml", settings={"signed": "both"}, metadata=described("acme").decode()
    )
    assert (body["settings"]["entity_id"], body["settings"]["signed"]) == (Provider("acme").entity_id, "both")
    assert [one["signs"] for one in body["own_keys"]] == [True]
    assert len(body["certificates"]) == 1
    assert body["entity_id"] == "http://localhost:8000/sso/acme/saml/metadata"


def test_a_repeated_request_makes_one_connection(client: Program) -> None:
    first = client.call("POST", CONNECTIONS, FORGE, Idempotency_Key="one")
    again = client.call("POST", CONNECTIONS, FORGE, Idempotency_Key="one")
    assert (first.status_code, again.status_code, first.get_json()) == (201, 201, again.get_json())
    assert problem(client.call("POST", CONNECTIONS, FORGE), 422)["field"] == "id"


def test_connections_are_listed_page_by_page(client: Program) -> None:
    names = [made(client, id=f"forge-{one}", name=f"Forge {one}")["id"] for one in "abc"]
    first = client.get(f"{CONNECTIONS}?limit=2").get_json()
    second = client.get(f"{CONNECTIONS}?limit=2&cursor={first['next']}").get_json()
    assert [one["id"] for one in (*first["items"], *second["items"])] == names
    assert second["next"] is None


def test_a_patch_changes_what_it_says_and_keeps_the_rest(client: Program) -> None:
    made(client, identity={"create": False}, groups={"sources": ["teams"]}, domains=["forge.example"])
    answer = patched(
        client,
        "forge",
        {"name": "The forge", "settings": {"scopes": ["read"]}, "identity": {"membership_minutes": 5}, "domains": None},
    )
    body = answer.get_json()
    assert answer.status_code == 200, answer.text
    assert (body["name"], body["settings"]["scopes"], body["domains"]) == ("The forge", ["read"], [])
    assert (body["identity"]["create"], body["identity"]["membership_minutes"]) == (False, 5)
    assert body["groups"]["sources"] == ["teams"]
    kept = stored("forge")
    assert isinstance(kept.settings, OAuthSettings)
    assert (kept.settings.subject_field, kept.secrets.client_secret) == ("id", SECRET)


def test_a_secret_is_not_sent_to_another_address_than_it_was_given_for(client: Program) -> None:
    made(client)
    moved = {"settings": {"token_endpoint": "https://evil.example/token"}}
    assert problem(patched(client, "forge", moved), 422)["field"] == "client_secret"
    assert patched(client, "forge", moved | {"client_secret": "another one"}).status_code == 200
    assert stored("forge").secrets.client_secret == "another one"


def test_metadata_that_is_read_again_leaves_what_is_demanded(client: Program) -> None:
    connect(Provider("acme"), settings=SamlSettings(**asdict(Provider("acme").settings) | {"encrypted": True}))
    answer = patched(client, "acme", {"metadata": described("acme").decode()})
    assert answer.status_code == 200, answer.text
    settings = answer.get_json()["settings"]
    assert (settings["encrypted"], settings["entity_id"]) == (True, Provider("acme").entity_id)
    umbra = described("umbra").replace(b"acme.example", b"umbra.example").decode()
    other = problem(patched(client, "acme", {"metadata": umbra}), 422)
    assert "does not describe" in other["detail"]


def test_switching_on_needs_a_test_or_an_express_word(client: Program) -> None:
    made(client)
    refused = problem(client.call("POST", f"{CONNECTIONS}/forge/enable", {}), 409)
    assert "Test the sign-in first" in refused["detail"]
    on = client.call("POST", f"{CONNECTIONS}/forge/enable", {"untested": True})
    assert on.get_json()["enabled"] is True
    off = client.call("POST", f"{CONNECTIONS}/forge/disable")
    assert off.get_json()["enabled"] is False


def test_a_test_looks_at_certificates_and_says_where_a_person_goes_on(client: Program) -> None:
    connect(Provider("acme"))
    body = client.call("POST", f"{CONNECTIONS}/acme/test").get_json()
    assert body["passed"] is True
    assert [one["check"] for one in body["findings"]] == ["provider_certificate"]
    assert body["test_url"] == "http://localhost:8000/admin/sso/acme/test"


def test_a_removed_connection_is_gone(client: Program) -> None:
    made(client)
    assert client.call("DELETE", f"{CONNECTIONS}/forge").status_code == 204
    problem(client.get(f"{CONNECTIONS}/forge"), 404)
    problem(client.call("DELETE", f"{CONNECTIONS}/forge"), 404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"kind": "ldap"}, "kind"),
        ({"name": ""}, "name"),
        ({"preset": "none"}, "preset"),
        ({"settings": FORGE["settings"] | {"scope": "x"}}, "settings.scope"),
        ({"settings": {}}, "settings.authorization_endpoint"),
        ({"settings": FORGE["settings"] | {"token_endpoint": "http://forge.example/"}}, "token_endpoint"),
        ({"identity": {"creat": True}}, "identity.creat"),
        ({"mapping": [{"target": "shoe"}]}, "mapping.0.target"),
        ({"client_secret": None}, "client_secret"),
        ({"for_staff": False, "for_guests": False}, "for_staff"),
        ({"id": "Not An Id"}, "id"),
    ],
)
def test_what_cannot_be_a_connection_is_refused_with_the_field(
    client: Program, change: dict[str, Any], field: str
) -> None:
    assert problem(client.call("POST", CONNECTIONS, FORGE | change), 422)["field"] == field
    assert client.get(CONNECTIONS).get_json()["items"] == []


CALLS = (
    ("GET", "", None),
    ("POST", "", FORGE),
    ("GET", "/forge", None),
    ("PATCH", "/forge", {"name": "Other"}),
    ("POST", "/forge/enable", {"untested": True}),
    ("POST", "/forge/disable", None),
    ("POST", "/forge/test", None),
    ("DELETE", "/forge", None),
)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_each_operation_needs_its_scope_and_its_permission(
    app: Flask, administrator: Person, method: str, path: str, body: object
) -> None:
    wrong = program(app, administrator, WRITE if method == "GET" else READ, "shares:write")
    problem(wrong.call(method, CONNECTIONS + path, body), 403)
    with transaction() as db:
        author = people.make_author(db)
    problem(program(app, author, READ, WRITE).call(method, CONNECTIONS + path, body), 403)
    problem(Program(app, None).call(method, CONNECTIONS + path, body), 401)
    problem(program(app, administrator, "shares:read").call(method, CONNECTIONS + path, body), 403)


def test_auditors_read_and_change_nothing(app: Flask, client: Program) -> None:
    made(client)
    with transaction() as db:
        auditor = people.make_auditor(db)
    reader = program(app, auditor, READ, WRITE)
    assert reader.get(f"{CONNECTIONS}/forge").get_json()["name"] == "Forge"
    problem(reader.call("DELETE", f"{CONNECTIONS}/forge"), 403)


def test_every_operation_answers_as_the_description_says(client: Program) -> None:
    description = client.get("/api/v1/openapi.json").get_json()
    called = set()
    for method, path, body in CALLS:
        kind = PATCH if method == "PATCH" else "application/json"
        response = client.call(method, CONNECTIONS + path, body, kind=kind)
        described_at = description["paths"][f"{CONNECTIONS}{path.replace('forge', '{public_id}')}"][method.lower()]
        expected = {"POST": 201 if not path else 200, "DELETE": 204}.get(method, 200)
        assert response.status_code == expected, response.text
        called.add(described_at["operationId"])
        content = described_at["responses"][str(expected)].get("content", {})
        for schema in (one["schema"] for one in content.values()):
            jsonschema.validate(response.get_json(), schema | {"components": description["components"]})
    ours = {
        one["operationId"]
        for path, methods in description["paths"].items()
        if path.startswith(CONNECTIONS)
        for one in methods.values()
    }
    assert called == ours
    assert SECRET not in json.dumps(description)


def test_what_a_body_may_hold_is_described(client: Program) -> None:
    schemas = client.get("/api/v1/openapi.json").get_json()["components"]["schemas"]
    offered = schemas["NewSsoConnection"]["properties"]["settings"]["anyOf"]
    assert [one["$ref"].rpartition("/")[2] in schemas for one in offered] == [True, True, True]
    assert "client_secret" not in schemas["SsoConnectionBody"]["properties"]
