"""Handing a link on to a colleague who may see what it shows; that is proven for them before."""

from dataclasses import replace

from sqlalchemy.orm import Session

from app.core import db
from app.core.accounts import queries as accounts
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.errors import Conflict, Invalid, NotFound
from app.core.mail import delivery
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links import gather, rights, rows
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gather import ShareFacts
from app.features.share_links.life import halts, standing
from app.features.share_links.life.notices import NoticeCode, tell_owner
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.rules import ruling
from app.features.share_links.service import NotShared, note_refusal, usable


def prove(actor: Actor, public_id: str, email: str) -> ShareFacts:
    """Prove that the new owner may see what a link shows; no transaction is open.

    Raises Invalid for `email` where nobody who makes links has it, NotFound for a link that the actor may not know,
    Unavailable while Atlassian does not answer.
    """
    with db.reading() as session:
        link = rows.seen(session, actor, public_id)
        if not rights.may_manage(actor, link.created_by_id):
            raise NotFound
        to = colleague(session, email)
    return gather.for_colleague(public_id, to)


def colleague(session: Session, email: str) -> Actor:
    """Return who may be the new owner of a link. Raises Invalid for `email` where nobody who makes links has it."""
    return _able(session, accounts.person_by_email(session, email))


def transferable(session: Session, actor: Actor, public_id: str, to: Actor) -> ShareLink:
    """Return a link, locked, that can be handed on as far as is known without Atlassian. Raises NotFound, Forbidden, Conflict."""
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    if to.person_id == link.created_by_id:
        raise Conflict(Text("The link is theirs already."), code="same_owner")
    return link


def transfer(session: Session, actor: Actor, public_id: str, facts: ShareFacts) -> NotShared | None:
    """Make whoever the facts are about the owner of a link; None where it is done. Both owners are told.

    Readers read on, and a paused link stays paused. Raises NotFound, Forbidden, Conflict.
    """
    acting = _able(session, session.get(Person, facts.person_id))
    link = transferable(session, actor, public_id, acting)
    to = session.get_one(Person, facts.person_id)
    found = usable(session, actor, facts)
    if isinstance(found, NotShared):
        return found
    row = session.get_one(SharedObject, link.shared_object_id)
    if (row.connection_id, row.object_id) != (facts.site.id, found.object_id):
        raise Conflict(Text("Reading this took too long. Try again."), code="stale_facts")
    if not ruling.may_share(session, acting, ruling.rules_at(session, facts.site.id, found.container)):
        note_refusal(session, actor, replace(facts, refusal=RefusedToShare.NOT_A_SHARER))
        return NotShared(RefusedToShare.NOT_A_SHARER, facts.site.name)
    halts.refuse_new(session, facts.site.id, found.container, found.object_id, to.id)
    was = session.get_one(Person, link.created_by_id)
    link.created_by_id = to.id
    link.restriction_digest = found.restriction_digest
    link.version += 1
    standing.note(session, link.shared_object_id, to.id)
    trail.record(
        session,
        ShareLinkEvent.TRANSFERRED,
        subject=("link", public_id),
        actor=actor,
        owner_was=was.public_id,
        owner_is=to.public_id,
        proof=facts.proof,
    )
    if actor.person_id != to.id:
        tell_owner(session, link, NoticeCode.TRANSFERRED)
    if was.active and actor.person_id != was.id and delivery.can_send():
        delivery.send(
            session,
            to=was.email,
            subject=Text("Your link “%(name)s”", name=link.name),
            body=Text("This link was transferred to %(name)s. It is no longer among yours.", name=to.display_name),
        )
    return None


def _able(session: Session, person: Person | None) -> Actor:
    found = accounts.actor_for(session, person) if person is not None else None
    if found is None or not found.may(Permission.LINKS_OWN_MANAGE):
        raise Invalid("email", Text("Nobody who may share has this address."), code="no_such_colleague")
    return found
