"""What a check with Atlassian does to links: closing them for good, or pausing them until somebody has looked.

All of it happens in one transaction of the caller's, and Portico is the actor: the visitor whose request made us look
has nothing to do with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock, context
from app.core.accounts.actor import SYSTEM
from app.core.audit import trail
from app.features.share_links import copies, grants
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.models import ShareLink
from app.features.share_links.notices import NoticeCode, tell_owner
from app.features.share_links.policy import CloseReason, PauseReason


def close_links(session: Session, shared_object_id: int, reason: CloseReason) -> int:
    """Close every link of an object that is gone or no longer readable; return how many."""
    links = _open_links(session, shared_object_id)
    with _as_portico():
        for link in links:
            link.closed_at, link.closed_reason = clock.now(), reason.value
            link.version += 1
            trail.record(session, ShareLinkEvent.CLOSED, subject=("link", link.public_id), reason=reason.value)
            grants.end_of_link(session, SYSTEM, link, "closed")
            tell_owner(session, link, NoticeCode(reason.value))
    copies.delete_all(session, shared_object_id)
    return len(links)


def pause_changed(session: Session, shared_object_id: int, restriction_digest: str) -> int:
    """Pause the links that were made under other restrictions than those of now; return how many."""
    links = [one for one in _open_links(session, shared_object_id) if one.restriction_digest != restriction_digest]
    reason = PauseReason.RESTRICTION_CHANGED
    paused = 0
    with _as_portico():
        for link in links:
            if link.paused_at is not None:
                continue
            link.paused_at, link.paused_reason = clock.now(), reason.value
            link.version += 1
            paused += 1
            trail.record(session, ShareLinkEvent.PAUSED, subject=("link", link.public_id), reason=reason.value)
            grants.end_of_link(session, SYSTEM, link, "paused")
            tell_owner(session, link, NoticeCode(reason.value))
    return paused


def note_version(session: Session, shared_object_id: int, version: str) -> None:
    """Mark the links that were made for another version than the one that a check found."""
    session.execute(
        update(ShareLink)
        .where(
            ShareLink.shared_object_id == shared_object_id,
            ShareLink.page_changed.is_(False),
            ShareLink.made_for_version.not_in(("", version)),
        )
        .values(page_changed=True)
        .execution_options(synchronize_session=False)
    )


def _open_links(session: Session, shared_object_id: int) -> list[ShareLink]:
    query = (
        select(ShareLink)
        .where(
            ShareLink.shared_object_id == shared_object_id,
            ShareLink.revoked_at.is_(None),
            ShareLink.closed_at.is_(None),
        )
        .order_by(ShareLink.id)
        .with_for_update()
    )
    return list(session.scalars(query))


@contextmanager
def _as_portico() -> Iterator[None]:
    with context.use(replace(context.current(), address=None, agent=None)):
        yield
