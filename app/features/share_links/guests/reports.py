"""Reporting a link: recorded, told to its owner and to administrators, and limited. Takes an open transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, context, ratelimit
from app.core.accounts import service as accounts
from app.core.accounts.models import Person
from app.core.mail import delivery
from app.core.ratelimit import Limit, Taken
from app.core.text import Text
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import records
from app.features.share_links.guests.models import Invitation, LinkReport
from app.features.share_links.life.notices import NoticeCode, tell_owner
from app.features.share_links.models import ShareLink
from app.features.share_links.queries import Visit

MAXIMUM_WORDS = 1_000
SHOWN = 20
PER_VISITOR = Limit("link-report-visitor", 3, 3_600)
PER_LINK = Limit("link-report-link", 10, 86_400)
EVERYWHERE = Limit("link-report-all", 120, 3_600)


class ReportReason(StrEnum):
    """Why somebody reports a link; stored, so values stay."""

    UNEXPECTED = "unexpected"
    NOT_FOR_ME = "not_for_me"
    HARMFUL = "harmful"
    OTHER = "other"


#: What each means, for the owner and for who chooses it.
SENTENCES: dict[ReportReason, Text] = {
    ReportReason.UNEXPECTED: Text("I did not expect it and do not know who shares it"),
    ReportReason.NOT_FOR_ME: Text("It shows something that is not meant for me"),
    ReportReason.HARMFUL: Text("It is harmful or tries to deceive"),
    ReportReason.OTHER: Text("Something else"),
}


@dataclass(frozen=True)
class ReportRow:
    """One report as the owner reads it."""

    #: Row id; where a list goes on.
    id: int
    at: datetime
    reason: ReportReason
    words: str | None
    #: Whose own link it came by.
    invited: str | None


def report(session: Session, visit: Visit, browser_digest: str | None, reason: ReportReason, words: str) -> Taken:
    """Keep a report and tell who has to know; where a limit is reached, nothing is kept."""
    public_id = visit.shown.public_id
    visitor = f"{public_id}|{ratelimit.network_of(context.current().address)}"
    taken = ratelimit.take(session, (PER_VISITOR, visitor))
    if taken.allowed:
        taken = ratelimit.take(session, (PER_LINK, public_id))
    if taken.allowed:
        taken = ratelimit.take(session, (EVERYWHERE, "all"))
    if not taken.allowed:
        return taken
    said = "".join(one for one in " ".join(words.split()) if one.isprintable())[:MAXIMUM_WORDS] or None
    invited = visit.invited
    session.add(
        LinkReport(
            link_id=visit.shown.link_id,
            invitation_id=invited.id if invited is not None else None,
            at=clock.now(),
            reason=reason.value,
            words=said,
        )
    )
    records.note(
        session, ShareLinkEvent.REPORTED, visit, browser_digest, reason=reason.value, **records.invited_by(visit)
    )
    link = session.get_one(ShareLink, visit.shown.link_id)
    tell_owner(session, link, NoticeCode.REPORTED)
    _tell_administrators(session, link, visit.shown.owner_name, reason)
    return taken


def of_link(session: Session, link_id: int, *, after: int | None = None, limit: int = SHOWN) -> Sequence[ReportRow]:
    """Return reports of a link, newest first, that come after the row id `after`.

    The caller has made sure that the reader may see them.
    """
    query = (
        select(LinkReport, Invitation.address)
        .outerjoin(Invitation, Invitation.id == LinkReport.invitation_id)
        .where(LinkReport.link_id == link_id)
        .order_by(LinkReport.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(LinkReport.id < after)
    return [
        ReportRow(row.id, row.at, ReportReason(row.reason), row.words, address)
        for row, address in session.execute(query)
    ]


def _tell_administrators(session: Session, link: ShareLink, owner: str, reason: ReportReason) -> None:
    if not delivery.can_send():
        return
    # The owner has had a mail of their own.
    asked = Person.id.in_(accounts.administrators(session)) & (Person.id != link.created_by_id)
    for email in session.scalars(select(Person.email).where(asked)):
        delivery.send(
            session,
            to=email,
            subject=Text("A link of %(owner)s was reported", owner=owner),
            body=Text(
                "A visitor reported the link %(id)s of %(owner)s: %(reason)s. What they wrote stands on the page of the "
                "link. Pause or revoke it there if they are right.\n",
                id=link.public_id,
                owner=owner,
                reason=SENTENCES[reason],
            ),
        )
