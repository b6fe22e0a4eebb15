"""Every main page by day, by night and on a phone: good in itself, no wider than the window, and kept as a picture.

SCREENSHOTS names the folder for the pictures; they are there to be looked at.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Person
from app.core.db import reading, transaction
from app.features.sso import accounts, arrival, attempts, begin, configuration, conflicts, outstanding
from app.features.sso.arrival import Deposited
from app.features.sso.configuration import Kind, SamlSettings
from app.features.sso.models import Purpose, SsoAttempt, SsoConnection
from tests.conftest import NOW
from tests.features.sso import acme
from tests.features.sso.acme import Provider
from tests.journeys.portal import Cast, Portal, Shared
from tests.journeys.test_identity_provider import connected
from tests.journeys.visitor import EVERY_LOOK, Visit, Visitor
from tests.protocols.saml.provider import keys

pytestmark = pytest.mark.looks
PASSWORD = "quiet harbour lantern 42"
FILES = {"attachments": True, "download": True}
NOWHERE = "/s/AAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"


def test_what_authors_see(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    links = _links(portal, ines)
    shown, conditions = f"/links/{links[0].id}/", f"/links/new/?url={portal.page_url()}"
    walk(
        visit(EVERY_LOOK).sign_in(ines),
        ("links", "/links/", 200),
        ("links-nothing-matches", "/links/?q=zeppelin", 200),
        ("new-link", "/links/new/", 200),
        ("new-link-refused", "/links/new/?url=https://elsewhere.example/page", 422),
        ("create-link", conditions, 200),
        ("created-link", f"{shown}created/", 200),
        ("link", shown, 200),
        ("link-revoked", f"/links/{links[-1].id}/", 200),
        ("edit-link", f"{shown}edit/", 200),
        ("link-as-recipient", f"{shown}as-recipient/", 200),
        ("profile", "/profile", 200),
        ("change-password", "/profile/password", 200),
        ("new-token", "/profile/tokens/new", 200),
        ("not-found", "/links/nothing/", 404),
        ("forbidden", "/admin/people", 403),
    )
    newcomer = visit(EVERY_LOOK).sign_in(portal.author("Mia Berg", connected=False))
    walk(newcomer, ("links-empty", "/links/", 200), ("create-not-connected", conditions, 422))
    newcomer.open("/profile").follow("Connect", row="Acme Jira")
    newcomer.picture("connect-account")


def test_what_administrators_see(portal: Portal, visit: Visit) -> None:
    ines, group = portal.author(), portal.group("Hauliers")
    _links(portal, ines)
    portal.guest("Greta Vance", group)
    portal.failed_job()
    person = f"/admin/people/{ines.public_id}"
    ada = visit(EVERY_LOOK).sign_in(portal.administrator())
    walk(
        ada,
        ("all-links", "/links/all/", 200),
        ("all-links-filtered", "/links/all/?never_opened=yes&risk=password_only", 200),
        ("risks", "/links/risks/", 200),
        ("new-filter", "/links/filters/new/?list=all&q=crane&state=active", 200),
        ("filters-none", "/links/filters/", 200),
        ("people", "/admin/people", 200),
        ("people-nobody", "/admin/people?q=zeppelin", 200),
        ("new-person", "/admin/people/new", 200),
        ("person", person, 200),
        ("edit-person", f"{person}/edit", 200),
        ("deactivate-person", f"{person}/deactivate", 200),
        ("groups", "/admin/groups", 200),
        ("new-group", "/admin/groups/new", 200),
        ("group", f"/admin/groups/{group}", 200),
        ("group-roles", f"/admin/groups/{group}/roles", 200),
        ("connections", "/admin/connections", 200),
        ("new-connection", "/admin/connections/new", 200),
        ("settings", "/admin/settings/organisation", 200),
        ("settings-links", "/admin/settings/share_links", 200),
        ("jobs", "/admin/jobs", 200),
        ("jobs-waiting", "/admin/jobs?tab=queued", 200),
        ("audit", "/audit", 200),
    )
    ada.follow_first("table tbody a").picture("audit-entry")
    ada.open("/admin/connections").follow("Acme Confluence").press("Test connection")
    ada.picture("connection")
    ada.follow("Edit").picture("edit-connection")
    ada.open(person).unfold("Make one-time link").press("Make link")
    ada.picture("one-time-link")
    reset = visit(EVERY_LOOK).open(ada.value("Link"))
    reset.picture("reset")


def test_what_administrators_see_of_identity_providers(portal: Portal, visit: Visit) -> None:
    sam, mia = portal.guest("Sam Reyes"), portal.guest("Mia Berg")
    settings = SamlSettings(
        "https://harbour.example/metadata",
        sso_redirect_url="https://harbour.example/sso",
        certificates=(keys("harbour").certificate.pem,),
        allow_idp_initiated=True,
    )
    name = "harbour-seen"
    with connected(name, Kind.SAML, settings, portal.group("Hauliers")):
        _accounts(name, sam, mia)
        failed, went_through = "failedsignin", "passedsignin"
        _attempts(portal, name, failed, went_through)
        ada = visit(EVERY_LOOK).sign_in(portal.administrator())
        walk(
            ada,
            ("identity-providers", "/admin/sso/", 200),
            ("identity-choose-preset", "/admin/sso/new", 200),
            ("identity-new-saml", "/admin/sso/new/saml/entra_id", 200),
            ("identity-new-oidc", "/admin/sso/new/oidc/okta", 200),
            ("identity-new-oauth", "/admin/sso/new/oauth/other", 200),
            ("identity-provider", f"/admin/sso/{name}", 200),
            ("identity-edit", f"/admin/sso/{name}/edit", 200),
            ("identity-mapping", f"/admin/sso/{name}/mapping", 200),
            ("identity-groups", f"/admin/sso/{name}/groups", 200),
            ("identity-test", f"/admin/sso/{name}/test", 200),
            ("identity-attempts", "/admin/sso/attempts", 200),
            ("identity-attempt-failed", f"/admin/sso/attempts/{failed}", 200),
            ("identity-attempt-passed", f"/admin/sso/attempts/{went_through}", 200),
            ("identity-person", f"/admin/people/{sam.public_id}", 200),
            ("identity-person-conflict", f"/admin/people/{mia.public_id}", 200),
            ("identity-conflicts", "/admin/sso/conflicts", 200),
            ("identity-accounts", f"/admin/sso/{name}/accounts", 200),
            ("identity-assign", f"/admin/sso/{name}/accounts/assign?subject=a1b2&email={sam.email}", 200),
            ("identity-metadata", f"/admin/sso/{name}/metadata", 200),
            ("settings-sessions", "/admin/settings/sessions", 200),
            ("prove-again", "/sign-in/again?next=/profile", 200),
        )


def _accounts(name: str, holder: Cast, asked: Cast) -> None:
    with transaction() as session:
        row = session.scalars(select(SsoConnection).where(SsoConnection.public_id == name)).one()
        accounts.assign(session, SYSTEM, name, subject="5f1d7c2e-90ab-4c1e-8f0a-2b1c3d4e5f60", email=holder.email)
        person = session.get_one(Person, asked.id)
        conflicts.note(session, configuration.of(row), "c0ffee00-90ab-4c1e-8f0a-2b1c3d4e5f60", asked.email, person)


def _attempts(portal: Portal, name: str, failed: str, went_through: str) -> None:
    """Have a test sign-in go through, and an answer for somebody else come to us."""
    service, moved = f"{portal.base_url}/sso/{name}/saml", acme.later(clock.now() - NOW)
    ours: dict[str, Any] = {
        "destination": f"{service}/acs",
        "recipient": f"{service}/acs",
        "audiences": ((f"{acme.BASE}/sso/{name}/saml/metadata",),),
    }
    theirs = ours | {"audiences": (("https://elsewhere.example/metadata",),)}
    with reading() as session:
        connection = begin.connection(session, name)
    assert connection is not None
    for reference, said in ((failed, theirs), (went_through, ours)):
        answer = Provider("harbour").answers(None, assertion_id=f"_{reference}", **moved, **said)
        outcome = arrival.read(connection, portal.base_url, answer)
        with transaction() as session:
            taken = arrival.accept(session, connection, outcome)
            if isinstance(taken, Deposited):
                found = outstanding.collect(session, taken.handle)
                assert found is not None
                attempts.record_accepted(session, connection, Purpose.TEST, found.verified, None)
            session.scalars(select(SsoAttempt).order_by(SsoAttempt.id.desc()).limit(1)).one().reference = reference


def test_what_people_outside_see(portal: Portal, visit: Visit) -> None:
    ines, group = portal.author(), portal.group("Hauliers")
    page = portal.share(ines, password=PASSWORD, powers=FILES)
    issue = portal.share(ines, portal.issue_url(), password=PASSWORD, powers=FILES)
    everything = portal.share(ines, portal.page_url("100109"), password=PASSWORD)
    members = portal.share(ines, portal.page_url("100102"), groups=[group])
    reader = visit(EVERY_LOOK)
    walk(
        reader,
        ("sign-in", "/sign-in", 200),
        ("reset-over", "/reset/nothing", 404),
        ("gate", page.address, 200),
        ("gate-sign-in", members.address, 200),
        ("closed", NOWHERE, 404),
    )
    reader.open(page.address).enter({"Password": "a guess that is wrong"}).press("Open", status=403)
    reader.picture("gate-wrong")
    for name, link in (("reader", page), ("reader-issue", issue), ("reader-everything", everything)):
        reader.open(link.address).enter({"Password": PASSWORD}).press("Open")
        reader.picture(name)
    with portal.link(page) as row:
        row.expires_at = clock.now() - timedelta(minutes=1)
    walk(reader, ("told-expired", page.address, 410))
    member = visit(EVERY_LOOK).sign_in(portal.guest("Greta Vance", group))
    walk(member, ("gate-open", members.address, 200), ("guest-profile", "/profile", 200))
    other = visit(EVERY_LOOK).sign_in(portal.guest("Sam Reyes"))
    walk(other, ("not-for-you", members.address, 403))


def _links(portal: Portal, author: Cast) -> list[Shared]:
    """Make links in every state that a list can show, with something having happened to the first."""
    group = portal.group("Partners")
    made = [
        portal.share(
            author, name="Berth plan for Northwind", password=PASSWORD, groups=[group], max_views=10, powers=FILES
        ),
        portal.share(author, portal.issue_url("HARB-7"), password=PASSWORD),
        portal.share(
            author,
            portal.page_url("100102"),
            name="A name long enough to need more than one line in a list that is read on a telephone",
            groups=[group],
        ),
        portal.share(author, portal.page_url("100104"), name="Expired", password=PASSWORD),
        portal.share(author, portal.page_url("100108"), name="Revoked", password=PASSWORD),
    ]
    with portal.link(made[0]) as row:
        row.views = 4
    with portal.link(made[3]) as row:
        row.expires_at = clock.now() - timedelta(hours=1)
    with portal.link(made[4]) as row:
        row.revoked_at = clock.now()
    return made


def walk(visitor: Visitor, *pages: tuple[str, str, int]) -> None:
    """Open pages by (name, address, status) and keep a picture of each; fails with what is wrong on all of them."""
    wrong: list[str] = list(_faults(visitor, pages))
    assert not wrong, "\n".join(wrong)


def _faults(visitor: Visitor, pages: Iterable[tuple[str, str, int]]) -> Iterable[str]:
    for name, address, status in pages:
        try:
            visitor.open(address, status)
        except AssertionError as fault:
            yield f"{name}: {fault}"
        visitor.picture(name)
