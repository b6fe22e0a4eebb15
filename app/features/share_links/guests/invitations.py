"""Inviting people by mail: each gets a link of their own, which is resent and taken back by itself.

Takes an open transaction, as the service of links does. Whoever may not know a link gets NotFound.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.core import clock, db, ratelimit
from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.connections.models import Connection
from app.core.crypto import tokens
from app.core.errors import Conflict, Invalid, NotFound
from app.core.jobs import schedule
from app.core.mail import delivery
from app.core.ratelimit import Limit
from app.core.settings import registry
from app.core.text import Text
from app.features.share_links import facts, rights, rows
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import grants, recipients
from app.features.share_links.guests import mails
from app.features.share_links.guests.models import Invitation
from app.features.share_links.guests.settings import GuestSettings
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.rules import abiding, ruling

#: At once, and for one link as long as it lives.
AT_ONCE = 100
MOST = 500
MAXIMUM_WORDS = 1_000
#: Mails that one person can have sent in a day, resending included.
PER_PERSON = Limit("link-invitations", 500, 86_400)
RESEND_AFTER = timedelta(minutes=1)
_BATCH = 100
_BATCHES = 50


def invite(session: Session, actor: Actor, public_id: str, entered: Iterable[str], words: str = "") -> int:
    """Send each address a link of its own; return how many were sent. Who has one already is left alone.

    Raises NotFound, Forbidden, Conflict for a link that has ended, Invalid for `invite` or `words`.
    """
    link = rows.locked(session, actor, public_id)
    _refuse_ended(link)
    wanted, said = read(entered), checked_words(words)
    if not wanted:
        return 0
    _check_recipients(session, link, wanted)
    known = set(session.scalars(select(Invitation.address).where(Invitation.link_id == link.id, *_live())))
    fresh = [address for address in wanted if address not in known]
    _check_number(session, link, len(fresh))
    made = [_make(session, actor, link, address, said) for address in fresh]
    if made:
        trail.record(
            session,
            ShareLinkEvent.INVITED,
            subject=("link", link.public_id),
            actor=actor,
            invitations=[one.public_id for one in made],
            recipients=fresh,
        )
    return len(made)


def resend(session: Session, actor: Actor, public_id: str, invitation_id: str) -> None:
    """Send somebody their own link once more. Raises Conflict where one was sent a moment ago."""
    link = rows.locked(session, actor, public_id)
    _refuse_ended(link)
    row = _one(session, link, invitation_id)
    if row.revoked_at is not None or row.left_at is not None:
        raise Conflict(Text("This invitation has ended. Invite the address again instead."), code="ended")
    if clock.now() < row.mailed_at + RESEND_AFTER:
        raise Conflict(Text("A mail was sent a moment ago. Wait a minute."), code="too_soon")
    _can_send()
    _count(session, actor)
    row.mail_id, row.mailed_at = mails.invite(session, link, row), clock.now()
    _record(session, ShareLinkEvent.INVITATION_RESENT, actor, link, row)


def revoke(session: Session, actor: Actor, public_id: str, invitation_id: str) -> int:
    """Take one own link back; return how many browsers were cut off. The others live on, and twice changes nothing."""
    link = rows.locked(session, actor, public_id)
    row = _one(session, link, invitation_id)
    if row.revoked_at is not None:
        return 0
    row.revoked_at = clock.now()
    _record(session, ShareLinkEvent.INVITATION_REVOKED, actor, link, row)
    session.flush()
    return grants.end_of_invitation(session, actor, row.id, "invitation_revoked")


@schedule.every(3_600, "share_links.remind_invited")
def remind_invited() -> None:
    """Remind once, before the end, who did not open their own link; safe to run twice."""
    for _ in range(_BATCHES):
        with db.transaction() as session:
            if _remind(session) < _BATCH:
                return


def read(entered: Iterable[str]) -> list[str]:
    """Return addresses without doubles, in their order; raise Invalid for `invite` with the entry that is none."""
    found: dict[str, None] = {}
    for one in entered:
        address = recipients.address(one)
        if address is None:
            raise Invalid(
                "invite",
                Text("%(entry)s is not an address. Enter them such as anna@example.org.", entry=one.strip()[:80]),
            )
        found[address] = None
        if len(found) > AT_ONCE:
            raise Invalid("invite", Text("Invite at most %(count)s people at once.", count=AT_ONCE))
    return list(found)


def checked_words(words: str) -> str | None:
    """Return what the sharer writes with plain line ends, or None; raise Invalid for `words` where it is too long."""
    plain = "\n".join(line.rstrip() for line in words.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
    if len(plain) > MAXIMUM_WORDS:
        raise Invalid("words", Text("Use at most %(count)s characters.", count=MAXIMUM_WORDS))
    if not plain.replace("\n", "").replace("\t", "").isprintable():
        raise Invalid("words", Text("The words hold characters that cannot be shown."))
    return plain or None


def _make(session: Session, actor: Actor, link: ShareLink, address: str, words: str | None) -> Invitation:
    _count(session, actor)
    row = Invitation(
        public_id=tokens.new_public_id(),
        link_id=link.id,
        address=address,
        domain=recipients.domain_of(address),
        invited_by_id=actor.person_id,
        created_at=clock.now(),
        words=words,
        mailed_at=clock.now(),
    )
    session.add(row)
    row.mail_id = mails.invite(session, link, row)
    session.flush()
    return row


def _check_recipients(session: Session, link: ShareLink, wanted: list[str]) -> None:
    _can_send()
    abiding.check_invited(ruling.rules_of(session, link), tuple(wanted))
    named = rows.recipients_of_link(session, link.id)
    for address in wanted:
        if not recipients.covered((address,), named):
            raise Invalid(
                "invite",
                Text(
                    "The link asks for a code by mail, and %(address)s is not among its addresses. Add it there first.",
                    address=address,
                ),
            )


def _check_number(session: Session, link: ShareLink, more: int) -> None:
    known = session.scalar(select(func.count()).select_from(Invitation).where(Invitation.link_id == link.id)) or 0
    if known + more > MOST:
        raise Invalid("invite", Text("A link has at most %(count)s invitations. Make another link.", count=MOST))


def _refuse_ended(link: ShareLink) -> None:
    rows.refuse_ended(link)
    if link.expires_at <= clock.now():
        raise Conflict(Text("This link has expired. Set a later end first."), code="expired")


def _can_send() -> None:
    if not delivery.can_send():
        raise Invalid(
            "invite",
            Text("No mail leaves this installation. Ask an administrator to set a mail server."),
            code="no_mail",
        )


def _count(session: Session, actor: Actor) -> None:
    if not ratelimit.take(session, (PER_PERSON, str(actor.person_id))).allowed:
        raise Conflict(
            Text("You have had %(count)s invitations sent today. Go on tomorrow.", count=PER_PERSON.count),
            code="limited",
        )


def _one(session: Session, link: ShareLink, invitation_id: str) -> Invitation:
    if not rights.could_be_id(invitation_id):
        raise NotFound
    query = select(Invitation).where(Invitation.link_id == link.id, Invitation.public_id == invitation_id)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def _live() -> tuple[ColumnElement[bool], ...]:
    return (Invitation.revoked_at.is_(None), Invitation.left_at.is_(None))


def _record(session: Session, event: ShareLinkEvent, actor: Actor, link: ShareLink, row: Invitation) -> None:
    trail.record(
        session,
        event,
        subject=("link", link.public_id),
        actor=actor,
        invitation=row.public_id,
        recipients=[row.address],
    )


def _remind(session: Session) -> int:
    days = registry.read(session, GuestSettings).remind_days
    if days == 0 or not delivery.can_send():
        return 0
    now = clock.now()
    query = (
        select(Invitation, ShareLink)
        .join(ShareLink, ShareLink.id == Invitation.link_id)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Connection, Connection.id == SharedObject.connection_id)
        .join(Person, Person.id == ShareLink.created_by_id)
        .where(
            ShareLink.expires_at <= now + timedelta(days=days),
            facts.open_now(),
            Invitation.openings == 0,
            Invitation.reminded_at.is_(None),
            # Whoever was invited this late knows the end already.
            Invitation.created_at < now - timedelta(days=1),
            *_live(),
        )
        .order_by(Invitation.id)
        .limit(_BATCH)
        .with_for_update(of=Invitation)
    )
    found = session.execute(query).all()
    for invitation, link in found:
        invitation.reminded_at = now
        invitation.mail_id, invitation.mailed_at = mails.remind(session, link, invitation), now
        _record(session, ShareLinkEvent.INVITED_REMINDED, SYSTEM, link, invitation)
    return len(found)
