"""What happened to a link and around it: its own entries of the trail, stops that covered it, and what its owner was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit.models import AuditEntry
from app.features.share_links.life.halts import HaltScope, Target
from app.features.share_links.life.notices import NoticeCode
from app.features.share_links.lists import listing
from app.features.share_links.lists.listing import ActivityRow, LinkRow, NoticeRow
from app.features.share_links.models import OwnerNotice, ShareLink

#: The subject kind of entries about halts.
_HALTS = "sharing"
#: Notices of one page; a link has a handful.
_MOST_NOTICES = 100


@dataclass(frozen=True)
class History:
    """One page of it, newest first."""

    rows: tuple[ActivityRow | NoticeRow, ...]
    #: The entry that older ones come after; None at the end.
    next: int | None


def page(session: Session, link: LinkRow, after: int | None, size: int) -> History:
    """Return what happened, newest first; the caller has made sure that the reader may see the link."""
    own = listing.activity(session, link.public_id, after=after, limit=size + 1)
    entries = sorted([*own, *_halts(session, link, after, size + 1)], key=lambda one: one.id, reverse=True)
    shown = entries[:size]
    more = len(entries) > size
    told = _notices(session, link, shown[-1].at if more else None, _at(session, after))
    # What is told is told because of the entry of the same instant, so it stands above it.
    rows: list[ActivityRow | NoticeRow] = [*told, *shown]
    rows.sort(key=lambda one: one.at, reverse=True)
    return History(tuple(rows), shown[-1].id if more else None)


def _halts(session: Session, link: LinkRow, after: int | None, limit: int) -> Sequence[ActivityRow]:
    """Return when sharing was stopped, switched off and let go on for what covers the link, since it is covered."""
    shared_object_id = session.get_one(ShareLink, link.id).shared_object_id
    owner = Target(HaltScope.PERSON, (link.owner_id,)).key
    keys = [
        Target(HaltScope.EVERYTHING).key,
        Target(HaltScope.CONNECTION, (link.connection_id,)).key,
        Target(HaltScope.CONTAINER, (link.connection_id, link.container or "")).key,
        Target(HaltScope.OBJECT, (shared_object_id,)).key,
        Target(HaltScope.LINK, (link.id,)).key,
        owner,
    ]
    found = listing.entries(session, _HALTS, keys, since=link.created_at, after=after, limit=limit)
    owned_since = _owned_since(session, link) if any(row.subject == owner for row in found) else None
    return [row for row in found if row.subject != owner or owned_since is None or row.at >= owned_since]


def _owned_since(session: Session, link: LinkRow) -> datetime | None:
    query = select(func.max(OwnerNotice.at)).where(
        OwnerNotice.link_id == link.id, OwnerNotice.code == NoticeCode.TRANSFERRED.value
    )
    return session.scalar(query)


def _notices(session: Session, link: LinkRow, since: datetime | None, before: datetime | None) -> list[NoticeRow]:
    """Return what the owner was told from one instant on and before another."""
    query = select(OwnerNotice).where(OwnerNotice.link_id == link.id)
    if since is not None:
        query = query.where(OwnerNotice.at >= since)
    if before is not None:
        query = query.where(OwnerNotice.at < before)
    found = session.scalars(query.order_by(OwnerNotice.id.desc()).limit(_MOST_NOTICES))
    return [NoticeRow(row.at, row.code) for row in found]


def _at(session: Session, entry_id: int | None) -> datetime | None:
    return session.scalar(select(AuditEntry.at).where(AuditEntry.id == entry_id)) if entry_id is not None else None
