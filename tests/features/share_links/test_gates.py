"""The gates as visitors meet them: one after another, each asking for one thing."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock, db
from app.core.accounts import second_factor
from app.core.audit.models import AuditEntry, AuditPersonal
from app.core.jobs.models import Job
from app.core.mail.models import OutgoingMail
from app.core.ratelimit import Limit
from app.features.share_links import service
from app.features.share_links.conditions import Changes, Conditions
from app.features.share_links.gates import codes, limits
from app.features.share_links.models import AddressCode, AddressProof, OwnerNotice
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import PLAN, Shared, opened, share
from tests.pages import PageClient

ANNA = "anna@example.org"
TITLE = "Berth and crane plan, week 48"


def with_conditions(world: World, *, password: bool = False, **conditions: Any) -> Shared:
    """Make a link as its owner does."""
    return share(world, password=password, **conditions)


def change(world: World, shared: Shared, **changes: Any) -> None:
    """Change a link as its owner does."""
    with db.transaction() as session:
        service.change(session, people.actor_of(session, world.author), shared.link.public_id, Changes(**changes))


def work() -> None:
    """Do what the worker has to do for codes."""
    with db.reading() as session:
        waiting = session.scalars(select(Job).where(Job.name == "share_links.send_code").order_by(Job.id)).all()
    for job in waiting:
        codes.send_code(**job.arguments)


def mails() -> list[tuple[str, str]]:
    """Return recipients and bodies of all mail to readers."""
    with db.reading() as session:
        return [(row.recipient, row.body) for row in session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))]


def code_in(body: str) -> str:
    """Return the code of a mail."""
    found = re.search(r"^    (\d{6})$", body, re.MULTILINE)
    assert found is not None, body
    return found[1]


def ask(pages: PageClient, shared: Shared, address: str = ANNA) -> None:
    """Enter an address at the gate, and let the worker do its part."""
    pages.get(shared.path)
    pages.submit("Send code", {"address": address})
    pages.follow()
    work()


def personal(event: str) -> list[dict[str, Any]]:
    """Return the personal values of all entries of an event."""
    query = select(AuditPersonal.values).join(AuditEntry, AuditEntry.id == AuditPersonal.entry_id)
    with db.reading() as session:
        return list(session.scalars(query.where(AuditEntry.event.endswith(event)).order_by(AuditEntry.id)))


def test_a_code_by_mail_opens_the_link_in_this_browser_for_a_day(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, recipients=("example.org",))
    ask(pages, shared, " Anna@Example.org ")
    ((recipient, body),) = mails()
    assert recipient == ANNA
    assert "Berth" not in body
    pages.get(shared.path)
    pages.submit("Go on", {"code": f" {code_in(body)[:3]} {code_in(body)[3:]} "})
    assert pages.follow().heading == TITLE
    assert shared.gates() == ["code:asked", "address:proven", "link:opened"]
    assert [entry["email"] for entry in personal("link:opened")] == [ANNA]
    # Another browser knows nothing of it; this one is asked again after a day.
    assert pages.another().get(shared.path).forms[0].names >= {"address"}
    with clock.at(clock.now() + timedelta(hours=11)):
        assert pages.get(shared.path).heading == TITLE
    with clock.at(clock.now() + timedelta(hours=24)):
        assert pages.get(shared.path).forms[0].names >= {"address"}


def test_whoever_is_not_meant_gets_the_same_answers_and_no_mail(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, recipients=(ANNA,))
    meant, other = pages.another(), pages.another()
    ask(meant, shared, ANNA)
    ask(other, shared, "eve@example.org")
    assert [recipient for recipient, _ in mails()] == [ANNA]
    passing = re.compile(r'value="[^"]*"|nonce="[^"]*"|(anna|eve)@example\.org')
    first, second = (passing.sub("", one.get(shared.path).source) for one in (meant, other))
    assert first == second
    for browser in (meant, other):
        assert "That is not the code" in browser.submit("Go on", {"code": "000000"}, status=403).text
    assert next(entry.get("email") for entry in personal("gate:failed")) == "eve@example.org"


def test_an_address_that_is_taken_off_the_list_reads_no_further(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, recipients=(ANNA, "bo@example.org"))
    ask(pages, shared)
    pages.get(shared.path)
    pages.submit("Go on", {"code": code_in(mails()[0][1])})
    assert pages.follow().heading == TITLE
    change(world, shared, recipients=("bo@example.org",))
    assert pages.get(shared.path).forms[0].names >= {"address"}


@pytest.mark.parametrize("entry", ["", "anna", "anna@example", "anna@example.org, eve@example.org"])
def test_what_is_no_address_is_said_at_the_field(world: World, pages: PageClient, entry: str) -> None:
    shared = with_conditions(world, recipients=(ANNA,))
    pages.get(shared.path)
    assert "Enter an email address" in pages.submit("Send code", {"address": entry}, status=422).text
    assert shared.gates() == []


def test_a_code_has_five_tries_ten_minutes_and_one_use(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, recipients=(ANNA,))
    ask(pages, shared)
    code = code_in(mails()[0][1])
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    pages.get(shared.path)
    for _ in range(5):
        pages.submit("Go on", {"code": wrong}, status=403)
        if "Send another code" not in pages.page.text:
            break
    assert "cannot be used any more" in pages.post(shared.path + "code", {"code": code}, status=403).text
    with clock.at(clock.now() + timedelta(seconds=31)):
        ask(pages, shared)
        second = code_in(mails()[-1][1])
        pages.get(shared.path)
        with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
            assert "cannot be used any more" in pages.submit("Go on", {"code": second}, status=403).text
    with db.reading() as session:
        assert session.scalars(select(AddressProof)).all() == []


def test_another_code_is_sent_after_half_a_minute_and_the_first_is_dead(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, recipients=(ANNA,))
    ask(pages, shared)
    pages.get(shared.path)
    page = pages.submit("Send another code", status=429)
    assert "You can ask for another in" in page.text
    assert 25 <= int(page.headers["Retry-After"]) <= 31
    with clock.at(clock.now() + timedelta(seconds=31)):
        pages.submit("Send another code")
        pages.follow()
        work()
        first, second = (code_in(body) for _, body in mails())
        if first != second:
            assert "not the code" in pages.submit("Go on", {"code": first}, status=403).text
        pages.submit("Go on", {"code": second})
        assert pages.follow().heading == TITLE


def test_a_code_works_in_the_browser_that_asked_and_for_its_link_only(world: World, pages: PageClient) -> None:
    shared, twin = (with_conditions(world, recipients=(ANNA,)) for _ in range(2))
    ask(pages, shared)
    code = code_in(mails()[0][1])
    other = pages.another()
    other.get(shared.path)
    other.post(shared.path + "code", {"code": code}, status=403)
    pages.get(twin.path)
    pages.post(twin.path + "code", {"code": code}, status=403)
    pages.get(shared.path)
    pages.submit("Go on", {"code": code})
    assert pages.follow().heading == TITLE
    assert pages.get(twin.path).forms[0].names >= {"address"}


def test_only_a_digest_of_the_code_is_kept(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, recipients=(ANNA,))
    ask(pages, shared)
    code = code_in(mails()[0][1])
    with db.reading() as session:
        row = session.scalars(select(AddressCode)).one()
    assert code not in repr(vars(row))
    assert len(row.code_digest or "") == 64
    # The worker may run its job again: nothing is sent twice.
    work()
    assert len(mails()) == 1


@pytest.mark.usefixtures("held_clock")
def test_a_mailbox_is_not_filled_through_us(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "PER_ADDRESS", Limit("link-code-mail", 2, 3_600))
    shared = with_conditions(world, recipients=(ANNA,))
    for _ in range(4):
        ask(pages.another(), shared)
    assert len(mails()) == 2


@pytest.mark.usefixtures("held_clock")
def test_limits_of_codes_never_touch_readers(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CODE", replace(limits.CODE, per_link=Limit("link-code-link", 3, 3_600)))
    shared = with_conditions(world, recipients=(ANNA,))
    ask(pages, shared)
    pages.get(shared.path)
    pages.submit("Go on", {"code": code_in(mails()[0][1])})
    strangers = [pages.another(address=f"203.0.113.{10 + number}") for number in range(4)]
    for number, stranger in enumerate(strangers):
        ask(stranger, shared, "eve@example.org")
        stranger.get(shared.path)
        stranger.submit("Go on", {"code": "000000"}, status=403 if number < 3 else 429)
    assert "Retry-After" not in strangers[-1].page.headers
    assert pages.get(shared.path).heading == TITLE


def test_the_owner_is_told_once_after_ten_refusals_in_an_hour(world: World, pages: PageClient) -> None:
    shared = share(world)
    for number in range(12):
        browser = pages.another(address=f"203.0.113.{number}")
        browser.get(shared.path)
        browser.submit("Open", {"password": "wrong"}, status=403)
        with db.reading() as session:
            told = session.scalars(select(OwnerNotice.code).where(OwnerNotice.link_id == shared.link.id)).all()
        assert told == ([] if number < 9 else ["many_refusals"])
    assert [recipient for recipient, _ in mails()] == [world.author.email]
    pages.sign_in(world.author)
    assert "Ten times within an hour" in pages.get(f"/links/{shared.link.public_id}/").text


def test_terms_are_accepted_once_and_asked_again_when_they_change(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, password=True, terms="Keep it to yourself.\n\n<b>Really</b>")
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD})
    page = pages.follow()
    assert "Keep it to yourself." in page.text
    assert "<b>Really</b>" not in page.source
    pages.submit("Accept and go on")
    assert pages.follow().heading == TITLE
    assert shared.events()[-2:][0] == ("terms:accepted", {"version": 1})
    change(world, shared, terms="Keep it to yourself and burn it.")
    # Stricter terms send readers back to the gates, and the password first.
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD})
    pages.follow()
    form = pages.page.form("Accept and go on")
    shared.change(terms_version=None)
    change(world, shared, terms="Something else")
    shared.change(conditions_version=shared.row().conditions_version - 1)
    # What was on the page is not what stands now.
    pages.send(form, "Accept and go on")
    assert "Something else" in pages.follow().text
    pages.submit("Accept and go on")
    assert pages.follow().heading == TITLE
    with clock.at(clock.now() + timedelta(hours=13)):
        pages.get(shared.path)
        pages.submit("Open", {"password": links.PASSWORD})
        assert pages.follow().heading == TITLE


def test_a_reason_is_stated_and_stands_in_the_trail_as_a_personal_value(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, password=True, asks_reason=True)
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD})
    pages.follow()
    assert "Say in a few words" in pages.submit("Go on", {"reason": "  "}, status=422).text
    pages.submit("Go on", {"reason": "Audit of  the pier"})
    assert pages.follow().heading == TITLE
    assert [entry["reason"] for entry in personal("link:opened")] == ["Audit of the pier"]
    assert "pier" not in repr(shared.events())
    pages.sign_in(world.author)
    assert "Reason: Audit of the pier" in pages.get(f"/links/{shared.link.public_id}/").text


def test_a_link_for_networks_opens_from_there_and_says_why_it_does_not_elsewhere(
    world: World, pages: PageClient
) -> None:
    shared = with_conditions(world, password=True, networks=("203.0.113.0/24",))
    inside, outside = pages.another(address="203.0.113.7"), pages.another(address="198.51.100.7")
    page = outside.get(shared.path, status=403)
    assert "198.51.100.7" in page.text
    assert "Ines" not in page.text
    assert opened(inside, shared).heading == TITLE
    # Also for who reads already and goes somewhere else.
    change(world, shared, networks=("203.0.113.0/24", "192.0.2.0/24"))
    assert inside.get(shared.path).heading == TITLE
    shared.change(networks={"schema": 1, "networks": ["192.0.2.0/24"]})
    assert "203.0.113.7" in inside.get(shared.path, status=403).text
    inside.get(shared.path + f"media/{PLAN}", status=303)


def test_a_link_that_opens_later_is_closed_like_any_other_until_then(world: World, pages: PageClient) -> None:
    opens = clock.now() + timedelta(hours=2)
    shared = with_conditions(world, password=True, opens_at=opens)
    revoked = share(world)
    revoked.change(revoked_at=clock.now())
    assert pages.get(shared.path, status=404).source == pages.get(revoked.path, status=404).source
    with clock.at(opens):
        assert opened(pages, shared).heading == TITLE
    pages.sign_in(world.author)
    assert "Scheduled" in pages.get(f"/links/{shared.link.public_id}/").text


def test_each_reader_opens_as_often_as_each_may(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, password=True, max_views_each=1)
    opened(pages, shared)
    with clock.at(clock.now() + timedelta(hours=13)):
        assert pages.get(shared.path, status=403).heading == "You have opened this page as often as you may"
        opened(pages.another(), shared)
    assert shared.row().views == 2


@pytest.mark.parametrize("owner", [True, False])
def test_owners_and_administrators_spend_nothing(world: World, pages: PageClient, owner: bool) -> None:
    shared = with_conditions(world, password=True, max_views=1, max_views_each=1)
    with db.transaction() as session:
        administrator = people.make_administrator(session)
    pages.sign_in(world.author if owner else administrator)
    assert opened(pages, shared).heading == TITLE
    assert shared.row().views == 0
    assert shared.events()[-1][1]["view"] is None
    # Nobody but they: a visitor spends the one view that there is.
    opened(pages.another(), shared)
    assert shared.row().views == 1


def test_a_second_factor_nobody_can_prove_lets_nobody_in(world: World, pages: PageClient) -> None:
    shared = share(world)
    with pytest.raises(Exception, match="second factor"):
        change(world, shared, asks_second_factor=True)
    shared.change(asks_second_factor=True, password_hash=None)
    with db.transaction() as session:
        guest = people.make_guest(session)
    pages.sign_in(guest)
    page = pages.get(shared.path)
    assert "none can be given here" in page.text


def test_a_second_factor_that_counts_opens_the_link(world: World, pages: PageClient) -> None:
    second_factor.register(second_factor.Provider(lambda methods, _now: "password" in methods, "account.sign_in"))
    try:
        shared = with_conditions(world, asks_second_factor=True)
        with db.transaction() as session:
            guest = people.make_guest(session)
        pages.sign_in(guest)
        pages.get(shared.path)
        pages.submit("Open")
        assert pages.follow().heading == TITLE
        second_factor.register(second_factor.Provider(lambda _methods, _now: False, "account.sign_in"))
        assert "second proof" in pages.get(shared.path).text
    finally:
        second_factor.register(None)


def test_members_of_one_group_are_not_members_of_all(world: World, pages: PageClient) -> None:
    with db.transaction() as session:
        pilots, crane = (people.make_group(session, name) for name in ("Pilots", "Crane"))
        guest = people.make_guest(session, groups=(pilots,))
    shared = with_conditions(world, groups=(pilots.public_id, crane.public_id), all_groups=True)
    pages.sign_in(guest)
    page = pages.get(shared.path, status=403)
    assert "Greta Guest" in page.text
    with db.transaction() as session:
        people.add_to_group(session, session.merge(crane), session.merge(guest))
    pages.get(shared.path)
    pages.submit("Open")
    assert pages.follow().heading == TITLE


def test_all_gates_come_one_after_another_and_nothing_is_skipped(world: World, pages: PageClient) -> None:
    shared = with_conditions(
        world, password=True, recipients=(ANNA,), terms="Be kind", asks_reason=True, networks=("127.0.0.0/8",)
    )
    # What is sent to a later gate counts for nothing.
    later: list[tuple[str, dict[str, str]]]
    later = [("terms", {"version": "1"}), ("reason", {"reason": "Why not"}), ("open", {})]
    for part, fields in later:
        pages.get(shared.path)
        pages.post(shared.path + part, fields)
        assert pages.follow().forms[0].names >= {"address"}
    ask(pages, shared)
    pages.get(shared.path)
    pages.submit("Go on", {"code": code_in(mails()[0][1])})
    pages.follow()
    pages.submit("Open", {"password": links.PASSWORD})
    pages.follow()
    pages.submit("Accept and go on")
    pages.follow()
    pages.submit("Go on", {"reason": "To know when"})
    assert pages.follow().heading == TITLE
    gates = ["network", "address", "password", "terms", "reason"]
    assert shared.events()[-1][1]["gates"] == gates


def test_a_proven_password_does_not_wait_for_ever(world: World, pages: PageClient) -> None:
    shared = with_conditions(world, password=True, terms="Be kind")
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD})
    with clock.at(clock.now() + timedelta(minutes=30)):
        assert pages.follow().forms[0].names >= {"password"}


def test_conditions_of_a_new_link_are_those_entered(world: World) -> None:
    made = Conditions(recipients=("Example.org", "anna@EXAMPLE.org"), networks=("10.0.0.0/8",), terms="  Be kind \r\n")
    with db.transaction() as session:
        found = links.share_facts(session, world.author, world.confluence)
        service.create(session, people.actor_of(session, world.author), found, made)
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event.endswith("link:created"))).one()
    assert entry.details["conditions"]["recipients"] == {"addresses": 1, "domains": ["example.org"]}
    assert ANNA not in repr(entry.details)
    assert personal("link:created")[0]["recipients"] == [ANNA, "example.org"]
