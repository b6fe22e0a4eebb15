"""Visitors at each gate of a link, one after another, by day, by night and on a phone."""

from datetime import timedelta

from app.core import clock
from tests.journeys.portal import Portal
from tests.journeys.visitor import Look, Visit, Visitor, looks

PASSWORD = "quiet harbour lantern 42"
TITLE = "Berth and crane plan, week 48"
TERMS = "These plans are for your own work.\n\nDo not hand them on, and delete what you saved when the week is over."


def stand(visitor: Visitor, name: str) -> None:
    """Keep a picture of the gate."""
    visitor.picture(f"gate-{name}")


@looks
def test_somebody_outside_passes_every_gate_without_an_account(portal: Portal, visit: Visit, look: Look) -> None:
    address = f"anna.{look.name}@example.org"
    link = portal.share(
        portal.author(),
        password=PASSWORD,
        networks=["127.0.0.0/8", "::1"],
        recipients=[address, "northwind.example"],
        terms=TERMS,
        asks_reason=True,
        max_views_each=1,
    )
    anna = visit(look).open(link.address)
    assert "Berth" not in anna.page.content()
    stand(anna, "address")
    anna.enter({"Your email address": "anna"}).press("Send code", 422)
    stand(anna, "address-refused")
    anna.enter({"Your email address": address}).press("Send code")
    stand(anna, "code")
    code = portal.mailed_code(address)
    anna.enter({"Code": "000000" if code != "000000" else "111111"}).press("Go on", 403)
    stand(anna, "code-refused")
    anna.enter({"Code": code}).press("Go on")
    anna.enter({"Password": PASSWORD}).press("Open")
    assert "delete what you saved" in anna.words
    stand(anna, "terms")
    anna.press("Accept and go on")
    stand(anna, "reason")
    anna.enter({"Reason": "To plan the pilots"}).press("Go on")
    assert anna.heading == TITLE


@looks
def test_visitors_are_told_what_stands_in_their_way(portal: Portal, visit: Visit, look: Look) -> None:
    author = portal.author()
    elsewhere = portal.share(author, password=PASSWORD, networks=["203.0.113.0/24"])
    outside = visit(look).open(elsewhere.address, 403)
    stand(outside, "network")
    once = portal.share(author, password=PASSWORD, max_views_each=1)
    reader = outside.another().open(once.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    with portal.link(once) as row:
        row.conditions_version += 1
    reader.open(once.address, 403)
    stand(reader, "views-spent")
    early = portal.share(author, password=PASSWORD, opens_at=(clock.now() + timedelta(days=1)).isoformat())
    assert outside.another().open(early.address, 404).heading == "This link does not open anything"
    with portal.link(early) as row:
        row.opens_at = clock.now()
    assert "protected by a password" in outside.another().open(early.address).words
    signed = portal.share(author, asks_sign_in=True)
    guest = outside.another().open(signed.address)
    stand(guest, "sign-in")
    guest.sign_in(portal.guest()).reload()
    stand(guest, "open")
    with portal.link(signed) as row:
        row.asks_second_factor = True
    guest.reload()
    stand(guest, "second-factor")
    for one in (outside, reader, guest):
        one.context.close()


@looks
def test_an_author_unfolds_more_conditions_and_sees_them_on_the_links_page(
    portal: Portal, visit: Visit, look: Look
) -> None:
    author = visit(look).sign_in(portal.author())
    author.open(f"/links/new/?url={portal.page_url()}")
    author.unfold("More conditions")
    stand(author, "form")
    author.enter({"Addresses and domains": "anna@example.org\nnorthwind.example", "Networks": "192.0.2.7/24"})
    author.enter({"Terms to accept": TERMS, "Largest number of views for each reader": "3"})
    author.tick("A reason").press("Create link", 422)
    stand(author, "form-refused")
    author.enter({"Networks": "192.0.2.0/24"}).tick("Generate a password").press("Create link")
    author.follow("Go to the link's page")
    assert author.fact("Code by mail to") == "anna@example.org, northwind.example"
    assert author.fact("Networks") == "192.0.2.0/24"
    stand(author, "link")
    author.follow("Edit")
    assert author.value("Networks") == "192.0.2.0/24"
    author.open("/links/")
    stand(author, "list")


def test_another_code_can_be_asked_for_and_a_code_that_was_guessed_at_is_dead(portal: Portal, visit: Visit) -> None:
    address = "bo@example.org"
    link = portal.share(portal.author(), recipients=[address])
    bo = visit().open(link.address)
    bo.enter({"Your email address": address}).press("Send code")
    first = portal.mailed_code(address)
    portal.let_codes_be_asked(ago=timedelta())
    bo.press("Send another code", 429)
    assert "A code was sent a moment ago." in bo.words
    portal.let_codes_be_asked(ago=timedelta(seconds=31))
    bo.press("Send another code")
    second = portal.mailed_code(address, first)
    bo.enter({"Code": first}).press("Go on", 403)
    for _ in range(4):
        bo.enter({"Code": "000000" if second != "000000" else "111111"}).press("Go on", 403)
    assert "Your email address" in bo.words
    portal.let_codes_be_asked(ago=timedelta(seconds=31))
    bo.enter({"Your email address": address}).press("Send code")
    bo.enter({"Code": portal.mailed_code(address, f"{first}|{second}")}).press("Go on")
    assert bo.heading == TITLE


def test_gates_need_no_script(portal: Portal, visit: Visit) -> None:
    link = portal.share(portal.author(), password=PASSWORD, terms=TERMS, asks_reason=True)
    plain = visit(script=False).open(link.address)
    plain.enter({"Password": PASSWORD}).press("Open")
    plain.press("Accept and go on")
    plain.enter({"Reason": "To plan"}).press("Go on")
    assert plain.heading == TITLE
