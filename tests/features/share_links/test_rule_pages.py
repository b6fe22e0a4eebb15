"""Rules of connections, spaces and projects: pages and interface, who may, refusals, audit, what a change would do."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.accounts import membership
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import MembershipSource, Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.core.errors import Conflict, Forbidden, Invalid
from app.features.share_links import service
from app.features.share_links.conditions import Changes, Conditions
from app.features.share_links.life import bulk, transferring
from app.features.share_links.life.bulk import BulkAction, Order, Progress
from app.features.share_links.life_models import BulkRun
from app.features.share_links.powers import Powers
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules import impact, ruling
from app.features.share_links.rules.rulebook import Plain
from app.features.share_links.rules.ruling import EVERYWHERE, Place
from tests.factories import connections, links, people
from tests.pages import PageClient

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def connection() -> Connection:
    with transaction() as db:
        return connections.make_connection(db, name="Acme Confluence")


@pytest.fixture
def administrator() -> Person:
    with transaction() as db:
        return people.make_administrator(db)


@pytest.fixture
def author() -> Person:
    with transaction() as db:
        return people.make_author(db)


def change(person: Person, where: Place, **values: Plain | None) -> bool:
    with transaction() as db:
        return rule_changes.change(db, people.actor_of(db, person), where, values)


def test_a_space_may_be_stricter_than_its_connection_and_never_looser(
    administrator: Person, connection: Connection
) -> None:
    change(administrator, Place(connection.id), maximum_days=30)
    assert change(administrator, Place(connection.id, "OPS"), maximum_days=7)
    with pytest.raises(Invalid, match="looser than what holds on Acme Confluence: 30") as refusal:
        change(administrator, Place(connection.id, "OPS"), maximum_days=31)
    assert refusal.value.field == "maximum_days"
    with pytest.raises(Invalid, match="looser than what holds everywhere: 90"):
        change(administrator, Place(connection.id), maximum_days=91)


def test_what_is_chosen_beforehand_is_set_for_each_place_and_holds_for_new_links_there(
    administrator: Person, author: Person, connection: Connection
) -> None:
    change(administrator, EVERYWHERE, default_days=10)
    change(administrator, Place(connection.id), default_days=7)
    change(administrator, Place(connection.id, "OPS"), default_days=30)
    change(administrator, Place(connection.id, "LAW"), default_days=60, maximum_days=20)
    lives = {}
    for container in ("OPS", "HR", "LAW"):
        with transaction() as db:
            link = links.make_link(db, author, connection, found=links.page_facts(container, container=container))
            lives[container] = (link.expires_at - link.created_at).days
    # Longer than in the level above is no loosening; longer than a link may live it is not.
    assert lives == {"OPS": 30, "HR": 7, "LAW": 20}
    assert change(administrator, Place(connection.id, "OPS"), default_days=None)
    with reading() as db:
        assert ruling.rules_at(db, connection.id, "OPS").default_days == 7


def test_an_upper_level_that_became_stricter_holds_below_at_once(administrator: Person, connection: Connection) -> None:
    change(administrator, Place(connection.id, "OPS"), maximum_days=60)
    change(administrator, EVERYWHERE, maximum_days=10)
    with reading() as db:
        assert ruling.rules_at(db, connection.id, "OPS").maximum_days == 10


def test_the_key_of_a_space_counts_in_any_case(administrator: Person, connection: Connection) -> None:
    change(administrator, Place(connection.id, "ops"), require_password=True)
    with reading() as db:
        assert ruling.rules_at(db, connection.id, "OPS").require_password
        assert not ruling.rules_at(db, connection.id, "OPS2").require_password


def test_a_change_is_recorded_with_old_and_new_values(administrator: Person, connection: Connection) -> None:
    change(administrator, Place(connection.id, "OPS"), maximum_days=7, require_password=True)
    change(administrator, Place(connection.id, "OPS"), maximum_days=5, require_password=None)
    assert not change(administrator, Place(connection.id, "OPS"), maximum_days=5)
    query = select(AuditEntry.details).where(AuditEntry.event == "share_links:rules:changed").order_by(AuditEntry.id)
    with reading() as db:
        first, second = db.scalars(query)
    assert first["now"] == {"maximum_days": 7, "require_password": True}
    assert second == {
        "container": "OPS",
        "was": {"maximum_days": 7, "require_password": True},
        "now": {"maximum_days": 5, "require_password": None},
    }


def test_only_who_may_change_settings_changes_rules(author: Person, connection: Connection) -> None:
    with pytest.raises(Forbidden):
        change(author, Place(connection.id), maximum_days=7)


def test_rules_hold_for_new_and_for_changed_links(
    administrator: Person, author: Person, connection: Connection
) -> None:
    with transaction() as db:
        old = links.make_link(db, author, connection)
    change(administrator, Place(connection.id, "OPS"), force_watermark=True)
    with pytest.raises(Invalid, match="watermark"), transaction() as db:
        links.make_link(db, author, connection)
    with pytest.raises(Invalid, match="watermark"), transaction() as db:
        service.change(db, people.actor_of(db, author), old.public_id, Changes(max_views=3))
    with transaction() as db:
        links.make_link(db, author, connection, powers=Powers(watermark=True))
        links.make_link(db, author, connection, found=links.page_facts("100102", container="HR"))
        service.change(
            db, people.actor_of(db, author), old.public_id, Changes(max_views=3, powers=Powers(watermark=True))
        )


def test_rules_say_who_may_share(administrator: Person, author: Person, connection: Connection) -> None:
    with transaction() as db:
        group = people.make_group(db, "Sharers")
    change(administrator, Place(connection.id, "OPS"), sharing_groups=group.public_id)
    conditions = Conditions(password=links.hashed_password())

    def create() -> service.Created | service.NotShared:
        with transaction() as db:
            facts = links.share_facts(db, author, connection)
            return service.create(db, people.actor_of(db, author), facts, conditions)

    refused = create()
    assert isinstance(refused, service.NotShared)
    assert refused.reason is RefusedToShare.NOT_A_SHARER
    with transaction() as db:
        people.add_to_group(db, group, author)
    assert isinstance(create(), service.Created)


def test_whoever_may_no_longer_share_keeps_what_there_is_and_adds_nothing(
    administrator: Person, author: Person, connection: Connection
) -> None:
    with transaction() as db:
        group = people.make_group(db, "Sharers", author)
    change(administrator, Place(connection.id, "OPS"), sharing_groups=group.public_id)
    with transaction() as db:
        link = links.make_link(db, author, connection, max_views=5)
        membership.remove_member(db, SYSTEM, group, author, MembershipSource.MANUAL)
    longer, fewer = clock.now() + timedelta(days=60), Changes(max_views=2)
    for changes in (Changes(max_views=6), Changes(expires_at=longer), Changes(powers=Powers(pdf=True))):
        with pytest.raises(Conflict, match="no longer let the owner"), transaction() as db:
            service.change(db, people.actor_of(db, administrator), link.public_id, changes)
    with transaction() as db:
        service.change(db, people.actor_of(db, author), link.public_id, fewer)
    with reading() as db:
        found = impact.assess(db, EVERYWHERE)
    assert [[breach.rule for breach in one.now] for one in found.breaking] == [["sharing_groups"]]
    with transaction() as db:
        people.add_to_group(db, group, author)
    with transaction() as db:
        service.change(db, people.actor_of(db, author), link.public_id, Changes(max_views=6))
    with reading() as db:
        assert impact.assess(db, EVERYWHERE).breaking == ()
        stricter = impact.assess(db, EVERYWHERE, {"sharers": "administrators"})
    assert [[breach.rule for breach in one.then] for one in stricter.breaking] == [["sharers"]]


def test_many_links_are_extended_and_handed_on_within_the_rules_of_their_place(
    administrator: Person, author: Person, connection: Connection
) -> None:
    with transaction() as db:
        member, other = people.make_author(db, "Mia Member"), people.make_author(db, "Olga Other")
        group = people.make_group(db, "Sharers", author, member)
        link = links.make_link(db, author, connection, expires_at=clock.now() + timedelta(days=5))
    change(administrator, Place(connection.id, "OPS"), sharing_groups=group.public_id, maximum_days=7)

    def extend(days: int) -> Progress:
        with transaction() as db:
            acting = people.actor_of(db, author)
            run = bulk.plan(db, acting, Order(BulkAction.EXTEND, days=days), [link.public_id])
            bulk.confirm(db, acting, run)
        with reading() as db:
            bulk.do_run(run_id=db.scalars(select(func.max(BulkRun.id))).one())
            return bulk.progress(db, acting, run)

    assert (extend(3).refused, extend(2).done) == (1, 1)

    def hand_on(to: Person) -> service.NotShared | None:
        with transaction() as db:
            facts = links.share_facts(db, to, connection)
            return transferring.transfer(db, people.actor_of(db, author), link.public_id, facts)

    refused = hand_on(other)
    assert refused is not None
    assert refused.reason is RefusedToShare.NOT_A_SHARER
    assert hand_on(member) is None


def test_a_dry_run_says_what_a_change_would_break_and_changes_nothing(
    administrator: Person, author: Person, connection: Connection
) -> None:
    with transaction() as db:
        links.make_link(db, author, connection, name="Short", expires_at=clock.now() + timedelta(days=2))
        links.make_link(db, author, connection, name="Long", expires_at=clock.now() + timedelta(days=60))
        links.make_link(db, author, connection, name="Elsewhere", found=links.page_facts("1", container="HR"))
    with reading() as db:
        found = impact.assess(db, Place(connection.id, "OPS"), {"maximum_days": 7})
        assert ruling.rules_at(db, connection.id, "OPS").maximum_days == 90
    assert (found.live, found.looked_at, found.breaks_anew, found.mended) == (2, 2, 1, 0)
    assert [(one.link.name, [breach.rule for breach in one.then]) for one in found.breaking] == [
        ("Long", ["maximum_days"])
    ]
    change(administrator, Place(connection.id, "OPS"), maximum_days=7)
    with reading() as db:
        assert [one.link.name for one in impact.assess(db, EVERYWHERE).breaking] == ["Long"]
        assert impact.assess(db, Place(connection.id, "OPS"), {}).mended == 1


def test_a_dry_run_goes_on_where_it_ended(author: Person, connection: Connection) -> None:
    with transaction() as db:
        made = [links.make_link(db, author, connection, name=f"Link {number}") for number in range(3)]
    with reading() as db:
        first = impact.assess(db, EVERYWHERE, {"require_person": True}, size=2)
        rest = impact.assess(db, EVERYWHERE, {"require_person": True}, size=2, after=first.next or 0)
    assert (first.live, first.looked_at, first.next) == (3, 2, made[1].id)
    assert (rest.looked_at, rest.next) == (1, None)


def test_an_administrator_sets_the_rules_of_a_space_after_seeing_what_they_would_do(
    pages: PageClient, administrator: Person, author: Person, connection: Connection
) -> None:
    with transaction() as db:
        links.make_link(db, author, connection, name="For Northwind")
    pages.sign_in(administrator)
    pages.get("/links/rules/")
    pages.submit("Choose rules", {"connection": connection.public_id, "container": "OPS"})
    page = pages.follow()
    assert "As above: 90 (Everywhere)" in page.text
    shown = pages.submit("Show what would change", {"maximum_days": "3", "require_person": "yes"}, status=200)
    assert "Nothing is saved yet" in shown.text
    assert "For Northwind" in shown.text
    pages.submit("Save rules")
    page = pages.follow()
    assert "The rules are in force." in page.text
    assert page.xpath("//input[@name='maximum_days']/@value") == ["3"]
    assert "OPS" in pages.get("/links/rules/").text
    assert "For Northwind" in pages.get("/links/rules/breaches").text


def test_a_rule_that_is_emptied_on_the_page_is_taken_away(
    pages: PageClient, administrator: Person, connection: Connection
) -> None:
    change(administrator, Place(connection.id, "OPS"), maximum_days=7, allowed_domains="a.example", approval=True)
    pages.sign_in(administrator)
    pages.get(f"/links/rules/{connection.public_id}/OPS")
    pages.submit("Show what would change", {"maximum_days": "", "allowed_domains": "", "approval": ""}, status=200)
    pages.submit("Save rules")
    with reading() as db:
        assert rule_changes.own_values(db, Place(connection.id, "OPS")) == {}


def test_a_looser_value_is_refused_on_the_page_with_the_level_that_is_stricter(
    pages: PageClient, administrator: Person, connection: Connection
) -> None:
    pages.sign_in(administrator)
    pages.get(f"/links/rules/{connection.public_id}/OPS")
    page = pages.submit("Show what would change", {"maximum_days": "120"}, status=422)
    assert "looser than what holds everywhere: 90" in page.text


@pytest.mark.parametrize("address", ["/links/rules/", "/links/rules/everywhere", "/links/rules/breaches"])
def test_auditors_read_rules_and_authors_and_strangers_do_not(
    pages: PageClient, author: Person, administrator: Person, address: str
) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
    pages.get(address, status=303)
    pages.sign_in(author)
    pages.get(address, status=403)
    pages.sign_in(auditor)
    page = pages.get(address)
    assert "Show what would change" not in page.text
    pages.sign_in(administrator)
    pages.get(address)


def test_an_unknown_connection_has_no_rules(pages: PageClient, administrator: Person) -> None:
    pages.sign_in(administrator)
    pages.get("/links/rules/nobody", status=404)
    pages.get("/links/rules/nobody/OPS", status=404)
