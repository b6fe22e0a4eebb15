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
from app.core.text import Text
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import grants
from app.features.share_links.life.notices import NoticeCode, tell_administrators, tell_owner
from app.features.share_links.models import ShareLink
from app.features.share_links.policy import CloseReason, PauseReason
from app.features.share_links.reading import copies

_WHY_PAUSED = {
    PauseReason.RESTRICTION_CHANGED: Text("Who may see it in Atlassian has changed. The owners were told."),
    PauseReason.NO_SHARE_LABEL: Text("The page has the label no-share now. The owners were told."),
    PauseReason.RIGHT_LOST: Text(
        "It can no longer be proven that their owner may see it in Atlassian. The owner was told; the links can be "
        "transferred to somebody who may see it."
    ),
}
_WHY_CLOSED = {
    CloseReason.NOT_READABLE: Text("Portico can no longer read it. The owners were told."),
    CloseReason.GONE: Text("It was deleted. The owners were told."),
    CloseReason.TRASHED: Text("The page is in the trash. The owners were told."),
    CloseReason.ARCHIVED: Text("The page was archived. The owners were told."),
}


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
    if links:
        subject = Text("Portico closed links to one page or issue: %(count)s", count=len(links))
        tell_administrators(session, subject, _WHY_CLOSED[reason])
    copies.delete_all(session, shared_object_id)
    return len(links)


def pause_changed(session: Session, shared_object_id: int, restriction_digest: str) -> int:
    """Pause the links that were made under other restrictions than those of now; return how many."""
    links = [one for one in _open_links(session, shared_object_id) if one.restriction_digest != restriction_digest]
    return _pause(session, links, PauseReason.RESTRICTION_CHANGED)


def pause_labelled(session: Session, shared_object_id: int) -> int:
    """Pause the links of a page that has the label no-share now; return how many."""
    return _pause(session, _open_links(session, shared_object_id), PauseReason.NO_SHARE_LABEL)


def pause_of_owner(session: Session, shared_object_id: int, person_id: int) -> int:
    """Pause somebody's links to what they may no longer see, as far as can be proven; return how many."""
    links = [one for one in _open_links(session, shared_object_id) if one.created_by_id == person_id]
    return _pause(session, links, PauseReason.RIGHT_LOST)


def _pause(session: Session, links: list[ShareLink], reason: PauseReason) -> int:
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
    if paused:
        subject = Text("Portico paused links to one page or issue: %(count)s", count=paused)
        tell_administrators(session, subject, _WHY_PAUSED[reason])
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
