"""What people do with links, without any site: facts are made by hand."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.accounts import membership
from app.core.accounts import service as accounts
from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.settings import registry
from app.core.settings import service as settings_service
from app.features.share_links import service
from app.features.share_links.conditions import UNCHANGED, Changes, Conditions, NewPassword
from app.features.share_links.models import Grant, OwnerNotice, SharedObject, ShareLink
from app.features.share_links.policy import PauseReason
from app.features.share_links.powers import Powers
from app.features.share_links.proof import RefusedToShare
from tests.conftest import NOW
from tests.factories import connections, links, people

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def author() -> Person:
    with transaction() as db:
        return people.make_author(db)


@pytest.fixture
def link(author: Person) -> ShareLink:
    with transaction() as db:
        return links.make_link(db, author)


def acting(person: Person) -> Actor:
    with reading() as db:
        return people.actor_of(db, person)


def fresh(link: ShareLink) -> ShareLink:
    with reading() as db:
        return db.get_one(ShareLink, link.id)


def events(of: ShareLink | None = None) -> list[str]:
    query = select(AuditEntry.event).order_by(AuditEntry.id)
    if of is not None:
        query = query.where(AuditEntry.subject_id == of.public_id)
    else:
        query = query.where(AuditEntry.event.startswith("share_links"))
    with reading() as db:
        return list(db.scalars(query))


def set_settings(**values: object) -> None:
    with transaction() as db:
        administrator = people.make_administrator(db, "Settings Admin")
        settings_service.change(db, people.actor_of(db, administrator), "share_links", values)


def create(author: Person, conditions: Conditions, **facts: object) -> service.Created | service.NotShared:
    actor = acting(author)
    with transaction() as db:
        found = links.share_facts(db, author, connections.make_connection(db))
        return service.create(db, actor, replace(found, **facts), conditions)  # type: ignore[arg-type]


def test_a_new_link_lives_for_the_usual_time_and_its_making_is_recorded(author: Person, held_clock: datetime) -> None:
    with transaction() as db:
        link = links.make_link(db, author, name=None)
    assert link.expires_at == held_clock + timedelta(days=14)
    assert link.name == "Page 100101"
    assert events(link) == ["share_links:link:created"]
    with reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.subject_id == link.public_id)).one()
    assert entry.details["object"] == "confluence:100101"
    assert entry.details["conditions"] == {"password": True, "groups": [], "max_views": None}
    assert "Berth" not in str(entry.details), "titles stay out of the trail"


def test_a_refused_creator_gets_no_link_and_the_refusal_is_recorded(author: Person) -> None:
    outcome = create(
        author,
        Conditions(password=links.hashed_password()),
        object=None,
        proof=None,
        refusal=RefusedToShare.NOT_CONNECTED,
    )
    assert isinstance(outcome, service.NotShared)
    assert outcome.reason is RefusedToShare.NOT_CONNECTED
    assert events() == ["share_links:link:refused"]
    with reading() as db:
        assert db.scalars(select(ShareLink)).all() == []


def test_facts_older_than_a_minute_prove_nothing(author: Person) -> None:
    old = clock.now() - timedelta(seconds=61)
    with pytest.raises(Conflict, match="too long"):
        create(author, Conditions(password=links.hashed_password()), read_at=old)


def test_facts_gathered_for_somebody_else_are_refused(author: Person) -> None:
    with pytest.raises(Forbidden):
        create(author, Conditions(password=links.hashed_password()), person_id=author.id + 1)


def test_a_connection_that_changed_since_the_facts_were_read_is_refused(author: Person) -> None:
    actor = acting(author)
    with transaction() as db:
        connection = connections.make_connection(db)
        found = links.share_facts(db, author, connection)
        connection.disabled_at = clock.now()
        db.flush()
        with pytest.raises(Conflict, match="connection was changed"):
            service.create(db, actor, found, Conditions(password=links.hashed_password()))


@pytest.mark.parametrize("maker", [people.make_auditor, people.make_guest])
def test_whoever_may_not_make_links_is_refused(maker: object) -> None:
    with transaction() as db:
        somebody = maker(db)  # type: ignore[operator]
    with pytest.raises(Forbidden):
        create(somebody, Conditions(password=links.hashed_password()))


@pytest.mark.parametrize(
    ("conditions", "field", "sentence"),
    [
        (Conditions(), "password", "password or a group"),
        (
            Conditions(password=NewPassword("x"), expires_at=NOW + timedelta(days=90, seconds=1)),
            "expires_at",
            "90 days",
        ),
        (Conditions(password=NewPassword("x"), expires_at=NOW), "expires_at", "still to come"),
        (Conditions(password=NewPassword("x"), max_views=0), "max_views", "1 to 1000000"),
        (Conditions(password=NewPassword("x"), groups=("nobody",)), "groups", "no group nobody"),
        (Conditions(password=NewPassword("x"), name="a" * 121), "name", "120"),
        (Conditions(password=NewPassword("x"), name="a\u202eb"), "name", "120"),
    ],
)
def test_conditions_outside_the_rules_are_refused_with_the_field_and_the_number(
    author: Person, held_clock: datetime, conditions: Conditions, field: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence) as refusal:
        create(author, conditions)
    assert refusal.value.field == field


def test_the_settings_decide_how_long_a_link_may_live(author: Person, held_clock: datetime) -> None:
    set_settings(maximum_days=7)
    with transaction() as db:
        assert links.make_link(db, author).expires_at == held_clock + timedelta(days=7)
    with pytest.raises(Invalid, match="at most 7 days"), transaction() as db:
        links.make_link(db, author, expires_at=held_clock + timedelta(days=8))


def test_without_the_setting_a_link_needs_no_gate(author: Person) -> None:
    set_settings(require_gate=False)
    assert isinstance(create(author, Conditions()), service.Created)


def test_groups_are_named_by_id_or_by_a_name_that_only_one_has(author: Person) -> None:
    with transaction() as db:
        partners = people.make_group(db, "Partners")
        people.make_group(db, "Finance")
        people.make_foreign_group(db, "Finance")
    for wanted in (partners.public_id, "Partners"):
        with transaction() as db:
            assert links.make_link(db, author, password=False, groups=(wanted,)).password_hash is None
    with pytest.raises(Invalid, match="Several groups are named Finance"), transaction() as db:
        links.make_link(db, author, groups=("Finance",))


def test_links_to_one_page_share_one_row_and_keep_what_a_check_decides_by(author: Person) -> None:
    with transaction() as db:
        first = links.make_link(db, author)
        second = links.make_link(
            db, author, found=links.page_facts(title="Renamed", restriction_digest="d" * 64, version="9-x")
        )
    assert first.shared_object_id == second.shared_object_id
    assert second.restriction_digest == "d" * 64
    with reading() as db:
        shared = db.scalars(select(SharedObject)).one()
    assert (shared.title, shared.version, shared.restriction_digest) == ("Renamed", "5-0123456789abcdef", "")


def test_somebody_elses_link_does_not_exist(link: ShareLink) -> None:
    with transaction() as db:
        other = people.make_author(db, "Bo Lind")
    for act in (service.pause, service.revoke, service.new_address):
        with pytest.raises(NotFound), transaction() as db:
            act(db, people.actor_of(db, other), link.public_id)


def test_an_auditor_sees_a_link_and_changes_nothing(link: ShareLink) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
    with pytest.raises(Forbidden), transaction() as db:
        service.revoke(db, people.actor_of(db, auditor), link.public_id)
    assert fresh(link).revoked_at is None


def test_what_an_administrator_does_to_a_link_is_told_to_its_owner(link: ShareLink, author: Person) -> None:
    with transaction() as db:
        administrator = people.make_administrator(db)
    with transaction() as db:
        service.pause(db, people.actor_of(db, administrator), link.public_id)
    with transaction() as db:
        service.resume(db, people.actor_of(db, author), link.public_id)
    with reading() as db:
        assert list(db.scalars(select(OwnerNotice.code))) == ["paused_by_other"]


@pytest.mark.parametrize(
    ("changes", "tightens"),
    [
        (Changes(name="Another name"), False),
        (Changes(password=NewPassword("other")), True),
        (Changes(password=None, groups=("Partners",)), True),
        (Changes(groups=("Partners",)), True),
        (Changes(max_views=3), True),
        (Changes(max_views=None), False),
        (Changes(expires_at=NOW + timedelta(days=1)), True),
        (Changes(expires_at=NOW + timedelta(days=30)), False),
        (Changes(powers=Powers(attachments=True)), False),
    ],
)
def test_tightening_a_condition_ends_every_grant_and_loosening_none(
    author: Person, held_clock: datetime, changes: Changes, tightens: bool
) -> None:
    with transaction() as db:
        people.make_group(db)
        link = links.make_link(db, author, max_views=5)
        grant = links.make_grant(db, link)
    actor = acting(author)
    with transaction() as db:
        service.change(db, actor, link.public_id, changes)
    with reading() as db:
        ended = db.get_one(Grant, grant.id).ended_at is not None
    assert ended is tightens
    assert fresh(link).conditions_version == (2 if tightens else 1)
    assert fresh(link).version == 2
    expected = ["share_links:link:created", "share_links:link:changed"]
    assert events(link) == expected + (["share_links:grant:ended"] if tightens else [])


def test_leaving_groups_out_narrows_and_adding_one_widens(author: Person) -> None:
    with transaction() as db:
        for name in ("One", "Two"):
            people.make_group(db, name)
        link = links.make_link(db, author, groups=("One",))
    actor = acting(author)
    for groups, version in ((("One", "Two"), 1), (("Two",), 2), ((), 2)):
        with transaction() as db:
            service.change(db, actor, link.public_id, Changes(groups=groups))
        assert fresh(link).conditions_version == version


def test_changes_made_from_an_older_version_are_refused(link: ShareLink, author: Person) -> None:
    actor = acting(author)
    with transaction() as db:
        service.change(db, actor, link.public_id, Changes(max_views=5), seen=1)
    with pytest.raises(Conflict, match="changed after"), transaction() as db:
        service.change(db, actor, link.public_id, Changes(max_views=None), seen=1)
    assert fresh(link).max_views == 5
    with transaction() as db:
        service.change(db, actor, link.public_id, Changes(max_views=None), seen=2)
    assert fresh(link).max_views is None


def test_an_edit_that_changes_nothing_is_not_recorded(link: ShareLink, author: Person) -> None:
    actor = acting(author)
    with transaction() as db:
        service.change(db, actor, link.public_id, Changes(name="For Northwind", max_views=None, groups=()))
    assert events(link) == ["share_links:link:created"]
    assert fresh(link).version == 1


def test_an_edit_cannot_take_the_last_gate_away(link: ShareLink, author: Person) -> None:
    actor = acting(author)
    with pytest.raises(Invalid, match="password or a group"), transaction() as db:
        service.change(db, actor, link.public_id, Changes(password=None))
    assert fresh(link).password_hash is not None


def test_the_longest_life_is_counted_from_creation(link: ShareLink, author: Person) -> None:
    actor = acting(author)
    with clock.at(link.created_at + timedelta(days=80)):
        changes = Changes(expires_at=link.created_at + timedelta(days=91))
        with pytest.raises(Invalid, match="90 days"), transaction() as db:
            service.change(db, actor, link.public_id, changes)
        with transaction() as db:
            changes = replace(changes, expires_at=link.created_at + timedelta(days=90))
            service.change(db, actor, link.public_id, changes)
    assert fresh(link).expires_at == link.created_at + timedelta(days=90)


def test_pausing_and_revoking_cut_readers_off(link: ShareLink, author: Person) -> None:
    actor = acting(author)
    with transaction() as db:
        links.make_grant(db, link)
        service.pause(db, actor, link.public_id)
    assert fresh(link).paused_reason == PauseReason.OWNER
    with transaction() as db:
        assert service.resume(db, actor, link.public_id) is None
        links.make_grant(db, link)
        links.make_grant(db, link, browser="b" * 64)
    with transaction() as db:
        assert service.revoke(db, actor, link.public_id) == 2
        assert service.revoke(db, actor, link.public_id) == 0
    assert events(link) == [
        "share_links:link:created",
        "share_links:link:paused",
        "share_links:grant:ended",
        "share_links:link:resumed",
        "share_links:link:revoked",
        "share_links:grant:ended",
    ]


def test_a_revoked_link_stays_revoked(link: ShareLink, author: Person) -> None:
    actor = acting(author)
    with transaction() as db:
        service.revoke(db, actor, link.public_id)
    for act in (
        service.pause,
        service.resume,
        service.new_address,
        lambda db, actor, public_id: service.change(db, actor, public_id, Changes(name="Again")),
    ):
        with pytest.raises(Conflict, match="revoked"), transaction() as db:
            act(db, actor, link.public_id)


def test_a_new_address_is_another_generation_until_the_byte_is_full(link: ShareLink, author: Person) -> None:
    actor = acting(author)
    with transaction() as db:
        assert service.new_address(db, actor, link.public_id) == 1
        db.get_one(ShareLink, link.id).generation = 255
    with pytest.raises(Conflict, match="256 addresses"), transaction() as db:
        service.new_address(db, actor, link.public_id)


def paused_by_restriction(link: ShareLink) -> None:
    with transaction() as db:
        row = db.get_one(ShareLink, link.id)
        row.paused_at, row.paused_reason = clock.now(), PauseReason.RESTRICTION_CHANGED.value


def test_a_link_paused_by_a_changed_restriction_asks_for_a_fresh_proof(link: ShareLink, author: Person) -> None:
    paused_by_restriction(link)
    actor = acting(author)
    with pytest.raises(Conflict, match="Only the owner"), transaction() as db:
        service.resume(db, actor, link.public_id)
    with transaction() as db:
        connection = db.scalars(select(Connection)).one()
        found = links.share_facts(db, author, connection, links.page_facts(restriction_digest="e" * 64))
        assert service.needs_proof(db, actor, link.public_id)
        assert service.resume(db, actor, link.public_id, found) is None
    assert (fresh(link).restriction_digest, fresh(link).paused_at) == ("e" * 64, None)


def test_restrictions_that_changed_while_the_owner_had_paused_it_ask_for_a_proof_too(
    link: ShareLink, author: Person
) -> None:
    actor = acting(author)
    with transaction() as db:
        service.pause(db, actor, link.public_id)
        assert not service.needs_proof(db, actor, link.public_id)
        db.get_one(SharedObject, link.shared_object_id).restriction_digest = "f" * 64
        db.flush()
        assert service.needs_proof(db, actor, link.public_id)
    with pytest.raises(Conflict, match="Only the owner"), transaction() as db:
        service.resume(db, actor, link.public_id)


def test_without_the_proof_it_stays_paused_and_the_refusal_is_recorded(link: ShareLink, author: Person) -> None:
    paused_by_restriction(link)
    actor = acting(author)
    with transaction() as db:
        connection = db.scalars(select(Connection)).one()
        found = replace(
            links.share_facts(db, author, connection), object=None, proof=None, refusal=RefusedToShare.NOT_VISIBLE
        )
        assert isinstance(service.resume(db, actor, link.public_id, found), service.NotShared)
    assert fresh(link).paused_at is not None
    assert events()[-1] == "share_links:link:refused"


def test_the_proof_for_another_page_resumes_nothing(link: ShareLink, author: Person) -> None:
    paused_by_restriction(link)
    actor = acting(author)
    with reading() as db:
        connection = db.scalars(select(Connection)).one()
        another = links.share_facts(db, author, connection, links.page_facts("100102"))
    with pytest.raises(Conflict), transaction() as db:
        service.resume(db, actor, link.public_id, another)


def test_a_group_stays_while_a_link_asks_for_it(author: Person) -> None:
    with transaction() as db:
        group = people.make_group(db)
        link = links.make_link(db, author, password=False, groups=(group.public_id,))
    with pytest.raises(Conflict, match="Partners stays, because links ask for it: 1"), transaction() as db:
        membership.delete_group(db, SYSTEM, db.get_one(type(group), group.id))
    actor = acting(author)
    with transaction() as db:
        service.revoke(db, actor, link.public_id)
    with transaction() as db:
        membership.delete_group(db, SYSTEM, db.get_one(type(group), group.id))


def test_deactivating_the_creator_cuts_their_readers_off(link: ShareLink, author: Person) -> None:
    with transaction() as db:
        people.make_administrator(db)
        grant = links.make_grant(db, link)
    with transaction() as db:
        accounts.deactivate(db, SYSTEM, db.get_one(Person, author.id))
    with reading() as db:
        assert db.get_one(Grant, grant.id).ended_at is not None


def test_the_feature_is_part_of_the_application(app: Flask) -> None:
    assert registry.area("share_links") is not None
    assert UNCHANGED is Changes().name
