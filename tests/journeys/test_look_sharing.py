"""What authors and administrators see of sharing as a whole, by day, by night and on a phone: rules, approvals, stops, many links."""

from datetime import timedelta

import pytest

from app.core import clock
from tests.documents.attached.made import docx
from tests.journeys.portal import Cast, Portal, Shared
from tests.journeys.test_look import PASSWORD, walk
from tests.journeys.visitor import EVERY_LOOK, Visit, Visitor

pytestmark = pytest.mark.looks
#: Pages of spaces that have rules of their own while a picture is taken.
GATE_API, RELEASE_NOTES, WELCOME = "100402", "100403", "100202"
HANDBOOK = "100120"


def test_what_administrators_see_of_rules(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    portal.share(ines, name="Berth plan for Northwind", password=PASSWORD)
    portal.share(ines, portal.page_url("100103"), name="Safety rules for visitors", password=PASSWORD)
    ada = visit(EVERY_LOOK).sign_in(portal.administrator())
    walk(ada, ("rules", "/links/rules/", 200), ("rules-breaches-none", "/links/rules/breaches", 200))
    with portal.rules("ENG", approval=True, force_watermark=True), portal.rules("HR", require_person=True):
        walk(ada, ("rules-places", "/links/rules/", 200), ("rules-everywhere", "/links/rules/everywhere", 200))
        ada.follow("Rules for links").follow("ENG").picture("rules-level")
        ada.enter({"Longest life in days": "400"}).press("Show what would change", status=422)
        ada.picture("rules-level-refused")
    ada.open("/links/rules/").enter({"Space or project": "OPS"}).press("Choose rules")
    ada.choose_option("Readers show who they are", "Yes").press("Show what would change")
    ada.picture("rules-dry-run")
    with portal.rules("OPS", require_person=True, maximum_days=7):
        walk(ada, ("rules-breaches", "/links/rules/breaches", 200))
    walk(visit(EVERY_LOOK).sign_in(portal.auditor()), ("rules-read", "/links/rules/everywhere", 200))


def test_what_approvers_and_creators_see(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    ada = visit(EVERY_LOOK).sign_in(portal.administrator())
    walk(ada, ("approvals-none", "/links/approvals/", 200))
    author = visit(EVERY_LOOK).sign_in(ines)
    words = {"patterns": "Gate word: token|gate", "content_check": "approve"}
    with portal.rules("ENG", approval=True, **words), portal.rules("HR", **words | {"content_check": "warn"}):
        asked = portal.share(ines, portal.page_url(GATE_API), name="Gate API for Northwind", password=PASSWORD)
        portal.share(ines, portal.page_url(RELEASE_NOTES), name="Release notes", password=PASSWORD)
        walk(
            author,
            ("link-waits", f"/links/{asked.id}/", 200),
            ("create-approve", f"/links/new/?url={portal.page_url(GATE_API)}", 200),
            ("create-warn", f"/links/new/?url={portal.page_url(WELCOME)}", 200),
        )
        walk(ada, ("approvals", "/links/approvals/", 200))
        ada.follow("Gate API for Northwind").picture("approval")
        ada.tick("Decline: the link stays shut").press("Decide", status=422)
        ada.picture("approval-refused")
        ada.enter({"Reason": "The second half is not for them."}).press("Decide")
        author.open(f"/links/{asked.id}/").picture("link-declined")
    portal.attach(RELEASE_NOTES, "gates.docx", docx("Ask for the token at the gate."))
    portal.attach(RELEASE_NOTES, "backup.7z", b"7z and so on")
    with portal.rules("ENG", **words):
        author.open(f"/links/new/?url={portal.page_url(RELEASE_NOTES)}")
        author.enter({"Name": "With files"}).tick("Show attachments").tick("Allow downloads").press(
            "Create link", status=422
        )
        assert "in the file “gates.docx”" in author.words
        author.picture("create-asks-again")
        author.press("Create link")
        ada.open("/links/approvals/").follow("With files")
        ada.picture("approval-of-files")
        ada.follow("View as a recipient").picture("approver-reads")
        assert "gates.docx" in ada.words
    with portal.rules("ENG", **words | {"content_check": "refuse"}):
        author.open(f"/links/new/?url={portal.page_url(GATE_API)}").picture("create-refuse")


def test_what_creators_see_of_what_stands_in_child_pages_and_comments(portal: Portal, visit: Visit) -> None:
    author = visit(EVERY_LOOK).sign_in(portal.author())
    with portal.rules("OPS", patterns="Opening hour: 08:00|Saturdays", content_check="warn"):
        author.open(f"/links/new/?url={portal.page_url(HANDBOOK)}")
        author.choose_option("Child pages", "Those directly below").tick("Show comments").press(
            "Create link", status=422
        )
        assert "on the child page “Gate hours”" in author.words
        assert "in a comment: " in author.words
        author.picture("create-below")
        author.press("Create link")
        assert author.heading == "Hand the link on"


def test_what_administrators_see_of_stops(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    link = portal.share(ines, name="Berth plan for Northwind", password=PASSWORD)
    ada = visit(EVERY_LOOK).sign_in(portal.administrator())
    walk(
        ada,
        ("stops-none", "/sharing/", 200),
        ("stop", "/sharing/stop/", 200),
        ("switch-off", "/sharing/off/", 200),
    )
    ada.open(f"/links/{link.id}/").follow("Emergency stop …")
    ada.enter({"Reason": "A price list went out with it."}).press("Continue")
    ada.picture("stop-confirm")
    ada.press("Stop now").picture("stops")
    visit(EVERY_LOOK).sign_in(ines).open(f"/links/{link.id}/").picture("link-stopped")
    ada.follow("Resume …").picture("stop-resume")
    ada.press("Resume sharing").picture("stops-over")


def test_what_is_seen_of_many_links(portal: Portal, visit: Visit) -> None:
    ines, colleague = portal.author(), portal.author("Jonas Berg")
    links = [
        portal.share(ines, portal.page_url(page), password=PASSWORD)
        for page in ("100101", "100102", "100103", "100104")
    ]
    with portal.link(links[0]) as row:
        row.revoked_at = clock.now()
    with portal.link(links[2]) as row:
        row.expires_at = clock.now() + timedelta(days=2)
    author = visit(EVERY_LOOK).sign_in(ines)
    walk(
        author,
        ("links-many", "/links/", 200),
        ("bulk", "/links/bulk/new/?list=own", 200),
        ("transfer", f"/links/{links[1].id}/transfer/", 200),
        ("why", f"/links/{links[1].id}/why", 200),
        ("why-somebody", f"/links/{links[1].id}/why?address=greta@hauliers.example&network=192.0.2.7", 200),
        ("save-filter", "/links/filters/new/?list=own&q=crane&state=active", 200),
    )
    author.enter({"Name": "Cranes"}).press("Save filter").picture("links-saved-filter")
    author.open("/links/filters/").picture("filters")
    author.open("/links/bulk/new/?list=own").tick("Extend", "All that the list shows")
    author.enter({"Days to extend by": "10"}).press("Continue").picture("bulk-confirm")
    author.press("See what would be refused").picture("bulk-dry-run")
    author.press("Extend 4 links")
    _wait_until_done(author)
    author.picture("bulk-report")
    _invite(author, links[1], colleague)


def _wait_until_done(author: Visitor) -> None:
    author.page.locator(".job-done").wait_for()


def _invite(author: Visitor, link: Shared, colleague: Cast) -> None:
    author.open(f"/links/{link.id}/invitations/").picture("invite")
    author.enter({"Send it by mail to": f"greta@hauliers.example\n{colleague.email}"}).press("Send invitations")
    author.picture("invited")
    author.open(f"/links/{link.id}/").unfold("QR code").page.wait_for_load_state("networkidle")
    author.picture("link-invited")
