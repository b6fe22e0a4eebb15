"""Whose an asserted subject is, and what a sign-in may do to them: create, update, reactivate, link, put into groups.

A subject of one connection says nothing about another's. Somebody who is there already is linked only by an address in a
domain for which an administrator lets this connection vouch, or by an administrator's assignment; anything else is a
conflict that is shown and not guessed.
"""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import asserted, membership, queries, service
from app.core.accounts.actor import SYSTEM, PersonKind
from app.core.accounts.models import Group, MembershipSource, Person
from app.core.errors import Conflict, Invalid
from app.features.sso import conflicts, mapping
from app.features.sso.configuration import Connection
from app.features.sso.mapping import Answer, GroupPlan, Target
from app.features.sso.models import SsoIdentity, VerifiedDomain
from app.features.sso.refusals import Refusal
from app.features.sso.verified import MAXIMUM_SUBJECT, Refused, Verified

MAXIMUM_ADDRESS = 254


@dataclass(frozen=True)
class Traits:
    """What the mapping makes of somebody; None where it decides nothing."""

    email: str | None
    name: str | None
    #: Whether the connection may vouch for the address, and does.
    vouched: bool


def settle(session: Session, connection: Connection, verified: Verified) -> Person | Refused:
    """Return the person an answer is about, made, linked or brought up to date as the connection's rules say."""
    refused = Refused(Refusal.NO_SUBJECT, verified.checks, verified.received, provider_at=verified.provider_at)
    subject = verified.received.subject
    if not subject or len(subject) > MAXIMUM_SUBJECT:
        return refused
    traits = _traits(session, connection, verified)
    if traits is None:
        return replace(refused, reason=Refusal.MAPPING_REFUSED)
    if not _plan(session, connection, verified, is_new=False).may_sign_in:
        return replace(refused, reason=Refusal.GROUP_MISSING)
    row = session.scalars(
        select(SsoIdentity).where(SsoIdentity.connection_id == connection.id, SsoIdentity.subject == subject)
    ).one_or_none()
    if row is None:
        found, is_new = _first_time(session, connection, subject, traits)
    else:
        found, is_new = session.get_one(Person, row.person_id, with_for_update=True), False
    if isinstance(found, Refusal):
        return replace(refused, reason=found)
    reason = _admit(session, connection, found)
    if reason is not None:
        return replace(refused, reason=reason, person_id=found.id)
    if row is None:
        row = SsoIdentity(connection_id=connection.id, subject=subject, person_id=found.id, created_at=clock.now())
        session.add(row)
        conflicts.settle(session, connection.id, subject)
    row.last_used_at = clock.now()
    session.flush()
    if connection.identity.update and not is_new:
        _update(session, connection, found, traits)
    _apply_groups(session, connection, found, _plan(session, connection, verified, is_new=is_new))
    return found


def owner(session: Session, connection: Connection, subject: str) -> int | None:
    """Return the row id of whose a subject is, or None; changes nothing."""
    return session.scalar(
        select(SsoIdentity.person_id).where(SsoIdentity.connection_id == connection.id, SsoIdentity.subject == subject)
    )


def vouches_for(session: Session, connection_id: int, email: str) -> bool:
    """Tell whether an administrator lets a connection vouch for the domain of an address."""
    key = {"connection_id": connection_id, "domain": email.rpartition("@")[2].lower()}
    return session.get(VerifiedDomain, key) is not None


def _traits(session: Session, connection: Connection, verified: Verified) -> Traits | None:
    values: dict[Target, str | None] = {}
    for rule in connection.mapping:
        mapped = mapping.apply(rule, verified.received.by_name)
        if mapped.answer is Answer.REFUSED:
            return None
        if mapped.answer is Answer.TAKEN and mapped.value:
            values[rule.target] = mapped.value
    email = (values.get(Target.EMAIL) or "").strip() or None
    vouched = email is not None and verified.email_verified is not False and vouches_for(session, connection.id, email)
    return Traits(email, values.get(Target.NAME), vouched)


def _first_time(
    session: Session, connection: Connection, subject: str, traits: Traits
) -> tuple[Person | Refusal, bool]:
    rules = connection.identity
    if traits.email is None:
        return Refusal.NO_ADDRESS, False
    found = queries.person_by_email(session, traits.email[:MAXIMUM_ADDRESS])
    if found is not None:
        taken = session.scalar(
            select(SsoIdentity.id).where(SsoIdentity.connection_id == connection.id, SsoIdentity.person_id == found.id)
        )
        # Another subject of the same provider with an address that was given to somebody before: not the same person.
        if rules.link_by_email and traits.vouched and taken is None:
            return found, False
        conflicts.note(session, connection, subject, traits.email[:MAXIMUM_ADDRESS], found)
        return Refusal.ADDRESS_TAKEN, False
    if not rules.create:
        return Refusal.NOT_KNOWN, False
    if not _is_for(connection, rules.new_people):
        return Refusal.NOT_FOR_THIS_KIND, False
    name = traits.name or traits.email.partition("@")[0]
    try:
        made = asserted.create_person(
            session,
            connection.public_id,
            email=traits.email,
            name=name[:120],
            kind=rules.new_people,
            email_verified=traits.vouched,
        )
    except (Invalid, Conflict):
        return Refusal.NO_ADDRESS, False
    return made, True


def _admit(session: Session, connection: Connection, person: Person) -> Refusal | None:
    if not _is_for(connection, PersonKind(person.kind)):
        return Refusal.NOT_FOR_THIS_KIND
    if not person.active:
        if not connection.identity.reactivate:
            return Refusal.DEACTIVATED
        service.reactivate(session, SYSTEM, person)
    return None


def _is_for(connection: Connection, kind: PersonKind) -> bool:
    return connection.for_staff if kind is PersonKind.STAFF else connection.for_guests


def _update(session: Session, connection: Connection, person: Person, traits: Traits) -> None:
    name, email = traits.name and traits.name[:120], traits.email
    try:
        asserted.update_person(
            session, connection.public_id, person, name=name, email=email, email_verified=traits.vouched
        )
    except Invalid:
        # A name or an address that nobody can have: what is there stays.
        return


def _plan(session: Session, connection: Connection, verified: Verified, *, is_new: bool) -> GroupPlan:
    existing = frozenset(session.scalars(select(Group.external_id).where(Group.source == connection.public_id)))
    return mapping.plan_groups(connection.groups, verified.received.by_name, existing=existing, is_new=is_new)


def _apply_groups(session: Session, connection: Connection, person: Person, plan: GroupPlan) -> None:
    origin = connection.public_id
    valid_until = clock.now() + max(connection.identity.membership_age, asserted.FRESH)
    own = [asserted.group(session, origin, external_id, external_id) for external_id in plan.own]
    mapped = _by_public_id(session, plan.mapped)
    managed = {one.id for one in _by_public_id(session, plan.managed)}
    managed |= set(session.scalars(select(Group.id).where(Group.source == origin)))
    defaults = _by_public_id(session, plan.defaults)
    managed -= {one.id for one in defaults}
    asserted.set_memberships(session, origin, person, [*mapped, *own], valid_until=valid_until, managed=managed)
    for group in defaults:
        # A default is no assertion of the provider, but it goes stale with its sign-in all the same.
        membership.add_member(
            session, SYSTEM, group, person, MembershipSource.SSO, origin=origin, valid_until=valid_until
        )


def _by_public_id(session: Session, public_ids: frozenset[str]) -> list[Group]:
    if not public_ids:
        return []
    return list(session.scalars(select(Group).where(Group.public_id.in_(public_ids)).order_by(Group.id)))
