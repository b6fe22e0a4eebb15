"""A second person decides whether a link opens: what waits serves nobody, nobody decides about their own, loosening asks again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.features.share_links import policy, queries, service
from app.features.share_links.conditions import Changes
from app.features.share_links.models import LinkApproval, SharedObject, ShareLink
from app.features.share_links.policy import Closed, ClosedBecause, VisitorFacts
from app.features.share_links.powers import Powers
from app.features.share_links.rules import approving
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import Place
from tests.factories import connections, links, people
from tests.pages import PageClient

pytestmark = pytest.mark.usefixtures("app")


class Office:
    """An author, two administrators, and a sensitive space."""

    def __init__(self) -> None:
        with transaction() as db:
            self.author = people.make_author(db)
            self.ada = people.make_administrator(db, "Ada Admin")
            self.bo = people.make_administrator(db, "Bo Board")
            self.connection: Connection = connections.make_connection(db)
        self.rules(approval=True)

    def rules(self, **values: Any) -> None:
        with transaction() as db:
            rule_changes.change(db, people.actor_of(db, self.ada), Place(self.connection.id, "OPS"), values)

    def link(self, owner: Person | None = None, **values: Any) -> ShareLink:
        with transaction() as db:
            return links.make_link(db, owner or self.author, self.connection, **values)

    def request(self, link: ShareLink) -> int:
        query = select(LinkApproval.id).where(LinkApproval.link_id == link.id).order_by(LinkApproval.id.desc())
        with reading() as db:
            return db.scalars(query).first() or 0

    def approve(self, person: Person, request: int) -> None:
        with transaction() as db:
            approving.approve(db, people.actor_of(db, person), request)

    def decline(self, person: Person, request: int, note: str = "Too much in it") -> None:
        with transaction() as db:
            approving.decline(db, people.actor_of(db, person), request, note)

    def change(self, link: ShareLink, **values: Any) -> None:
        with transaction() as db:
            service.change(db, people.actor_of(db, self.author), link.public_id, Changes(**values))

    def shut(self, link: ShareLink) -> bool:
        now = clock.now()
        with reading() as db:
            visit = queries.visit(db, link.public_id, None, browser_digest=None, session_digest=None, now=now)
        assert visit is not None
        return policy.next_step(visit.link, VisitorFacts(), now) == Closed(ClosedBecause.PAUSED)


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_link_from_a_sensitive_space_opens_only_when_somebody_else_approved_it(office: Office) -> None:
    link = office.link()
    assert office.shut(link)
    office.approve(office.ada, office.request(link))
    assert not office.shut(link)


def test_a_link_from_elsewhere_asks_nobody(office: Office) -> None:
    assert not office.shut(office.link(found=links.page_facts("1", container="HR")))


def test_nobody_approves_what_is_their_own(office: Office) -> None:
    link = office.link(office.ada)
    with pytest.raises(Forbidden):
        office.approve(office.ada, office.request(link))
    assert office.shut(link)
    office.approve(office.bo, office.request(link))
    assert not office.shut(link)


def test_what_waits_cannot_be_resumed_by_its_owner_or_an_administrator(office: Office) -> None:
    link = office.link()
    for person in (office.author, office.ada):
        with pytest.raises(Conflict, match="approve"), transaction() as db:
            service.resume(db, people.actor_of(db, person), link.public_id)
    assert office.shut(link)


def test_an_author_decides_nothing_and_knows_of_no_request(office: Office) -> None:
    link = office.link()
    with transaction() as db:
        other = people.make_author(db, "Olga Other")
    with pytest.raises(NotFound):
        office.approve(other, office.request(link))
    with reading() as db:
        assert approving.waiting(db, people.actor_of(db, other)) == []
        assert [one.link.id for one in approving.waiting(db, people.actor_of(db, office.ada))] == [link.id]


def test_named_groups_approve_instead_of_administrators(office: Office) -> None:
    with transaction() as db:
        member = people.make_author(db, "Mia Member")
        group = people.make_group(db, "Security", member)
    office.rules(approver_groups=group.public_id)
    link = office.link()
    with pytest.raises(NotFound):
        office.approve(office.ada, office.request(link))
    office.approve(member, office.request(link))
    assert not office.shut(link)


def test_declining_needs_a_reason_and_the_owner_may_ask_again(office: Office) -> None:
    link = office.link()
    first = office.request(link)
    with pytest.raises(Invalid):
        office.decline(office.ada, first, "  ")
    office.decline(office.ada, first)
    assert office.shut(link)
    with pytest.raises(Conflict, match="decided already"):
        office.approve(office.bo, first)
    with transaction() as db:
        approving.ask_again(db, people.actor_of(db, office.author), link.public_id)
    office.approve(office.bo, office.request(link))
    assert not office.shut(link)


def test_a_request_is_over_after_two_weeks(office: Office) -> None:
    link = office.link(expires_at=clock.now() + timedelta(days=60))
    request = office.request(link)
    with transaction() as db:
        db.get_one(LinkApproval, request).ends_at = clock.now()
    with pytest.raises(Conflict, match="over"):
        office.approve(office.ada, request)
    assert office.shut(link)


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({"name": "Another name"}, False),
        ({"max_views": 5}, False),
        ({"max_views": None}, True),
        ({"powers": Powers(comments=True, watermark=True)}, True),
        ({"powers": Powers()}, True),
        ({"powers": Powers(watermark=True)}, False),
        ({"asks_reason": True}, False),
        ({"networks": ()}, True),
        ({"networks": ("192.0.2.0/25",)}, False),
        ({"recipients": ("anna@example.org", "bo@example.org")}, True),
        ({"recipients": ("example.org",)}, True),
        ({"recipients": ()}, True),
        ({"groups": ("Sales", "Everybody")}, True),
        ({"groups": ()}, True),
        ({"groups": ("Sales",), "all_groups": True}, False),
        ({"expires_at": clock.now() + timedelta(days=30)}, True),
        ({"expires_at": clock.now() + timedelta(days=5)}, False),
        ({"password": None}, True),
    ],
)
def test_whatever_lets_in_more_people_or_shows_more_asks_again(
    office: Office, changes: dict[str, Any], asks: bool
) -> None:
    with transaction() as db:
        people.make_group(db, "Sales")
        people.make_group(db, "Everybody")
    link = office.link(
        max_views=10,
        groups=("Sales",),
        recipients=("anna@example.org",),
        networks=("192.0.2.0/24",),
        powers=Powers(pdf=True, watermark=True),
    )
    office.approve(office.ada, office.request(link))
    office.change(link, **changes)
    assert office.shut(link) is asks
    if asks:
        office.approve(office.ada, office.request(link))
        assert not office.shut(link)


@pytest.mark.parametrize("reason", ["owner", "right_lost", "no_share_label", "content"])
def test_approval_does_not_resume_what_was_paused_for_something_else(office: Office, reason: str) -> None:
    link = office.link()
    office.approve(office.ada, office.request(link))
    with transaction() as db:
        row = db.get_one(ShareLink, link.id)
        row.paused_at, row.paused_reason = clock.now(), reason
    office.change(link, powers=Powers(comments=True))
    office.change(link, powers=Powers(comments=True, pdf=True))
    office.approve(office.ada, office.request(link))
    assert office.shut(link)
    with reading() as db:
        assert db.get_one(ShareLink, link.id).paused_reason == reason


def test_what_was_learned_of_the_page_while_a_link_waited_is_asked_for_anew(office: Office) -> None:
    link = office.link()
    before = clock.now()
    office.approve(office.ada, office.request(link))
    with reading() as db:
        assert db.get_one(SharedObject, link.shared_object_id).checked_at < before - timedelta(seconds=60)


def test_a_decision_is_about_what_was_asked_and_not_about_what_it_became(office: Office) -> None:
    link = office.link()
    request = office.request(link)
    office.change(link, powers=Powers(comments=True))
    with pytest.raises(Conflict, match="changed"):
        office.approve(office.ada, request)
    assert office.shut(link)


def test_requests_and_decisions_are_recorded(office: Office) -> None:
    link = office.link()
    office.approve(office.ada, office.request(link))
    query = select(AuditEntry.event).where(AuditEntry.subject_id == link.public_id).order_by(AuditEntry.id)
    with reading() as db:
        assert [one.split(":", 1)[1] for one in db.scalars(query)] == [
            "link:created",
            "approval:asked",
            "approval:given",
        ]


def test_an_administrator_decides_on_the_page(office: Office, pages: PageClient) -> None:
    link = office.link()
    pages.get("/links/approvals/", status=303)
    pages.sign_in(office.author)
    assert "No link waits for you" in pages.get("/links/approvals/").text
    pages.get(f"/links/approvals/{office.request(link)}", status=404)
    assert "waits for approval" in pages.get(f"/links/{link.public_id}/").text
    pages.sign_in(office.ada)
    assert "For Northwind" in pages.get("/links/approvals/").text
    # A number that no database holds is no request either.
    pages.get(f"/links/approvals/{10**30}", status=404)
    pages.get(f"/links/approvals/{office.request(link)}")
    assert "Say why" in pages.submit("Decide", {"decision": "decline"}, status=422).text
    pages.submit("Decide", {"decision": "approve"})
    assert "Your decision is made" in pages.follow().text
    assert not office.shut(link)
