"""What ends or pauses links without their owner: labels, rights that are lost; the sweep, and links that are handed on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from app.core import clock, db
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.config import Config
from app.core.connections.models import AtlassianAccount, Connection
from app.core.errors import Conflict, Invalid, NotFound
from app.core.mail import delivery
from app.core.mail.models import OutgoingMail
from app.core.settings import service as settings
from app.features.share_links import gather, queries, service
from app.features.share_links.life import sweeping, transferring
from app.features.share_links.life_models import ProvenRight
from app.features.share_links.models import OwnerNotice
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import freshness
from app.features.share_links.service import NotShared
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, aged, calls, control, forget_calls, opened, share
from tests.pages import PageClient

PAGE = "pages/100101"


def acting(person: Person) -> Actor:
    with db.reading() as session:
        return people.actor_of(session, person)


def proof_aged(age: timedelta = timedelta(seconds=61)) -> None:
    with db.transaction() as session:
        session.execute(update(ProvenRight).values(proven_at=clock.now() - age, asked_at=clock.now() - age))


def disconnected(world: World) -> None:
    """Let the author have no account any more that could be asked about."""
    with db.transaction() as session:
        session.execute(delete(AtlassianAccount).where(AtlassianAccount.person_id == world.author.id))


def take_away_rights(world: World) -> None:
    """Let the author's account no longer see the page."""
    with db.transaction() as session:
        row = session.scalars(
            select(AtlassianAccount).where(
                AtlassianAccount.person_id == world.author.id, AtlassianAccount.connection_id == world.confluence.id
            )
        ).one()
        # Somebody who sees none of it.
        row.email, row.token = world.credential(world.account("nobody"))


def may_ask(world: World, handle: str) -> None:
    """Give the connections the credential of somebody to ask about others with."""
    with db.transaction() as session:
        for one in (world.confluence, world.jira):
            row = session.get_one(Connection, one.id)
            row.checking_email, row.checking_token = world.credential(world.account(handle))
            row.version += 1


def assigned(world: World, handle: str) -> None:
    """Let the author have an account that an administrator assigned, instead of a connected one."""
    disconnected(world)
    world.assigned(world.author, handle)


def rejected(world: World) -> None:
    """Let Atlassian no longer take the author's token."""
    world.account("ines").token_valid = False


def keep_unasked(days: int) -> None:
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session))
        settings.change(session, administrator, "share_links", {"unasked_days": days})


def target_of(shared: Shared) -> ObjectRow:
    with db.reading() as session:
        return queries.object_row(session, shared.link.shared_object_id)


def notices(shared: Shared) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OwnerNotice.code).where(OwnerNotice.link_id == shared.link.id)))


def test_a_page_that_gets_the_label_is_not_shown_at_the_next_visit(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    control(world, "PATCH", PAGE, {"labels": ["no-share"]})
    aged(shared)
    assert "paused" in pages.get(shared.path, status=403).text
    assert (shared.row().paused_reason, notices(shared)) == ("no_share_label", ["no_share_label"])


def test_a_labelled_page_is_neither_shared_nor_resumed_until_the_label_is_gone(world: World) -> None:
    shared = share(world)
    shared.change(paused_at=clock.now(), paused_reason="no_share_label")
    control(world, "PATCH", PAGE, {"labels": ["no-share"]})
    owner = acting(world.author)
    facts = gather.again(owner, shared.link.public_id)
    with db.transaction() as session:
        refused = service.resume(session, owner, shared.link.public_id, facts)
    assert isinstance(refused, NotShared)
    assert refused.reason is RefusedToShare.NO_SHARE_LABEL
    control(world, "PATCH", PAGE, {"labels": []})
    facts = gather.again(owner, shared.link.public_id)
    with db.transaction() as session:
        assert service.resume(session, owner, shared.link.public_id, facts) is None
    assert shared.row().paused_at is None


def test_an_owner_whose_right_is_gone_is_found_out_at_the_next_visit_and_told_once(
    world: World, pages: PageClient, config: Config
) -> None:
    delivery.configure(config)
    with db.transaction() as session:
        people.make_administrator(session)
    shared = share(world)
    opened(pages, shared)
    take_away_rights(world)
    proof_aged()
    for _ in range(2):
        aged(shared)
        assert "paused" in pages.get(shared.path, status=403).text
    assert (shared.row().paused_reason, notices(shared)) == ("right_lost", ["right_lost"])
    with db.reading() as session:
        assert len(session.scalars(select(OutgoingMail.id)).all()) == 2


@dataclass(frozen=True)
class Case:
    """How an owner stands, and whether their links go on: at the next check, and a month after the last proof."""

    stands: Callable[[World], None]
    goes_on: bool
    a_month_later: bool
    #: Whose credential may ask about others, if there is one.
    asks: str = ""


def _as_they_were(_world: World) -> None:
    pass


def _closed(world: World) -> None:
    world.account("ines").active = False


def _assigned(handle: str) -> Callable[[World], None]:
    return lambda world: assigned(world, handle)


STANDING = {
    "their own token reads it": Case(_as_they_were, True, True),
    "their own token does not": Case(take_away_rights, False, False),
    "their token is no longer taken": Case(rejected, False, False),
    "… and whoever may ask hears yes": Case(rejected, True, True, "checker"),
    "… and whoever may ask hears no": Case(_closed, False, False, "checker"),
    "whoever may ask about their account hears yes": Case(_assigned("ines"), True, True, "checker"),
    "whoever may ask about their account hears no": Case(_assigned("nobody"), False, False, "checker"),
    "nobody may ask about their account": Case(_assigned("nobody"), True, False, "bob"),
    "nobody is there to ask about their account": Case(_assigned("nobody"), True, False),
    "they have no account": Case(disconnected, True, False),
}


@pytest.mark.parametrize("case", STANDING.values(), ids=STANDING)
def test_only_a_no_pauses_at_once_and_not_knowing_pauses_a_month_after_the_last_proof(world: World, case: Case) -> None:
    shared = share(world)
    case.stands(world)
    if case.asks:
        may_ask(world, case.asks)
    proof_aged()
    aged(shared)
    freshness.ensure(target_of(shared))
    assert (shared.row().paused_reason != "right_lost") is case.goes_on
    proof_aged(timedelta(days=31))
    aged(shared)
    freshness.ensure(target_of(shared))
    assert (shared.row().paused_reason != "right_lost") is case.a_month_later


def test_an_owner_whose_right_was_never_proven_is_given_the_time_from_their_link_on(world: World) -> None:
    shared = share(world)
    disconnected(world)
    for age, paused in ((timedelta(days=29), False), (timedelta(days=31), True)):
        with db.transaction() as session:
            session.execute(delete(ProvenRight))
        shared.change(created_at=clock.now() - age)
        aged(shared)
        freshness.ensure(target_of(shared))
        assert (shared.row().paused_reason == "right_lost") is paused, age


def test_a_setting_says_how_long_a_proof_counts_and_with_none_it_does_not(world: World) -> None:
    shared = share(world)
    disconnected(world)
    keep_unasked(0)
    proof_aged()
    aged(shared)
    freshness.ensure(target_of(shared))
    assert shared.row().paused_reason == "right_lost"


def test_the_sweep_asks_once_a_day_about_an_owner_whom_nobody_can_be_asked_about(world: World) -> None:
    share(world)
    disconnected(world)
    proof_aged(timedelta(days=2))
    assert len(sweeping.due()) == 1
    sweeping.sweep()
    assert sweeping.due() == []
    with db.reading() as session:
        row = session.scalars(select(ProvenRight)).one()
    assert row.proven_at is not None
    assert row.asked_at is not None
    assert row.asked_at - row.proven_at > timedelta(days=1)


def test_a_link_that_is_resumed_is_checked_before_anybody_reads(world: World) -> None:
    shared = share(world)
    owner = acting(world.author)
    with db.transaction() as session:
        service.pause(session, owner, shared.link.public_id)
    # While it is paused, another link's visitor has the page checked: the label pauses nothing that is paused.
    control(world, "PATCH", PAGE, {"labels": ["no-share"]})
    aged(shared)
    freshness.ensure(target_of(shared))
    with db.transaction() as session:
        assert service.resume(session, owner, shared.link.public_id) is None
    freshness.ensure(target_of(shared))
    assert shared.row().paused_reason == "no_share_label"


def test_an_owner_who_still_may_is_asked_about_once_a_minute_and_reads_on(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    proof_aged()
    aged(shared)
    pages.get(shared.path)
    with db.reading() as session:
        proven_at = session.scalars(select(ProvenRight.proven_at)).one()
    assert proven_at is not None
    assert proven_at > clock.now() - timedelta(seconds=30)
    assert shared.row().paused_at is None


def test_the_sweep_finds_what_nobody_visits_and_asks_of_nothing_twice(world: World) -> None:
    lost, kept = share(world), share(world, "100108")
    control(world, "PATCH", PAGE, {"labels": ["no-share"]})
    for one in (lost, kept):
        aged(one, 86_401)
    forget_calls(world)
    sweeping.sweep()
    assert (lost.row().paused_reason, kept.row().paused_at) == ("no_share_label", None)
    asked = len(calls(world))
    sweeping.sweep()
    assert len(calls(world)) == asked


def test_the_sweep_proves_the_right_of_owners_whose_objects_others_visit(world: World) -> None:
    shared = share(world)
    proof_aged(timedelta(days=2))
    take_away_rights(world)
    sweeping.sweep()
    assert shared.row().paused_reason == "right_lost"


def test_a_sweep_while_atlassian_is_down_changes_nothing(world: World) -> None:
    shared = share(world)
    proof_aged(timedelta(days=2))
    control(world, "POST", "failures", {"mode": "status", "status": 503})
    aged(shared, 86_401)
    sweeping.sweep()
    assert shared.row().paused_at is None


@pytest.fixture
def colleague(world: World) -> Person:
    with db.transaction() as session:
        person = people.make_author(session, "Bo Berg")
    world.connect(person, "ines")
    return person


def test_a_link_goes_to_a_colleague_who_may_see_the_page(
    world: World, colleague: Person, pages: PageClient, config: Config
) -> None:
    delivery.configure(config)
    shared = share(world)
    pages.sign_in(world.author)
    pages.get(f"/links/{shared.link.public_id}/")
    pages.get(pages.page.links["Transfer …"])
    pages.submit("Transfer link", {"email": colleague.email})
    assert "The link is transferred." in pages.follow().text
    assert shared.row().created_by_id == colleague.id
    assert notices(shared) == ["transferred"]
    assert [name for name in shared.gates() if name.endswith("transferred")] == ["link:transferred"]
    pages.get(f"/links/{shared.link.public_id}/", status=404)


def test_a_link_goes_to_nobody_who_cannot_prove_that_they_see_the_page(world: World) -> None:
    shared = share(world)
    with db.transaction() as session:
        stranger = people.make_author(session, "Eve Ek")
        guest = people.make_guest(session, "Gus Gast")
    owner = acting(world.author)
    facts = transferring.prove(owner, shared.link.public_id, stranger.email)
    with db.transaction() as session:
        assert isinstance(transferring.transfer(session, owner, shared.link.public_id, facts), NotShared)
    for email in (guest.email, "nobody@example.com"):
        with pytest.raises(Invalid):
            transferring.prove(owner, shared.link.public_id, email)
    assert shared.row().created_by_id == world.author.id


def test_somebody_elses_link_is_not_theirs_to_hand_on(world: World, colleague: Person) -> None:
    shared = share(world)
    with pytest.raises(NotFound):
        transferring.prove(acting(colleague), shared.link.public_id, colleague.email)
    facts = transferring.prove(acting(world.author), shared.link.public_id, colleague.email)
    with pytest.raises(NotFound), db.transaction() as session:
        transferring.transfer(session, acting(colleague), shared.link.public_id, facts)
    with db.transaction() as session:
        assert transferring.transfer(session, acting(world.author), shared.link.public_id, facts) is None
    with pytest.raises(Conflict), db.transaction() as session:
        transferring.transfer(session, acting(colleague), shared.link.public_id, facts)
