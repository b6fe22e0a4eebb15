"""What the owner of a link has to know: a row that the link's page shows, and a mail where mail leaves."""

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import service as accounts
from app.core.accounts.models import Person
from app.core.mail import delivery
from app.core.text import Text
from app.features.share_links.models import OwnerNotice, ShareLink
from app.features.share_links.policy import CloseReason, PauseReason
from app.features.share_links.rules.content_check import Scan


class NoticeCode(StrEnum):
    """What happened; stored, so values stay."""

    NOT_READABLE = CloseReason.NOT_READABLE
    GONE = CloseReason.GONE
    TRASHED = CloseReason.TRASHED
    ARCHIVED = CloseReason.ARCHIVED
    RESTRICTION_CHANGED = PauseReason.RESTRICTION_CHANGED
    NO_SHARE_LABEL = PauseReason.NO_SHARE_LABEL
    RIGHT_LOST = PauseReason.RIGHT_LOST
    CONTENT = PauseReason.CONTENT
    CONTENT_APPROVAL = "content_approval"
    CONTENT_FOUND = "content_found"
    CONNECTION_OFF = "connection_off"
    TRANSFERRED = "transferred"
    ENDS_SOON = "ends_soon"
    CHANGED_BY_OTHER = "changed_by_other"
    PAUSED_BY_OTHER = "paused_by_other"
    RESUMED_BY_OTHER = "resumed_by_other"
    REVOKED_BY_OTHER = "revoked_by_other"
    READDRESSED_BY_OTHER = "readdressed_by_other"
    MANY_REFUSALS = "many_refusals"
    REPORTED = "reported"


_SENTENCES: dict[NoticeCode, Text] = {
    NoticeCode.NOT_READABLE: Text("Portico can no longer read what this link shows, so the link is closed."),
    NoticeCode.GONE: Text("What this link showed was deleted, so the link is closed."),
    NoticeCode.TRASHED: Text("The page of this link is in the trash, so the link is closed."),
    NoticeCode.ARCHIVED: Text("The page of this link was archived, so the link is closed."),
    NoticeCode.RESTRICTION_CHANGED: Text(
        "Who may see this in Atlassian has changed, so the link is paused. Check it and resume the link."
    ),
    NoticeCode.NO_SHARE_LABEL: Text(
        "The page of this link now has the label no-share, so the link is paused. If it should be shared, have the label "
        "taken off in Confluence, then resume the link."
    ),
    NoticeCode.RIGHT_LOST: Text(
        "Portico can no longer prove that you may see this in Atlassian, so the link is paused. Connect your account or "
        "get access there, then resume the link; or have it transferred to a colleague who may see it."
    ),
    NoticeCode.TRANSFERRED: Text("This link was transferred to you. You decide about it from now on."),
    NoticeCode.ENDS_SOON: Text("This link ends soon. Extend it if it is still needed."),
    NoticeCode.CONTENT: Text(
        "Something that must not leave was found in what this link shows now, or not all of it could be looked through, "
        "so the link is paused. Take it out, then resume the link."
    ),
    NoticeCode.CONTENT_APPROVAL: Text(
        "Something was found in what this link shows now, or not all of it could be looked through, so a second person "
        "decides whether it opens again."
    ),
    NoticeCode.CONTENT_FOUND: Text(
        "Something that may not be meant for others was found in what this link shows now, or not all of it could be "
        "looked through. Look at it, and pause the link if it should not be read."
    ),
    NoticeCode.CONNECTION_OFF: Text(
        "The connection to Atlassian was switched off, so nobody can read this link until it is back."
    ),
    NoticeCode.CHANGED_BY_OTHER: Text("An administrator changed this link."),
    NoticeCode.PAUSED_BY_OTHER: Text("An administrator paused this link."),
    NoticeCode.RESUMED_BY_OTHER: Text("An administrator resumed this link."),
    NoticeCode.REVOKED_BY_OTHER: Text("An administrator revoked this link."),
    NoticeCode.READDRESSED_BY_OTHER: Text("An administrator gave this link a new address."),
    NoticeCode.MANY_REFUSALS: Text(
        "Ten times within an hour somebody did not pass a gate of this link. Its page says when and how. If you do not "
        "expect that, give the link a new address or revoke it."
    ),
    NoticeCode.REPORTED: Text(
        "Somebody reported this link. What they said stands on its page. If they are right, pause or revoke it."
    ),
}


def sentence(code: str) -> Text:
    """Return what a stored notice says."""
    try:
        return _SENTENCES[NoticeCode(code)]
    except ValueError:
        return Text("Something about this link has changed.")


def tell_administrators(session: Session, subject: Text, body: Text) -> None:
    """Write to every administrator, in the caller's transaction."""
    if not delivery.can_send():
        return
    told = select(Person.email).where(Person.id.in_(accounts.administrators(session)))
    for email in session.scalars(told).all():
        delivery.send(session, to=email, subject=subject, body=body)


def was_told(session: Session, link_id: int, code: NoticeCode, about: str) -> bool:
    """Tell whether the owner of a link has such a notice about just this."""
    query = select(OwnerNotice.id).where(
        OwnerNotice.link_id == link_id, OwnerNotice.code == code.value, OwnerNotice.detail == about
    )
    return session.scalars(query).first() is not None


def tell_owner(
    session: Session, link: ShareLink, code: NoticeCode, about: str | None = None, scan: Scan | None = None
) -> None:
    """Leave a notice on the link's page and send its owner a mail, in the caller's transaction.

    What a content check found stands on the page alone.
    """
    found = scan.plain if scan is not None else {}
    session.add(OwnerNotice(link_id=link.id, at=clock.now(), code=code.value, detail=about, **found))
    owner = session.get(Person, link.created_by_id)
    if owner is None or not owner.active or not delivery.can_send():
        return
    # The name is the owner's own; title and address of the page stay out of mail.
    subject = Text("Your link “%(name)s”", name=link.name)
    delivery.send(session, to=owner.email, subject=subject, body=sentence(code.value))
