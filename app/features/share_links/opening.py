"""Opening a link: in one transaction the views are spent, the visit is recorded and the grant is made.

Takes an open transaction. What a visitor did not achieve is a return value, so that its record commits.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, CursorResult, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries as accounts
from app.core.accounts.actor import Actor
from app.core.accounts.actor import visitor as visitor_actor
from app.core.accounts.models import Person
from app.core.audit import trail
from app.features.share_links import policy, queries
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.models import Grant, ShareLink
from app.features.share_links.policy import Ask, Closed, ClosedBecause, Gate, Refused, Serve, Step
from app.features.share_links.queries import Visit


@dataclass(frozen=True)
class Asked:
    """What a request says of itself: the link it names, its browser and its session."""

    public_id: str
    #: None where the link is named by its id, as its owner does.
    generation: int | None
    browser_digest: str | None
    session_digest: str | None


@dataclass(frozen=True)
class Opened:
    """The browser may read now; `spent` is False where it could before."""

    spent: bool


@dataclass(frozen=True)
class NotOpened:
    """The step that stands in the way; None where there is no such link."""

    step: Step | None


def open_link(session: Session, asked: Asked, *, proven_hash: str | None) -> Opened | NotOpened:
    """Open a link for a browser, with the password hash it has proven, if any; every condition is looked at again."""
    if asked.browser_digest is None:
        raise ValueError("a grant belongs to a browser")
    session.execute(select(ShareLink.id).where(ShareLink.public_id == asked.public_id).with_for_update())
    now = clock.now()
    visit = look(session, asked)
    if visit is None:
        return NotOpened(None)
    # A password that was changed while it was being compared proves nothing.
    proven = proven_hash is not None and proven_hash == visit.shown.password_hash
    visit = visit.proving(password=proven)
    step = policy.next_step(visit.link, visit.visitor, now)
    if not isinstance(step, Serve):
        _record_failure(session, visit, step, asked.browser_digest)
        return NotOpened(step)
    if not step.spends:
        return Opened(spent=False)
    if not _spend(session, visit.shown.link_id):
        return NotOpened(Closed(ClosedBecause.USED_UP))
    grant = Grant(
        link_id=visit.shown.link_id,
        browser_digest=asked.browser_digest,
        person_id=visit.visitor.person_id,
        conditions_version=visit.link.conditions_version,
        created_at=now,
        ends_at=policy.grant_ends_at(visit.link, now),
    )
    session.add(grant)
    session.flush()
    trail.record(
        session,
        ShareLinkEvent.OPENED,
        subject=("link", visit.shown.public_id),
        actor=who(session, visit.visitor.person_id, asked.browser_digest),
        view=visit.link.views + 1,
        gates=_passed(visit),
        grant=grant.id,
    )
    return Opened(spent=True)


def look(session: Session | Connection, asked: Asked) -> Visit | None:
    """Return the facts of a request as they are now, or None where there is no such link."""
    return queries.visit(
        session,
        asked.public_id,
        asked.generation,
        browser_digest=asked.browser_digest,
        session_digest=asked.session_digest,
        now=clock.now(),
    )


def record_download(
    session: Session, visit: Visit, browser_digest: str | None, attachment_id: str, span: str | None
) -> None:
    """Record a download; committed before its first byte is sent."""
    trail.record(
        session,
        ShareLinkEvent.DOWNLOADED,
        subject=("link", visit.shown.public_id),
        actor=who(session, visit.visitor.person_id, browser_digest),
        attachment=attachment_id,
        range=span,
    )


def record_pdf(session: Session, visit: Visit, browser_digest: str | None) -> None:
    """Record that a reader took the PDF; committed before its first byte is sent."""
    trail.record(
        session,
        ShareLinkEvent.PDF_TAKEN,
        subject=("link", visit.shown.public_id),
        actor=who(session, visit.visitor.person_id, browser_digest),
        version=visit.shown.object.version,
        watermark=visit.shown.powers.watermark,
    )


def record_preview(session: Session, actor: Actor, public_id: str) -> None:
    """Record that an owner or administrator looked at a link as its recipients see it."""
    trail.record(session, ShareLinkEvent.PREVIEWED, subject=("link", public_id), actor=actor)


def as_person(visit: Visit, person_id: int | None) -> Visit:
    """Return a visit as that of a person who came by another way than the link."""
    return replace(visit, visitor=replace(visit.visitor, person_id=person_id))


def who(session: Session, person_id: int | None, browser_digest: str | None) -> Actor:
    """Return the signed-in person, or the visitor that a browser stands for."""
    person = session.get(Person, person_id) if person_id is not None else None
    if person is None:
        return visitor_actor(browser_digest)
    # Roles have no bearing on links, so they are not read.
    return replace(accounts.actor_for(session, person), permissions=frozenset())


def _spend(session: Session, link_id: int) -> bool:
    # The row count decides, whatever was read before.
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(ShareLink)
        .where(ShareLink.id == link_id, or_(ShareLink.max_views.is_(None), ShareLink.views < ShareLink.max_views))
        .values(views=ShareLink.views + 1)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount == 1


def _passed(visit: Visit) -> list[str]:
    passed = []
    if visit.link.asks_for_groups:
        passed.append("group")
    if visit.link.has_password:
        passed.append(Gate.PASSWORD.value)
    return passed


def _record_failure(session: Session, visit: Visit, step: Step, browser_digest: str) -> None:
    match step:
        case Refused(reason):
            gate, why = Gate.SIGN_IN.value, reason.value
        case Ask(Gate.PASSWORD):
            gate, why = Gate.PASSWORD.value, "changed_meanwhile"
        case Closed(because):
            gate, why = "state", because.value
        case _:
            return
    trail.record(
        session,
        ShareLinkEvent.GATE_FAILED,
        subject=("link", visit.shown.public_id),
        actor=who(session, visit.visitor.person_id, browser_digest),
        gate=gate,
        reason=why,
    )
