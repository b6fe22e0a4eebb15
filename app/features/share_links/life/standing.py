"""Whether those who shared something may still see it in Atlassian: proven again at visits, and at night where nobody visits.

Runs with no transaction open. What cannot be asked for now, since Atlassian is down, proves and refutes nothing. Where there
is nothing to ask with, since an owner has no account here any more, the last proof counts for the days of a setting.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts import queries as accounts
from app.core.accounts.models import Person
from app.core.connections.clients import Site
from app.core.errors import Unavailable
from app.core.settings import registry
from app.features.share_links import proof
from app.features.share_links.life_models import ProvenRight
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.objects import ObjectKind
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.queries import ObjectRow
from app.features.share_links.settings import ShareLinkSettings
from app.integrations.atlassian.addresses import Address, Kind

#: Owners who are asked about by one check of an object; those who wait longest come first.
MOST_AT_ONCE = 10
#: Seconds after which one check asks about no other.
_SECONDS = 5.0


def note(session: Session, shared_object_id: int, person_id: int) -> None:
    """Remember that somebody has proven just now that they may see an object."""
    _remember(session, shared_object_id, person_id, {"proven_at": clock.now()})


def check(site: Site, target: ObjectRow, *, older_than: timedelta) -> list[int]:
    """Ask anew about owners who were asked about longer ago; return the ids of those whose links may not go on."""
    with db.reading() as session:
        actors = [accounts.actor_for(session, one) for one in _due(session, target.id, older_than)]
    kind = Kind.PAGE if target.kind is ObjectKind.PAGE else Kind.ISSUE
    address = Address(site.place, site.product, kind, target.object_id, "")
    lost = []
    end = time.monotonic() + _SECONDS
    for actor in actors:
        assert actor.person_id is not None
        if time.monotonic() > end:
            break
        try:
            outcome = proof.prove_again(actor, site, address)
        except Unavailable:
            break
        if isinstance(outcome, RefusedToShare):
            lost.append(actor.person_id)
            continue
        with db.transaction() as session:
            if outcome is None and not _counts(session, target.id, actor.person_id):
                lost.append(actor.person_id)
            _remember(session, target.id, actor.person_id, {"proven_at": clock.now()} if outcome else {})
    return lost


def is_open() -> ColumnElement[bool]:
    """Return the condition for links that somebody could read by now or later, whoever pauses them."""
    return (
        ShareLink.revoked_at.is_(None)
        & ShareLink.closed_at.is_(None)
        & ShareLink.paused_at.is_(None)
        & (ShareLink.expires_at > clock.now())
    )


def not_asked_since(age: timedelta) -> ColumnElement[bool]:
    """Return the condition for owners who were asked about longer ago, or never; the query joins `ProvenRight`."""
    return or_(ProvenRight.asked_at.is_(None), ProvenRight.asked_at < clock.now() - age)


def _counts(session: Session, shared_object_id: int, person_id: int) -> bool:
    """Tell whether the last proof counts where nobody can be asked; without any, the age of the oldest link does."""
    proven_at = session.scalar(
        select(ProvenRight.proven_at).where(
            ProvenRight.shared_object_id == shared_object_id, ProvenRight.person_id == person_id
        )
    )
    if proven_at is None:
        proven_at = session.scalar(
            select(func.min(ShareLink.created_at)).where(
                ShareLink.shared_object_id == shared_object_id, ShareLink.created_by_id == person_id, is_open()
            )
        )
    days = registry.read(session, ShareLinkSettings).unasked_days
    return proven_at is None or clock.now() < proven_at + timedelta(days=days)


def _remember(session: Session, shared_object_id: int, person_id: int, proven: dict[str, datetime]) -> None:
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"asked_at": clock.now()} | proven
    session.execute(
        insert(ProvenRight)
        .values(shared_object_id=shared_object_id, person_id=person_id, **values)
        .on_conflict_do_update(index_elements=["shared_object_id", "person_id"], set_=values)
    )


def _due(session: Session, shared_object_id: int, older_than: timedelta) -> list[Person]:
    query = (
        select(Person)
        .join(ShareLink, ShareLink.created_by_id == Person.id)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .outerjoin(
            ProvenRight,
            (ProvenRight.shared_object_id == SharedObject.id) & (ProvenRight.person_id == Person.id),
        )
        .where(SharedObject.id == shared_object_id, is_open(), not_asked_since(older_than))
        .where(Person.deactivated_at.is_(None))
        .group_by(Person.id)
        .order_by(func.min(ProvenRight.asked_at).is_not(None), func.min(ProvenRight.asked_at))
        .limit(MOST_AT_ONCE)
    )
    return list(session.scalars(query))
