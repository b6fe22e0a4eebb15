"""A second person decides whether a link opens: asking for it, deciding, and what is asked for anew. Takes an open transaction.

A link that waits is paused with a reason of its own, so that nothing of it is served by any way. Only a decision ends that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import service as accounts
from app.core.accounts.actor import Actor, PersonKind
from app.core.accounts.models import Group, Membership, Person
from app.core.audit import trail
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.mail import delivery
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links import rows
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import grants
from app.features.share_links.models import LinkApproval, SharedObject, ShareLink
from app.features.share_links.policy import PauseReason
from app.features.share_links.reading import tree
from app.features.share_links.rules import content_check, ruling
from app.features.share_links.rules.content_check import Scan
from app.features.share_links.rules.rulebook import Rules

#: How long a request waits for an answer; then it has to be made again.
LIFETIME = timedelta(days=14)
MAXIMUM_NOTE = 500
#: As many approvers are written to; others find it on the page.
_MOST_MAILS = 50
#: Requests that are looked through for those that somebody may decide.
_MOST_WAITING = 2_000

_APPROVED_OPENS = Text("Your link was approved. It opens for its readers now.")
_APPROVED_PAUSED = Text("Your link was approved. It is paused all the same: its page says why.")


@dataclass(frozen=True)
class Request:
    """A request as approvers see it."""

    id: int
    link: ShareLink
    shared: SharedObject
    asked_by: str
    asked_at: datetime
    ends_at: datetime
    #: What a content check found in what the link shows.
    scan: Scan


def ask(session: Session, actor: Actor, link: ShareLink, scan: Scan | None = None) -> None:
    """Stop a link until a second person has decided; an earlier request is over."""
    now = clock.now()
    earlier = session.scalars(
        select(LinkApproval).where(LinkApproval.link_id == link.id).order_by(LinkApproval.id.desc()).limit(1)
    ).one_or_none()
    _supersede(session, link, now)
    row = LinkApproval(link_id=link.id, asked_by_id=actor.person_id, asked_at=now, ends_at=now + LIFETIME)
    if scan is not None and not scan.clean:
        row.findings, row.unread, row.findings_digest = *scan.plain.values(), scan.digest
    elif earlier is not None:
        # Asking again is about the same content.
        row.findings, row.unread, row.findings_digest = earlier.findings, earlier.unread, earlier.findings_digest
    waits = link.paused_reason == PauseReason.APPROVAL
    row.paused_before = earlier.paused_before if waits and earlier is not None else link.paused_reason
    session.add(row)
    link.paused_at, link.paused_reason = now, PauseReason.APPROVAL.value
    link.version += 1
    trail.record(session, ShareLinkEvent.APPROVAL_ASKED, subject=("link", link.public_id), actor=actor)
    grants.end_of_link(session, actor, link, "approval")
    _tell_approvers(session, actor, link)


def ask_again(session: Session, actor: Actor, public_id: str) -> None:
    """Ask anew for a link whose request was declined or is over. Raises NotFound, Forbidden, Conflict."""
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    if link.paused_reason != PauseReason.APPROVAL:
        raise Conflict(Text("This link does not wait for approval."))
    if _open_request(session, link.id) is not None:
        raise Conflict(Text("Approval is asked for already."))
    ask(session, actor, link)


def approve(session: Session, actor: Actor, request_id: int, note: str = "") -> ShareLink:
    """Let a link open. Raises NotFound, Forbidden, Conflict, Invalid for `note`."""
    row, link = _decidable(session, actor, request_id)
    _decide(session, actor, row, approved=True, note=_checked_note(note))
    digest = session.get_one(SharedObject, link.shared_object_id).restriction_digest
    # While it waited, a label or a lost right has paused nothing that was not paused already.
    tree.ask_again(session, link.shared_object_id)
    if digest != link.restriction_digest:
        # Who may see it in Atlassian changed while it waited: its owner proves the right anew.
        link.paused_reason = PauseReason.RESTRICTION_CHANGED.value
    elif row.paused_before is not None:
        link.paused_reason = row.paused_before
    else:
        link.paused_at = link.paused_reason = None
    link.version += 1
    trail.record(session, ShareLinkEvent.APPROVED, subject=("link", link.public_id), actor=actor, note=note or None)
    opens = link.paused_at is None
    _tell_owner(session, link, _APPROVED_OPENS if opens else _APPROVED_PAUSED)
    return link


def decline(session: Session, actor: Actor, request_id: int, note: str) -> ShareLink:
    """Keep a link shut, and say why. Raises NotFound, Forbidden, Conflict, Invalid for `note`."""
    row, link = _decidable(session, actor, request_id)
    reason = _checked_note(note)
    if not reason:
        raise Invalid("note", Text("Say why, so that the owner can do something about it."))
    _decide(session, actor, row, approved=False, note=reason)
    trail.record(session, ShareLinkEvent.DECLINED, subject=("link", link.public_id), actor=actor, note=reason)
    _tell_owner(session, link, Text("Your link was not approved: %(reason)s", reason=reason))
    return link


def waiting(session: Session, actor: Actor, *, most: int = 200) -> list[Request]:
    """Return the requests that somebody may decide, the oldest first."""
    return _decided_by(session, actor, _requests().order_by(LinkApproval.id).limit(_MOST_WAITING))[:most]


def one(session: Session, actor: Actor, request_id: int) -> Request:
    """Return a request that somebody may decide; raises NotFound."""
    for found in _decided_by(session, actor, _requests().where(LinkApproval.id == request_id)):
        return found
    raise NotFound


def waits_for(session: Session, actor: Actor, public_id: str) -> bool:
    """Tell whether a link waits for just this person, who then sees what its readers would.

    Not where who may see it in Atlassian has changed since it was made: its owner has to prove their right anew.
    """
    query = _requests().where(
        ShareLink.public_id == public_id, ShareLink.restriction_digest == SharedObject.restriction_digest
    )
    return bool(_decided_by(session, actor, query))


def was_approved(session: Session, link_id: int, scan: Scan) -> bool:
    """Tell whether a second person has agreed to just these findings, or to them among others of the same link."""
    query = select(LinkApproval).where(LinkApproval.link_id == link_id, LinkApproval.approved.is_(True))
    return any(
        one.findings_digest == scan.digest or scan.is_told_by(content_check.load(one.findings, one.unread))
        for one in session.scalars(query)
    )


def last_note(session: Session, link_id: int) -> tuple[bool, str] | None:
    """Return how the last request of a link ended and what was said, or None while it waits or there was none."""
    row = session.scalars(
        select(LinkApproval).where(LinkApproval.link_id == link_id).order_by(LinkApproval.id.desc()).limit(1)
    ).one_or_none()
    return (row.approved, row.note or "") if row is not None and row.approved is not None else None


def _decided_by(session: Session, actor: Actor, query: Select[Any]) -> list[Request]:
    known: dict[tuple[int, str | None], bool] = {}
    found = []
    for row, link, shared, name in session.execute(query):
        place = (shared.connection_id, shared.container)
        if place not in known:
            known[place] = _may_decide(session, actor, ruling.rules_at(session, *place))
        if known[place] and actor.person_id not in (link.created_by_id, row.asked_by_id):
            scan = content_check.load(row.findings, row.unread)
            found.append(Request(row.id, link, shared, name, row.asked_at, row.ends_at, scan))
    return found


def _requests() -> Select[Any]:
    query: Any = (
        select(LinkApproval, ShareLink, SharedObject, Person.display_name)
        .join(ShareLink, ShareLink.id == LinkApproval.link_id)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Person, Person.id == LinkApproval.asked_by_id)
        .where(
            LinkApproval.decided_at.is_(None),
            LinkApproval.ends_at > clock.now(),
            ShareLink.revoked_at.is_(None),
            ShareLink.closed_at.is_(None),
            ShareLink.paused_reason == PauseReason.APPROVAL.value,
        )
    )
    requests: Select[Any] = query
    return requests


def _decidable(session: Session, actor: Actor, request_id: int) -> tuple[LinkApproval, ShareLink]:
    found = session.get(LinkApproval, request_id)
    if found is None:
        raise NotFound
    # The link first, as everybody who changes one does.
    link = session.scalars(select(ShareLink).where(ShareLink.id == found.link_id).with_for_update()).one()
    session.refresh(found)
    if not _may_decide(session, actor, ruling.rules_of(session, link)):
        raise NotFound
    if actor.person_id in (link.created_by_id, found.asked_by_id):
        raise Forbidden
    rows.refuse_ended(link)
    if found.decided_at is not None or link.paused_reason != PauseReason.APPROVAL:
        raise Conflict(Text("This was decided already, or the link was changed. Look at the requests again."))
    if clock.now() >= found.ends_at:
        raise Conflict(Text("This request is over. Its owner has to ask again."))
    return found, link


def _may_decide(session: Session, actor: Actor, rules: Rules) -> bool:
    if actor.person_id is None or not actor.is_staff:
        return False
    if rules.approver_groups:
        return ruling.is_in_each(session, actor.person_id, rules.approver_groups)
    return actor.may(Permission.LINKS_ALL_MANAGE)


def _decide(session: Session, actor: Actor, row: LinkApproval, *, approved: bool, note: str) -> None:
    row.decided_at, row.decided_by_id, row.approved, row.note = clock.now(), actor.person_id, approved, note or None
    session.flush()


def _supersede(session: Session, link: ShareLink, now: datetime) -> None:
    query = update(LinkApproval).where(LinkApproval.link_id == link.id, LinkApproval.decided_at.is_(None))
    session.execute(query.values(decided_at=now).execution_options(synchronize_session=False))


def _open_request(session: Session, link_id: int) -> int | None:
    query = select(LinkApproval.id).where(
        LinkApproval.link_id == link_id, LinkApproval.decided_at.is_(None), LinkApproval.ends_at > clock.now()
    )
    return session.scalars(query).first()


def _checked_note(note: str) -> str:
    plain = " ".join(note.split())
    if len(plain) > MAXIMUM_NOTE:
        raise Invalid("note", Text("Use at most %(count)s characters.", count=MAXIMUM_NOTE))
    return plain


def _tell_approvers(session: Session, actor: Actor, link: ShareLink) -> None:
    if not delivery.can_send():
        return
    groups = ruling.rules_of(session, link).approver_groups
    if groups:
        query = (
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .join(Group, Group.id == Membership.group_id)
            .where(Group.public_id.in_({one for each in groups for one in each}))
            .distinct()
        )
    else:
        query = select(Person).where(Person.id.in_(accounts.administrators(session)))
    query = query.where(
        Person.deactivated_at.is_(None), Person.kind == PersonKind.STAFF, Person.id != actor.person_id
    ).limit(_MOST_MAILS)
    body = Text("%(name)s asks you to approve a link. Sign in to Portico and look under Approvals.", name=actor.name)
    for person in session.scalars(query):
        delivery.send(session, to=person.email, subject=Text("A link waits for approval"), body=body)


def _tell_owner(session: Session, link: ShareLink, body: Text) -> None:
    owner = session.get(Person, link.created_by_id)
    if owner is not None and owner.active and delivery.can_send():
        delivery.send(session, to=owner.email, subject=Text("Your link “%(name)s”", name=link.name), body=body)
