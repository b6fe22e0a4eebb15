"""The mails to invited people: who shares, what kind of thing, until when, and the sharer's own words. Never a title."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.accounts.models import Person
from app.core.mail import delivery
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.features.share_links.guests.addresses import own_address
from app.features.share_links.guests.models import Invitation
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.objects import ObjectKind


def invite(session: Session, link: ShareLink, invitation: Invitation) -> int:
    """Write the mail that brings somebody their own link; return its row id."""
    owner, page = _sharer(session, link), _is_page(session, link)
    subject = (
        Text("%(owner)s shares a Confluence page with you", owner=owner)
        if page
        else Text("%(owner)s shares a Jira issue with you", owner=owner)
    )
    body = Text(
        "%(subject)s. Open it here:\n\n    %(address)s\n\n"
        "The link was made for you alone, and what is opened with it is recorded as yours: do not hand it on. "
        "It ends on %(end)s.\n%(words)s\n"
        "If you did not expect this, you can report it on that page.\n",
        subject=subject,
        address=own_address(invitation.public_id),
        end=_moment(session, link.expires_at),
        words=_quoted(owner, invitation.words),
    )
    return delivery.send(session, to=invitation.address, subject=subject, body=body)


def remind(session: Session, link: ShareLink, invitation: Invitation) -> int:
    """Write the reminder to somebody who did not open their own link yet; return its row id."""
    owner = _sharer(session, link)
    subject = Text("What %(owner)s shares with you ends soon", owner=owner)
    body = Text(
        "%(owner)s shared something with you that you have not opened yet. It can be opened until %(end)s:\n\n"
        "    %(address)s\n\nThis is the only reminder.\n",
        owner=owner,
        end=_moment(session, link.expires_at),
        address=own_address(invitation.public_id),
    )
    return delivery.send(session, to=invitation.address, subject=subject, body=body)


def _quoted(owner: str, words: str | None) -> str:
    if not words:
        return ""
    # Marked line by line, so that nobody takes the sharer's words for ours.
    lines = "\n".join(f"> {line}" for line in words.split("\n"))
    return str(Text("\n%(owner)s writes:\n\n%(lines)s\n", owner=owner, lines=lines))


def _sharer(session: Session, link: ShareLink) -> str:
    return session.get_one(Person, link.created_by_id).display_name


def _is_page(session: Session, link: ShareLink) -> bool:
    return session.get_one(SharedObject, link.shared_object_id).kind == ObjectKind.PAGE


def _moment(session: Session, instant: datetime) -> str:
    zone = ZoneInfo(registry.read(session, OrganisationSettings).time_zone)
    return f"{instant.astimezone(zone):%-d %b %Y, %H:%M %Z}"
