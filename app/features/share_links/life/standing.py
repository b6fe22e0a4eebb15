"""Whether those who shared something may still see it in Atlassian: proven again at visits, and at night where nobody visits.

Runs with no transaction open. What cannot be asked for now, since Atlassian is down, proves and refutes nothing.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts import queries as accounts
from app.core.accounts.models import Person
from app.core.connections.clients import Site
from app.core.errors import Unavailable
from app.features.share_links import proof
from app.features.share_links.life_models import ProvenRight
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.objects import ObjectKind
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.queries import ObjectRow
from app.integrations.atlassian.addresses import Address, Kind

#: Owners whose right is proven again by one check of an object; those proven longest ago come first.
MOST_AT_ONCE = 3


def note(session: Session, shared_object_id: int, person_id: int) -> None:
    """Remember that somebody has proven just now that they may see an object."""
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    now = clock.now()
    session.execute(
        insert(ProvenRight)
        .values(shared_object_id=shared_object_id, person_id=person_id, proven_at=now)
        .on_conflict_do_update(index_elements=["shared_object_id", "person_id"], set_={"proven_at": now})
    )


def check(site: Site, target: ObjectRow, *, older_than: timedelta) -> list[int]:
    """Prove the right of owners anew whose proof is older; return the ids of those who could not prove it."""
    with db.reading() as session:
        actors = [accounts.actor_for(session, one) for one in _due(session, target.id, older_than)]
    kind = Kind.PAGE if target.kind is ObjectKind.PAGE else Kind.ISSUE
    address = Address(site.place, site.product, kind, target.object_id, "")
    lost = []
    for actor in actors:
        assert actor.person_id is not None
        try:
            outcome = proof.prove(actor, site, address)
        except Unavailable:
            break
        if isinstance(outcome, RefusedToShare):
            lost.append(actor.person_id)
        else:
            with db.transaction() as session:
                note(session, target.id, actor.person_id)
    return lost


def is_open() -> ColumnElement[bool]:
    """Return the condition for links that somebody could read by now or later, whoever pauses them."""
    return (
        ShareLink.revoked_at.is_(None)
        & ShareLink.closed_at.is_(None)
        & ShareLink.paused_at.is_(None)
        & (ShareLink.expires_at > clock.now())
    )


def not_proven_since(age: timedelta) -> ColumnElement[bool]:
    """Return the condition for owners whose right was proven longer ago, or never; the query joins `ProvenRight`."""
    return or_(ProvenRight.proven_at.is_(None), ProvenRight.proven_at < clock.now() - age)


def _due(session: Session, shared_object_id: int, older_than: timedelta) -> list[Person]:
    query = (
        select(Person)
        .join(ShareLink, ShareLink.created_by_id == Person.id)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .outerjoin(
            ProvenRight,
            (ProvenRight.shared_object_id == SharedObject.id) & (ProvenRight.person_id == Person.id),
        )
        .where(SharedObject.id == shared_object_id, is_open(), not_proven_since(older_than))
        .where(Person.deactivated_at.is_(None))
        .group_by(Person.id)
        .order_by(func.min(ProvenRight.proven_at).is_not(None), func.min(ProvenRight.proven_at))
        .limit(MOST_AT_ONCE)
    )
    return list(session.scalars(query))
