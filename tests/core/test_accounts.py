"""People, groups and roles: who may change them, and that ending access ends all of it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from app.core import clock, db
from app.core.accounts import api_tokens, queries, service, sessions
from app.core.accounts.actor import SYSTEM, Actor, PersonKind
from app.core.accounts.membership import add_member, create_group, remove_member
from app.core.accounts.models import Membership, MembershipSource, Person, SignInSession
from app.core.accounts.service import (
    change_person,
    create_person,
    deactivate,
    give_role,
    issue_one_time_link,
    take_role,
    use_one_time_link,
)
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import ROLE_PERMISSIONS, Permission, Role
from app.core.settings import service as settings
from tests.conftest import NOW
from tests.factories.people import make_administrator, make_author, make_guest, make_person


def person(person_id: int) -> Person:
    with db.reading() as session:
        return session.scalars(select(Person).where(Person.id == person_id)).one()


@pytest.fixture
def administrator(engine: Engine) -> Actor:
    with db.transaction() as session:
        return queries.actor_for(session, make_administrator(session))


def test_an_address_is_one_person_whatever_its_case(administrator: Actor) -> None:
    with db.transaction() as session:
        create_person(session, administrator, email="Nina@Example.com", name="Nina")
    with pytest.raises(Conflict), db.transaction() as session:
        create_person(session, administrator, email="nina@example.COM", name="Other")


@pytest.mark.parametrize(
    "email", ["", "a", "a@", "@b", "a b@c.d", "a@b@c", "a@-b.c-", "a..b@c.d", "<a@b.c>", "x" * 300 + "@b.c"]
)
def test_what_is_no_address_is_refused(administrator: Actor, email: str) -> None:
    with pytest.raises(Invalid), db.transaction() as session:
        create_person(session, administrator, email=email, name="Nina")


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b", "a\u202eb"])
def test_what_is_no_name_is_refused(administrator: Actor, name: str) -> None:
    with pytest.raises(Invalid), db.transaction() as session:
        create_person(session, administrator, email="a@example.com", name=name)


def test_authors_cannot_create_people(engine: Engine) -> None:
    with db.transaction() as session:
        author = queries.actor_for(session, make_author(session))
    with pytest.raises(Forbidden), db.transaction() as session:
        create_person(session, author, email="x@example.com", name="X")


def test_deactivating_ends_sessions_tokens_and_one_time_links(administrator: Actor) -> None:
    with db.transaction() as session:
        author = make_author(session)
        secret, _ = sessions.begin(session, author, {"password": clock.now()})
        token, _ = api_tokens.create(session, SYSTEM, author, name="t", scopes=["shares:read"])
        link, _ = issue_one_time_link(session, administrator, author)
    with db.transaction() as session:
        deactivate(session, administrator, session.get_one(Person, author.id))
    with db.transaction() as session:
        assert sessions.resolve(session, secret) is None
        assert api_tokens.resolve(session, token) is None
        assert use_one_time_link(session, link, "hash") is None


def test_reactivating_does_not_bring_sessions_back(administrator: Actor) -> None:
    with db.transaction() as session:
        author = make_author(session)
        secret, _ = sessions.begin(session, author, {"password": clock.now()})
        deactivate(session, administrator, author)
        service.reactivate(session, administrator, author)
    with db.reading() as session:
        assert sessions.resolve(session, secret) is None


def test_nobody_deactivates_themselves_or_the_last_administrator(administrator: Actor) -> None:
    assert administrator.person_id is not None
    with pytest.raises(Conflict), db.transaction() as session:
        deactivate(session, administrator, session.get_one(Person, administrator.person_id))
    with pytest.raises(Conflict), db.transaction() as session:
        deactivate(session, SYSTEM, session.get_one(Person, administrator.person_id))
    with pytest.raises(Conflict), db.transaction() as session:
        take_role(session, SYSTEM, Role.ADMINISTRATOR, person=session.get_one(Person, administrator.person_id))
    with pytest.raises(Conflict), db.transaction() as session:
        change_person(session, SYSTEM, session.get_one(Person, administrator.person_id), kind=PersonKind.GUEST)


def test_a_role_given_to_a_group_is_held_by_its_members(administrator: Actor) -> None:
    with db.transaction() as session:
        member = make_person(session, "Mia Member")
        group = create_group(session, administrator, name="Authors")
        give_role(session, administrator, Role.AUTHOR, group=group)
        add_member(session, administrator, group, member)
        assert queries.actor_for(session, member).may(Permission.LINKS_OWN_MANAGE)
        remove_member(session, administrator, group, member)
        assert not queries.actor_for(session, member).may(Permission.LINKS_OWN_MANAGE)


def test_guests_have_no_permissions_even_in_a_group_with_a_role(administrator: Actor) -> None:
    with db.transaction() as session:
        guest = make_guest(session)
        group = create_group(session, administrator, name="Admins")
        give_role(session, administrator, Role.ADMINISTRATOR, group=group)
        add_member(session, administrator, group, guest)
        assert queries.actor_for(session, guest).permissions == frozenset()
        with pytest.raises(Invalid):
            give_role(session, administrator, Role.AUTHOR, person=guest)


def test_a_membership_of_another_source_stays_when_the_manual_one_goes(administrator: Actor) -> None:
    with db.transaction() as session:
        member = make_person(session, "Mia Member")
        group = create_group(session, administrator, name="Both")
        add_member(session, administrator, group, member)
        add_member(session, administrator, group, member, MembershipSource.REQUEST)
        assert remove_member(session, administrator, group, member) is True
        assert [row.source for row in session.scalars(select(Membership))] == [MembershipSource.REQUEST]


def test_groups_of_two_sources_may_have_one_name_and_stay_apart(administrator: Actor) -> None:
    with db.transaction() as session:
        local = create_group(session, administrator, name="finance")
        foreign = create_group(session, administrator, name="finance", source="conn-b", external_id="finance")
        member = make_person(session, "Mia Member")
        add_member(session, administrator, foreign, member, MembershipSource.SSO)
        assert not queries.is_member(session, member.id, [local.id])
        with pytest.raises(Conflict):
            add_member(session, administrator, foreign, member)


def test_a_one_time_link_works_once(administrator: Actor) -> None:
    with db.transaction() as session:
        author = make_author(session)
        secret, _ = issue_one_time_link(session, administrator, author)
    with db.transaction() as session:
        assert use_one_time_link(session, secret, "hash") is not None
    with db.transaction() as session:
        assert use_one_time_link(session, secret, "other") is None
    assert person(author.id).password_hash == "hash"


def test_a_one_time_link_ends_after_a_day(administrator: Actor, held_clock: datetime) -> None:
    with db.transaction() as session:
        secret, _ = issue_one_time_link(session, administrator, make_author(session))
    with clock.at(NOW + timedelta(hours=25)), db.transaction() as session:
        assert use_one_time_link(session, secret, "hash") is None


def test_a_new_password_ends_the_other_sessions(engine: Engine) -> None:
    with db.transaction() as session:
        author = make_author(session)
        here, row = sessions.begin(session, author, {"password": clock.now()})
        there, _ = sessions.begin(session, author, {"password": clock.now()})
        assert service.set_password(session, SYSTEM, author, "hash", keep_session=row.id) == 1
    with db.reading() as session:
        assert sessions.resolve(session, here) is not None
        assert sessions.resolve(session, there) is None


def test_sessions_end_when_idle_and_at_last(engine: Engine, held_clock: datetime) -> None:
    with db.transaction() as session:
        secret, row = sessions.begin(session, make_author(session), {"password": NOW})
    for hours, alive in ((1, True), (3, False)):
        with clock.at(NOW + timedelta(hours=hours)), db.reading() as session:
            assert (sessions.resolve(session, secret) is not None) is alive
    instant = NOW
    while instant < NOW + timedelta(hours=12):
        with clock.at(instant), db.transaction() as session:
            sessions.touch(session, row.id)
        instant += timedelta(hours=1)
    with clock.at(NOW + timedelta(hours=12, minutes=1)), db.reading() as session:
        assert sessions.resolve(session, secret) is None


@pytest.mark.parametrize("kind", list(PersonKind))
def test_each_kind_of_person_has_limits_of_its_own_that_administrators_set(
    administrator: Actor, kind: PersonKind, held_clock: datetime
) -> None:
    with db.transaction() as session:
        settings.change(session, administrator, "sessions", {f"{kind}_idle_minutes": 10, f"{kind}_hours": 1})
        _, here = sessions.begin(session, make_person(session, "Somebody New", kind=kind), {"password": NOW})
        other = next(one for one in PersonKind if one is not kind)
        _, there = sessions.begin(session, make_person(session, "Somebody Else", kind=other), {"password": NOW})
    assert (here.idle_ends_at, here.ends_at) == (NOW + timedelta(minutes=10), NOW + timedelta(hours=1))
    assert there.idle_ends_at >= NOW + timedelta(hours=1)
    with clock.at(NOW + timedelta(minutes=5)), db.transaction() as session:
        sessions.touch(session, here.id)
        assert session.get_one(SignInSession, here.id).idle_ends_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("scopes", "days", "field"),
    [(["shares:all"], 10, "scopes"), ([], 10, "scopes"), (["shares:read"], 0, "days"), (["shares:read"], 999, "days")],
)
def test_a_token_needs_known_scopes_and_a_lifetime(engine: Engine, scopes: list[str], days: int, field: str) -> None:
    with pytest.raises(Invalid) as refused, db.transaction() as session:
        api_tokens.create(session, SYSTEM, make_author(session), name="t", scopes=scopes, days=days)
    assert refused.value.field == field


def test_a_token_ends(engine: Engine, held_clock: datetime) -> None:
    with db.transaction() as session:
        secret, _ = api_tokens.create(session, SYSTEM, make_author(session), name="t", scopes=["shares:read"], days=1)
        assert api_tokens.resolve(session, secret) is not None
    with clock.at(NOW + timedelta(days=2)), db.reading() as session:
        assert api_tokens.resolve(session, secret) is None


def test_every_permission_belongs_to_a_role() -> None:
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == frozenset(Permission)


def test_auditors_change_nothing() -> None:
    assert not [permission for permission in ROLE_PERMISSIONS[Role.AUDITOR] if permission.endswith(":manage")]
