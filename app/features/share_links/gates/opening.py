"""Passing a gate of a link and opening it: in one transaction views are spent, the visit is recorded, the grant is made.

Takes an open transaction. What a visitor did not achieve is a return value, so that its record commits.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock, context
from app.core.accounts import queries as accounts
from app.core.accounts.actor import Actor
from app.core.audit import trail
from app.core.permissions import Permission, permissions_of
from app.features.share_links import policy, queries
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import passages, records
from app.features.share_links.guests import openings
from app.features.share_links.guests.models import Invitation
from app.features.share_links.lists import tallies
from app.features.share_links.models import Grant, ReaderViews, ShareLink
from app.features.share_links.policy import (
    Admit,
    Ask,
    Closed,
    ClosedBecause,
    Gate,
    PassageFacts,
    Refused,
    RefusedBecause,
    Serve,
    Step,
)
from app.features.share_links.queries import ObjectRow, Visit


@dataclass(frozen=True)
class Asked:
    """What a request says of itself: the link it names, its browser and its session."""

    public_id: str
    #: None where the link is named by its id, as its owner does.
    generation: int | None
    browser_digest: str | None
    session_digest: str | None
    #: Where the request comes from, as trusted proxies report it.
    network_address: str | None = None


@dataclass(frozen=True)
class Brought:
    """What this very request brings to the gate that it is sent to."""

    #: The hash that the password matched.
    proven_hash: str | None = None
    #: The version of the terms that were shown and accepted.
    terms_version: int | None = None
    reason: str | None = None


NOTHING = Brought()
#: At which gate somebody is turned away.
_REFUSED_AT = {
    RefusedBecause.WRONG_NETWORK: "network",
    RefusedBecause.OWN_VIEWS_SPENT: "views",
    RefusedBecause.NOT_MEMBER: Gate.SIGN_IN.value,
}


@dataclass(frozen=True)
class Opened:
    """The browser may read now; `spent` is False where that cost no view."""

    spent: bool
    #: Whether the same reader opened it in another browser since they last did in this one.
    elsewhere: bool = False


@dataclass(frozen=True)
class NotOpened:
    """The step that stands in the way; None where there is no such link."""

    step: Step | None


def open_link(session: Session, asked: Asked, brought: Brought = NOTHING) -> Opened | NotOpened:
    """Pass a gate, and open the link where it was the last; every condition is looked at again."""
    if asked.browser_digest is None:
        raise ValueError("a grant belongs to a browser")
    lock(session, asked)
    now = clock.now()
    visit = look(session, asked)
    if visit is None:
        return NotOpened(None)
    passage, reason = _bring(visit, brought, now)
    if passage.terms_version != policy.standing_passage(visit.link, visit.visitor, now).terms_version:
        records.note(session, ShareLinkEvent.TERMS_ACCEPTED, visit, asked.browser_digest, version=passage.terms_version)
    visit = visit.opening(passage, manages=_manages(session, visit))
    step = policy.next_step(visit.link, visit.visitor, now)
    if isinstance(step, Serve):
        # Accepting changed terms under a live grant opens nothing anew.
        passages.keep(session, visit, asked.browser_digest, passage, reason)
        return Opened(spent=False)
    if not isinstance(step, Admit):
        passages.keep(session, visit, asked.browser_digest, passage, reason)
        _record_failure(session, visit, step, asked, brought)
        return NotOpened(step)
    if step.spends and not _spend(session, visit):
        return NotOpened(Closed(ClosedBecause.USED_UP))
    kept = passages.settle(session, visit, asked.browser_digest, passage)
    if step.spends:
        tallies.opened(session, visit.shown.link_id, context.current().address)
    elsewhere = openings.note(session, visit, asked.browser_digest, now)
    records.note(
        session,
        ShareLinkEvent.OPENED,
        visit,
        asked.browser_digest,
        view=visit.link.views + 1 if step.spends else None,
        gates=_passed(visit),
        grant=_grant(session, visit, asked.browser_digest, now),
        reason=(reason or kept) if visit.link.asks_reason else None,
        **records.invited_by(visit),
    )
    return Opened(spent=step.spends, elsewhere=elsewhere)


def lock(session: Session, asked: Asked) -> None:
    """Hold the link's row, also where an own link under it is named: whoever passes a gate at the same time waits."""
    own = select(Invitation.link_id).where(Invitation.public_id == asked.public_id).scalar_subquery()
    named = or_(ShareLink.public_id == asked.public_id, ShareLink.id == own)
    session.execute(select(ShareLink.id).where(named).with_for_update())


def look(session: Session | None, asked: Asked) -> Visit | None:
    """Return the facts of a request as they are now, or None where there is no such link; without a session by itself."""
    return queries.visit(
        session,
        asked.public_id,
        asked.generation,
        browser_digest=asked.browser_digest,
        session_digest=asked.session_digest,
        network_address=asked.network_address,
        now=clock.now(),
    )


def record_download(
    session: Session, visit: Visit, browser_digest: str | None, attachment_id: str, span: str | None
) -> None:
    """Record a download; committed before its first byte is sent."""
    records.note(
        session,
        ShareLinkEvent.DOWNLOADED,
        visit,
        browser_digest,
        attachment=attachment_id,
        range=span,
    )
    tallies.downloaded(session, visit.shown.link_id)


def record_pdf(session: Session, visit: Visit, target: ObjectRow, browser_digest: str | None) -> None:
    """Record that a reader took the PDF of a page; committed before its first byte is sent."""
    records.note(
        session,
        ShareLinkEvent.PDF_TAKEN,
        visit,
        browser_digest,
        object=target.object_id,
        version=target.version,
        watermark=visit.shown.powers.watermark,
    )


def record_preview(session: Session, actor: Actor, public_id: str) -> None:
    """Record that an owner, administrator or approver looked at a link as its recipients see it."""
    trail.record(session, ShareLinkEvent.PREVIEWED, subject=("link", public_id), actor=actor)


def as_person(visit: Visit, person_id: int | None) -> Visit:
    """Return a visit as that of a person who came by another way than the link."""
    return replace(visit, visitor=replace(visit.visitor, person_id=person_id))


def _bring(visit: Visit, brought: Brought, now: datetime) -> tuple[PassageFacts, str | None]:
    """Return what is passed by now, and the reason stated just now.

    What a request brings counts at the gate that is asked for, and nowhere else.
    """
    passage = policy.standing_passage(visit.link, visit.visitor, now)
    match policy.next_step(visit.link, visit.visitor, now):
        # A password that was changed while it was being compared proves nothing.
        case Ask(Gate.PASSWORD) if brought.proven_hash is not None and brought.proven_hash == visit.shown.password_hash:
            passage = replace(passage, password_at=now)
        # Nor are terms accepted that were changed since they were shown.
        case Ask(Gate.TERMS) if brought.terms_version == visit.link.terms_version:
            passage = replace(passage, terms_version=brought.terms_version)
        case Ask(Gate.REASON) if brought.reason is not None:
            return replace(passage, reason_at=now), brought.reason
    return passage, None


def _grant(session: Session, visit: Visit, browser_digest: str, now: datetime) -> int:
    row = Grant(
        link_id=visit.shown.link_id,
        browser_digest=browser_digest,
        person_id=visit.visitor.person_id,
        invitation_id=visit.invited.id if visit.invited is not None else None,
        conditions_version=visit.link.conditions_version,
        created_at=now,
        ends_at=policy.grant_ends_at(visit.link, now),
    )
    session.add(row)
    session.flush()
    return row.id


def _manages(session: Session, visit: Visit) -> bool:
    """Tell whether this is the link's owner or an administrator, whose visits spend nothing."""
    person_id = visit.visitor.person_id
    if person_id is None or person_id == visit.shown.owner_id:
        return person_id is not None
    return Permission.LINKS_ALL_MANAGE in permissions_of(accounts.roles_of(session, person_id))


def _spend(session: Session, visit: Visit) -> bool:
    # The row counts decide, whatever was read before.
    link_id, each = visit.shown.link_id, visit.link.max_views_each
    if each is not None and not _spend_own(session, link_id, visit.reader, each):
        return False
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(ShareLink)
        .where(ShareLink.id == link_id, or_(ShareLink.max_views.is_(None), ShareLink.views < ShareLink.max_views))
        .values(views=ShareLink.views + 1)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount == 1


def _spend_own(session: Session, link_id: int, reader: str, most: int) -> bool:
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    query = insert(ReaderViews).values(link_id=link_id, reader=reader, views=1)
    query = query.on_conflict_do_update(
        index_elements=["link_id", "reader"], set_={"views": ReaderViews.views + 1}, where=ReaderViews.views < most
    )
    # A row comes back where one was written; the count of an upsert is not the same thing with every driver.
    return session.execute(query.returning(ReaderViews.views)).one_or_none() is not None


def _passed(visit: Visit) -> list[str]:
    link = visit.link
    gates = {
        "network": link.networks is not None,
        "sign_in": link.asks_sign_in or link.sign_in_through is not None,
        "group": link.asks_for_groups,
        Gate.ADDRESS.value: link.asks_for_address,
        Gate.SECOND_FACTOR.value: link.asks_second_factor,
        Gate.PASSWORD.value: link.has_password,
        Gate.TERMS.value: link.terms_version is not None,
        Gate.REASON.value: link.asks_reason,
    }
    return [name for name, asked in gates.items() if asked]


def _record_failure(session: Session, visit: Visit, step: Step, asked: Asked, brought: Brought) -> None:
    match step:
        case Refused(reason):
            gate, why = _REFUSED_AT[reason], reason.value
        case Ask(Gate.PASSWORD) if brought.proven_hash is not None:
            gate, why = Gate.PASSWORD.value, "changed_meanwhile"
        case Closed(because):
            gate, why = records.STATE, because.value
        case _:
            return
    records.refused(session, visit, asked.browser_digest, gate, why)
