"""What happened to a link and around it: its own entries of the trail, stops that covered it, and what its owner was told."""

import heapq
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit.models import AuditEntry, AuditPersonal
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.life.halts import HaltScope, Target
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.models import OwnerNotice, ShareLink
from app.features.share_links.rules import content_check
from app.features.share_links.rules.content_check import NOTHING, Scan

#: The subject kinds of entries about a link, and about halts.
_LINK = "link"
_HALTS = "sharing"
#: What names the place where a page ends: row ids of the last entry and of the last notice before it, 0 for none yet.
_PLACE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True)
class NoticeRow:
    """Something the owner has to know."""

    #: Row id; where a list goes on.
    id: int
    at: datetime
    code: str
    #: What a content check found.
    scan: Scan = NOTHING


@dataclass(frozen=True)
class ActivityRow:
    """One entry of the trail about a link."""

    id: int
    at: datetime
    event: str
    actor_kind: str
    actor_id: str | None
    #: Name or address of who it was, where known and not erased.
    actor_name: str | None
    details: dict[str, Any]
    #: What a reader stated, where it was asked for and not erased.
    reason: str | None = None
    #: Whose own link was used, where one was and it is not erased.
    invited: str | None = None


@dataclass(frozen=True)
class History:
    """One page of it, newest first."""

    rows: tuple[ActivityRow | NoticeRow, ...]
    #: Where older ones go on; None at the end.
    next: str | None


def is_place(after: str) -> bool:
    """Tell whether a page can go on after this."""
    return _PLACE.fullmatch(after) is not None


def page(session: Session, link: LinkRow, after: str | None, size: int) -> History:
    """Return what happened, newest first; the caller has made sure that the reader may see the link.

    What `is_place` does not know as a place is the beginning.
    """
    entry_id, notice_id = _ids(after)
    own = _entries(session, _LINK, [link.public_id], after=entry_id or None, limit=size + 1)
    entries = sorted([*own, *_halts(session, link, entry_id or None, size + 1)], key=lambda one: -one.id)
    told = _notices(session, link, notice_id, size + 1)
    # What is told is told because of the entry of the same instant, so it stands above it.
    streams: list[Sequence[ActivityRow | NoticeRow]] = [told, entries]
    rows = list(heapq.merge(*streams, key=lambda one: one.at, reverse=True))
    shown = rows[:size]
    for one in shown:
        if isinstance(one, NoticeRow):
            notice_id = one.id
        else:
            entry_id = one.id
    return History(tuple(shown), f"{entry_id}-{notice_id}" if len(rows) > size else None)


def notices(session: Session, link: LinkRow, since: datetime, limit: int = 3) -> Sequence[NoticeRow]:
    """Return what the owner was told since an instant, newest first."""
    query = select(OwnerNotice).where(OwnerNotice.link_id == link.id, OwnerNotice.at >= since)
    query = query.order_by(OwnerNotice.id.desc()).limit(limit)
    return [_notice_row(row) for row in session.scalars(query)]


def _ids(after: str | None) -> tuple[int, int]:
    found = _PLACE.fullmatch(after or "")
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _halts(session: Session, link: LinkRow, after: int | None, limit: int) -> Sequence[ActivityRow]:
    """Return when sharing was stopped, switched off and let go on for what covers the link, since it is covered."""
    shared_object_id = session.get_one(ShareLink, link.id).shared_object_id
    keys = [
        Target(HaltScope.EVERYTHING).key,
        Target(HaltScope.CONNECTION, (link.connection_id,)).key,
        Target(HaltScope.CONTAINER, (link.connection_id, link.container or "")).key,
        Target(HaltScope.OBJECT, (shared_object_id,)).key,
        Target(HaltScope.LINK, (link.id,)).key,
    ]
    owner = [Target(HaltScope.PERSON, (link.owner_id,)).key]
    found, of_owner = (
        _entries(session, _HALTS, which, since=link.created_at, after=after, limit=limit) for which in (keys, owner)
    )
    owned_since = _owned_since(session, link) if of_owner else None
    return [*found, *(row for row in of_owner if owned_since is None or row.at >= owned_since)]


def _owned_since(session: Session, link: LinkRow) -> datetime | None:
    # By the trail: who takes a link over themselves gets no notice of it.
    query = select(func.max(AuditEntry.at)).where(
        AuditEntry.subject_kind == _LINK,
        AuditEntry.subject_id == link.public_id,
        AuditEntry.event == ShareLinkEvent.TRANSFERRED.value,
    )
    return session.scalar(query)


def _notices(session: Session, link: LinkRow, before: int, limit: int) -> list[NoticeRow]:
    """Return what the owner was told, newest first; 0 is before all of it."""
    query = select(OwnerNotice).where(OwnerNotice.link_id == link.id)
    if before:
        query = query.where(OwnerNotice.id < before)
    return [_notice_row(row) for row in session.scalars(query.order_by(OwnerNotice.id.desc()).limit(limit))]


def _notice_row(row: OwnerNotice) -> NoticeRow:
    return NoticeRow(row.id, row.at, row.code, content_check.load(row.findings, row.unread))


def _entries(
    session: Session,
    kind: str,
    ids: Collection[str],
    *,
    since: datetime | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Sequence[ActivityRow]:
    """Return entries of the trail about subjects of one kind, newest first."""
    query = (
        select(AuditEntry, AuditPersonal.values.label("personal"))
        .outerjoin(AuditPersonal, AuditPersonal.entry_id == AuditEntry.id)
        .where(AuditEntry.subject_kind == kind, AuditEntry.subject_id.in_(ids))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if after is not None:
        query = query.where(AuditEntry.id < after)
    return [_activity_row(entry, personal or {}) for entry, personal in session.execute(query)]


def _activity_row(entry: AuditEntry, personal: dict[str, Any]) -> ActivityRow:
    return ActivityRow(
        id=entry.id,
        at=entry.at,
        event=entry.event,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        actor_name=personal.get("actor_name") or personal.get("email"),
        details=entry.details,
        reason=personal.get("reason"),
        invited=personal.get("invited"),
    )
