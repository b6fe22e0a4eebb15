"""What a connection may write: its own groups and memberships, and only while what it said is fresh."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts import asserted, membership, queries, service, sessions, sign_in
from app.core.accounts.actor import SYSTEM, PersonKind
from app.core.accounts.models import Person
from app.core.accounts.sign_in import Refused, SignedIn, SignInRefusal
from app.core.audit.models import AuditEntry
from app.core.mail.models import OutgoingMail
from app.core.permissions import Role
from tests.conftest import NOW
from tests.factories.people import PASSWORD, make_administrator, make_author, make_group, make_guest

BROWSER = "b" * 64


def groups_of(session: Session, person: Person) -> set[int]:
    return set(queries.groups_of(session, person.id))


def test_two_connections_never_share_a_group_by_its_name(engine: Engine) -> None:
    with db.transaction() as session:
        ours = asserted.group(session, "acme", "finance", "finance")
        theirs = asserted.group(session, "partner", "finance", "finance")
        again = asserted.group(session, "acme", "finance", "finance")
    assert ours.id == again.id != theirs.id
    assert {ours.source, theirs.source} == {"acme", "partner"}


def test_two_long_group_ids_with_one_beginning_stay_two(engine: Engine) -> None:
    with db.transaction() as session:
        first = asserted.group(session, "acme", "g" * 300 + "1", "long")
        second = asserted.group(session, "acme", "g" * 300 + "2", "long")
    assert first.id != second.id


def test_a_connection_takes_away_only_what_it_gave(engine: Engine, held_clock: datetime) -> None:
    with db.transaction() as session:
        person, local = make_guest(session), make_group(session, "Hauliers")
        membership.add_member(session, SYSTEM, local, person)
        own = asserted.group(session, "acme", "crew", "crew")
        other = asserted.group(session, "partner", "crew", "crew")
        asserted.set_memberships(session, "acme", person, [own, local], valid_until=None)
        asserted.set_memberships(session, "partner", person, [other, local], valid_until=None)
        assert asserted.set_memberships(session, "acme", person, [], valid_until=None) == (0, 2)
        assert groups_of(session, person) == {local.id, other.id}
        assert asserted.set_memberships(session, "partner", person, [], valid_until=None) == (0, 2)
        assert groups_of(session, person) == {local.id}


def test_only_managed_groups_are_taken_away(engine: Engine) -> None:
    with db.transaction() as session:
        person = make_guest(session)
        first, second = (asserted.group(session, "acme", name, name) for name in ("first", "second"))
        asserted.set_memberships(session, "acme", person, [first, second], valid_until=None)
        asserted.set_memberships(session, "acme", person, [], valid_until=None, managed=[first.id])
        assert groups_of(session, person) == {second.id}


def test_what_was_asserted_counts_until_it_is_too_old_for_links_and_roles(engine: Engine, held_clock: datetime) -> None:
    with db.transaction() as session:
        person = make_author(session)
        group = asserted.group(session, "acme", "admins", "admins")
        service.give_role(session, SYSTEM, Role.AUDITOR, group=group)
        asserted.set_memberships(session, "acme", person, [group], valid_until=NOW + timedelta(hours=12))
    for passed, counts in ((timedelta(hours=11, minutes=59), True), (timedelta(hours=12), False)):
        with clock.at(NOW + passed), db.reading() as session:
            assert queries.is_member(session, person.id, [group.id]) is counts
            assert (group.id in queries.groups_of(session, person.id)) is counts
            assert (Role.AUDITOR in queries.roles_of(session, person.id)) is counts


def test_an_address_that_nobody_vouches_for_is_not_taken_over(engine: Engine) -> None:
    with db.transaction() as session:
        person = asserted.create_person(
            session, "acme", email="greta@hauliers.example", name="Greta", kind=PersonKind.GUEST, email_verified=False
        )
        assert person.email_verified_at is None
        taken = asserted.update_person(
            session, "acme", person, name="Greta V", email="new@hauliers.example", email_verified=False
        )
        assert taken == ("name",)
        taken = asserted.update_person(
            session, "acme", person, name=None, email="new@hauliers.example", email_verified=True
        )
        assert (taken, person.email_verified_by) == (("email",), "acme")


def test_somebody_elses_address_is_left_out(engine: Engine) -> None:
    with db.transaction() as session:
        other, person = make_author(session), make_guest(session)
        assert asserted.update_person(session, "acme", person, name=None, email=other.email, email_verified=True) == ()


@pytest.mark.parametrize(("said", "expected"), [(1, 1), (48, 12), (None, 12)])
def test_a_session_ends_when_the_provider_says_if_that_is_sooner(
    engine: Engine, held_clock: datetime, said: int | None, expected: int
) -> None:
    at_most = NOW + timedelta(hours=said) if said else None
    with db.transaction() as session:
        _secret, row = sessions.begin(session, make_guest(session), {"sso:acme": NOW}, ends_at_most=at_most)
    assert row.ends_at == NOW + timedelta(hours=expected)
    assert row.idle_ends_at <= row.ends_at


def _try(email: str, *, in_emergency: bool = False) -> SignedIn | Refused:
    attempt = sign_in.gather(email, PASSWORD, BROWSER, in_emergency=in_emergency)
    with db.transaction() as session:
        return sign_in.sign_in(session, attempt, BROWSER, in_emergency=in_emergency)


@pytest.fixture
def passwords_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "_closings", [lambda _session: True])


def test_closed_passwords_stop_staff_and_not_guests(engine: Engine, passwords_closed: None) -> None:
    with db.transaction() as session:
        author, guest = make_author(session), make_guest(session)
    assert _try(author.email) == Refused(SignInRefusal.CLOSED)
    assert isinstance(_try(guest.email), SignedIn)


def test_the_emergency_is_for_administrators_and_told_to_all_of_them(engine: Engine, passwords_closed: None) -> None:
    with db.transaction() as session:
        author, ada = make_author(session), make_administrator(session)
        make_administrator(session, "Bea Admin")
    assert _try(author.email, in_emergency=True) == Refused(SignInRefusal.NOT_ADMINISTRATOR)
    assert isinstance(_try(ada.email, in_emergency=True), SignedIn)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutgoingMail)) == 2
        events = list(session.scalars(select(AuditEntry.event)))
    assert events.count("accounts:emergency:used") == 1


def test_the_emergency_has_a_limit_that_changing_names_does_not_avoid(engine: Engine, held_clock: datetime) -> None:
    with db.transaction() as session:
        ada = make_administrator(session)
    for number in range(5):
        sign_in.gather(f"nobody{number}@example.com", "x", None, in_emergency=True)
    refused = _try(ada.email, in_emergency=True)
    assert isinstance(refused, Refused)
    assert refused.reason is SignInRefusal.LIMITED
    with clock.at(NOW + timedelta(hours=1)):
        assert isinstance(_try(ada.email, in_emergency=True), SignedIn)
