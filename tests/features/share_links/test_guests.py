"""Guests: what is shared with them, earlier openings of what is theirs, reports, and being done."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock, db
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.jobs.models import Job
from app.core.mail.models import OutgoingMail
from app.core.ratelimit import Limit
from app.core.settings import registry
from app.core.settings import service as settings
from app.features.share_links.gates import codes as gate_codes
from app.features.share_links.gates.mailed_codes import Refusal
from app.features.share_links.guests import codes, openings, reports
from app.features.share_links.guests import shared as listed
from app.features.share_links.guests.models import LinkReport
from app.features.share_links.guests.shared import Guest
from app.features.share_links.models import AddressProof, Grant
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, share
from tests.features.share_links.test_invitations import ANNA, BO, TITLE, invite, mails, opened, revoke
from tests.pages import PageClient


def switch_on(**more: object) -> None:
    """Let people outside list what is shared with them."""
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session))
        settings.change(session, administrator, "guests", {"shared_with_me": True} | more)
    registry.forget()


def work() -> None:
    """Do what the worker has to do for codes."""
    with db.reading() as session:
        waiting = session.scalars(select(Job).where(Job.name == "share_links.send_list_code").order_by(Job.id)).all()
    for job in waiting:
        codes.send_list_code(**job.arguments)


def send_codes() -> None:
    """Do what the worker has to do for codes at gates."""
    with db.reading() as session:
        waiting = session.scalars(select(Job).where(Job.name == "share_links.send_code").order_by(Job.id)).all()
    for job in waiting:
        gate_codes.send_code(**job.arguments)


def code_for(address: str) -> str | None:
    """Return the newest code for the list that was mailed to an address."""
    with db.reading() as session:
        rows = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc())).all()
    for row in rows:
        found = re.search(r"^    (\d{6})$", row.body, re.MULTILINE)
        if row.recipient == address and found is not None:
            return found[1]
    return None


def prove(pages: PageClient, address: str = ANNA) -> None:
    """Prove an address on the entry page, and open the list."""
    pages.get("/shared/address")
    pages.submit("Send code", {"address": address})
    work()
    pages.follow()
    pages.submit("Go on", {"code": code_for(address) or "000000"})
    pages.follow()


@pytest.mark.parametrize("path", ["/shared/", "/shared/address", "/shared/code"])
def test_the_list_is_not_there_until_it_is_switched_on(world: World, pages: PageClient, path: str) -> None:
    pages.get(path, status=404)
    switch_on()
    assert pages.get(path).heading == "Shared with you"


def test_somebody_without_an_account_sees_what_is_shared_with_their_address(world: World, pages: PageClient) -> None:
    switch_on()
    share(world, recipients=(ANNA,), name="Internal name")
    share(world, recipients=("example.org",))
    share(world, recipients=(BO,))
    expired, paused = share(world, recipients=(ANNA,)), share(world, recipients=(ANNA,))
    expired.change(expires_at=clock.now())
    paused.change(paused_at=clock.now(), paused_reason="owner")
    invite(world, share(world), ANNA)
    prove(pages)
    assert len(pages.page.xpath("//ul[@class='shared-list']/li")) == 3
    assert "Ines Duarte" in pages.page.text
    for secret in ("Berth", "Internal name", "OPS", BO, "100101"):
        assert secret not in pages.page.source
    assert "Nothing matches" in pages.get("/shared/?q=berth").text
    assert len(pages.get("/shared/?q=duarte").xpath("//ul[@class='shared-list']/li")) == 3


def test_what_somebody_opened_and_no_longer_opens_is_said_to_them_without_its_title(
    world: World, pages: PageClient
) -> None:
    switch_on()
    shared, unopened = (share(world, recipients=(ANNA,), password=False) for _ in range(2))
    prove(pages)
    pages.send(next(form for form in pages.page.forms if shared.link.public_id in form.action))
    pages.follow()
    pages.submit("Open")
    assert pages.follow().heading == TITLE
    for one in (shared, unopened):
        one.change(expires_at=clock.now())
    page = pages.get("/shared/")
    assert "they do not open now" in page.text
    assert len(page.xpath("//ul[@class='shared-list']/li")) == 1
    assert TITLE not in page.source
    with db.reading() as session:
        assert len(listed.ended(session, Guest((ANNA,)))) == 1
        assert listed.ended(session, Guest((BO,))) == []
        with clock.at(clock.now() + timedelta(days=31)):
            assert listed.ended(session, Guest((ANNA,))) == []


def test_a_title_is_listed_once_its_link_was_opened_or_where_the_setting_says_so(
    world: World, pages: PageClient
) -> None:
    switch_on()
    share(world, recipients=(ANNA,), password=False)
    prove(pages)
    assert TITLE not in pages.page.source
    # The proof is carried over: the link asks for no second code.
    pages.submit("Open")
    pages.follow()
    pages.submit("Open")
    assert pages.follow().heading == TITLE
    assert TITLE in pages.get("/shared/").text
    assert "Open" in pages.get("/shared/?q=berth").text
    other = pages.another()
    share(world, recipients=(BO,))
    switch_on_titles()
    prove(other, BO)
    assert TITLE in other.page.text


def switch_on_titles() -> None:
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session, "Another Admin"))
        settings.change(session, administrator, "guests", {"show_titles": True})
    registry.forget()


def test_no_answer_tells_whether_anything_is_shared_with_an_address(world: World, pages: PageClient) -> None:
    switch_on()
    share(world, recipients=(ANNA,))
    passing = re.compile(r'value="[^"]*"|nonce="[^"]*"|(anna|eve)@example\.org')
    found = []
    for address in (ANNA, "eve@example.org"):
        browser = pages.another()
        browser.get("/shared/")
        browser.submit("Send code", {"address": address})
        work()
        asked = browser.follow()
        wrong = browser.submit("Go on", {"code": "000000"}, status=403)
        found.append((passing.sub("", asked.source), passing.sub("", wrong.source)))
    assert found[0] == found[1]
    assert code_for(ANNA) is not None
    assert code_for("eve@example.org") is None


def test_a_code_for_the_list_works_once_in_its_browser_for_five_tries_and_ten_minutes(
    world: World, pages: PageClient
) -> None:
    switch_on()
    share(world, recipients=(ANNA,))
    pages.get("/shared/")
    pages.submit("Send code", {"address": ANNA})
    work()
    code = code_for(ANNA) or ""
    digest = "b" * 64
    assert codes.prove(code, digest).refusal is Refusal.OVER
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert "Shared with you" in pages.get("/shared/code").heading
    pages.get("/shared/code")
    for _ in range(5):
        pages.submit("Go on", {"code": "999999" if code != "999999" else "888888"}, status=403)
        pages.get("/shared/code")
    assert pages.page.heading == "Shared with you"
    assert code_for(ANNA) == code
    with db.reading() as session:
        assert session.scalars(select(AddressProof)).all() == []


@pytest.mark.usefixtures("held_clock")
def test_asking_for_codes_is_limited(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on()
    monkeypatch.setattr(codes, "ASKING", (Limit("shared-asking-visitor", 1, 600), codes.ASKING[1]))
    first, second = pages.another(), pages.another()
    first.get("/shared/")
    first.submit("Send code", {"address": ANNA})
    second.get("/shared/")
    assert "too many tries" in second.submit("Send code", {"address": BO}, status=429).text
    assert second.page.headers["Retry-After"]


def test_somebody_signed_in_sees_what_is_shared_with_their_groups_and_not_what_names_an_unproven_address(
    world: World, pages: PageClient
) -> None:
    switch_on()
    with db.transaction() as session:
        guest, other = people.make_guest(session), people.make_guest(session, "Gustav Guest")
        group = people.make_group(session, "Partners", guest)
        guest.email_verified_at, guest.email_verified_by = clock.now(), "some-connection"
        email = guest.email
    share(world, groups=(group.public_id,), password=False)
    share(world, recipients=(email,))
    pages.sign_in(guest)
    pages.get("/profile")
    assert len(pages.click("Shared with you").xpath("//ul[@class='shared-list']/li")) == 1
    stranger = pages.another()
    stranger.sign_in(other)
    assert "Nothing is shared with you" in stranger.get("/shared/").text


@pytest.mark.parametrize("at", ["list", "gate"])
def test_a_code_verifies_the_address_of_whoever_is_signed_in_and_of_nobody_else(
    world: World, pages: PageClient, at: str
) -> None:
    switch_on()
    with db.transaction() as session:
        guest, other = people.make_guest(session), people.make_guest(session, "Gustav Guest")
        for person in (guest, other):
            person.email_verified_at = person.email_verified_by = None
        address = guest.email
    shared = share(world, recipients=(address,), password=False)
    for person in (other, guest):
        browser = pages.another()
        browser.sign_in(person)
        if at == "list":
            prove(browser, address)
        else:
            browser.get(shared.path)
            browser.submit("Send code", {"address": address})
            browser.follow()
            send_codes()
            browser.submit("Go on", {"code": code_for(address) or "000000"})
    with db.reading() as session:
        found = {row.email: row.email_verified_by for row in session.scalars(select(Person))}
        recorded = session.scalars(select(AuditEntry).where(AuditEntry.event == "accounts:email:verified")).all()
    assert (found[address], found[other.email]) == ("code", None)
    assert [(entry.subject_id, entry.details) for entry in recorded] == [(guest.public_id, {"by": "code"})]


def test_nobody_opens_from_the_list_what_is_not_shared_with_them(world: World, pages: PageClient) -> None:
    switch_on()
    share(world, recipients=(ANNA,))
    others = share(world, recipients=(BO,))
    prove(pages)
    form = next(form for form in pages.page.forms if form.action.endswith("/open"))
    bad = f"/shared/{others.link.public_id}/open"
    token = dict(form.values)["csrf_token"]
    answer = pages.http.post(bad, data={"csrf_token": token}, base_url=pages.base_url)
    assert answer.status_code == 404
    pages.submit("Forget the address on this browser")
    assert pages.follow().forms[0].names >= {"address"}


def test_what_was_taken_back_or_given_up_is_no_longer_listed(world: World, pages: PageClient) -> None:
    switch_on()
    shared = share(world, recipients=(ANNA,))
    invite(world, shared, ANNA)
    prove(pages)
    assert len(pages.page.xpath("//ul[@class='shared-list']/li")) == 1
    revoke(world, shared, ANNA)
    assert "Nothing is shared with you" in pages.get("/shared/").text


def end_grants(shared: Shared) -> None:
    """Send all readers of a link back to its gates."""
    with db.transaction() as session:
        session.execute(update(Grant).where(Grant.link_id == shared.link.id).values(ended_at=clock.now()))


def test_a_reader_is_shown_before_reading_that_their_own_link_was_opened_elsewhere(
    world: World, pages: PageClient
) -> None:
    own = invite(world, share(world), ANNA)[ANNA]
    thief = pages.another(address="198.51.100.77")
    assert opened(thief, own) == TITLE
    assert opened(pages, own) == "Your access"
    seen = pages.page
    assert "It was opened in another browser too" in seen.text
    assert pages.get(seen.links["Go to the page"]).heading == TITLE
    # Once seen, opening again in the same browser says nothing until somebody else has opened again.
    end_grants(own)
    assert opened(pages, own) == TITLE
    end_grants(own)
    assert opened(thief, own) == "Your access"
    assert opened(pages.another(), own) == "Your access"
    assert "198.51.100.0/24" in seen.text
    assert "Firefox" in seen.text
    assert "198.51.100.77" not in seen.source
    assert "Berth" not in seen.source


ELSEWHERE = "It was opened in another browser too"


def test_whoever_reads_is_shown_at_once_that_it_was_opened_elsewhere_until_they_say_it_was_them(
    world: World, pages: PageClient
) -> None:
    shared = share(world)
    both = invite(world, shared)
    own, other = both[ANNA], pages.another()
    assert (opened(pages, own), opened(other, both[BO])) == (TITLE, TITLE)
    assert ELSEWHERE not in pages.get(own.path).text
    thief = pages.another(address="198.51.100.77")
    assert opened(thief, own) == "Your access"
    # Also of pages that are finished already.
    for _ in range(2):
        assert ELSEWHERE in pages.get(own.path).text
    for browser, path in ((other, both[BO].path), (thief, own.path)):
        assert ELSEWHERE not in browser.get(path).text
    assert pages.get(own.path).links["See when and where"] == "access"
    assert "198.51.100.0/24" in pages.get(f"{own.path}access").text
    pages.submit("That was me")
    assert ELSEWHERE not in pages.follow().text
    assert "That was me" not in pages.get(f"{own.path}access").text
    # What they knew of is over with the next opening by somebody else.
    assert opened(pages.another(), own) == "Your access"
    assert ELSEWHERE in pages.get(own.path).text


def test_what_was_opened_elsewhere_is_marked_in_the_list(world: World, pages: PageClient) -> None:
    switch_on()
    shared, _untouched = (share(world, recipients=(ANNA,), password=False) for _ in range(2))
    for number, browser in enumerate((pages, pages.another())):
        with clock.at(clock.now() + timedelta(minutes=number)):
            prove(browser)
            browser.send(next(form for form in browser.page.forms if shared.link.public_id in form.action))
            browser.follow()
            browser.submit("Open")
            assert "Opened in another browser too" not in browser.get("/shared/").text
    assert pages.get("/shared/").text.count("Opened in another browser too") == 1


def test_readers_who_cannot_be_told_apart_are_shown_nothing_of_each_other(world: World, pages: PageClient) -> None:
    shared = share(world)
    for browser in (pages, pages.another()):
        assert opened(browser, shared) == TITLE
        assert "does not tell its readers apart" in browser.get(f"{shared.path}access").text
    assert ELSEWHERE not in pages.get(shared.path).text


def test_only_a_reader_sees_the_page_about_access(world: World, pages: PageClient) -> None:
    own = invite(world, share(world), ANNA)[ANNA]
    assert pages.get(f"{own.path}access", status=303).location.endswith(own.path)


def test_who_is_done_reads_no_further_and_the_others_do(world: World, pages: PageClient) -> None:
    shared = share(world)
    own = invite(world, shared)
    other = pages.another()
    assert opened(other, own[BO]) == TITLE
    assert opened(pages, own[ANNA]) == TITLE
    pages.get(f"{own[ANNA].path}access")
    assert pages.submit("Give it up", status=200).heading == "You are done"
    pages.get(own[ANNA].path, status=404)
    assert other.get(own[BO].path).heading == TITLE
    assert "link:left" in shared.gates()


@pytest.mark.parametrize("on", [True, False])
def test_who_was_invited_is_led_to_the_list_where_there_is_one(world: World, pages: PageClient, on: bool) -> None:
    if on:
        switch_on()
    own = invite(world, share(world))[ANNA]
    opened(pages, own)
    words, address = "All that is shared with you", "http://localhost:8000/shared/"
    (mail,) = (one.body for one in mails() if one.recipient == ANNA)
    assert (f"{words} is listed at {address}" in mail) is on
    for page in (pages.get(f"{own.path}access"), pages.submit("Give it up", status=200)):
        assert (words in page.text) is on
    if on:
        assert pages.click(words).heading == "Shared with you"
    with db.transaction() as session:
        guest = people.make_guest(session)
    signed_in = pages.another()
    signed_in.sign_in(guest)
    assert ("Shared with you" in signed_in.get("/profile").text) is on


def test_who_is_done_with_a_general_link_passes_the_gates_again(world: World, pages: PageClient) -> None:
    shared = share(world)
    assert opened(pages, shared) == TITLE
    pages.get(f"{shared.path}access")
    pages.submit("Give it up", status=200)
    assert pages.get(shared.path).forms[0].names >= {"password"}


def send_report(pages: PageClient, shared: Shared, status: int = 200) -> str:
    """Report a link from its gates."""
    pages.get(f"{shared.path}report")
    pages.submit("Send report", {"reason": "harmful", "words": "It asks for\nmy password"}, status=status)
    return pages.page.heading


def test_a_report_reaches_the_owner_and_administrators(world: World, pages: PageClient) -> None:
    with db.transaction() as session:
        administrator = people.make_administrator(session)
    shared = share(world)
    own = invite(world, shared, ANNA)[ANNA]
    gate = pages.get(own.path)
    assert "Report this link" in gate.links
    assert send_report(pages, own) == "Thank you"
    assert shared.gates()[-1] == "link:reported"
    with db.reading() as session:
        recipients = [row.recipient for row in session.scalars(select(OutgoingMail))]
    assert {world.author.email, administrator.email} <= set(recipients)
    owner = pages.another()
    owner.sign_in(world.author)
    page = owner.get(f"/links/{shared.link.public_id}/")
    assert "It is harmful or tries to deceive" in page.text
    assert "It asks for my password" in page.text


@pytest.mark.usefixtures("held_clock")
def test_reports_are_limited_and_want_a_reason(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "PER_VISITOR", Limit("link-report-visitor", 1, 3_600))
    shared = share(world)
    pages.get(f"{shared.path}report")
    pages.submit("Send report", {"words": "x"}, status=422)
    assert send_report(pages, shared) == "Thank you"
    assert send_report(pages, shared, 429) == "Report this link"
    with db.reading() as session:
        assert len(session.scalars(select(LinkReport)).all()) == 1


def test_a_closed_link_has_no_pages_about_access_or_reports(world: World, pages: PageClient) -> None:
    shared = share(world)
    shared.change(revoked_at=clock.now())
    closed = pages.get(shared.path, status=404).body
    for part in ("access", "report"):
        assert pages.get(f"{shared.path}{part}", status=404).body == closed


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("nonsense", None),
        (None, None),
    ],
)
def test_networks_are_told_without_what_names_a_machine(address: str | None, masked: str | None) -> None:
    assert openings.masked(address) == masked


def test_the_password_of_links_is_asked_by_own_links_too(world: World, pages: PageClient) -> None:
    own = invite(world, share(world), ANNA)[ANNA]
    pages.get(own.path)
    pages.submit("Open", {"password": "not the password"}, status=403)
    pages.submit("Open", {"password": links.PASSWORD})
    assert pages.follow().heading == TITLE
