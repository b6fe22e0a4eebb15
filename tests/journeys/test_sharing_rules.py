"""Rules, content checks and a second person's approval, from whoever sets them to whoever reads in the end."""

import pytest

from tests.journeys.portal import Portal
from tests.journeys.visitor import PHONE, Visit, Visitor

PASSWORD = "quiet harbour lantern 42"
#: Pages of spaces that no other journey makes links from.
GATE_API, WELCOME = "100402", "100202"
both = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def creating(author: Visitor, portal: Portal, page_id: str) -> Visitor:
    """Come as far as the conditions of a new link."""
    author.open("/links/new/").enter({"Address": portal.page_url(page_id)})
    return author.press("Look at it")


@both
def test_a_rule_is_tried_saved_and_holds_at_once(portal: Portal, visit: Visit, script: bool) -> None:
    ines = portal.author()
    old = portal.share(ines, portal.page_url(WELCOME), name=f"Welcome week {script}", password=PASSWORD)
    ada = visit(script=script).sign_in(portal.administrator()).open("/links/rules/")
    ada.enter({"Space or project": "HR"}).press("Choose rules")
    assert "As above: 90 (Everywhere)" in ada.words
    ada.enter({"Longest life in days": "91"}).press("Show what would change", status=422)
    assert "This is looser than what holds everywhere: 90." in ada.words
    ada.enter({"Longest life in days": "5"}).press("Show what would change")
    assert "would break these rules" in ada.words
    assert f"Welcome week {script}" in ada.words
    assert "A link lives at most 5 days, counted from its creation." in ada.words

    author = creating(visit(script=script).sign_in(ines), portal, WELCOME)
    assert "At most 90 days from now." in author.words, "nothing is saved yet"
    ada.press("Save rules")
    assert "The rules are in force." in ada.words
    author.enter({"Ends": "2099-01-01T12:00"}).press("Create link", status=422)
    assert "A link lives at most 5 days, counted from its creation." in author.words
    author.enter({"Ends": ""}).press("Create link")
    assert author.heading == "Hand the link on"

    ada.open("/links/rules/").follow("Links that break rules")
    assert f"Welcome week {script}" in ada.words
    reader = visit(script=script).open(old.address).enter({"Password": PASSWORD}).press("Open")
    assert reader.heading == "Welcome week for seasonal staff", "links of before go on working"
    ada.open("/links/rules/").follow("HR").enter({"Longest life in days": ""}).press("Show what would change")
    ada.press("Save rules").open("/links/rules/breaches")
    assert "Every link keeps to the rules" in ada.words


def test_why_names_the_gate_that_keeps_somebody_out(portal: Portal, visit: Visit) -> None:
    link = portal.share(portal.author(), recipients=["northwind.example"], networks=["192.0.2.0/24"])
    auditor = visit(PHONE).sign_in(portal.auditor()).open(f"/links/{link.id}/").follow("Who could open it?")
    assert "Nobody could open it with the link alone" in auditor.words
    auditor.enter({"Email address": "greta@northwind.example", "IP address": "192.0.2.7"}).press("Explain")
    assert "greta@northwind.example could open the link" in auditor.words
    auditor.enter({"IP address": "198.51.100.7"}).press("Explain")
    assert "greta@northwind.example could not open the link" in auditor.words
    assert "Comes from no network that this link opens from. Keeps them out" in auditor.words
    auditor.enter({"IP address": "nowhere"}).press("Explain", status=422)


@both
def test_a_link_from_a_sensitive_space_opens_once_a_second_person_agreed(
    portal: Portal, visit: Visit, script: bool
) -> None:
    ines, name = portal.author(), f"Gate API {script}"
    with portal.rules("ENG", approval=True):
        author = creating(visit(script=script).sign_in(ines), portal, GATE_API)
        assert "A second person approves the link before it opens." in author.words
        author.enter({"Name": name}).press("Create link")
        assert "The link waits for approval" in author.words
        address, password = author.value("Link"), author.value("Password")
        author.follow("Go to the link's page")
        assert "This link waits for approval" in author.words
        stranger = visit(script=script).open(address, status=404)

        ada = visit(script=script).sign_in(portal.administrator()).open("/links/approvals/").follow(name)
        ada.tick("Decline: the link stays shut").press("Decide", status=422)
        assert "Say why, so that the owner can do something about it." in ada.words
        ada.enter({"Reason": "Not before Friday."}).press("Decide")
        author.reload()
        assert "They said: “Not before Friday.”" in author.words
        author.press("Ask for approval again")
        ada.open("/links/approvals/").follow(name).tick("Approve: the link opens for its readers").press("Decide")
        assert name not in ada.words
        author.reload()
        assert "This link waits for approval" not in author.words
        stranger.open(address).enter({"Password": password}).press("Open")
        assert stranger.heading == "Gate API for partners"


def test_what_must_not_leave_is_warned_of_decided_about_or_refused(portal: Portal, visit: Visit) -> None:
    author = visit().sign_in(portal.author())
    looked_for = {"patterns": "Word of the gate: slot|token"}
    with portal.rules("ENG", content_check="warn", **looked_for):
        creating(author, portal, GATE_API)
        assert "Something was found that may not be meant for others" in author.words
        assert "Word of the gate:" in author.words
        author.press("Create link")
        stranger = visit().open(author.value("Link")).enter({"Password": author.value("Password")}).press("Open")
        assert stranger.heading == "Gate API for partners"
    with portal.rules("ENG", content_check="approve", **looked_for):
        creating(author, portal, GATE_API)
        assert "A second person decides whether the link opens." in author.words
        author.press("Create link")
        visit().open(author.value("Link"), status=404)
        author.follow("Go to the link's page")
        assert "Something was found in what it shows" in author.words
    with portal.rules("ENG", content_check="refuse", **looked_for):
        creating(author, portal, GATE_API)
        assert "The rules here refuse the link." in author.words
        assert author.page.get_by_role("button", name="Create link").count() == 0
    author.follow("Look at it again").press("Create link")
    assert author.heading == "Hand the link on"
