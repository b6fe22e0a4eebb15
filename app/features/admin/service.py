"""What administrators do: each function finds and locks its row, and leaves the rule to the part of core that owns it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import membership, sessions
from app.core.accounts import queries as accounts
from app.core.accounts import service as people
from app.core.accounts.actor import Actor, PersonKind
from app.core.accounts.models import Group, Person, RoleAssignment
from app.core.audit import exports, trail
from app.core.audit.events import CoreEvent
from app.core.connections import accounts as atlassian_accounts
from app.core.connections import queries as connections
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.jobs import outbox
from app.core.permissions import Permission, Role
from app.core.text import Text
from app.features.admin.gather import AccountFacts
from app.features.admin.queries.groups import Wanted as GroupsWanted
from app.features.admin.queries.people import Wanted as PeopleWanted

#: Facts from outside are believed this long.
FRESH = timedelta(seconds=60)


@dataclass(frozen=True)
class OneTimeLink:
    """A link that was just made; its secret is shown in one answer and never again."""

    secret: str
    ends_at: datetime
    name: str
    kind: str


def create_person(
    session: Session, actor: Actor, *, email: str, name: str, kind: PersonKind, roles: Collection[Role]
) -> str:
    """Create a person with roles; returns the public id. Raises Forbidden, Invalid, Conflict."""
    _only_staff_have(roles, kind)
    person = people.create_person(session, actor, email=email, name=name, kind=kind)
    for role in roles:
        people.give_role(session, actor, role, person=person)
    return person.public_id


def change_person(
    session: Session, actor: Actor, public_id: str, *, name: str, kind: PersonKind, roles: Collection[Role]
) -> None:
    """Change name, kind and the roles a person holds directly. Raises Forbidden, NotFound, Invalid, Conflict."""
    _only_staff_have(roles, kind)
    person = _person(session, public_id)
    held = _held(session, person=person)
    # Roles go before the kind and come after it: guests hold none at any instant.
    for role in held - set(roles):
        people.take_role(session, actor, role, person=person)
    people.change_person(session, actor, person, name=name, kind=kind)
    for role in set(roles) - held:
        people.give_role(session, actor, role, person=person)


def deactivate(session: Session, actor: Actor, public_id: str) -> None:
    """Deactivate a person. Raises Forbidden, NotFound, Conflict."""
    people.deactivate(session, actor, _person(session, public_id))


def reactivate(session: Session, actor: Actor, public_id: str) -> None:
    """Let a person sign in again. Raises Forbidden, NotFound."""
    people.reactivate(session, actor, _person(session, public_id))


def issue_one_time_link(session: Session, actor: Actor, public_id: str) -> OneTimeLink:
    """Make a link that sets a new password once. Raises Forbidden, NotFound, Conflict."""
    person = _person(session, public_id)
    secret, ends_at = people.issue_one_time_link(session, actor, person)
    return OneTimeLink(secret, ends_at, person.display_name, person.kind)


def end_sessions(session: Session, actor: Actor, public_id: str) -> int:
    """End every session of a person; returns how many. Raises Forbidden, NotFound."""
    if not actor.may(Permission.ADMIN_PEOPLE_MANAGE):
        raise Forbidden
    person = _person(session, public_id)
    ended = sessions.end_all(session, person.id)
    if ended:
        trail.record(session, CoreEvent.SESSION_REVOKED, subject=("person", person.public_id), actor=actor, count=ended)
    return ended


def assign_account(session: Session, actor: Actor, public_id: str, facts: AccountFacts) -> None:
    """Say which Atlassian account is a person's. Raises Forbidden, NotFound, Conflict."""
    if clock.now() - facts.read_at > FRESH:
        raise Conflict(Text("That took too long. Try again."))
    connection = connections.by_public_id(session, facts.site.public_id)
    if connection is None:
        raise NotFound
    atlassian_accounts.assign(session, actor, _person(session, public_id), connection, facts.account)


def remove_account(session: Session, actor: Actor, public_id: str, connection_id: str) -> None:
    """Forget a person's Atlassian account. Raises Forbidden, NotFound."""
    connection = connections.by_public_id(session, connection_id)
    if connection is None:
        raise NotFound
    if not actor.may(Permission.ADMIN_PEOPLE_MANAGE):
        raise Forbidden
    atlassian_accounts.disconnect(session, actor, _person(session, public_id), connection)


def create_group(session: Session, actor: Actor, *, name: str, description: str) -> str:
    """Create a local group; returns the public id. Raises Forbidden, Invalid, Conflict."""
    return membership.create_group(session, actor, name=name, description=description).public_id


def change_group(session: Session, actor: Actor, public_id: str, *, name: str, description: str) -> None:
    """Rename or describe a local group. Raises Forbidden, NotFound, Invalid, Conflict."""
    membership.change_group(session, actor, _group(session, public_id), name=name, description=description)


def delete_group(session: Session, actor: Actor, public_id: str) -> None:
    """Delete a local group. Raises Forbidden, NotFound, Conflict."""
    group = _group(session, public_id)
    membership.delete_group(session, actor, group)


def change_group_roles(session: Session, actor: Actor, public_id: str, roles: Collection[Role]) -> None:
    """Set the roles that a group's members have through it. Raises Forbidden, NotFound, Conflict."""
    group = _group(session, public_id)
    held = _held(session, group=group)
    for role in set(roles) - held:
        people.give_role(session, actor, role, group=group)
    for role in held - set(roles):
        people.take_role(session, actor, role, group=group)


def add_member(session: Session, actor: Actor, public_id: str, email: str) -> str:
    """Put the person with this address into a local group; returns the name. Raises Forbidden, NotFound, Invalid, Conflict."""
    group = _group(session, public_id)
    person = accounts.person_by_email(session, email)
    if person is None:
        raise Invalid("email", Text("Nobody has the address %(email)s. Create the person first.", email=email))
    if not membership.add_member(session, actor, group, person):
        raise Invalid("email", Text("%(name)s is a member already.", name=person.display_name))
    return person.display_name


def remove_member(session: Session, actor: Actor, public_id: str, person_id: str) -> None:
    """Take a person out of a local group. Raises Forbidden, NotFound, Conflict."""
    membership.remove_member(session, actor, _group(session, public_id), _person(session, person_id))


def record_people_export(session: Session, actor: Actor, wanted: PeopleWanted) -> None:
    """Record that the list of people is handed out. Raises Forbidden."""
    filters = {"kind": wanted.kind, "state": wanted.state}
    exports.record_export(session, actor, Permission.ADMIN_PEOPLE_READ, "people", filters=filters, search=wanted.search)


def record_groups_export(session: Session, actor: Actor, wanted: GroupsWanted) -> None:
    """Record that the list of groups is handed out. Raises Forbidden."""
    filters = {"source": wanted.source}
    exports.record_export(session, actor, Permission.ADMIN_GROUPS_READ, "groups", filters=filters, search=wanted.search)


def record_members_export(session: Session, actor: Actor, public_id: str, wanted: GroupsWanted) -> None:
    """Record that the members of a group are handed out. Raises Forbidden, NotFound."""
    filters = {"group": _group(session, public_id).public_id}
    exports.record_export(
        session, actor, Permission.ADMIN_GROUPS_READ, "members", filters=filters, search=wanted.search
    )


def retry_job(session: Session, actor: Actor, job_id: int) -> None:
    """Queue a failed job again. Raises Forbidden, Conflict."""
    if not actor.may(Permission.ADMIN_JOBS_MANAGE):
        raise Forbidden
    if not outbox.retry(session, job_id):
        raise Conflict(Text("This job is not waiting for a retry any more."))
    trail.record(session, CoreEvent.JOB_RETRIED, subject=("job", job_id), actor=actor, job=job_id)


def _only_staff_have(roles: Collection[Role], kind: PersonKind) -> None:
    if roles and kind is not PersonKind.STAFF:
        raise Invalid("roles", Text("Roles are for staff. Take the ticks away, or choose staff."))


def _person(session: Session, public_id: str) -> Person:
    row = session.scalars(select(Person).where(Person.public_id == public_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    return row


def _group(session: Session, public_id: str) -> Group:
    row = session.scalars(select(Group).where(Group.public_id == public_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    return row


def _held(session: Session, *, person: Person | None = None, group: Group | None = None) -> set[Role]:
    holder = RoleAssignment.person_id == person.id if person is not None else RoleAssignment.group_id == _id(group)
    return {Role(role) for role in session.scalars(select(RoleAssignment.role).where(holder))}


def _id(group: Group | None) -> int:
    if group is None:
        raise ValueError("a role is held by a person or by a group")
    return group.id
