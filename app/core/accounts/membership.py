"""The only writer of groups and of who is in them: pages, command line, SSO and later SCIM and sync call it."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock, signals
from app.core.accounts.actor import Actor
from app.core.accounts.models import LOCAL, Group, Membership, MembershipSource, Person, RoleAssignment
from app.core.accounts.service import require
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.crypto import tokens
from app.core.errors import Conflict, Invalid
from app.core.permissions import Permission
from app.core.text import Text


def create_group(
    session: Session,
    actor: Actor,
    *,
    name: str,
    description: str = "",
    source: str = LOCAL,
    external_id: str | None = None,
) -> Group:
    """Create a group. Names are labels: two sources may use the same, two local groups may not."""
    require(actor, Permission.ADMIN_GROUPS_MANAGE)
    name = _checked_group_name(session, name, source)
    public_id = tokens.new_public_id()
    group = Group(
        public_id=public_id,
        source=source,
        external_id=external_id or public_id,
        name=name,
        description=description.strip()[:400],
        created_at=clock.now(),
    )
    session.add(group)
    session.flush()
    trail.record(session, CoreEvent.GROUP_CREATED, subject=("group", public_id), actor=actor, name=name, source=source)
    return group


def change_group(session: Session, actor: Actor, group: Group, *, name: str, description: str) -> None:
    """Rename or describe a local group."""
    _require_local(actor, group)
    was = group.name
    if name.strip() != was:
        group.name = _checked_group_name(session, name, LOCAL)
    group.description = description.strip()[:400]
    trail.record(
        session, CoreEvent.GROUP_CHANGED, subject=("group", group.public_id), actor=actor, name=group.name, was=was
    )


def delete_group(session: Session, actor: Actor, group: Group) -> None:
    """Delete a local group that no link asks for; its memberships and roles go with it."""
    _require_local(actor, group)
    refusals = [answer for _, answer in signals.group_deleting.send(group.id, db=session, group=group) if answer]
    if refusals:
        raise Conflict(refusals[0])
    members = session.scalar(select(func.count()).select_from(Membership).where(Membership.group_id == group.id))
    session.execute(delete(RoleAssignment).where(RoleAssignment.group_id == group.id))
    session.execute(delete(Membership).where(Membership.group_id == group.id))
    trail.record(
        session,
        CoreEvent.GROUP_DELETED,
        subject=("group", group.public_id),
        actor=actor,
        name=group.name,
        members=members,
    )
    session.delete(group)


def add_member(
    session: Session,
    actor: Actor,
    group: Group,
    person: Person,
    source: MembershipSource = MembershipSource.MANUAL,
    *,
    origin: str = "",
    valid_until: datetime | None = None,
) -> bool:
    """Put a person into a group; False where this source has it already, and then only `valid_until` is renewed."""
    if source is MembershipSource.MANUAL:
        _require_local(actor, group)
    key = {"person_id": person.id, "group_id": group.id, "source": source.value, "origin": origin}
    found = session.get(Membership, key)
    if found is not None:
        found.valid_until = valid_until
        return False
    session.add(Membership(**key, created_at=clock.now(), valid_until=valid_until))
    session.flush()
    _record_member(session, CoreEvent.MEMBER_ADDED, actor, group, person, source)
    return True


def remove_member(
    session: Session,
    actor: Actor,
    group: Group,
    person: Person,
    source: MembershipSource = MembershipSource.MANUAL,
    *,
    origin: str = "",
) -> bool:
    """Take a person out of a group as far as this source put them there; False where it had not."""
    if source is MembershipSource.MANUAL:
        _require_local(actor, group)
    key = {"person_id": person.id, "group_id": group.id, "source": source.value, "origin": origin}
    row = session.get(Membership, key)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    _record_member(session, CoreEvent.MEMBER_REMOVED, actor, group, person, source)
    return True


def _checked_group_name(session: Session, name: str, source: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise Invalid("name", Text("Enter a name of 1 to 120 characters."))
    if source == LOCAL:
        taken = select(Group.id).where(Group.source == LOCAL, func.lower(Group.name) == name.lower())
        if session.scalar(taken) is not None:
            raise Conflict(Text("There is a group named %(name)s already.", name=name))
    return name


def _require_local(actor: Actor, group: Group) -> None:
    require(actor, Permission.ADMIN_GROUPS_MANAGE)
    if group.source != LOCAL:
        raise Conflict(Text("%(name)s comes from elsewhere; change it there.", name=group.name))


def _record_member(
    session: Session, event: CoreEvent, actor: Actor, group: Group, person: Person, source: MembershipSource
) -> None:
    trail.record(
        session, event, subject=("person", person.public_id), actor=actor, group=group.public_id, source=source.value
    )
