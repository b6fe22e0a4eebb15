"""What the owner of a link has to know: a row that the link's page shows, and a mail."""

from enum import StrEnum

from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.models import Person
from app.core.mail import delivery
from app.core.text import Text
from app.features.share_links.models import OwnerNotice, ShareLink
from app.features.share_links.policy import CloseReason, PauseReason

#: Sentences by the code that a notice is stored with.
_SENTENCES = {
    CloseReason.NOT_READABLE: Text("Portico can no longer read what this link shows, so the link is closed."),
    CloseReason.GONE: Text("What this link showed was deleted, so the link is closed."),
    CloseReason.TRASHED: Text("The page of this link is in the trash, so the link is closed."),
    CloseReason.ARCHIVED: Text("The page of this link was archived, so the link is closed."),
    PauseReason.RESTRICTION_CHANGED: Text(
        "Who may see the page of this link has changed, so the link is paused. Check it and resume the link."
    ),
}


def sentence(code: str) -> Text:
    """Return what a stored notice says."""
    for known, text in _SENTENCES.items():
        if known.value == code:
            return text
    return Text("Something about this link has changed.")


def tell_owner(session: Session, link: ShareLink, reason: StrEnum) -> None:
    """Leave a notice on the link's page and send its owner a mail, in the caller's transaction."""
    session.add(OwnerNotice(link_id=link.id, at=clock.now(), code=reason.value, detail=None))
    owner = session.get(Person, link.created_by_id)
    if owner is None or not owner.active or not delivery.can_send():
        return
    delivery.send(
        session,
        to=owner.email,
        # The name is the owner's own; title and address of the page stay out of mail.
        subject=Text("Your link “%(name)s”", name=link.name),
        body=sentence(reason.value),
    )
