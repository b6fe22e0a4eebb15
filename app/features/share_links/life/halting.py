"""Stopping sharing in an emergency, switching a place off, and letting it go on. Takes an open transaction.

The row alone shuts what it covers, at the next request of every process: visits read it. The grants are ended by a job
as well, and those that are left when sharing goes on, so that none outlives a halt.
"""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from app.core import clock, db
from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.crypto import tokens
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.jobs import outbox
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import grants
from app.features.share_links.life import halts
from app.features.share_links.life.halts import HaltKind, HaltRow, HaltScope, Target
from app.features.share_links.life.notices import tell_administrators
from app.features.share_links.life_models import SharingHalt
from app.features.share_links.models import Grant, SharedObject, ShareLink

MAXIMUM_REASON = 500
#: Batches of one job; more than this many links with readers are not open at once.
_MOST_BATCHES = 10_000


@dataclass(frozen=True)
class Effect:
    """What a halt would shut, or what would open again."""

    links: int
    readers: int


def effect(session: Session, target: Target) -> Effect:
    """Return how many links that could be opened a target covers, and how many browsers read by them now."""
    now = clock.now()
    live = (ShareLink.revoked_at.is_(None), ShareLink.closed_at.is_(None), ShareLink.expires_at > now, target.links)
    shows = (SharedObject, SharedObject.id == ShareLink.shared_object_id)
    links = select(func.count(ShareLink.id)).join(*shows).where(*live)
    readers = (
        select(func.count(Grant.id))
        .join(ShareLink, ShareLink.id == Grant.link_id)
        .join(*shows)
        .where(*live, Grant.ended_at.is_(None), Grant.ends_at > now)
    )
    return Effect(session.scalar(links) or 0, session.scalar(readers) or 0)


def begin(
    session: Session, actor: Actor, kind: HaltKind, target: Target, *, reason: str = "", message: str = ""
) -> SharingHalt:
    """Stop or switch off what a target names; doing it twice changes nothing. Raises Forbidden and Invalid."""
    _require(actor)
    if kind is HaltKind.OFF and target.scope not in halts.PLACES:
        raise Invalid("scope", Text("Only a space, a project or a connection can be switched off."))
    _check_length("reason", reason)
    _check_length("message", message)
    known = session.scalars(_running().where(SharingHalt.target == target.key, SharingHalt.kind == kind.value))
    if (found := known.one_or_none()) is not None:
        return found
    covered = effect(session, target)
    row = SharingHalt(
        public_id=tokens.new_public_id(),
        kind=kind.value,
        scope=target.scope.value,
        target=target.key,
        label=target.label[:300],
        reason=reason,
        message=message,
        began_at=clock.now(),
        began_by_id=actor.person_id,
    )
    session.add(row)
    session.flush()
    trail.record(
        session,
        ShareLinkEvent.STOPPED if kind is HaltKind.STOP else ShareLinkEvent.SWITCHED_OFF,
        subject=("sharing", target.key),
        actor=actor,
        halt=row.public_id,
        scope=target.scope.value,
        of=target.reference or None,
        links=covered.links,
        reason=reason or None,
    )
    if target.scope is HaltScope.PERSON:
        # What they read themselves, by links of others, is for them to open anew.
        grants.end_of_person(session, int(target.ids[0]), _ENDED[kind])
    outbox.enqueue(session, end_grants, halt_id=row.id)
    _tell(session, actor, row, _BEGAN[kind], covered)
    return row


def lift(session: Session, actor: Actor, public_id: str) -> HaltRow:
    """Let sharing go on: links are what they were before, and every grant of before stays dead. Raises NotFound, Forbidden."""
    _require(actor)
    row = session.scalars(_running().where(SharingHalt.public_id == public_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    target = _target_of(row)
    for _ in range(_MOST_BATCHES):
        if grants.end_some(session, SYSTEM, target.links, _ENDED[HaltKind(row.kind)]) == 0:
            break
    row.ended_at, row.ended_by_id = clock.now(), actor.person_id
    trail.record(
        session,
        ShareLinkEvent.SWITCHED_ON,
        subject=("sharing", row.target),
        actor=actor,
        halt=row.public_id,
        kind=row.kind,
        scope=row.scope,
    )
    _tell(session, actor, row, Text("Sharing goes on: %(what)s", what=describe(row)), effect(session, target))
    return halts.row_of(row)


@outbox.job("share_links.end_halted_grants")
def end_grants(halt_id: int) -> None:
    """End the grants that a halt covers, in batches; each is ended once, however often this runs."""
    for _ in range(_MOST_BATCHES):
        with db.transaction() as session:
            row = session.get(SharingHalt, halt_id, with_for_update={"read": True})
            if row is None or row.ended_at is not None:
                return
            if grants.end_some(session, SYSTEM, _target_of(row).links, _ENDED[HaltKind(row.kind)]) == 0:
                return


def found(session: Session, actor: Actor, public_id: str) -> tuple[HaltRow, Effect]:
    """Return a halt that is in force, and what it covers now. Raises NotFound, Forbidden."""
    _require(actor)
    row = session.scalars(_running().where(SharingHalt.public_id == public_id)).one_or_none()
    if row is None:
        raise NotFound
    return halts.row_of(row), effect(session, _target_of(row))


def listed(session: Session, actor: Actor, *, over: bool, limit: int = 50) -> list[HaltRow]:
    """Return halts, newest first: those in force, or those that are over. Raises Forbidden."""
    _require(actor)
    began, ended = aliased(Person), aliased(Person)
    query = (
        select(SharingHalt, began.display_name, ended.display_name)
        .outerjoin(began, began.id == SharingHalt.began_by_id)
        .outerjoin(ended, ended.id == SharingHalt.ended_by_id)
        .where(SharingHalt.ended_at.is_not(None) if over else SharingHalt.ended_at.is_(None))
        .order_by(SharingHalt.id.desc())
        .limit(limit)
    )
    return [halts.row_of(*row) for row in session.execute(query).all()]


def describe(row: SharingHalt | HaltRow) -> Text:
    """Say what a halt covers."""
    return words_for(HaltScope(row.scope), row.label)


def words_for(scope: HaltScope, label: str) -> Text:
    """Say what a halt of this scope covers; `label` is the name of what it is about."""
    return Text(_SCOPES[scope].message_id, name=label)


_SCOPES = {
    HaltScope.LINK: Text("the link “%(name)s”"),
    HaltScope.OBJECT: Text("all links to %(name)s"),
    HaltScope.CONTAINER: Text("all links into %(name)s"),
    HaltScope.CONNECTION: Text("all links into %(name)s"),
    HaltScope.PERSON: Text("all links of %(name)s"),
    HaltScope.EVERYTHING: Text("every link"),
}
_BEGAN = {HaltKind.STOP: Text("Emergency stop: %(what)s"), HaltKind.OFF: Text("Sharing switched off: %(what)s")}
_ENDED = {HaltKind.STOP: "stopped", HaltKind.OFF: "switched_off"}


def _require(actor: Actor) -> None:
    if actor is not SYSTEM and not actor.may(Permission.LINKS_ALL_MANAGE):
        raise Forbidden


def _check_length(field: str, text: str) -> None:
    if len(text) > MAXIMUM_REASON:
        raise Invalid(field, Text("Use at most %(count)s characters.", count=MAXIMUM_REASON))


def _running() -> Select[SharingHalt]:
    return select(SharingHalt).where(SharingHalt.ended_at.is_(None))


def _target_of(row: SharingHalt) -> Target:
    scope, *ids = row.target.split(":", 2)
    return Target(HaltScope(scope), tuple(int(one) if place == 0 else one for place, one in enumerate(ids)), row.label)


def _tell(session: Session, actor: Actor, row: SharingHalt, subject: Text, covered: Effect) -> None:
    subject = Text(subject.message_id, what=describe(row))
    body = Text(
        "By: %(name)s\nWhy: %(reason)s\nLinks: %(links)s\n\nThe page “Emergency stop” of Portico says what is in force.",
        name=actor.name,
        reason=row.reason or "–",
        links=covered.links,
    )
    tell_administrators(session, subject, body)
