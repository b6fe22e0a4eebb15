"""Ending and counting grants: whoever held one is back at the gates. Runs in the transaction of what ends them."""

from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import SYSTEM, Actor
from app.core.audit import trail
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.models import Grant, SharedObject, ShareLink


def end_of_link(session: Session, actor: Actor, link: ShareLink, reason: str) -> int:
    """End every live grant of a link and return how many there were."""
    return _end(session, actor, Grant.link_id == link.id, reason)


def end_of_person(session: Session, person_id: int, reason: str = "person_deactivated") -> int:
    """End every live grant that a person holds, on whatever browser, and return how many there were."""
    return _end(session, SYSTEM, Grant.person_id == person_id, reason)


def end_of_browser(session: Session, person_id: int, browser_digest: str, reason: str = "signed_out") -> int:
    """End the live grants that a person holds on one browser, and return how many there were."""
    return _end(session, SYSTEM, (Grant.person_id == person_id) & (Grant.browser_digest == browser_digest), reason)


def end_some(session: Session, actor: Actor, links: ColumnElement[bool], reason: str, most: int = 200) -> int:
    """End the live grants of at most `most` of the links that the condition names; return how many grants there were.

    Zero means that none is left. The condition may ask about what the links show.
    """
    held = (
        select(Grant.link_id)
        .join(ShareLink, ShareLink.id == Grant.link_id)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .where(links, *_live())
        .distinct()
        .limit(most)
    )
    found = list(session.scalars(held))
    return _end(session, actor, Grant.link_id.in_(found), reason) if found else 0


def end_of_invitation(session: Session, actor: Actor, invitation_id: int, reason: str) -> int:
    """End every live grant that was given by one own link, and return how many there were."""
    return _end(session, actor, Grant.invitation_id == invitation_id, reason)


def end_of_reader(session: Session, actor: Actor, link_id: int, which: ColumnElement[bool], reason: str) -> int:
    """End the live grants of a link that are one reader's, and return how many there were."""
    return _end(session, actor, (Grant.link_id == link_id) & which, reason)


def live_count(session: Session, link: ShareLink) -> int:
    """Return how many browsers may read on now."""
    query = (
        select(func.count())
        .select_from(Grant)
        .where(Grant.link_id == link.id, Grant.conditions_version == link.conditions_version, *_live())
    )
    return session.scalar(query) or 0


def _live() -> tuple[ColumnElement[bool], ...]:
    return (Grant.ended_at.is_(None), Grant.ends_at > clock.now())


def _end(session: Session, actor: Actor, which: ColumnElement[bool], reason: str) -> int:
    query: Any = (
        update(Grant)
        .where(which, *_live())
        .values(ended_at=clock.now())
        .returning(Grant.link_id)
        .execution_options(synchronize_session=False)
    )
    ended = list(session.scalars(query))
    if not ended:
        return 0
    links = session.execute(select(ShareLink.id, ShareLink.public_id).where(ShareLink.id.in_(set(ended))))
    for link_id, public_id in links.all():
        trail.record(
            session,
            ShareLinkEvent.GRANTS_ENDED,
            subject=("link", public_id),
            actor=actor,
            count=ended.count(link_id),
            reason=reason,
        )
    return len(ended)
