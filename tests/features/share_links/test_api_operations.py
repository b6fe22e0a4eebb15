"""Every operation of the interface on links, as its own document describes it: done, refused, and to nobody else's things."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core.accounts.api_tokens import Scope
from app.core.config import Config
from app.core.db import reading, transaction
from app.features.share_links.guests import invitations
from app.features.share_links.guests.models import Invitation
from app.features.share_links.life_models import BulkRun, SharingHalt
from app.features.share_links.models import ShareLink
from tests.features.share_links.conftest import World
from tests.features.share_links.situations import Situation, decline, made
from tests.features.share_links.test_api import Program, operations, problem

OURS = (
    "/api/v1/shares",
    "/api/v1/share-filters",
    "/api/v1/approvals",
    "/api/v1/link-rules",
    "/api/v1/stops",
    "/api/v1/openapi.json",
)


JSON, PROBLEM = "application/json", "application/problem+json"


@pytest.fixture
def situation(app: Flask, world: World, config: Config) -> Situation:
    return made(app, world, config)


@dataclass(frozen=True)
class Call:
    """How one operation is asked for."""

    who: str = "author"
    body: Callable[[Situation], dict[str, Any]] | None = None
    query: str = ""
    before: Callable[[Situation], None] | None = None
    #: Names of places that another value is put into, to ask about what is not there or somebody else's.
    place: str = ""
    #: Which link the address names.
    link: str = "link"


CALLS: dict[str, Call] = {
    "createShare": Call(body=lambda now: {"url": now.world.page(), "generate": True, "invite": ["bo@example.org"]}),
    "foreseeShare": Call(body=lambda now: {"url": now.world.page(), "powers": {"comments": True}}),
    "listShares": Call(query="?limit=2&sort=name&state=active"),
    "readShare": Call(place="public_id"),
    "changeShare": Call(body=lambda _: {"name": "Renamed"}, place="public_id"),
    "revokeShare": Call(place="public_id"),
    "newAddress": Call(place="public_id"),
    "listFilters": Call(),
    "saveFilter": Call(body=lambda _: {"name": "Cranes", "filter": {"search": "crane", "ends_to": "2026-12-31"}}),
    "renameFilter": Call(body=lambda _: {"name": "Berths"}, place="public_id", link="saved"),
    "deleteFilter": Call(place="public_id", link="saved"),
    "readFigures": Call("administrator"),
    "readShareFigures": Call(place="public_id"),
    "tryStop": Call("administrator", body=lambda now: {"scope": "link", "what": now.link.public_id}),
    "readActivity": Call(query="?limit=1", place="public_id"),
    "describe": Call(),
    "whyShare": Call(query="?address=anna@example.org&network=192.0.2.1", place="public_id"),
    "transferShare": Call(body=lambda now: {"email": now.colleague.email}, place="public_id"),
    "changeShares": Call(body=lambda _: {"action": "extend", "days": 1, "filter": {"search": "north"}}),
    "readBulk": Call(place="public_id", link="run"),
    "rehearseBulk": Call(body=lambda _: {"action": "extend", "days": 1, "filter": {"search": "north"}}),
    "exportShares": Call(query="?sort=name&state=active"),
    "drawShare": Call(query="?kind=png", place="public_id"),
    "previewShare": Call(body=lambda _: {}, place="public_id"),
    "listReports": Call(query="?limit=1", place="public_id"),
    "listInvitations": Call(query="?limit=1", place="public_id"),
    "invite": Call(body=lambda _: {"invite": ["bo@example.org"], "words": "Hello"}, place="public_id"),
    "resendInvitation": Call(place="invitation_id", before=lambda _: _wait_a_minute()),
    "withdrawInvitation": Call(place="invitation_id"),
    "askApproval": Call(place="public_id", link="waiting", before=decline),
    "listApprovals": Call("administrator"),
    "readApproval": Call("administrator", place="request_id"),
    "approve": Call("administrator", body=lambda _: {}, place="request_id"),
    "decline": Call("administrator", body=lambda _: {"note": "Too much in it"}, place="request_id"),
    "readRules": Call("administrator", query="?connection={connection}&container=DOCS"),
    "listRuleLevels": Call("administrator"),
    "listBreaches": Call("administrator", query="?connection={connection}"),
    "changeRules": Call("administrator", body=lambda _: {"rules": {"maximum_days": 30}}),
    "tryRules": Call("administrator", body=lambda _: {"rules": {"maximum_days": 1}}),
    "stopSharing": Call("administrator", body=lambda now: {"scope": "link", "what": now.link.public_id}),
    "listStops": Call("administrator", query="?over=true"),
    "resumeSharing": Call("administrator", place="public_id", link="stop"),
}


#: Operations on things that one person has: for somebody else's token they are not there.
OWNED = [name for name, call in CALLS.items() if call.place and call.who == "author"]


def _wait_a_minute() -> None:
    with transaction() as db:
        row = db.scalars(select(Invitation)).one()
        row.mailed_at -= invitations.RESEND_AFTER


@functools.cache
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = Program(app, None).get("/api/v1/openapi.json").get_json()
    return found


def check(described_in: Mapping[str, Any], described: Mapping[str, Any], response: TestResponse) -> None:
    """Hold an answer against what the document says of it."""
    assert str(response.status_code) in described["responses"], (response.status_code, response.text)
    told = described["responses"][str(response.status_code)]
    if "content" not in told:
        assert not response.data or described["operationId"] == "describe"
        return
    assert response.mimetype in told["content"]
    if response.mimetype not in (JSON, PROBLEM):
        assert response.data
        return
    schema = told["content"][response.mimetype]["schema"] | {"components": described_in["components"]}
    jsonschema.validate(response.get_json(), schema, format_checker=jsonschema.FormatChecker())


class Operation:
    """One operation in one situation."""

    def __init__(self, name: str, now: Situation) -> None:
        self.name, self.now, self.call = name, now, CALLS[name]
        self.document = document(now.app)
        self.method, self.path, self.described = next(
            one for one in operations(self.document) if one[2]["operationId"] == name
        )
        kinds = list(self.described.get("requestBody", {}).get("content", {JSON: None}))
        self.kind = kinds[0]
        security = self.described["security"]
        self.scope: str = security[0]["token"][0] if security else ""

    def at(self, **places: str) -> str:
        """Return the address, with what the situation has in its places but for those given."""
        known = {
            "public_id": getattr(self.now, self.call.link, ""),
            "invitation_id": self.now.invitation,
            "request_id": str(self.now.request),
        }
        known["public_id"] = getattr(known["public_id"], "public_id", known["public_id"])
        query = self.call.query.format(connection=self.now.world.confluence.public_id)
        return self.path.format(**known | places) + query

    def ask(self, client: Program, path: str = "", body: object = None) -> TestResponse:
        """Send it, with the body of its call where none is given; the answer is as the document says."""
        wanted = body if body is not None or self.call.body is None else self.call.body(self.now)
        answer = client.call(self.method, path or self.at(), wanted, kind=self.kind)
        check(self.document, self.described, answer)
        return answer


def test_each_operation_of_the_document_has_a_call_here(app: Flask) -> None:
    found = [one[2]["operationId"] for one in operations(document(app)) if one[1].startswith(OURS)]
    assert sorted(found) == sorted(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_an_operation_answers_as_the_document_says_and_only_with_its_scope(name: str, situation: Situation) -> None:
    one = Operation(name, situation)
    if one.call.before:
        one.call.before(situation)
    if one.scope:
        assert one.ask(Program(situation.app, None)).status_code == 401
        others = [scope for scope in Scope if scope != one.scope]
        assert one.ask(situation.program(one.call.who, *others)).status_code == 403
    if "requestBody" in one.described:
        assert problem(one.ask(situation.program(one.call.who), body={"wrong": 1}), 422)["field"]
    good = one.ask(situation.program(one.call.who, *([one.scope] if one.scope else [])))
    assert good.status_code < 300, good.text


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.place])
def test_what_is_not_there_is_not_found_whatever_it_is_called(name: str, situation: Situation) -> None:
    one = Operation(name, situation)
    client = situation.program(one.call.who)
    wanted = one.call.body(situation) if one.call.body else None
    for missing in ("AAAAAAAAAAAA", "%00", "a" * 500, "99999999999999999999"):
        problem(client.call(one.method, one.at(**{one.call.place: missing}), wanted, kind=one.kind), 404)


@pytest.mark.parametrize("name", OWNED)
def test_what_is_somebody_elses_is_not_found_either(name: str, situation: Situation) -> None:
    one = Operation(name, situation)
    if one.call.before:
        one.call.before(situation)
    answer = one.ask(situation.program("colleague"))
    problem(answer, 404)
    assert one.ask(situation.program("author")).status_code < 300


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.who == "administrator"])
def test_what_administrators_do_authors_do_not(name: str, situation: Situation) -> None:
    answer = Operation(name, situation).ask(situation.program("author"))
    if name == "listApprovals":
        assert answer.get_json()["items"] == []
    else:
        problem(answer, 404 if name in ("readApproval", "approve", "decline") else 403)


@pytest.mark.parametrize(
    ("name", "table"),
    [("changeShares", BulkRun), ("stopSharing", SharingHalt), ("invite", Invitation), ("createShare", ShareLink)],
)
def test_the_same_key_does_it_once_and_answers_the_same(name: str, table: Any, situation: Situation) -> None:
    one = Operation(name, situation)
    assert one.call.body is not None
    client, body = situation.program(one.call.who), one.call.body(situation)
    assert "Idempotency-Key" in {each["name"] for each in one.described["parameters"]}
    before = _count(table)
    answers = [client.call(one.method, one.at(), body, Idempotency_Key="order-1") for _ in range(2)]
    assert [each.status_code for each in answers] == [answers[0].status_code] * 2
    assert answers[0].get_json() == answers[1].get_json()
    assert _count(table) == before + 1
    other = body | ({"reason": "x"} if name == "stopSharing" else {"days": 2} if name == "changeShares" else {})
    if other != body:
        problem(client.call(one.method, one.at(), other, Idempotency_Key="order-1"), 409)


def _count(table: Any) -> int:
    with reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0
