"""What a connection to an identity provider may write of people and groups, and nothing else.

A connection vouches for what it asserted itself: its own groups, its own memberships, an address that it was trusted with.
Whatever somebody set by hand, or another source asserted, stays as it is.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import membership, queries, service
from app.core.accounts.actor import SYSTEM, PersonKind
from app.core.accounts.models import Group, Membership, MembershipSource, Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent

EXTERNAL_ID_LENGTH = 200
GROUP_NAME_LENGTH = 120
#: What was asserted counts this long at least, or nobody would get from their provider to the page they wanted.
FRESH = timedelta(minutes=5)


def create_person(
    session: Session, origin: str, *, email: str, name: str, kind: PersonKind, email_verified: bool
) -> Person:
    """Create a person whom the connection `origin` asserted. Raises Invalid, Conflict."""
    return service.create_person(
        session,
        SYSTEM,
        email=email,
        name=name,
        kind=kind,
        verified_by=origin if email_verified else None,
        source=origin,
    )


def update_person(
    session: Session, origin: str, person: Person, *, name: str | None, email: str | None, email_verified: bool
) -> tuple[str, ...]:
    """Take over the name and a verified address; returns what changed. An address of somebody else's is left out."""
    changed = []
    if name and service.checked_name(name) != person.display_name:
        person.display_name = service.checked_name(name)
        changed.append("name")
    if email and email_verified and queries.email_key(email) != person.email_key:
        holder = queries.person_by_email(session, email)
        if holder is None:
            person.email = service.checked_email(email)
            person.email_key = queries.email_key(email)
            person.email_verified_at, person.email_verified_by = clock.now(), origin
            changed.append("email")
    if changed:
        trail.record(
            session,
            CoreEvent.PERSON_CHANGED,
            subject=("person", person.public_id),
            fields=changed,
            name=person.display_name,
            email=person.email,
        )
    return tuple(changed)


def group(session: Session, origin: str, external_id: str, name: str) -> Group:
    """Return the connection's own group with that id, made where it is new. Two connections never share one."""
    if len(external_id) > EXTERNAL_ID_LENGTH:
        # Cut off, two long ids could become one.
        external_id = f"sha256:{hashlib.sha256(external_id.encode()).hexdigest()}"
    query = select(Group).where(Group.source == origin, Group.external_id == external_id)
    found = session.scalars(query).one_or_none()
    if found is not None:
        return found
    label = (
        "".join(one for one in name if one.isprintable()).strip()[:GROUP_NAME_LENGTH] or external_id[:GROUP_NAME_LENGTH]
    )
    return membership.create_group(session, SYSTEM, name=label, source=origin, external_id=external_id)


def set_memberships(
    session: Session,
    origin: str,
    person: Person,
    groups: Collection[Group],
    *,
    valid_until: datetime | None,
    managed: Collection[int] | None = None,
) -> tuple[int, int]:
    """Make these the groups that `origin` asserts of a person; returns how many were added and removed.

    `managed` names the group rows that may be taken away; None = all that this connection gave. Memberships by hand or of
    other connections are other rows and stay.
    """
    wanted = {one.id: one for one in groups}
    query = select(Membership.group_id).where(
        Membership.person_id == person.id,
        Membership.source == MembershipSource.SSO.value,
        Membership.origin == origin,
    )
    held = set(session.scalars(query))
    added = sum(
        membership.add_member(
            session, SYSTEM, one, person, MembershipSource.SSO, origin=origin, valid_until=valid_until
        )
        for one in wanted.values()
    )
    gone = (held - wanted.keys()) if managed is None else (held - wanted.keys()) & set(managed)
    for group_id in sorted(gone):
        row = session.get_one(Group, group_id)
        membership.remove_member(session, SYSTEM, row, person, MembershipSource.SSO, origin=origin)
    return added, len(gone)
