"""Ending grants: whoever held one is back at the gates. Called inside the transaction of what ends them."""

from enum import StrEnum

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import SYSTEM, Actor
from app.core.audit import trail
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.models import Grant, ShareLink


class EndReason(StrEnum):
    """Why grants ended; stands in the audit trail."""

    SIGNED_OUT = "signed_out"
    PERSON_DEACTIVATED = "person_deactivated"
    PAUSED = "paused"
    REVOKED = "revoked"
    CLOSED = "closed"
    TIGHTENED = "tightened"


def end_of_link(session: Session, link: ShareLink, reason: EndReason, actor: Actor = SYSTEM) -> int:
    """End every live grant of a link and return how many there were."""
    return end(session, Grant.link_id == link.id, reason, actor)


def end(session: Session, condition: ColumnElement[bool], reason: EndReason, actor: Actor = SYSTEM) -> int:
    """End the live grants that meet a condition, record it once for each link, and return how many there were."""
    now = clock.now()
    query = (
        update(Grant)
        .where(condition, Grant.ended_at.is_(None), Grant.ends_at > now)
        .values(ended_at=now)
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
            reason=reason.value,
        )
    return len(ended)
