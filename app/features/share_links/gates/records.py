"""What visitors do at a link, written into its trail; and the word to its owner when many are turned away."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries as accounts
from app.core.accounts.actor import Actor
from app.core.accounts.actor import visitor as visitor_actor
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.audit.models import AuditEntry
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.life.notices import NoticeCode, tell_owner
from app.features.share_links.lists import tallies
from app.features.share_links.models import OwnerNotice, ShareLink
from app.features.share_links.queries import Visit

#: So many refusals within this time are worth telling the owner.
MANY = 10
WITHIN = timedelta(hours=1)
#: After having been told they are left alone for this long.
QUIET = timedelta(hours=24)
#: Named as the gate where a link was closed meanwhile: nobody was turned away who tried something.
STATE = "state"


def who(session: Session, person_id: int | None, browser_digest: str | None) -> Actor:
    """Return the signed-in person, or the visitor that a browser stands for."""
    person = session.get(Person, person_id) if person_id is not None else None
    if person is None:
        return visitor_actor(browser_digest)
    # Roles have no bearing on links, so they are not read.
    return replace(accounts.actor_for(session, person), permissions=frozenset())


def note(session: Session, event: ShareLinkEvent, visit: Visit, browser_digest: str | None, **details: Any) -> None:
    """Record what a visitor did; with the address that the browser has proven, where it has."""
    trail.record(
        session,
        event,
        subject=("link", visit.shown.public_id),
        actor=who(session, visit.visitor.person_id, browser_digest),
        **{"email": visit.proven_address} | details,
    )


def invited_by(visit: Visit) -> dict[str, Any]:
    """Return what the trail says of the own link that somebody came by."""
    return {"invitation": visit.invited.public_id, "invited": visit.invited.address} if visit.invited else {}


def refused(
    session: Session, visit: Visit, browser_digest: str | None, gate: str, reason: str, email: str | None = None
) -> None:
    """Record that a visitor did not pass a gate; `email` is the address they gave. May tell the owner."""
    details = {"gate": gate, "reason": reason} | ({"email": email} if email is not None else {})
    note(session, ShareLinkEvent.GATE_FAILED, visit, browser_digest, **details)
    tallies.failed(session, visit.shown.link_id)
    if gate != STATE:
        _tell_of_many(session, visit.shown.link_id, visit.shown.public_id)


def _tell_of_many(session: Session, link_id: int, public_id: str) -> None:
    # The trail of a link can be long; where few were turned away since yesterday, it need not be read.
    if tallies.failures_lately(session, link_id) < MANY:
        return
    now = clock.now()
    lately = (
        select(AuditEntry.id)
        .where(
            AuditEntry.subject_kind == "link",
            AuditEntry.subject_id == public_id,
            AuditEntry.event == ShareLinkEvent.GATE_FAILED,
            AuditEntry.at > now - WITHIN,
            AuditEntry.details["gate"].as_string() != STATE,
        )
        .limit(MANY)
    )
    if (session.scalar(select(func.count()).select_from(lately.subquery())) or 0) < MANY:
        return
    # Locked: of two who are the tenth at once, one tells.
    link = session.scalars(select(ShareLink).where(ShareLink.id == link_id).with_for_update()).one()
    told = select(OwnerNotice.id).where(
        OwnerNotice.link_id == link_id,
        OwnerNotice.code == NoticeCode.MANY_REFUSALS.value,
        OwnerNotice.at > now - QUIET,
    )
    if session.scalar(told.limit(1)) is None:
        tell_owner(session, link, NoticeCode.MANY_REFUSALS)
