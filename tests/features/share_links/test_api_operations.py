"""Every operation of the interface on links, as its own document describes it: done, refused, and to nobody else's things."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core.accounts.api_tokens import Scope
from app.core.accounts.models import Person
from app.core.config import Config
from app.core.db import reading, transaction
from app.core.mail import delivery
from app.features.share_links import service, tokens
from app.features.share_links.conditions import Changes
from app.features.share_links.guests import invitations
from app.features.share_links.guests.models import Invitation
from app.features.share_links.life import bulk, halt_targets, halting
from app.features.share_links.life.bulk import BulkAction, Order
from app.features.share_links.life.halts import HaltKind, HaltScope
from app.features.share_links.life_models import BulkRun, SharingHalt
from app.features.share_links.lists import saved_filters
from app.features.share_links.models import LinkApproval, ShareLink
from app.features.share_links.rules import approving
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import Place
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import share
from tests.features.share_links.test_api import Program, operations, problem, program
from tests.pages import PageClient

OURS = (
    "/api/v1/shares",
    "/api/v1/share-filters",
    "/api/v1/approvals",
    "/api/v1/link-rules",
    "/api/v1/stops",
    "/api/v1/openapi.json",
)
JSON = "application/json"


@dataclass
class Situation:
    """What there is to ask about, and who asks."""

    app: Flask
    world: World
    author: Person
    administrator: Person
    colleague: Person
    #: Waits for nothing.
    link: ShareLink
    invitation: str
    #: Of another link, which waits for approval.
    request: int
    waiting: ShareLink
    run: str
    stop: str
    saved: str

    def program(self, who: str, *scopes: str) -> Program:
        """Return a client of one of the people; without scopes it has all of them."""
        return program(self.app, getattr(self, who), *(scopes or tuple(Scope)))


@pytest.fixture
def situation(app: Flask, world: World, config: Config) -> Situation:
    delivery.configure(config)
    with transaction() as db:
        administrator = people.make_administrator(db, "Ada Admin")
        colleague = people.make_author(db, "Bo Berg")
    world.connect(colleague, "ines")
    shared = share(world, name="For Northwind")
    with transaction() as db:
        ada = people.actor_of(db, administrator)
        rule_changes.change(db, ada, Place(world.confluence.id, "DOCS"), {"approval": True})
        waiting = links.make_link(db, world.author, world.confluence, found=links.page_facts("9", container="DOCS"))
        ines = people.actor_of(db, world.author)
        invitations.invite(db, ines, shared.link.public_id, ["anna@example.org"])
        saved = saved_filters.save(db, ines, name="Mine", everybodys=False, query={"q": "north"})
        run = bulk.plan(db, ines, Order(BulkAction.PAUSE), [shared.link.public_id])
        target = halt_targets.by_link(db, HaltScope.CONNECTION, shared.link.public_id)
        halt = halting.begin(db, ada, HaltKind.OFF, target)
        db.flush()
        halting.lift(db, ada, halt.public_id)
        row = halting.begin(db, ada, HaltKind.STOP, halt_targets.by_link(db, HaltScope.OBJECT, waiting.public_id))
        return Situation(
            app=app,
            world=world,
            author=world.author,
            administrator=administrator,
            colleague=colleague,
            link=shared.link,
            invitation=db.scalars(select(Invitation.public_id)).one(),
            request=db.scalars(select(LinkApproval.id)).one(),
            waiting=waiting,
            run=run,
            stop=row.public_id,
            saved=saved.public_id,
        )


def _decline_first(now: Situation) -> None:
    with transaction() as db:
        approving.decline(db, people.actor_of(db, now.administrator), now.request, "Too much in it")


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
    "listReports": Call(query="?limit=1", place="public_id"),
    "listInvitations": Call(query="?limit=1", place="public_id"),
    "invite": Call(body=lambda _: {"invite": ["bo@example.org"], "words": "Hello"}, place="public_id"),
    "resendInvitation": Call(place="invitation_id", before=lambda _: _wait_a_minute()),
    "withdrawInvitation": Call(place="invitation_id"),
    "askApproval": Call(place="public_id", link="waiting", before=_decline_first),
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


def test_invitations_are_sent_listed_and_taken_back(situation: Situation) -> None:
    client, path = situation.program("author"), f"/api/v1/shares/{situation.link.public_id}/invitations"
    made = client.call("POST", path, {"invite": ["Anna@Example.org", "bo@example.org"]}).get_json()
    assert [one["address"] for one in made["items"]] == ["bo@example.org"]
    assert [one["address"] for one in client.get(path).get_json()["items"]] == ["bo@example.org", "anna@example.org"]
    first = client.get(f"{path}?limit=1").get_json()
    rest = client.get(f"{path}?limit=1&cursor={first['next']}").get_json()
    assert [one["address"] for one in (*first["items"], *rest["items"])] == ["bo@example.org", "anna@example.org"]
    gone = f"{path}/{made['items'][0]['id']}"
    assert [client.call("DELETE", gone).status_code for _ in range(2)] == [204, 204]
    assert client.get(path).get_json()["items"][0]["state"] == "revoked"
    problem(client.call("POST", f"{gone}/resend"), 409)
    assert problem(client.call("POST", path, {"invite": ["anna"]}), 422)["field"] == "invite"
    with transaction() as db:
        auditor = people.make_auditor(db)
    problem(program(situation.app, auditor, *Scope).get(path), 403)


def test_reports_are_read_by_who_manages_the_link(situation: Situation, pages: PageClient) -> None:
    client, path = situation.program("author"), f"/api/v1/shares/{situation.link.public_id}/reports"
    assert client.get(path).get_json() == {"items": [], "next": None}
    for reason, words in (("unexpected", ""), ("harmful", "It asks for  a\u202e key")):
        pages.get(f"/s/{tokens.make(situation.link.public_id, situation.link.generation)}/report")
        pages.submit("Send report", {"reason": reason, "words": words}, status=200)
    first = client.get(f"{path}?limit=1").get_json()
    rest = client.get(f"{path}?limit=1&cursor={first['next']}").get_json()
    found = [(one["reason"], one["words"], one["invited"]) for one in (*first["items"], *rest["items"])]
    assert (found, rest["next"]) == ([("harmful", "It asks for a key", None), ("unexpected", None, None)], None)
    with transaction() as db:
        auditor = people.make_auditor(db)
    # As on the link's page: what visitors wrote is for who can act on it.
    problem(program(situation.app, auditor, *Scope).get(path), 403)


def test_a_link_is_made_with_its_invitations_or_not_at_all(situation: Situation) -> None:
    client, before = situation.program("author"), _count(ShareLink)
    body = {"url": situation.world.page(), "generate": True, "invite": ["bo@example.org", "nobody"]}
    assert problem(client.post(body), 422)["field"] == "invite"
    assert _count(ShareLink) == before
    made = client.post(body | {"invite": ["bo@example.org"], "words": "Hello"}).get_json()
    path = f"/api/v1/shares/{made['id']}/invitations"
    assert [one["address"] for one in client.get(path).get_json()["items"]] == ["bo@example.org"]


def test_a_second_person_decides_by_the_interface_and_the_owner_does_not(situation: Situation) -> None:
    author, ada = situation.program("author"), situation.program("administrator")
    where = f"/api/v1/shares/{situation.waiting.public_id}"
    assert author.get(where).get_json()["paused_reason"] == "approval"
    (told,) = ada.get("/api/v1/approvals").get_json()["items"]
    assert (told["id"], told["share"], told["container"]) == (situation.request, situation.waiting.public_id, "DOCS")
    path = f"/api/v1/approvals/{situation.request}"
    problem(author.patch(situation.waiting.public_id, {"paused": False}), 409)
    assert problem(ada.call("POST", f"{path}/decline", {}), 422)["field"] == "note"
    assert ada.call("POST", f"{path}/decline", {"note": "Too much in it"}).status_code == 204
    problem(ada.call("POST", f"{path}/approve", {}), 409)
    problem(ada.get(path), 404)
    assert author.call("POST", f"{where}/ask-approval").status_code == 204
    problem(author.call("POST", f"{where}/ask-approval"), 409)
    (told,) = ada.get("/api/v1/approvals").get_json()["items"]
    assert ada.call("POST", f"/api/v1/approvals/{told['id']}/approve", {"note": "Fine"}).status_code == 204
    assert author.get(where).get_json()["paused_reason"] is None


def test_a_new_address_takes_the_place_of_the_old_one(situation: Situation) -> None:
    author, path = situation.program("author"), f"/api/v1/shares/{situation.link.public_id}"
    before = author.get(path).get_json()["link"]
    after = author.call("POST", f"{path}/new-address").get_json()["link"]
    strangers = situation.app.test_client(use_cookies=False)
    answers = [strangers.get(one, base_url="http://localhost:8000").status_code for one in (before, after)]
    assert answers == [404, 200]
    author.call("DELETE", path)
    problem(author.call("POST", f"{path}/new-address"), 409)


def test_a_link_is_handed_on_once_the_colleague_is_proven_to_see_it(situation: Situation) -> None:
    author, path = situation.program("author"), f"/api/v1/shares/{situation.link.public_id}"
    with transaction() as db:
        stranger = people.make_author(db, "Eve Ek")
    for email, code in (
        (stranger.email, "not_proven"),
        ("nobody@example.com", "no_such_colleague"),
        ("a\u0000b@example.com", "no_such_colleague"),
    ):
        refused = problem(author.call("POST", f"{path}/transfer", {"email": email}), 422)
        assert (refused["field"], refused["code"]) == ("email", code)
    assert author.call("POST", f"{path}/transfer", {"email": situation.colleague.email}).status_code == 204
    problem(author.get(path), 404)
    assert situation.program("colleague").get(path).get_json()["owner"]["name"] == "Bo Berg"


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"filter": {}}, {"For Northwind", "Second"}),
        ({"filter": {"search": "sec"}}, {"Second"}),
        ({"filter": {"state": "paused"}}, set()),
        ({"ids": ["{link}"]}, {"For Northwind"}),
    ],
)
def test_work_on_many_links_is_for_those_named_or_all_that_a_filter_finds(
    chosen: dict[str, Any], names: set[str], situation: Situation
) -> None:
    with transaction() as db:
        service.revoke(db, people.actor_of(db, situation.author), situation.waiting.public_id)
        db.get_one(ShareLink, situation.waiting.id).name = "Waiting"
        links.make_link(db, situation.author, situation.world.confluence, name="Second")
        links.make_link(db, situation.colleague, situation.world.confluence, name="Second of Bo")
    body = {"action": "pause"} | chosen
    if "ids" in body:
        body["ids"] = [situation.link.public_id]
    client = situation.program("author")
    taken = client.call("POST", "/api/v1/shares/bulk", body)
    if not names:
        assert problem(taken, 422)["field"] == "links"
        return
    with reading() as db:
        run = db.scalars(select(BulkRun).where(BulkRun.public_id == taken.get_json()["id"])).one()
    bulk.do_run(run_id=run.id)
    told = client.get(taken.headers["Location"].removeprefix("http://localhost:8000")).get_json()
    with reading() as db:
        paused = set(db.scalars(select(ShareLink.name).where(ShareLink.paused_reason == "owner")))
    assert (told["finished_at"] is not None, paused) == (True, names)


def test_everybodys_links_are_changed_only_by_who_manages_them(situation: Situation) -> None:
    body = {"action": "revoke", "filter": {"all": True, "search": "north"}}
    with transaction() as db:
        auditor = people.make_auditor(db)
    for client in (situation.program("author"), program(situation.app, auditor, *Scope)):
        problem(client.call("POST", "/api/v1/shares/bulk", body), 403)
    taken = situation.program("administrator").call("POST", "/api/v1/shares/bulk", body)
    assert (taken.status_code, taken.get_json()["total"]) == (202, 2)
    for both in ({"ids": ["x"], "filter": {}}, {}):
        wrong = situation.program("administrator").call("POST", "/api/v1/shares/bulk", {"action": "pause"} | both)
        assert problem(wrong, 422)["field"] == "ids"


def test_rules_are_tried_changed_and_what_breaks_them_is_listed(situation: Situation) -> None:
    ada = situation.program("administrator")
    where = f"?connection={situation.world.confluence.public_id}&container=OPS"
    wanted = {"rules": {"maximum_days": 7, "force_watermark": True}}
    tried = ada.call("POST", f"/api/v1/link-rules/dry-run{where}", wanted).get_json()
    (broken,) = tried["breaking"]
    assert (broken["id"], broken["breaks"], broken["breaks_now"]) == (
        situation.link.public_id,
        ["maximum_days", "force_watermark"],
        [],
    )
    assert ada.get(f"/api/v1/link-rules/breaches{where}").get_json()["breaking"] == []
    changed = ada.call("PATCH", f"/api/v1/link-rules{where}", wanted, kind="application/merge-patch+json").get_json()
    assert changed["rules"]["maximum_days"] == {"own": 7, "effective": 7, "decided_by": ["OPS"]}
    listed = ada.get(f"/api/v1/link-rules/breaches{where}").get_json()["breaking"]
    assert [(one["id"], one["breaks_now"]) for one in listed] == [
        (situation.link.public_id, ["maximum_days", "force_watermark"])
    ]
    levels = ada.get("/api/v1/link-rules/levels").get_json()["items"]
    assert [(one["container"], one["rules"], one["approval"]) for one in levels] == [
        ("DOCS", 1, True),
        ("OPS", 2, False),
    ]
    looser = ada.call(
        "PATCH", f"/api/v1/link-rules{where}", {"rules": {"maximum_days": 91}}, kind="application/merge-patch+json"
    )
    assert (problem(looser, 422)["field"], problem(looser, 422)["code"]) == ("maximum_days", "loosens")
    back = {"rules": {"maximum_days": None, "force_watermark": None}}
    mended = ada.call("POST", f"/api/v1/link-rules/dry-run{where}", back).get_json()
    assert (mended["breaking"], mended["mended"]) == ([], 1)


def test_why_says_step_by_step_who_is_kept_out_and_by_what(situation: Situation) -> None:
    client, path = situation.program("author"), f"/api/v1/shares/{situation.link.public_id}/why"
    told = client.get(path).get_json()
    assert (told["opens"], told["decided_by"]) == (True, None)
    assert {one["rule"]: one["answer"] for one in told["steps"]}["password"] == "asks:password"
    with transaction() as db:
        changes = Changes(networks=("192.0.2.0/24",), recipients=("example.org",))
        service.change(db, people.actor_of(db, situation.author), situation.link.public_id, changes)
    for query, decides in (
        ("address=anna@example.org&network=192.0.2.7", None),
        ("address=anna@example.org&network=198.51.100.7", "network"),
        ("address=anna@example.net&network=192.0.2.7", "address"),
    ):
        told = client.get(f"{path}?{query}").get_json()
        assert (told["opens"], told["decided_by"]) == (decides is None, decides), query
    for query, field, sentence in (
        (f"address={'x' * 255}", "address", "Use at most 254 characters."),
        ("address=anna", "address", "Enter an email address such as anna@example.org."),
        ("address=a%00b@example.org", "address", "Enter an email address such as anna@example.org."),
        ("network=office", "network", "Enter one IP address such as 192.0.2.17 or 2001:db8::17."),
        ("network=192.0.2.0/24", "network", "Enter one IP address such as 192.0.2.17 or 2001:db8::17."),
    ):
        told = problem(client.get(f"{path}?{query}"), 422)
        assert (told["field"], told["detail"].removeprefix(f"{field}: ")) == (field, sentence)


def test_what_a_link_would_show_is_seen_before_it_is_made(situation: Situation) -> None:
    client, path = situation.program("author"), "/api/v1/shares/outlook"
    with transaction() as db:
        ada = people.actor_of(db, situation.administrator)
        rule_changes.change(db, ada, Place(situation.world.confluence.id), {"require_password": True})
        rule_changes.change(db, ada, Place(situation.world.confluence.id), {"content_check": "warn"})
    before = _count(ShareLink)
    told = client.call("POST", path, {"url": situation.world.page()}).get_json()
    assert (told["object"]["id"], told["restricted"], told["shared_already"]) == ("100101", False, 1)
    assert (told["check"], told["complete"], told["found"], told["not_looked_through"]) == ("warn", True, [], [])
    assert (told["asked"]["password"], told["asked"]["approval"]) == (True, False)
    assert _count(ShareLink) == before
    assert problem(client.call("POST", path, {"url": "https://example.com/"}), 422)["field"] == "url"
    unseen = problem(situation.program("administrator").call("POST", path, {"url": situation.world.page()}), 422)
    assert unseen["code"] == "not_connected"


def test_a_link_is_read_with_what_its_page_tells(situation: Situation) -> None:
    author, ada = situation.program("author"), situation.program("administrator")
    path, waiting = (f"/api/v1/shares/{one.public_id}" for one in (situation.link, situation.waiting))
    told = author.get(path).get_json()
    assert (told["terms"], told["declined"], told["halted"]) == (None, None, None)
    author.patch(situation.link.public_id, {"terms": "Read, do not copy."})
    assert author.get(path).get_json()["terms"] == "Read, do not copy."
    assert author.get(waiting).get_json()["halted"] == "stop"
    _decline_first(situation)
    assert author.get(waiting).get_json()["declined"] == "Too much in it"
    ada.call("DELETE", f"/api/v1/stops/{situation.stop}")
    assert author.get(waiting).get_json()["halted"] is None
    figures = author.get(f"{path}/figures").get_json()
    assert (figures["openings"], figures["readers"], len(figures["days"])) == (0, 0, 30)


def test_sharing_is_stopped_listed_and_goes_on_by_the_interface(situation: Situation) -> None:
    ada, author = situation.program("administrator"), situation.program("author")
    where = f"/api/v1/shares/{situation.link.public_id}"
    body = {"scope": "link", "what": situation.link.public_id, "reason": "A leak"}
    covered = ada.call("POST", "/api/v1/stops/dry-run", {name: body[name] for name in ("scope", "what")})
    assert covered.get_json() == {"label": "For Northwind", "links": 1, "readers": 0}
    assert author.get(where).get_json()["state"] == "active"
    stop = ada.call("POST", "/api/v1/stops", body).get_json()
    assert ada.call("POST", "/api/v1/stops", body).get_json()["id"] == stop["id"]
    assert author.get(where).get_json()["state"] == "paused"
    assert author.get(f"{where}/why").get_json()["steps"][0]["answer"] == "closed:stopped"
    assert [one["id"] for one in ada.get("/api/v1/stops").get_json()["items"]] == [stop["id"], situation.stop]
    assert ada.call("DELETE", f"/api/v1/stops/{stop['id']}").status_code == 204
    problem(ada.call("DELETE", f"/api/v1/stops/{stop['id']}"), 404)
    over = ada.get("/api/v1/stops?over=true").get_json()["items"][0]
    assert (over["id"], over["ended_by"], over["ended_at"] is not None) == (stop["id"], "Ada Admin", True)
    assert author.get(where).get_json()["state"] == "active"
    off = {"kind": "off", "scope": "link", "what": situation.link.public_id}
    assert problem(ada.call("POST", "/api/v1/stops", off), 422)["field"] == "scope"
    unknown = ada.call("POST", "/api/v1/stops", {"scope": "page", "what": "nothing"})
    assert problem(unknown, 422)["code"] == "not_valid"
