"""Invitations: each person's own link under one share, what it opens, and how it is taken back by itself."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core import clock, db
from app.core.audit.models import AuditEntry, AuditPersonal
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.jobs.models import Job
from app.core.mail import delivery
from app.core.mail.models import OutgoingMail
from app.core.ratelimit import Limit
from app.core.settings import service as settings
from app.features.share_links import service, tokens
from app.features.share_links.gates import codes
from app.features.share_links.guests import invitations, listing
from app.features.share_links.guests.listing import InvitationState
from app.features.share_links.guests.models import Invitation, ReaderOpening
from app.features.share_links.models import Grant, ReaderViews
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, share
from tests.pages import Page, PageClient

ANNA, BO = "anna@example.org", "bo@example.org"
TITLE = "Berth and crane plan, week 48"


def invite(world: World, shared: Shared, *addresses: str, words: str = "") -> dict[str, Shared]:
    """Invite people as the link's owner does; return each one's own link."""
    with db.transaction() as session:
        invitations.invite(
            session, people.actor_of(session, world.author), shared.link.public_id, addresses or (ANNA, BO), words
        )
    with db.reading() as session:
        rows = session.scalars(select(Invitation).where(Invitation.link_id == shared.link.id)).all()
    return {row.address: Shared(shared.link, tokens.make(row.public_id, 0)) for row in rows}


def rows(shared: Shared) -> dict[str, listing.InvitationRow]:
    """Return what the owner sees, by address."""
    with db.reading() as session:
        return {row.address: row for row in listing.find(session, shared.link.id)}


def revoke(world: World, shared: Shared, address: str) -> int:
    """Take one own link back, as the owner does."""
    with db.transaction() as session:
        actor = people.actor_of(session, world.author)
        return invitations.revoke(session, actor, shared.link.public_id, rows(shared)[address].public_id)


def mails() -> list[OutgoingMail]:
    with db.reading() as session:
        return list(session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


def opened(pages: PageClient, own: Shared) -> str:
    """Pass the gates by an own link, and return the heading of what is shown."""
    pages.get(own.path)
    pages.submit("Open", {"password": links.PASSWORD} if "password" in pages.page.forms[0].names else None)
    return pages.follow().heading


def personal(event: str) -> list[dict[str, object]]:
    query = select(AuditPersonal.values).join(AuditEntry, AuditEntry.id == AuditPersonal.entry_id)
    with db.reading() as session:
        return list(session.scalars(query.where(AuditEntry.event.endswith(event)).order_by(AuditEntry.id)))


def test_each_person_gets_a_mail_with_a_link_of_their_own_and_no_title(world: World, pages: PageClient) -> None:
    shared = share(world, name="Northwind, secret name")
    own = invite(world, shared, " Anna@Example.org ", BO, BO, words="Hello,\nthis is the plan.")
    sent = mails()
    assert [one.recipient for one in sent] == [ANNA, BO]
    for one in sent:
        assert own[one.recipient].path in one.body
        assert "> Hello,\n> this is the plan." in one.body
        assert "Ines Duarte" in one.subject
        for secret in ("Berth", "100101", "secret name", shared.token):
            assert secret not in one.subject + one.body
    assert own[ANNA].token != own[BO].token
    assert opened(pages, own[ANNA]) == TITLE
    assert shared.gates() == ["link:invited", "link:opened"]


ASKED = {
    "a password": ({}, ["You need no account.", "You are asked for a password."]),
    "a code": (
        {"password": False, "recipients": ("example.org",)},
        ["You need no account.", "You are asked for your email address, and a code is mailed to you."],
    ),
    "a sign-in": ({"password": False, "asks_sign_in": True}, ["You are asked to sign in."]),
    "a network": ({"networks": ("203.0.113.0/24",)}, ["It opens from certain networks only."]),
}


@pytest.mark.parametrize(("conditions", "lines"), ASKED.values(), ids=ASKED)
def test_an_invitation_says_what_is_asked_whose_portal_it_is_and_whom_to_ask(
    world: World, conditions: dict[str, Any], lines: list[str]
) -> None:
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session))
        changes = {"name": "Acme Harbour", "contact": "portal@acme.example"}
        settings.change(session, administrator, "organisation", changes)
    invite(world, share(world, **conditions), ANNA)
    (mail,) = mails()
    assert mail.subject == "Ines Duarte (Acme Harbour) shares a Confluence page with you"
    for line in (*lines, "It can be opened until", "Ask portal@acme.example"):
        assert line in mail.body
    for other in ("sign in", "password", "certain networks", "a code is mailed"):
        asked = any(other in line for line in lines) or (other == "password" and conditions.get("password", True))
        assert (other in mail.body) == asked, other


def test_an_invitation_to_a_link_that_opens_later_says_when(world: World) -> None:
    opens = clock.now() + timedelta(hours=2)
    invite(world, share(world, opens_at=opens), ANNA)
    assert f"It can be opened from {opens:%-d %b %Y, %H:%M} UTC until" in mails()[0].body


def test_an_opening_says_whose_own_link_it_was_also_when_it_was_forwarded(world: World, pages: PageClient) -> None:
    shared = share(world)
    own = invite(world, shared)
    assert opened(pages, own[ANNA]) == TITLE
    forwarded = pages.another(address="198.51.100.7")
    assert opened(forwarded, own[ANNA]) == "Your access"
    assert forwarded.get(own[ANNA].path).heading == TITLE
    assert [entry["invited"] for entry in personal("link:opened")] == [ANNA, ANNA]
    found = rows(shared)
    assert (found[ANNA].state, found[ANNA].openings, found[ANNA].browsers) == (InvitationState.OPENED, 2, ("Firefox",))
    assert found[BO].state is InvitationState.WAITING
    with db.transaction() as session:
        session.execute(update(OutgoingMail).values(sent_at=clock.now()))
    assert rows(shared)[BO].state is InvitationState.SENT
    with db.reading() as session:
        assert set(session.scalars(select(ReaderOpening.network))) == {"127.0.0.0/24", "198.51.100.0/24"}


def test_an_own_link_taken_back_dies_at_the_next_request_and_the_others_live(world: World, pages: PageClient) -> None:
    shared = share(world)
    own = invite(world, shared)
    anna, bo, general = pages, pages.another(), pages.another()
    for one, where in ((anna, own[ANNA]), (bo, own[BO]), (general, shared)):
        assert opened(one, where) == TITLE
    assert revoke(world, shared, ANNA) == 1
    assert anna.get(own[ANNA].path, status=404).heading == "This link does not open anything"
    assert anna.get(f"{own[ANNA].path}pdf", status=404).heading == "This link does not open anything"
    assert bo.get(own[BO].path).heading == general.get(shared.path).heading == TITLE
    assert revoke(world, shared, ANNA) == 0
    assert rows(shared)[ANNA].state is InvitationState.REVOKED


def test_what_one_own_link_opened_opens_no_other(world: World, pages: PageClient) -> None:
    shared = share(world)
    own = invite(world, shared)
    assert opened(pages, own[ANNA]) == TITLE
    for other in (own[BO], shared):
        assert pages.get(other.path).forms[0].names >= {"password"}
    assert pages.get(own[ANNA].path).heading == TITLE


@pytest.mark.parametrize("generation", [1, 7, 255])
def test_a_token_of_another_generation_names_no_own_link(world: World, pages: PageClient, generation: int) -> None:
    shared = share(world)
    invite(world, shared)
    with db.reading() as session:
        public_id = session.scalars(select(Invitation.public_id)).first() or ""
    answer = pages.get(f"/s/{tokens.make(public_id, generation)}/", status=404)
    assert answer.body == pages.get(f"/s/{tokens.make('AAAAAAAAAAAA', 0)}/", status=404).body


def test_an_own_link_that_ended_answers_as_one_that_never_was(world: World, pages: PageClient) -> None:
    shared = share(world)
    own = invite(world, shared)
    never = pages.get(f"/s/{tokens.make('AAAAAAAAAAAA', 0)}/", status=404)
    revoke(world, shared, ANNA)
    assert pages.get(own[ANNA].path, status=404).body == never.body
    shared.change(revoked_at=clock.now())
    assert pages.get(own[BO].path, status=404).body == never.body


def test_views_of_each_reader_are_counted_for_each_own_link(world: World, pages: PageClient) -> None:
    shared = share(world, password=True)
    own = invite(world, shared)
    shared.change(max_views_each=1)
    assert opened(pages, own[ANNA]) == TITLE
    # The same own link in another browser is the same reader; another own link is another.
    other = pages.another()
    assert other.get(own[ANNA].path, status=403).status == 403
    assert opened(other, own[BO]) == TITLE
    with db.reading() as session:
        assert {reader.partition(":")[0] for reader in session.scalars(select(ReaderViews.reader))} == {"invitation"}


def test_a_new_address_of_the_link_leaves_own_links_alone_but_sends_readers_to_the_gates(
    world: World, pages: PageClient
) -> None:
    shared = share(world)
    own = invite(world, shared)
    assert opened(pages, own[ANNA]) == TITLE
    with db.transaction() as session:
        service.new_address(session, people.actor_of(session, world.author), shared.link.public_id)
    pages.get(shared.path, status=404)
    assert pages.get(own[ANNA].path).forms[0].names >= {"password"}


BAD = {
    "no address": (("anna",), "anna is not an address"),
    "a domain": (("example.org",), "example.org is not an address"),
    "a header": (("anna@example.org\nBcc: eve@example.org",), "is not an address"),
    "too many": (tuple(f"reader{number}@example.org" for number in range(101)), "at most 100 people"),
}


@pytest.mark.parametrize(("entered", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_invited_is_said_and_nothing_is_sent(
    world: World, entered: tuple[str, ...], sentence: str
) -> None:
    shared = share(world)
    with pytest.raises(Invalid, match=sentence) as refused:
        invite(world, shared, *entered)
    assert refused.value.field == "invite"
    assert mails() == []


def test_who_has_an_own_link_is_not_invited_twice_until_it_was_taken_back(world: World) -> None:
    shared = share(world)
    invite(world, shared, ANNA)
    invite(world, shared, ANNA)
    assert len(mails()) == 1
    revoke(world, shared, ANNA)
    invite(world, shared, ANNA)
    assert len(mails()) == 2


def test_only_addresses_that_the_link_is_for_are_invited(world: World) -> None:
    shared = share(world, recipients=("example.org",))
    invite(world, shared, ANNA)
    with pytest.raises(Invalid, match=r"eve@elsewhere\.example is not among"):
        invite(world, shared, "eve@elsewhere.example")


def test_nobody_is_invited_at_a_domain_that_links_may_not_be_for(world: World) -> None:
    shared = share(world)
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session))
        settings.change(session, administrator, "share_links", {"blocked_domains": "rival.example"})
    with pytest.raises(Invalid, match=r"rival\.example are blocked") as refused:
        invite(world, shared, "eve@rival.example")
    assert refused.value.field == "invite"
    invite(world, shared, ANNA)


def test_words_are_bounded_and_plain(world: World) -> None:
    shared = share(world)
    for words in ("x" * 1_001, "bell \x07"):
        with pytest.raises(Invalid) as refused:
            invite(world, shared, ANNA, words=words)
        assert refused.value.field == "words"
    invite(world, shared, ANNA, words="x" * 1_000)


def test_invitations_of_an_ended_link_are_refused(world: World) -> None:
    for ending in ({"revoked_at": clock.now()}, {"expires_at": clock.now()}, {"closed_at": clock.now()}):
        shared = share(world)
        shared.change(**ending)
        with pytest.raises(Conflict):
            invite(world, shared, ANNA)


def test_without_a_mail_server_nobody_is_invited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = share(world)
    monkeypatch.setattr(delivery, "_deliver", None)
    with pytest.raises(Invalid, match="No mail leaves"):
        invite(world, shared, ANNA)


@pytest.mark.usefixtures("held_clock")
def test_a_person_has_so_many_invitations_sent_in_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "PER_PERSON", Limit("link-invitations", 2, 86_400))
    shared = share(world)
    invite(world, shared)
    with pytest.raises(Conflict, match="2 invitations"):
        invite(world, shared, "cy@example.org")


def test_only_who_manages_a_link_invites_resends_and_takes_back(world: World) -> None:
    shared = share(world)
    invite(world, shared)
    own = rows(shared)[ANNA].public_id
    with db.transaction() as session:
        other, auditor = people.make_author(session, "Otto"), people.make_auditor(session)
        for person, refusal in ((other, NotFound), (auditor, Forbidden)):
            actor = people.actor_of(session, person)
            with pytest.raises(refusal):
                invitations.invite(session, actor, shared.link.public_id, (ANNA,))
            with pytest.raises(refusal):
                invitations.resend(session, actor, shared.link.public_id, own)
            with pytest.raises(refusal):
                invitations.revoke(session, actor, shared.link.public_id, own)
    second = share(world)
    with db.transaction() as session, pytest.raises(NotFound):
        invitations.revoke(session, people.actor_of(session, world.author), second.link.public_id, own)


def test_an_invitation_is_sent_again_after_a_minute_with_the_same_address(world: World) -> None:
    shared = share(world)
    own = invite(world, shared, ANNA)[ANNA]
    invitation_id = rows(shared)[ANNA].public_id

    def resend() -> None:
        with db.transaction() as session:
            invitations.resend(session, people.actor_of(session, world.author), shared.link.public_id, invitation_id)

    with pytest.raises(Conflict, match="a moment ago"):
        resend()
    with clock.at(clock.now() + timedelta(minutes=2)):
        resend()
    first, second = mails()
    assert own.path in first.body
    assert own.path in second.body
    assert first.message_id != second.message_id
    revoke(world, shared, ANNA)
    with clock.at(clock.now() + timedelta(minutes=4)), pytest.raises(Conflict, match="has ended"):
        resend()


def test_who_did_not_open_is_reminded_once_before_the_end(world: World, pages: PageClient) -> None:
    shared = share(world)
    own = invite(world, shared, ANNA, BO, "cy@example.org")
    assert opened(pages, own[ANNA]) == TITLE
    revoke(world, shared, "cy@example.org")
    invitations.remind_invited()
    assert len(mails()) == 3
    with clock.at(shared.row().expires_at - timedelta(days=1)):
        invitations.remind_invited()
        invitations.remind_invited()
    (reminder,) = mails()[3:]
    assert reminder.recipient == BO
    assert own[BO].path in reminder.body
    assert "Berth" not in reminder.subject + reminder.body
    assert "invitation:reminded" in shared.gates()


@pytest.mark.parametrize("why", ["off", "paused", "over"])
def test_nobody_is_reminded_of_what_does_not_open_or_where_it_is_off(world: World, why: str) -> None:
    shared = share(world)
    invite(world, shared, BO)
    end = shared.row().expires_at
    if why == "off":
        with db.transaction() as session:
            settings.change(
                session, people.actor_of(session, people.make_administrator(session)), "guests", {"remind_days": 0}
            )
    if why == "paused":
        shared.change(paused_at=clock.now(), paused_reason="owner")
    with clock.at(end + timedelta(hours=1) if why == "over" else end - timedelta(days=1)):
        invitations.remind_invited()
    assert len(mails()) == 1


def test_the_owner_invites_from_the_create_page_and_from_the_links_page(world: World, pages: PageClient) -> None:
    pages.sign_in(world.author)
    pages.get(f"/links/new/?url={world.page()}")
    pages.submit("Create link", {"invite": f"{ANNA}\nnobody", "words": ""}, status=422)
    assert "nobody is not an address" in pages.page.text
    assert mails() == []
    pages.submit("Create link", {"invite": f"{ANNA}, {BO}", "words": "Hello"})
    created = pages.follow()
    assert "2 invitations are on their way." in created.text
    assert [one.recipient for one in mails()] == [ANNA, BO]
    page = pages.get(created.links["Go to the link's page"])
    assert ANNA in page.text
    pages.get(page.links["Invite more or see all"])
    pages.submit("Send invitations", {"invite": "cy@example.org"})
    assert "One invitation is on its way." in pages.follow().text
    assert len(pages.page.table()) == 3
    assert pages.get(page.xpath("//img/@src")[0]).headers["Content-Type"] == "image/svg+xml"


def test_invitations_are_shown_to_who_manages_the_link_only(world: World, pages: PageClient) -> None:
    shared = share(world)
    invite(world, shared)
    where = f"/links/{shared.link.public_id}/invitations/"
    pages.sign_in(world.author)
    pages.get(where)
    taking = f"{where}{rows(shared)[BO].public_id}/revoke/"
    pages.send(next(form for form in pages.page.forms if form.action == taking))
    assert rows(shared)[BO].state is InvitationState.REVOKED
    with db.transaction() as session:
        auditor, other = people.make_auditor(session), people.make_author(session, "Otto")
    for person, status in ((auditor, 403), (other, 404)):
        browser = pages.another()
        browser.sign_in(person)
        browser.get(where, status=status)
        browser.get(f"/links/{shared.link.public_id}/qr.svg", status=status)
    seen = pages.another()
    seen.sign_in(auditor)
    assert ANNA not in seen.get(f"/links/{shared.link.public_id}/").text
    assert pages.another().get(where, status=303).location.startswith("/sign-in")
    with db.reading() as session:
        assert session.scalars(select(Grant)).all() == []


def ask(pages: PageClient, shared: Shared, address: str) -> list[str]:
    """Enter an address at the gate, let the worker do its part, and return the recipients of codes since."""
    before = len(mails())
    pages.get(f"{shared.path}?address=another")
    pages.submit("Send code", {"address": address})
    with db.reading() as session:
        for job in session.scalars(select(Job).where(Job.name == "share_links.send_code").order_by(Job.id)).all():
            codes.send_code(**job.arguments)
    pages.follow()
    return [one.recipient for one in mails()[before:]]


def enter_newest_code(pages: PageClient, shared: Shared) -> Page:
    """Enter the newest code that was mailed."""
    pages.get(shared.path)
    pages.submit("Go on", {"code": re.findall(r"^    (\d{6})$", mails()[-1].body, re.MULTILINE)[0]})
    return pages.follow()


def test_an_own_link_asks_for_a_code_to_the_address_it_was_sent_to_and_no_other_recipient_gets_one(
    world: World, pages: PageClient
) -> None:
    shared = share(world, password=False, recipients=("example.org",))
    own = invite(world, shared)
    bo = pages.another()
    # Bo is a recipient too, and was forwarded Anna's own link.
    assert ask(bo, own[ANNA], BO) == []
    assert ask(pages, own[ANNA], ANNA) == [ANNA]
    passing = re.compile(r'value="[^"]*"|nonce="[^"]*"|(anna|bo)@example\.org')
    answers = [passing.sub("", browser.get(own[ANNA].path).source) for browser in (pages, bo)]
    assert answers[0] == answers[1]
    assert "That is not the code" in bo.submit("Go on", {"code": "000000"}, status=403).text
    assert enter_newest_code(pages, own[ANNA]).heading == TITLE
    assert next(entry.get("reason") for name, entry in shared.events() if name == "gate:failed") == "not_invited"
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert ask(bo, own[BO], BO) == [BO]
        assert enter_newest_code(bo, own[BO]).heading == TITLE


def test_an_address_proven_elsewhere_under_the_share_passes_no_other_persons_own_link(
    world: World, pages: PageClient
) -> None:
    shared = share(world, password=False, recipients=("example.org",))
    own = invite(world, shared)
    assert ask(pages, shared, BO) == [BO]
    assert enter_newest_code(pages, shared).heading == TITLE
    assert pages.get(own[ANNA].path).forms[0].names >= {"address"}
    # Their own, which the same address opens, asks for nothing more.
    assert pages.get(own[BO].path).forms[0].names == {"csrf_token"}


def test_a_code_asked_for_at_one_own_link_does_not_wait_at_another(world: World, pages: PageClient) -> None:
    shared = share(world, password=False, recipients=("example.org",))
    own = invite(world, shared)
    ask(pages, own[ANNA], ANNA)
    assert pages.get(own[ANNA].path).forms[0].names >= {"code"}
    assert pages.get(own[BO].path).forms[0].names >= {"address"}


def test_no_code_is_sent_for_an_own_link_that_was_taken_back_meanwhile(world: World, pages: PageClient) -> None:
    shared = share(world, password=False, recipients=("example.org",))
    own = invite(world, shared)
    pages.get(own[ANNA].path)
    pages.submit("Send code", {"address": ANNA})
    revoke(world, shared, ANNA)
    with db.reading() as session:
        job = session.scalars(select(Job).where(Job.name == "share_links.send_code")).one()
    before = len(mails())
    codes.send_code(**job.arguments)
    assert len(mails()) == before
