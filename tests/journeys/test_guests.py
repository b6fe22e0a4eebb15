"""Somebody outside who got a mail: their own link, earlier openings, reporting, being done, and what is shared with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.db import transaction
from app.features.share_links.life import halt_targets, halting
from app.features.share_links.life.halts import HaltKind, HaltScope
from tests.journeys.portal import Portal, Shared
from tests.journeys.visitor import Look, Visit, Visitor, looks

PASSWORD = "quiet harbour lantern 42"
TITLE = "Berth and crane plan, week 48"
#: A page of a space that no other journey shows anything of.
SYSTEMS = "100401"
LINK = r"^ +(http\S+/s/\S+/)$"


def stand(visitor: Visitor, name: str) -> None:
    """Keep a picture of the page."""
    visitor.picture(f"guest-{name}")


def code_asked(portal: Portal, visitor: Visitor, address: str, *, before: str = "") -> str:
    """Enter an address where one is asked for, and return the code that is mailed."""
    visitor.enter({"Your email address": address}).press("Send code")
    return portal.mailed_code(address, before)


@looks
def test_somebody_invited_reads_sees_who_else_did_reports_it_and_is_done(
    portal: Portal, visit: Visit, look: Look
) -> None:
    anna, bo = f"anna.{look.name}@supplier.example", f"bo.{look.name}@supplier.example"
    ines = portal.author()
    link = portal.share(ines, recipients=["supplier.example"])
    author = visit(look).sign_in(ines).open(f"/links/{link.id}/").follow("Invite people")
    author.enter({"Send it by mail to": f"{anna}\n{bo}", "A few words to them": "The plan for your week."})
    author.press("Send invitations")
    stand(author, "invitations")
    own = portal.mail(anna, LINK)[1]
    assert own != portal.mail(bo, LINK)[1] != link.address

    reader = visit(look).open(own)
    assert "This link was sent to one person." in reader.words
    stand(reader, "own-link")
    code = code_asked(portal, reader, anna)
    stand(reader, "own-link-code")
    reader.enter({"Code": code}).press("Go on")
    assert reader.heading == TITLE

    # Bo may open the link too, and was forwarded what is Anna's: no code comes to him for it.
    forwarded = visit(look).open(own)
    forwarded.enter({"Your email address": bo}).press("Send code")
    assert f"If this link was sent to {bo}" in forwarded.words
    forwarded.enter({"Code": "000000"}).press("Go on", 403)

    telephone = visit(look).open(own)
    telephone.enter({"Code": code_asked(portal, telephone, anna, before=code)}).press("Go on")
    assert telephone.heading == "Your access"
    assert "It was opened in another browser too" in telephone.words
    stand(telephone, "opened-elsewhere")
    assert telephone.follow("Go to the page").heading == TITLE

    # Who reads already is told at the next look, and says that it was them.
    assert "It was opened in another browser too" in reader.reload().words
    stand(reader, "told-at-once")
    reader.follow("See when and where")
    stand(reader, "told-where")
    reader.press("That was me")
    assert "It was opened in another browser too" not in reader.words

    reader.follow("Your access").follow("Report this link")
    stand(reader, "report")
    reader.tick("It shows something that is not meant for me").press("Send report")
    stand(reader, "reported")
    reader.follow("Back to the link").follow("Your access").unfold("I am done with it")
    stand(reader, "done-asked")
    reader.press("Give it up")
    assert reader.heading == "You are done"
    stand(reader, "done")
    for browser in (reader, telephone):
        assert browser.open(own, 404).heading == "This link does not open anything"
    author.open(f"/links/{link.id}/")
    assert "This link was reported" in author.words
    assert "Done with it" in author.words
    stand(author, "owners-page")


@looks
def test_an_author_invites_while_making_a_link_and_has_it_as_a_qr_code(
    portal: Portal, visit: Visit, look: Look
) -> None:
    address = f"cleo.{look.name}@supplier.example"
    author = visit(look).sign_in(portal.author()).open(f"/links/new/?url={portal.page_url()}")
    author.unfold("Invite people by mail")
    author.enter({"Send it by mail to": "cleo"}).press("Create link", 422)
    stand(author, "invite-refused")
    author.enter({"Send it by mail to": address, "A few words to them": "See you on Monday."}).press("Create link")
    assert portal.mail(address, LINK)[1] != author.value("Link")
    author.unfold("QR code").page.locator("img[alt='QR code of the link']").scroll_into_view_if_needed()
    author.check()
    stand(author, "created")


@looks
def test_what_is_shared_with_somebody_is_listed_without_an_account(portal: Portal, visit: Visit, look: Look) -> None:
    portal.set("guests", shared_with_me=True)
    anna = f"anna@{look.name}.example"
    ines, otto = portal.author(), portal.author("Otto Brandt")
    first = portal.share(ines, recipients=[anna])
    portal.share(otto, portal.issue_url(), recipients=[anna])
    soon = (clock.now() + timedelta(days=1)).isoformat()
    portal.share(ines, portal.page_url("100102"), recipients=[f"{look.name}.example"], expires_at=soon)
    over = portal.share(ines, portal.page_url("100104"), recipients=[anna])
    guest = visit(look).open("/shared/")
    stand(guest, "shared-entry")
    guest.enter({"Your email address": "anna"}).press("Send code", 422)
    code = code_asked(portal, guest, anna)
    stand(guest, "shared-code")
    guest.enter({"Code": "000000" if code != "000000" else "111111"}).press("Go on", 403)
    guest.enter({"Code": code}).press("Go on")
    assert len(shared(guest)) == 4
    with portal.link(over) as row:
        row.expires_at = clock.now() - timedelta(minutes=1)
    guest.reload()
    assert len(shared(guest)) == 3
    assert TITLE not in guest.words
    stand(guest, "shared-list")
    guest.enter({"Search": "otto"}).press("Search")
    assert len(shared(guest)) == 1
    guest.enter({"Search": "zeppelin"}).press("Search")
    stand(guest, "shared-nothing")
    # The address is proven: the link that is opened from here asks for no other code.
    guest.open("/shared/?q=ines").page.locator(f"form[action*='{first.id}'] button").click()
    assert guest.press("Open").heading == TITLE
    assert TITLE in guest.open("/shared/").words
    with portal.link(first) as row:
        row.expires_at = clock.now() - timedelta(minutes=1)
    guest.reload()
    assert "You opened these before" in guest.words
    assert TITLE not in guest.words
    stand(guest, "shared-ended")
    guest.press("Forget the address on this browser")
    assert "Enter your email address." in guest.words


def shared(guest: Visitor) -> list[str]:
    """Return what is listed for somebody."""
    return guest.page.locator(".shared-list > li").all_inner_texts()


@looks
def test_somebody_signed_in_finds_what_is_shared_with_their_groups(portal: Portal, visit: Visit, look: Look) -> None:
    portal.set("guests", shared_with_me=True)
    group = portal.group("Hauliers")
    portal.share(portal.author(), portal.page_url("100102"), groups=[group])
    member = visit(look).sign_in(portal.guest("Greta Vance", group)).open("/shared/")
    assert len(shared(member)) == 1
    stand(member, "shared-signed-in")
    stranger = visit(look).sign_in(portal.guest("Sam Reyes")).open("/shared/")
    assert "Nothing is shared with you" in stranger.words
    stand(stranger, "shared-empty")


@looks
def test_readers_are_told_why_a_link_does_not_open_now_and_strangers_are_not(
    portal: Portal, visit: Visit, look: Look
) -> None:
    ines = portal.author()
    paused, stopped = (portal.share(ines, password=PASSWORD) for _ in range(2))
    off = portal.share(ines, portal.page_url(SYSTEMS), password=PASSWORD)
    readers = {link: visit(look).open(link.address) for link in (paused, stopped, off)}
    for reader in readers.values():
        reader.enter({"Password": PASSWORD}).press("Open")
    with portal.link(paused) as row:
        row.paused_at, row.paused_reason = clock.now(), "owner"
    message = "We move our plans to another place until Monday. Ask the harbour office on 555 0100."
    with halted(stopped, HaltScope.LINK), halted(off, HaltScope.CONTAINER, message):
        told = {paused: "This link is paused.", stopped: "Sharing was stopped", off: "until Monday"}
        for link, name in ((paused, "paused"), (stopped, "stopped"), (off, "switched-off")):
            assert told[link] in readers[link].reload(403).words
            stand(readers[link], name)
            assert visit(look).open(link.address, 404).heading == "This link does not open anything"


@contextmanager
def halted(link: Shared, scope: HaltScope, message: str = "") -> Iterator[None]:
    """Stop a link, or switch the space off that it shows something of, as an administrator does; and let it go on."""
    kind = HaltKind.STOP if scope is HaltScope.LINK else HaltKind.OFF
    with transaction() as session:
        target = halt_targets.by_link(session, scope, link.id)
        public_id = halting.begin(session, SYSTEM, kind, target, message=message).public_id
    yield
    with transaction() as session:
        halting.lift(session, SYSTEM, public_id)
