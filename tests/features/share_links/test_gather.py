"""Proving the creator's right, against a running site."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.core.crypto import passwords
from app.core.db import reading, transaction
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.settings import registry
from app.core.settings import service as settings_service
from app.features.share_links import gather
from app.features.share_links.objects import ObjectKind
from app.features.share_links.proof import Proof, RefusedToShare
from tests.factories import links, people
from tests.features.share_links.conftest import World


def switch_off(world: World) -> None:
    with transaction() as db:
        db.get_one(Connection, world.confluence.id).disabled_at = world.confluence.created_at


@pytest.fixture
def newcomer(world: World) -> Person:
    """An author without any Atlassian account."""
    with transaction() as db:
        return people.make_author(db, "Bo Lind")


def acting(person: Person) -> Actor:
    with reading() as db:
        return people.actor_of(db, person)


def with_checking(world: World) -> None:
    checker = world.account("checker")
    with transaction() as db:
        for row in db.scalars(select(Connection)):
            row.checking_email, row.checking_token = checker.email, checker.token
            row.version += 1


def test_ones_own_token_proves_the_right_to_a_page(world: World) -> None:
    facts = gather.share(acting(world.author), world.page("100101"))
    assert (facts.proof, facts.refusal, facts.reference) == (Proof.OWN_TOKEN, None, "confluence:100101")
    assert facts.object is not None
    assert facts.object.kind is ObjectKind.PAGE
    assert facts.object.title == "Berth and crane plan, week 48"


def test_ones_own_token_proves_the_right_to_an_issue(world: World) -> None:
    facts = gather.share(acting(world.author), world.issue("HARB-1"))
    assert facts.proof is Proof.OWN_TOKEN
    assert facts.object is not None
    assert facts.object.object_key == "HARB-1"
    assert facts.reference == f"jira:{facts.object.object_id}"


def test_an_administrators_assignment_is_checked_with_jira(world: World, newcomer: Person) -> None:
    world.assigned(newcomer, "ines")
    facts = gather.share(acting(newcomer), world.issue("HARB-1"))
    assert facts.proof is Proof.ISSUE_SEARCH


def test_an_account_that_may_not_view_the_issue_proves_nothing(world: World, newcomer: Person) -> None:
    world.assigned(newcomer, "nobody")
    facts = gather.share(acting(newcomer), world.issue("HARB-1"))
    assert (facts.refusal, facts.object) == (RefusedToShare.NOT_VISIBLE, None)


def test_an_assignment_proves_a_page_only_with_a_checking_credential(world: World, newcomer: Person) -> None:
    world.assigned(newcomer, "ines")
    assert gather.share(acting(newcomer), world.page()).refusal is RefusedToShare.NOT_CONNECTED
    with_checking(world)
    assert gather.share(acting(newcomer), world.page()).proof is Proof.PERMISSION_CHECK


def test_the_checking_credential_says_no_for_a_page_of_others(world: World, newcomer: Person) -> None:
    world.assigned(newcomer, "bob")
    with_checking(world)
    facts = gather.share(acting(newcomer), world.page("100203", "HR"))
    assert (facts.refusal, facts.object) == (RefusedToShare.NOT_VISIBLE, None)


def test_without_an_account_nothing_is_asked_of_atlassian(world: World, newcomer: Person) -> None:
    for url in (world.page(), world.issue(), world.page("424242")):
        facts = gather.share(acting(newcomer), url)
        assert (facts.refusal, facts.object) == (RefusedToShare.NOT_CONNECTED, None)


@pytest.mark.parametrize(
    "page_id", ["100302", "100107", "100113", "100114", "31337"], ids=["space", "restricted", "archived", "bin", "none"]
)
def test_what_is_not_visible_and_what_does_not_exist_get_the_same_answer(world: World, page_id: str) -> None:
    facts = gather.share(acting(world.author), world.page(page_id))
    assert (facts.refusal, facts.object, facts.proof) == (RefusedToShare.NOT_VISIBLE, None, None)


def test_a_token_that_atlassian_no_longer_takes_is_said_to_be_that(world: World) -> None:
    world.account("ines").token_valid = False
    assert gather.share(acting(world.author), world.page()).refusal is RefusedToShare.TOKEN_REJECTED


def test_a_page_that_only_the_person_sees_names_the_reading_account(world: World) -> None:
    with transaction() as db:
        carla = people.make_author(db, "Carla Nyström")
    world.connect(carla, "carla")
    with pytest.raises(Invalid, match="The account that Acme confluence reads with cannot see this"):
        gather.share(acting(carla), world.page("100302", "FIN"))


def test_a_restricted_page_has_a_digest_unless_the_setting_forbids_sharing_it(world: World) -> None:
    facts = gather.share(acting(world.author), world.page("100105"))
    assert facts.object is not None
    assert len(facts.object.restriction_digest) == 64
    with transaction() as db:
        administrator = people.actor_of(db, people.make_administrator(db))
        settings_service.change(db, administrator, "share_links", {"share_restricted": False})
    registry.forget()
    forbidden = gather.share(acting(world.author), world.page("100106"))
    assert (forbidden.refusal, forbidden.object) == (RefusedToShare.RESTRICTED, None)
    assert gather.share(acting(world.author), world.page("100101")).refusal is None
    registry.forget()


@pytest.mark.parametrize(
    "address",
    [
        "{site}/wiki/spaces/OPS/pages/100101/Berth+and+crane+plan",
        "{site}/wiki/spaces/OPS/pages/edit-v2/100101",
        "{site}/wiki/pages/viewpage.action?pageId=100101",
        "{site}/wiki/x/BYcB",
        "{site}/wiki/spaces/OPS/pages/100101?focusedCommentId=1#heading",
    ],
)
def test_every_way_to_write_a_pages_address_leads_to_it(world: World, address: str) -> None:
    facts = gather.share(acting(world.author), address.format(site=world.running.base_url))
    assert facts.object is not None
    assert facts.object.object_id == "100101"


@pytest.mark.parametrize(
    "address",
    [
        "{site}/browse/harb-1",
        "{site}/jira/software/projects/HARB/boards/1?selectedIssue=HARB-1",
        "{site}/jira/servicedesk/projects/HARB/queues/custom/1/HARB-1",
    ],
)
def test_every_way_to_write_an_issues_address_leads_to_it(world: World, address: str) -> None:
    facts = gather.share(acting(world.author), address.format(site=world.running.base_url))
    assert facts.object is not None
    assert facts.object.object_key == "HARB-1"


@pytest.mark.parametrize(
    ("fail", "outcome"),
    [(lambda world: world.running.stop(), Unavailable), (switch_off, Invalid)],
    ids=["down", "switched off"],
)
def test_a_site_that_does_not_answer_or_is_switched_off_shares_nothing(
    world: World, fail: Callable[[World], None], outcome: type[Exception]
) -> None:
    actor = acting(world.author)
    fail(world)
    with pytest.raises(outcome):
        gather.share(actor, world.page())


def test_a_rejected_reading_credential_counts_as_down_and_is_noted(world: World) -> None:
    actor = acting(world.author)
    world.account("reader").token_valid = False
    with pytest.raises(Unavailable):
        gather.share(actor, world.page())
    with reading() as db:
        assert db.get_one(Connection, world.confluence.id).last_error is not None


def test_proving_again_is_for_the_owner_only(world: World, newcomer: Person) -> None:
    with transaction() as db:
        link = links.make_link(db, world.author, world.confluence)
        administrator = people.make_administrator(db)
    facts = gather.again(acting(world.author), link.public_id)
    assert facts is not None
    assert facts.proof is Proof.OWN_TOKEN
    assert gather.again(acting(administrator), link.public_id) is None
    with pytest.raises(NotFound):
        gather.again(acting(newcomer), link.public_id)
    switch_off(world)
    with pytest.raises(Conflict, match="switched off"):
        gather.again(acting(world.author), link.public_id)


def test_a_password_is_hashed_here_and_a_generated_one_can_be_read_out(world: World) -> None:
    entered = gather.new_password("harbour at dawn", generate=False)
    assert entered is not None
    assert entered.generated is None
    assert passwords.verify_password("harbour at dawn", entered.hashed)
    made = {found.generated for _ in range(20) if (found := gather.new_password(None, generate=True))}
    assert len(made) == 20
    for one in made:
        assert one is not None
        assert len(one) == 22
        assert one.replace("-", "").isalnum()
        assert one.islower()
    assert gather.new_password("", generate=False) is None
    assert "harbour" not in repr(entered)


def test_no_password_is_hashed_inside_a_transaction(world: World) -> None:
    with pytest.raises(RuntimeError), transaction():
        gather.new_password("harbour at dawn", generate=False)
