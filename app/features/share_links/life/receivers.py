"""What links do when a person, a connection or a group ends. Runs inside the sender's transaction."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Group
from app.core.text import Text
from app.features.share_links.gates import grants
from app.features.share_links.life.notices import NoticeCode, tell_owner
from app.features.share_links.models import LinkGroup, SharedObject, ShareLink


def on_person_deactivated(person_id: int, *, db: Session, **_: Any) -> None:
    """End what a deactivated person holds, and cut off who reads through their links; policy keeps those shut."""
    grants.end_of_person(db, person_id)
    for link in _unended(db, ShareLink.created_by_id == person_id):
        grants.end_of_link(db, SYSTEM, link, "creator_deactivated")


def on_deactivation_effects(person_id: int, *, db: Session, **_: Any) -> Text | None:
    """Say how many links close when a person is deactivated."""
    now = clock.now()
    live = sum(1 for link in _unended(db, ShareLink.created_by_id == person_id) if link.expires_at > now)
    return Text("Links that close for their readers: %(count)s.", count=live) if live else None


def on_connection_disabled(connection_id: int, *, db: Session, **_: Any) -> None:
    """Cut readers off and tell the owners."""
    shared = select(SharedObject.id).where(SharedObject.connection_id == connection_id)
    for link in _unended(db, ShareLink.shared_object_id.in_(shared)):
        grants.end_of_link(db, SYSTEM, link, "connection_off")
        tell_owner(db, link, NoticeCode.CONNECTION_OFF)


def on_group_deleting(group_id: int, *, db: Session, group: Group, **_: Any) -> Text | None:
    """Say no while a link asks for the group: without it the link would open for others, or for nobody."""
    asking = select(ShareLink.id).where(ShareLink.revoked_at.is_(None), ShareLink.closed_at.is_(None))
    count = db.scalar(
        select(func.count()).select_from(LinkGroup).where(LinkGroup.group_id == group_id, LinkGroup.link_id.in_(asking))
    )
    if count:
        return Text(
            "%(name)s stays, because links ask for it: %(count)s. Take it out of their conditions or revoke them first.",
            name=group.name,
            count=count,
        )
    # Links that have ended for good no longer need it.
    db.execute(delete(LinkGroup).where(LinkGroup.group_id == group_id))
    return None


def _unended(db: Session, which: Any) -> list[ShareLink]:
    query = select(ShareLink).where(which, ShareLink.revoked_at.is_(None), ShareLink.closed_at.is_(None))
    return list(db.scalars(query))
