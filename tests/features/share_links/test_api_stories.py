"""What programs do with the interface on links, one step after the other."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.accounts.api_tokens import Scope
from app.core.config import Config
from app.core.db import reading, transaction
from app.features.share_links import service, tokens
from app.features.share_links.conditions import Changes
from app.features.share_links.life import bulk
from app.features.share_links.life_models import BulkRun
from app.features.share_links.models import ShareLink
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import Place
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.situations import Situation, decline, made
from tests.features.share_links.test_api import problem, program
from tests.pages import PageClient


@pytest.fixture
def situation(app: Flask, world: World, config: Config) -> Situation:
    return made(app, world, config)


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
        ("a\u0000b@example.com", "not_valid"),
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
        ("address=a%00b@example.org", "address", "Leave the character NUL out."),
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
    decline(situation)
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
