"""Whoever approves a link sees what its readers would, as long as it waits for them; nobody else does, and nothing is spent."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.core import db
from app.core.accounts.models import Group, Person
from app.core.settings import registry
from app.features.share_links.models import LinkApproval
from app.features.share_links.rules import approving
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import Place
from tests.documents.attached import made
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import FILES, PDF, Shared, share
from tests.features.share_links.test_content_check import AWS
from tests.features.share_links.test_content_of_files import attach_document
from tests.pages import PageClient


@dataclass(frozen=True)
class Waiting:
    """A link that waits for the group of Bea, who manages no links but her own."""

    shared: Shared
    bea: Person
    group: Group

    @property
    def address(self) -> str:
        """Where it is viewed as a recipient."""
        return f"/links/{self.shared.link.public_id}/as-recipient/"

    def decide(self, *, approved: bool) -> None:
        """Let Bea decide."""
        with db.transaction() as session:
            request = session.query(LinkApproval.id).order_by(LinkApproval.id.desc()).first()
            assert request is not None
            bea = people.actor_of(session, self.bea)
            if approved:
                approving.approve(session, bea, request[0])
            else:
                approving.decline(session, bea, request[0], "Too much in it")


def rules(world: World, name: str = "Rita Rules", **values: Any) -> None:
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session, name))
        rule_changes.change(session, administrator, Place(world.confluence.id, "OPS"), values)
    registry.forget()


@pytest.fixture
def waiting(world: World) -> Waiting:
    with db.transaction() as session:
        bea = people.make_author(session, "Bea Other")
        group = people.make_group(session, "Data protection", bea)
    rules(world, approval=True, approver_groups=group.public_id)
    return Waiting(share(world, powers=FILES, max_views=1), bea, group)


def test_an_approver_who_manages_no_links_sees_the_page_and_its_files(waiting: Waiting, pages: PageClient) -> None:
    pages.sign_in(waiting.bea)
    request = pages.get("/links/approvals/").xpath("//a[contains(@href, '/links/approvals/')]/@href")[-1]
    assert pages.get(request).links["View as a recipient"] == waiting.address
    page = pages.get(waiting.address)
    assert page.heading == "Berth and crane plan, week 48"
    assert "as a recipient" in page.text
    pages.get(f"{waiting.address}files/{PDF}")
    assert waiting.shared.gates() == ["approval:asked", "link:previewed", "file:downloaded"]
    row = waiting.shared.row()
    assert (row.views, row.paused_reason) == (0, "approval")


def test_nobody_else_sees_what_waits(waiting: Waiting, world: World, pages: PageClient) -> None:
    with db.transaction() as session:
        ada, cy = people.make_administrator(session), people.make_author(session, "Cy Else")
        greta = people.make_guest(session)
        people.add_to_group(session, waiting.group, greta)
    # Its owner, and administrators who are no approvers here, are told that it is shut.
    for person, status in ((world.author, 403), (ada, 403), (cy, 404), (greta, 404)):
        browser = pages.another()
        browser.sign_in(person)
        browser.get(waiting.address, status=status)
        browser.get(f"{waiting.address}files/{PDF}", status=404)
    pages.get(waiting.address, status=303)
    pages.get(waiting.shared.path, status=404)


def test_an_owner_among_the_approvers_does_not_see_it_that_way(
    waiting: Waiting, world: World, pages: PageClient
) -> None:
    with db.transaction() as session:
        people.add_to_group(session, session.merge(waiting.group), session.merge(world.author))
    pages.sign_in(world.author)
    pages.get(waiting.address, status=403)


@pytest.mark.parametrize("approved", [True, False])
def test_it_ends_with_the_decision(waiting: Waiting, pages: PageClient, approved: bool) -> None:
    pages.sign_in(waiting.bea)
    pages.get(waiting.address)
    waiting.decide(approved=approved)
    pages.get(waiting.address, status=404)


def test_it_ends_where_who_may_see_the_page_has_changed(waiting: Waiting, pages: PageClient) -> None:
    pages.sign_in(waiting.bea)
    pages.get(waiting.address)
    waiting.shared.change_target(restriction_digest="another")
    pages.get(waiting.address, status=404)


def test_what_was_found_is_seen_by_whom_it_waits_for(world: World, waiting: Waiting, pages: PageClient) -> None:
    rules(world, "Rob Rules", content_check="approve")
    attach_document(world, "plan.pdf", made.pdf(f"See {AWS}"))
    waiting.shared.change_target(checked_at=waiting.shared.target().checked_at.replace(year=2020))
    pages.sign_in(waiting.bea)
    assert "plan.pdf" in pages.get(waiting.address).text
    assert waiting.shared.row().paused_reason == "approval"
