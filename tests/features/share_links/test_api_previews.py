"""Programs see a link as its recipients do, its address as a picture, and the lists as files: those alone who may."""

import csv
import io
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.accounts.api_tokens import Scope
from app.core.audit.models import AuditEntry
from app.core.config import Config
from app.core.db import reading, transaction
from app.features.share_links.models import ShareLink
from app.features.share_links.powers import Children, Powers
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import Place
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import control, share
from tests.features.share_links.situations import Situation, made
from tests.features.share_links.test_api import problem, program
from tests.features.share_links.test_children import FEES, GATE_HOURS, HANDBOOK

SHARES = "/api/v1/shares"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def situation(app: Flask, world: World, config: Config) -> Situation:
    return made(app, world, config)


def recorded(event: str) -> list[AuditEntry]:
    with reading() as db:
        return list(db.scalars(select(AuditEntry).where(AuditEntry.event == event)))


def test_a_preview_tells_what_readers_see_spends_nothing_and_is_recorded(world: World, app: Flask) -> None:
    powers = Powers(comments=True, attachments=True, children=Children(1))
    shared = share(world, HANDBOOK, powers=powers, max_views=1)
    control(world, "PUT", f"attachments/{HANDBOOK}/notes.txt", {"text": "Hello", "media_type": "text/plain"})
    client, path = program(app, world.author), f"{SHARES}/{shared.link.public_id}/preview"
    told = client.call("POST", path, {}).get_json()
    assert told["closed"] is None
    seen = told["seen"]
    assert seen["title"] == "Terminal handbook for partners"
    assert "<script" not in seen["html"]
    assert "doc-comment" in seen["comments"]
    assert "Gate hours" in {one["title"] for one in seen["pages"]}
    assert FEES not in {one["id"] for one in seen["pages"]}
    below = client.call("POST", path, {"page": GATE_HOURS}).get_json()["seen"]
    assert (below["title"], "08:00 to 14:00" in below["html"]) == ("Gate hours", True)
    problem(client.call("POST", path, {"page": FEES}), 404)
    assert shared.row().views == 0
    assert [one.subject_id for one in recorded("share_links:link:previewed")] == [shared.link.public_id] * 2


def test_a_preview_of_a_closed_link_says_why(world: World, app: Flask) -> None:
    shared = share(world)
    client = program(app, world.author)
    client.patch(shared.link.public_id, {"paused": True})
    told = client.call("POST", f"{SHARES}/{shared.link.public_id}/preview", {}).get_json()
    assert told == {"closed": "paused", "seen": None}
    assert recorded("share_links:link:previewed") == []


@pytest.mark.parametrize(("who", "status"), [("author", 200), ("administrator", 200), ("colleague", 404)])
def test_a_preview_is_for_the_owner_and_who_manages_all(situation: Situation, who: str, status: int) -> None:
    answer = situation.program(who).call("POST", f"{SHARES}/{situation.link.public_id}/preview", {})
    assert answer.status_code == status


def test_who_decides_about_a_link_views_it_while_it_waits(situation: Situation) -> None:
    with transaction() as db:
        ada = people.actor_of(db, situation.administrator)
        rule_changes.change(db, ada, Place(situation.world.confluence.id, "OPS"), {"approval": True})
    shared = share(situation.world)
    path = f"{SHARES}/{shared.link.public_id}/preview"
    told = situation.program("administrator", Scope.SHARES_WRITE).call("POST", path, {}).get_json()
    assert (told["closed"], told["seen"]["title"]) == (None, "Berth and crane plan, week 48")
    assert situation.program("author").call("POST", path, {}).get_json() == {"closed": "paused", "seen": None}


def test_who_may_only_read_lists_reads_no_pages(situation: Situation) -> None:
    path = f"{SHARES}/{situation.link.public_id}/preview"
    problem(situation.program("author", Scope.SHARES_READ).call("POST", path, {}), 403)


def test_the_address_is_drawn_for_whom_it_is_told_to(situation: Situation) -> None:
    path = f"{SHARES}/{situation.link.public_id}/qr-code"
    for who in ("author", "administrator"):
        drawn = situation.program(who, Scope.SHARES_READ).get(path)
        assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
        assert ET.fromstring(drawn.data).tag.endswith("svg")
        assert "no-store" in drawn.headers["Cache-Control"]
    assert situation.program("author").get(f"{path}?kind=png").data.startswith(PNG)
    assert problem(situation.program("author").get(f"{path}?kind=gif"), 422)["field"] == "kind"
    problem(situation.program("colleague").get(path), 404)


def test_who_reads_all_links_and_manages_none_gets_no_address(situation: Situation) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
    client = program(situation.app, auditor, Scope.SHARES_READ, Scope.SHARES_WRITE)
    path = f"{SHARES}/{situation.link.public_id}"
    assert client.get(path).get_json()["link"] is None
    problem(client.get(f"{path}/qr-code"), 403)
    problem(client.call("POST", f"{path}/preview", {}), 404)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_list_is_a_file_with_the_same_filters_and_without_addresses(situation: Situation) -> None:
    client = situation.program("author", Scope.SHARES_READ)
    every = client.get("/api/v1/shares.csv")
    assert every.mimetype == "text/csv"
    listed = client.get(SHARES).get_json()["items"]
    assert [one["id"] for one in rows(every.text)] == [one["id"] for one in listed]
    assert "/s/" not in every.text
    found = client.get("/api/v1/shares.csv?search=northwind&state=active")
    assert [one["id"] for one in rows(found.text)] == [situation.link.public_id]
    saved = client.get(f"/api/v1/shares.csv?saved={situation.saved}")
    assert {one["id"] for one in rows(saved.text)} == {situation.link.public_id, situation.waiting.public_id}
    assert problem(client.get("/api/v1/shares.csv?limit=5"), 422)["field"] == "limit"
    problem(client.get("/api/v1/shares.csv?saved=AAAAAAAAAAAA"), 404)


def test_the_file_of_all_links_is_for_who_reads_them_and_each_is_recorded(situation: Situation) -> None:
    path = "/api/v1/shares.csv?all=true&search=north"
    problem(situation.program("colleague").get(path), 403)
    event = "lists:list:exported"
    before = len(recorded(event))
    assert len(rows(situation.program("administrator").get(path).text)) == 2
    last = recorded(event)[before:]
    assert [one.details["list"] for one in last] == ["all links"]


def test_a_dry_run_by_the_interface_changes_nothing(situation: Situation) -> None:
    body = {"action": "revoke", "ids": [situation.link.public_id, situation.waiting.public_id]}
    told = situation.program("author").call("POST", f"{SHARES}/bulk/dry-run", body).get_json()
    assert (told["total"], told["looked_at"], told["refused"], told["next"]) == (2, 2, [], None)
    paused = situation.program("author").call(
        "POST", f"{SHARES}/bulk/dry-run", {"action": "resume", "ids": body["ids"]}
    )
    assert [one["id"] for one in paused.get_json()["refused"]] == [situation.waiting.public_id]
    with reading() as db:
        assert [one.revoked_at for one in db.scalars(select(ShareLink))] == [None, None]
    everybodys = {"action": "pause", "filter": {"all": True}}
    problem(situation.program("colleague").call("POST", f"{SHARES}/bulk/dry-run", everybodys), 403)
    assert situation.program("administrator").call("POST", f"{SHARES}/bulk/dry-run", everybodys).status_code == 200
