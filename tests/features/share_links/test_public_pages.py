"""What readers and strangers are answered: gates, uniform answers, reasons for those who may know, cookies."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from app.core import clock, db, signals
from app.core.accounts import membership
from app.core.accounts import service as accounts
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import MembershipSource, Person
from app.core.audit import trail
from app.core.audit.models import AuditEntry
from app.core.crypto import passwords
from app.core.crypto import tokens as secrets
from app.core.errors import Unavailable
from app.core.jobs.models import Job
from app.core.ratelimit import Attempt, Limit
from app.core.settings import registry
from app.core.settings import service as settings
from app.core.settings.organisation import OrganisationSettings
from app.features.share_links import tokens
from app.features.share_links.gates import limits
from app.features.share_links.life import halt_targets, halting
from app.features.share_links.life.halts import HaltKind, HaltScope
from app.features.share_links.models import Grant
from app.features.share_links.policy import CloseReason
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import FILES, MOVES, PDF, Shared, calls, forget_calls, opened, share
from tests.pages import PageClient


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect what is asked of the database."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def rows(*tables: Any) -> list[int]:
    """Count rows."""
    with db.reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_a_stranger_reads_the_page_after_the_password(world: World, pages: PageClient) -> None:
    shared = share(world)
    gate = pages.get(shared.path)
    assert gate.heading == "Ines Duarte shares a Confluence page with you"
    assert "recorded" in gate.text
    page = opened(pages, shared)
    assert page.heading == "Berth and crane plan, week 48"
    assert "MS Aurora Nord" in page.text
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert shared.gates() == ["link:opened"]


def test_the_gate_tells_nothing_of_what_is_shared(world: World, pages: PageClient) -> None:
    shared = share(world, groups=(), name="Secret project name")
    gate = pages.get(shared.path)
    for secret in ("Berth and crane", "OPS", "100101", "Secret project", "acme.atlassian", world.author.email):
        assert secret not in gate.source


CLOSINGS: dict[str, Callable[[Shared], None]] = {
    "revoked": lambda shared: shared.change(revoked_at=clock.now()),
    "paused": lambda shared: shared.change(paused_at=clock.now(), paused_reason="owner"),
    "expired": lambda shared: shared.change(expires_at=clock.now()),
    "used up": lambda shared: shared.change(max_views=2, views=2),
    "closed": lambda shared: shared.change(closed_at=clock.now(), closed_reason=CloseReason.GONE.value),
    "another generation": lambda shared: shared.change(generation=1),
    "unknown": lambda shared: shared.change(public_id="zzzzzzzzzzzz"),
}


@pytest.mark.parametrize("state", CLOSINGS)
@pytest.mark.parametrize("part", ["", "media/att10010100", "files/att10010102"])
def test_a_stranger_gets_the_same_bytes_whatever_the_reason(
    world: World, pages: PageClient, state: str, part: str
) -> None:
    shared = share(world, powers=FILES)
    forged = pages.http.get(f"/s/{'A' * tokens.LENGTH}/", base_url=pages.base_url)
    CLOSINGS[state](shared)
    before = rows(AuditEntry, Grant, Attempt, Job)
    forget_calls(world)
    found = pages.http.get(shared.path + part, base_url=pages.base_url)
    assert found.status_code == forged.status_code == 404
    assert found.data == forged.data
    assert "Set-Cookie" not in found.headers
    assert {name for name, _ in found.headers} == {name for name, _ in forged.headers}
    reference = found.headers["X-Request-Id"]
    assert reference.encode() not in found.data
    assert b"csrf" not in found.data
    assert b"nonce" not in found.data + found.headers["Content-Security-Policy"].encode()
    assert rows(AuditEntry, Grant, Attempt, Job) == before
    assert calls(world) == []


def test_a_forged_token_asks_the_database_nothing(world: World, pages: PageClient, engine: Engine) -> None:
    shared = share(world)
    pages.get(f"/s/{'A' * tokens.LENGTH}/", status=404)
    with statements(engine) as seen:
        pages.get(f"/s/{shared.token[:-1]}{'A' if shared.token[-1] != 'A' else 'B'}/", status=404)
        pages.get("/s/nothing/", status=404)
    assert seen == []


def test_the_same_statements_run_whatever_the_reason(world: World, pages: PageClient, engine: Engine) -> None:
    registry.get(OrganisationSettings)
    asked = {}
    for state, change in CLOSINGS.items():
        shared = share(world)
        change(shared)
        registry.get(OrganisationSettings)
        with statements(engine) as seen:
            pages.get(shared.path, status=404)
        asked[state] = [one for one in seen if not one.startswith("SELECT runtime_settings")]
    assert len({tuple(one) for one in asked.values()}) == 1, asked
    assert len(asked["unknown"]) == 1


def test_the_contact_from_the_settings_stands_on_the_closed_page(world: World, pages: PageClient) -> None:
    with db.transaction() as session:
        ada = people.actor_of(session, people.make_administrator(session))
        settings.change(session, ada, "organisation", {"contact": "links@acme.example"})
    assert "links@acme.example" in pages.get(f"/s/{'A' * tokens.LENGTH}/", status=404).text


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("revoked", 410, "revoked"),
        ("paused", 403, "paused"),
        ("expired", 410, "expired"),
        ("closed", 410, "no longer there"),
    ],
)
def test_who_held_a_grant_is_told_why(world: World, pages: PageClient, state: str, status: int, words: str) -> None:
    shared = share(world)
    opened(pages, shared)
    CLOSINGS[state](shared)
    assert words in pages.get(shared.path, status=status).text


def test_owner_and_administrator_are_told_why_and_an_auditor_is_not(world: World, pages: PageClient) -> None:
    shared = share(world)
    CLOSINGS["revoked"](shared)
    with db.transaction() as session:
        ada, otto = people.make_administrator(session), people.make_auditor(session)
        bea = people.make_author(session, "Bea Other")
    for person, status in ((world.author, 410), (ada, 410), (otto, 404), (bea, 404)):
        browser = pages.another()
        browser.sign_in(person)
        browser.get(shared.path, status=status)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_at_a_gate_changes_nothing(world: World, pages: PageClient, method: str) -> None:
    shared = share(world, powers=FILES)
    before = rows(AuditEntry, Grant, Attempt, Job)
    forget_calls(world)
    for part in ("", "media/att10010100", "files/att10010102", "password", "open"):
        pages.http.open(shared.path + part, method=method, base_url=pages.base_url)
    assert rows(AuditEntry, Grant, Attempt, Job) == before
    assert calls(world) == []
    assert shared.row().views == 0


def test_a_head_request_is_answered_without_a_body(world: World, pages: PageClient) -> None:
    shared = share(world)
    found = pages.http.head(shared.path, base_url=pages.base_url)
    assert (found.status_code, found.data) == (200, b"")


def test_an_address_without_its_last_slash_leads_to_the_page(world: World, pages: PageClient) -> None:
    for token in (share(world).token, "A" * tokens.LENGTH):
        found = pages.http.get(f"/s/{token}", base_url=pages.base_url)
        assert (found.status_code, found.headers["Location"]) == (308, f"/s/{token}/")


def test_a_wrong_password_shows_the_gate_again(world: World, pages: PageClient) -> None:
    shared = share(world)
    pages.get(shared.path)
    page = pages.submit("Open", {"password": "not the right one"}, status=403)
    assert "That password does not open this page." in page.text
    assert "not the right one" not in page.source
    assert shared.events() == [("gate:failed", {"gate": "password", "reason": "wrong"})]
    assert shared.row().views == 0
    pages.submit("Open", {"password": links.PASSWORD})
    assert "MS Aurora Nord" in pages.follow().text


def test_the_visitors_limit_says_when_to_come_back_and_holds_for_the_right_password(
    world: World, pages: PageClient, held_clock: object
) -> None:
    shared = share(world)
    pages.get(shared.path)
    for _ in range(5):
        pages.submit("Open", {"password": "wrong"}, status=403)
    page = pages.submit("Open", {"password": links.PASSWORD}, status=429)
    assert 0 < int(page.headers["Retry-After"]) <= 61
    assert shared.events()[-1] == ("gate:failed", {"gate": "password", "reason": "limited:link-password-visitor"})
    # Neither a fresh set of cookies nor a claimed browser id is a fresh allowance.
    other = pages.another()
    other.set_cookie("visitor", "x" * 43)
    other.get(shared.path)
    other.submit("Open", {"password": links.PASSWORD}, status=429)
    # Somebody elsewhere is not locked out, and after the minute nobody is.
    elsewhere = pages.another(address="203.0.113.9")
    opened(elsewhere, shared)
    with clock.at(clock.now() + timedelta(seconds=61)):
        opened(pages, shared)


def test_a_password_that_could_not_be_compared_was_not_tried(
    world: World, pages: PageClient, held_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_place: passwords.Place, _password: str, _stored: str | None) -> bool:
        raise Unavailable("passwords")

    shared = share(world)
    pages.get(shared.path)
    with monkeypatch.context() as patch:
        patch.setattr(passwords.Place, "verify", busy)
        for _ in range(6):
            pages.submit("Open", {"password": links.PASSWORD}, status=503)
            pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD})
    assert "MS Aurora Nord" in pages.follow().text


def test_whoever_finds_no_place_costs_nothing_that_is_written(
    world: World, pages: PageClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share(world)
    pages.get(shared.path)
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "_places", threading.BoundedSemaphore(1))
        with passwords.Place(), statements(engine) as seen:
            page = pages.submit("Open", {"password": links.PASSWORD}, status=503)
    assert page.headers["Retry-After"] == "2"
    assert seen
    assert all(statement.lstrip().upper().startswith(("SELECT", "WITH")) for statement in seen)
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD})
    assert "MS Aurora Nord" in pages.follow().text


@pytest.mark.usefixtures("held_clock")
def test_addresses_of_one_ipv6_network_count_together(world: World, pages: PageClient) -> None:
    shared = share(world)
    for number in range(6):
        browser = pages.another(address=f"2001:db8:1:2::{number}")
        browser.get(shared.path)
        browser.submit("Open", {"password": "wrong"}, status=403 if number < 5 else 429)


@pytest.mark.usefixtures("held_clock")
def test_the_limit_of_the_link_gives_no_time(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSWORD", replace(limits.PASSWORD, per_link=Limit("link-password-link", 3, 3_600)))
    shared = share(world)
    reader = pages.another(address="203.0.113.1")
    opened(reader, shared)
    browser = pages
    for number in range(4):
        browser = pages.another(address=f"203.0.113.{10 + number}")
        browser.get(shared.path)
        browser.submit("Open", {"password": "wrong"}, status=403 if number < 3 else 429)
    assert "Retry-After" not in browser.page.headers
    # A live grant does not notice.
    assert reader.get(shared.path).heading == "Berth and crane plan, week 48"


def test_right_passwords_do_not_use_a_link_up(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSWORD", replace(limits.PASSWORD, per_link=Limit("link-password-link", 2, 3_600)))
    shared = share(world)
    for _ in range(7):
        opened(pages.another(), shared)
    assert shared.row().views == 7


def test_a_form_without_cookies_gets_the_page_that_says_so(world: World, pages: PageClient) -> None:
    shared = share(world)
    for part in ("password", "open"):
        page = pages.post(shared.path + part, {"password": links.PASSWORD}, status=400)
        assert "cookie" in page.heading
        assert page.links["Try again"] == shared.path
    assert shared.gates() == []


def test_a_form_from_another_site_is_refused(world: World, pages: PageClient) -> None:
    shared = share(world)
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD}, status=400, Origin="https://evil.example")
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD}, status=400, Sec_Fetch_Site="cross-site")
    assert shared.gates() == []


def test_a_form_whose_origin_is_withheld_works(world: World, pages: PageClient) -> None:
    # What browsers send from a page with `Referrer-Policy: no-referrer`.
    shared = share(world)
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD}, Origin="null")
    pages.follow()


def test_cookies_are_set_at_the_gate_and_by_opening_only(world: World, pages: PageClient) -> None:
    shared = share(world)
    gate = pages.get(shared.path)
    assert [cookie.split("=")[0] for cookie in gate.headers.getlist("Set-Cookie")] == ["form_dev"]
    refused = pages.submit("Open", {"password": "wrong"}, status=403)
    assert not [cookie for cookie in refused.headers.getlist("Set-Cookie") if cookie.startswith("visitor")]
    answer = pages.submit("Open", {"password": links.PASSWORD})
    names = [cookie.split("=")[0] for cookie in answer.headers.getlist("Set-Cookie")]
    assert "visitor_dev" in names
    assert "Set-Cookie" not in pages.follow().headers


def test_repeat_reads_write_nothing_and_spend_nothing(world: World, pages: PageClient) -> None:
    shared = share(world, max_views=1, powers=FILES)
    opened(pages, shared)
    trail.ensure_writable()
    before = rows(AuditEntry, Grant, Attempt, Job)
    for _ in range(3):
        pages.get(shared.path)
        pages.get(f"{shared.path}media/{MOVES}")
    assert rows(AuditEntry, Grant, Attempt, Job) == before
    assert shared.row().views == 1
    # Everybody else comes too late.
    pages.another().get(shared.path, status=404)


def test_a_repeat_read_is_one_statement(world: World, pages: PageClient, engine: Engine) -> None:
    shared = share(world)
    opened(pages, shared)
    pages.get(shared.path)
    trail.ensure_writable()
    with statements(engine) as seen:
        pages.get(shared.path)
    assert len([one for one in seen if not one.startswith("SELECT runtime_settings")]) == 1


def test_members_sign_in_and_others_are_refused(world: World, pages: PageClient) -> None:
    with db.transaction() as session:
        greta, gus = people.make_guest(session), people.make_guest(session, "Gus Outsider")
        group = people.make_group(session, "Partners", greta)
    shared = share(world, password=False, groups=(group.public_id,))
    gate = pages.get(shared.path)
    assert gate.links["Sign in"].startswith("/sign-in?next=")
    assert "Set-Cookie" not in gate.headers
    pages.sign_in(gus)
    assert pages.get(shared.path, status=403).heading == "This page is for other people"
    member = pages.another()
    member.sign_in(greta)
    assert opened(member, shared).heading == "Berth and crane plan, week 48"
    with db.transaction() as session:
        membership.remove_member(session, SYSTEM, session.merge(group), session.merge(greta), MembershipSource.MANUAL)
    assert member.get(shared.path, status=403).heading == "This page is for other people"
    assert member.http.get(f"{shared.path}media/{MOVES}", base_url=member.base_url).status_code == 303


def test_a_grant_ends_when_somebody_signs_out(world: World, pages: PageClient) -> None:
    shared = share(world)
    pages.sign_in(world.author)
    opened(pages, shared)
    cookie = pages.http.get_cookie("visitor_dev", domain="localhost")
    assert cookie is not None
    with db.transaction() as session:
        signals.signed_out.send(world.author.id, db=session, browser_digest=secrets.digest(cookie.value))
    assert pages.get(shared.path).heading.startswith("Ines Duarte shares")
    assert shared.gates() == ["link:opened", "grant:ended"]


def test_a_deactivated_creator_closes_the_link_at_the_next_request(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    with db.transaction() as session:
        ada = people.actor_of(session, people.make_administrator(session))
        accounts.deactivate(session, ada, session.get_one(Person, world.author.id))
    assert "no longer works here" in pages.get(shared.path, status=410).text
    pages.another().get(shared.path, status=404)


def test_nothing_is_shown_while_the_trail_cannot_be_written(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)

    def broken(*_: object, **__: object) -> int:
        raise Unavailable("audit trail")

    with monkeypatch.context() as patch:
        patch.setattr(trail, "record", broken)
        trail.forget_probe()
        pages.get(shared.path, status=503)
        assert pages.http.get(f"{shared.path}files/{PDF}", base_url=pages.base_url).status_code == 503
        assert pages.http.get(f"{shared.path}media/{MOVES}", base_url=pages.base_url).status_code == 503
    trail.forget_probe()
    pages.get(shared.path)


def test_the_owner_views_it_as_a_recipient_without_spending(world: World, pages: PageClient) -> None:
    shared = share(world, max_views=1, powers=FILES)
    address = f"/links/{shared.link.public_id}/as-recipient/"
    pages.sign_in(world.author)
    page = pages.get(address)
    assert page.heading == "Berth and crane plan, week 48"
    assert "as a recipient" in page.text
    pages.get(f"{address}media/{MOVES}")
    assert shared.gates() == ["link:previewed"]
    assert shared.row().views == 0
    pages.get(f"{address}files/{PDF}")
    assert shared.gates() == ["link:previewed", "file:downloaded"]


def test_only_owner_and_administrator_view_it_as_a_recipient(world: World, pages: PageClient) -> None:
    shared = share(world)
    address = f"/links/{shared.link.public_id}/as-recipient/"
    with db.transaction() as session:
        ada, otto = people.make_administrator(session), people.make_auditor(session)
        bea, greta = people.make_author(session, "Bea Other"), people.make_guest(session)
    for person, status in ((ada, 200), (otto, 404), (bea, 404), (greta, 404)):
        browser = pages.another()
        browser.sign_in(person)
        browser.get(address, status=status)
        browser.get(f"{address}media/{MOVES}", status=status)
    CLOSINGS["paused"](shared)
    pages.sign_in(world.author)
    pages.get(address, status=403)
    pages.get(f"{address}media/{MOVES}", status=404)


def test_what_is_not_shown_outside_is_said(world: World, pages: PageClient) -> None:
    # The safety page includes another page, which the link does not cover.
    shared = share(world, "100103")
    page = opened(pages, shared)
    (said,) = page.xpath("//p[@class='reader-left-out']")
    assert "Not shown outside:" in "".join(said.itertext())


def test_who_read_before_is_told_in_an_administrators_words_that_a_place_is_off(
    world: World, pages: PageClient
) -> None:
    shared = share(world)
    opened(pages, shared)
    with db.transaction() as session:
        target = halt_targets.by_link(session, HaltScope.CONTAINER, shared.link.public_id)
        halting.begin(session, SYSTEM, HaltKind.OFF, target, message="Back on Monday, after the audit.")
    assert "Back on Monday, after the audit." in pages.get(shared.path, status=403).text
    stranger = pages.another().get(shared.path, status=404)
    assert "Monday" not in stranger.text
