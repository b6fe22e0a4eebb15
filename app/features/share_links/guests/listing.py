"""The internal read side of invitations: whom a link was sent to, and what became of it. Frozen rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.accounts.actor import Actor
from app.core.errors import Forbidden
from app.core.mail.models import OutgoingMail
from app.features.share_links import rights
from app.features.share_links.guests.models import Invitation, ReaderOpening
from app.features.share_links.lists import listing
from app.features.share_links.lists.listing import LinkRow

PAGE_SIZE = 50


class InvitationState(StrEnum):
    """What became of an invitation, as the API and the pages name it."""

    WAITING = "waiting"
    SENT = "sent"
    OPENED = "opened"
    REVOKED = "revoked"
    LEFT = "left"


@dataclass(frozen=True)
class InvitationRow:
    """One person's own link."""

    #: Row id; where a list goes on.
    id: int
    public_id: str
    address: str
    state: InvitationState
    invited_at: datetime
    mailed_at: datetime
    reminded_at: datetime | None
    openings: int
    opened_at: datetime | None
    #: Families of the browsers that opened it, as they say themselves.
    browsers: tuple[str, ...]

    @property
    def live(self) -> bool:
        """Whether it opens anything."""
        return self.state not in (InvitationState.REVOKED, InvitationState.LEFT)


@dataclass(frozen=True)
class InvitationCounts:
    """How many people were invited, and how many of them opened."""

    invited: int
    opened: int


def link_of(session: Session, actor: Actor, public_id: str) -> LinkRow:
    """Return the link whose invitations are asked for: only who manages it knows them. Raises NotFound, Forbidden."""
    link = listing.one(session, actor, public_id)
    if not rights.may_manage(actor, link.owner_id):
        raise Forbidden
    return link


def find(
    session: Session, link_id: int, *, after: int | None = None, limit: int = PAGE_SIZE
) -> Sequence[InvitationRow]:
    """Return invitations of a link, newest first, that come after the row id `after`."""
    query = (
        select(Invitation, OutgoingMail.id.label("mail"), OutgoingMail.sent_at)
        .outerjoin(OutgoingMail, OutgoingMail.id == Invitation.mail_id)
        .where(Invitation.link_id == link_id)
        .order_by(Invitation.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(Invitation.id < after)
    found = session.execute(query).all()
    browsers = _browsers(session, [row.Invitation.id for row in found])
    # A mail's row is deleted a week after it was sent.
    return [
        _row(row.Invitation, row.mail is None or row.sent_at is not None, browsers.get(row.Invitation.id, ()))
        for row in found
    ]


def counts(session: Session, link_id: int) -> InvitationCounts:
    """Return how many were invited to a link, and how many opened."""
    query = select(func.count(), func.count(Invitation.opened_at)).where(Invitation.link_id == link_id)
    invited, opened = session.execute(query).one()
    return InvitationCounts(invited, opened)


def _browsers(session: Session, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    query = (
        select(ReaderOpening.invitation_id, ReaderOpening.browser)
        .where(ReaderOpening.invitation_id.in_(ids), ReaderOpening.browser.is_not(None))
        .distinct()
        .order_by(ReaderOpening.browser)
    )
    found: dict[int, tuple[str, ...]] = {}
    for invitation_id, browser in session.execute(query):
        assert invitation_id is not None
        assert browser is not None
        found[invitation_id] = (*found.get(invitation_id, ()), browser)
    return found


def _row(row: Invitation, sent: bool, browsers: tuple[str, ...]) -> InvitationRow:
    return InvitationRow(
        id=row.id,
        public_id=row.public_id,
        address=row.address,
        state=_state(row, sent),
        invited_at=row.created_at,
        mailed_at=row.mailed_at,
        reminded_at=row.reminded_at,
        openings=row.openings,
        opened_at=row.opened_at,
        browsers=browsers,
    )


def _state(row: Invitation, sent: bool) -> InvitationState:
    if row.revoked_at is not None:
        return InvitationState.REVOKED
    if row.left_at is not None:
        return InvitationState.LEFT
    if row.openings:
        return InvitationState.OPENED
    return InvitationState.SENT if sent else InvitationState.WAITING
