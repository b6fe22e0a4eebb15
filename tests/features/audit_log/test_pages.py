"""The audit page: found by every filter, paged without loss, exported only after that was recorded."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock, spreadsheet
from app.core.accounts import membership, service
from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.models import Person
from app.core.audit import sealer, trail
from app.core.audit.events import CoreEvent
from app.core.audit.models import AuditEntry, AuditPersonal
from app.core.db import reading, transaction
from app.features.audit_log import queries
from tests.factories.people import actor_of, make_administrator, make_auditor, make_author, make_group, make_guest
from tests.pages import PageClient


@pytest.fixture
def auditor(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_auditor(db)
    pages.sign_in(made)
    return made


def acting(person: Person) -> Actor:
    with reading() as db:
        return actor_of(db, person)


def shown(pages: PageClient, query: str = "") -> list[str]:
    page = pages.get(f"/audit{query}")
    return [row["What"].split()[-1] for row in page.table()] if page.xpath("//table") else []


@pytest.mark.parametrize("path", ["/audit", "/audit/1", "/audit/export.csv"])
def test_only_who_may_read_the_trail_reads_it(pages: PageClient, app: Flask, path: str) -> None:
    assert pages.get(path, status=303).location.startswith("/sign-in")
    for make, status in ((make_author, 403), (make_guest, 404), (make_administrator, 200)):
        with transaction() as db:
            person = make(db)
        browser = pages.another()
        browser.sign_in(person)
        browser.get(path, status=status)


def test_entries_are_filtered(pages: PageClient, auditor: Person) -> None:
    with transaction() as db:
        ada = make_administrator(db)
        group = make_group(db, "Partners")
    with transaction() as db:
        membership.add_member(db, acting(ada), db.get_one(type(group), group.id), db.get_one(Person, auditor.id))
    for query, expected in {
        "?event=accounts:membership:added": ["accounts:membership:added"],
        "?actor=ADA.admin@example.com": ["accounts:membership:added"],
        f"?actor={ada.public_id}": ["accounts:membership:added"],
        "?actor=nobody@example.com": [],
        f"?subject_kind=group&subject={group.public_id}": ["accounts:group:created"],
        "?subject=ada.admin@example.com": ["accounts:role:given", "accounts:person:created"],
        f"?ids={group.public_id}": ["accounts:group:created"],
        "?ids=nothing-has-this": [],
        "?until=2020-01-01": [],
        "?since=2099-01-01": [],
        "?since=0001-01-01&until=9999-12-31": None,
        "?event=made:up:event&subject_kind=nonsense&since=nonsense&ids=%00": None,
    }.items():
        found = shown(pages, query)
        assert found == expected or (expected is None and len(found) >= 6), query


def test_dates_are_whole_days_in_the_readers_zone(pages: PageClient, held_clock: object) -> None:
    with transaction() as db:
        auditor = make_auditor(db)
        auditor.time_zone = "Asia/Tokyo"
    pages.sign_in(auditor)
    # 23 November, 12:00 UTC is 21:00 of the same day in Tokyo.
    assert len(shown(pages, "?since=2026-11-23&until=2026-11-23")) == 2
    assert shown(pages, "?since=2026-11-24") == []
    with clock.at(clock.now() + timedelta(hours=4)), transaction() as db:
        trail.record(db, CoreEvent.REFUSED, subject=None, reason="x")
    # 16:00 UTC is already the next day there.
    assert shown(pages, "?since=2026-11-24") == ["access:endpoint:refused"]
    # The first day there is began before the first in UTC.
    pages.get("/audit?since=0001-01-01&until=9999-12-31")


def test_the_trail_is_paged_by_key_without_losing_or_repeating_an_entry(pages: PageClient, auditor: Person) -> None:
    with transaction() as db:
        for _ in range(120):
            trail.record(db, CoreEvent.REFUSED, subject=None, reason="x")
    page = pages.get("/audit?event=access:endpoint:refused")
    seen = [page]
    while "Next page" in seen[-1].links:
        seen.append(pages.click("Next page"))
    ids = [link for one in seen for link in one.xpath("//tbody//a/@href")]
    assert len(ids) == len(set(ids)) == 120
    assert "First page" in seen[-1].links


def test_the_page_says_what_is_sealed_and_what_is_not(pages: PageClient, auditor: Person) -> None:
    assert "Nothing is sealed yet." in pages.get("/audit").text
    with transaction() as db:
        sealer.seal(db)
    with transaction() as db:
        trail.record(db, CoreEvent.REFUSED, subject=None, reason="x")
        head = sealer.head(db)
    page = pages.get("/audit")
    assert f"{head.seq} entries are sealed." in page.text
    assert head.mac[:16] in page.text
    assert "One entry is not sealed yet." in page.text


def test_one_entry_shows_all_there_is(pages: PageClient, auditor: Person) -> None:
    with transaction() as db:
        entry_id = trail.record(
            db, CoreEvent.SIGN_IN_FAILED, subject=("person", auditor.public_id), reason="wrong", email="who@example.com"
        )
    page = pages.get(f"/audit/{entry_id}")
    for words in ("could not sign in", "Otto Auditor", "wrong", "who@example.com", "not sealed yet"):
        assert words in page.text
    with transaction() as db:
        db.delete(db.get_one(AuditPersonal, entry_id))
    page = pages.get(f"/audit/{entry_id}")
    assert "were erased" in page.text
    assert "who@example.com" not in page.text


@pytest.mark.parametrize("entry_id", ["999999", "9223372036854775808", "x"])
def test_an_entry_that_is_not_there_is_not_found(pages: PageClient, auditor: Person, entry_id: str) -> None:
    pages.get(f"/audit/{entry_id}", status=404)


def test_an_export_is_recorded_first_and_holds_what_was_asked_for(pages: PageClient, auditor: Person) -> None:
    with transaction() as db:
        make_group(db, "=HYPERLINK(1)")
    page = pages.get("/audit/export.csv?subject=otto.auditor@example.com")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(page.body.decode())))
    assert [row["event"] for row in rows] == ["accounts:person:created", "accounts:role:given"]
    with reading() as db:
        last = db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert last.event == "audit:entries:exported"
    assert last.details == {"filters": {"subject": auditor.public_id}, "rows": 2}


def test_the_export_of_what_is_shown_is_one_click_away(pages: PageClient, auditor: Person) -> None:
    page = pages.get("/audit?event=accounts:role:given")
    assert page.links["Export as CSV"] == "/audit/export.csv?event=accounts%3Arole%3Agiven"


def test_an_export_that_cannot_be_recorded_is_not_handed_out(
    pages: PageClient, auditor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.core.errors import Unavailable

    def fails(*_: object, **__: object) -> None:
        raise Unavailable("audit trail")

    monkeypatch.setattr(trail, "record", fails)
    assert "otto" not in pages.get("/audit/export.csv", status=503).text.lower().replace("portico", "")


def test_a_long_export_comes_in_batches(pages: PageClient, auditor: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "BATCH", 3)
    with reading() as db:
        expected = db.scalar(select(func.count()).select_from(AuditEntry))
    body = pages.get("/audit/export.csv").body.decode()
    assert len(list(csv.DictReader(io.StringIO(body)))) == expected


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("plain", "plain"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_no_cell_is_taken_for_a_formula(cell: str, written: str) -> None:
    assert spreadsheet.harmless(cell) == written


def test_a_hostile_name_is_harmless_in_the_export(pages: PageClient, auditor: Person) -> None:
    with transaction() as db:
        mallory = service.create_person(db, SYSTEM, email="mallory@example.com", name='=cmd|"/c calc"!A1')
    with transaction() as db:
        trail.record(db, CoreEvent.REFUSED, subject=None, actor=acting(mallory), reason="x")
    rows = list(csv.DictReader(io.StringIO(pages.get("/audit/export.csv").body.decode())))
    assert [row["actor_name"] for row in rows if row["actor_id"].removeprefix("'") == mallory.public_id] == [
        '\'=cmd|"/c calc"!A1'
    ]
