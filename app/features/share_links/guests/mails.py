"""The mails to invited people: who shares, what kind of thing, what is asked there, until when, and the sharer's own words.

Never a title. Whoever gets one may never have heard of us, so it says whose portal it is and whom to ask.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.models import Person
from app.core.mail import delivery
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.features.share_links import rows
from app.features.share_links.guests.addresses import list_address, own_address
from app.features.share_links.guests.models import Invitation
from app.features.share_links.guests.settings import GuestSettings
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.objects import ObjectKind


def invite(session: Session, link: ShareLink, invitation: Invitation) -> int:
    """Write the mail that brings somebody their own link; return its row id."""
    owner, organisation = _owner(session, link), registry.read(session, OrganisationSettings)
    names = {"owner": owner, "organisation": organisation.name}
    subject = (
        Text("%(owner)s (%(organisation)s) shares a Confluence page with you", **names)
        if session.get_one(SharedObject, link.shared_object_id).kind == ObjectKind.PAGE
        else Text("%(owner)s (%(organisation)s) shares a Jira issue with you", **names)
    )
    body = Text(
        "%(subject)s:\n\n    %(address)s\n\n%(facts)s\n%(words)s\n"
        "The link was made for you alone: what is opened with it is recorded as yours, so do not hand it on.\n\n"
        "%(every)sIf you did not expect it, enter nothing there. You can report it on that page.%(contact)s\n",
        subject=subject,
        address=own_address(invitation.public_id),
        facts=_facts(session, link, owner, organisation.time_zone),
        words=_quoted(owner, invitation.words),
        every=_every(session),
        contact=_contact(organisation),
    )
    return delivery.send(session, to=invitation.address, subject=subject, body=body)


def remind(session: Session, link: ShareLink, invitation: Invitation) -> int:
    """Write the reminder to somebody who did not open their own link yet; return its row id."""
    owner, organisation = _owner(session, link), registry.read(session, OrganisationSettings)
    subject = Text("What %(owner)s shares with you ends soon", owner=owner)
    body = Text(
        "%(owner)s (%(organisation)s) shared something with you that you have not opened yet:\n\n"
        "    %(address)s\n\n%(facts)s\n\nThis is the only reminder.%(contact)s\n",
        owner=owner,
        organisation=organisation.name,
        address=own_address(invitation.public_id),
        facts=_facts(session, link, owner, organisation.time_zone),
        contact=_contact(organisation),
    )
    return delivery.send(session, to=invitation.address, subject=subject, body=body)


def _facts(session: Session, link: ShareLink, owner: str, zone: str) -> str:
    """Return what somebody has to know before they open it, a line each."""
    found = [Text("It can be opened until %(end)s.", end=_moment(link.expires_at, zone))]
    if link.opens_at is not None and link.opens_at > clock.now():
        times = {"start": _moment(link.opens_at, zone), "end": _moment(link.expires_at, zone)}
        found = [Text("It can be opened from %(start)s until %(end)s.", **times)]
    by_groups = bool(rows.groups_of_link(session, link.id))
    if link.asks_sign_in or link.sign_in_through or link.asks_second_factor or by_groups:
        found.append(Text("You are asked to sign in."))
    else:
        found.append(Text("You need no account."))
    if rows.recipients_of_link(session, link.id):
        found.append(Text("You are asked for your email address, and a code is mailed to you."))
    if link.password_hash is not None:
        found.append(Text("You are asked for a password. %(owner)s gives it to you by another way.", owner=owner))
    if link.networks is not None:
        found.append(Text("It opens from certain networks only."))
    return "\n".join(f"- {one}" for one in found)


def _quoted(owner: str, words: str | None) -> str:
    if not words:
        return ""
    # Marked line by line, so that nobody takes the sharer's words for ours.
    lines = "\n".join(f"> {line}" for line in words.split("\n"))
    return str(Text("\n%(owner)s writes:\n\n%(lines)s\n", owner=owner, lines=lines))


def _every(session: Session) -> str:
    if not registry.read(session, GuestSettings).shared_with_me:
        return ""
    return str(Text("All that is shared with you is listed at %(address)s\n\n", address=list_address()))


def _contact(organisation: OrganisationSettings) -> str:
    return str(Text("\n\nQuestions? Ask %(contact)s", contact=organisation.contact)) if organisation.contact else ""


def _owner(session: Session, link: ShareLink) -> str:
    return session.get_one(Person, link.created_by_id).display_name


def _moment(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%-d %b %Y, %H:%M %Z}"
