"""One action on many links: chosen, confirmed, then done link by link by a job, each link in a transaction of its own.

A link's outcome is written in the transaction that changes the link, so a job that was killed goes on where it ended and
does nothing twice. What the person may do is asked at each link as it is then.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, insert, literal, select
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts import queries as accounts
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.crypto import tokens
from app.core.errors import DomainError, Forbidden, Invalid, NotFound
from app.core.jobs import outbox
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links import gather, service
from app.features.share_links.conditions import Changes
from app.features.share_links.life import timeline, transferring
from app.features.share_links.life_models import BulkItem, BulkRun
from app.features.share_links.lists import listing
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import ShareLink
from app.features.share_links.service import NotShared

#: Links of one run.
MOST = 10_000
MOST_DAYS = 3_650


class BulkAction(StrEnum):
    """What can be done to many links."""

    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    TRANSFER = "transfer"
    REVOKE = "revoke"


class Outcome(StrEnum):
    """What came of one link."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Order:
    """What is to be done."""

    action: BulkAction
    days: int | None = None
    email: str | None = None


@dataclass(frozen=True)
class ChosenLink:
    """A link of a run."""

    public_id: str
    name: str


@dataclass(frozen=True)
class RefusedLink(ChosenLink):
    """A link that nothing was done to."""

    reason: str


@dataclass(frozen=True)
class Progress:
    """A run as its page and the API show it."""

    public_id: str
    action: BulkAction
    days: int | None
    email: str | None
    total: int
    done: int
    refused: int
    made_at: datetime
    confirmed_at: datetime | None
    finished_at: datetime | None

    @property
    def handled(self) -> int:
        """How many links are behind it."""
        return self.done + self.refused


def plan(session: Session, actor: Actor, order: Order, chosen: Collection[str] | Wanted) -> str:
    """Keep what is to be done to which links, and return the run's id; nothing is done before `confirm`.

    `chosen` names links by their ids, or is a filter of the lists. Raises Forbidden, and Invalid with the field.
    """
    if actor.person_id is None:
        raise Forbidden
    query, total = choose(session, actor, order, chosen)
    run = BulkRun(
        public_id=tokens.new_public_id(),
        person_id=actor.person_id,
        action=order.action.value,
        days=order.days,
        email=order.email,
        total=total,
        made_at=clock.now(),
    )
    session.add(run)
    session.flush()
    ids = query.subquery()
    session.execute(
        insert(BulkItem).from_select(["run_id", "link_id"], select(literal(run.id), ids.c.id)),
    )
    return run.public_id


def choose(session: Session, actor: Actor, order: Order, chosen: Collection[str] | Wanted) -> tuple[Select[Any], int]:
    """Return the query for the row ids of the chosen links, and how many there are. Raises as `plan` does."""
    _check(order)
    query: Select[Any]
    if isinstance(chosen, Wanted):
        query = listing.wanted_links(session, actor, chosen).with_only_columns(ShareLink.id).order_by(None)
    else:
        query = select(ShareLink.id).where(ShareLink.public_id.in_(list(chosen)[: MOST + 1]))
        if not (actor.may(Permission.LINKS_ALL_MANAGE) or actor.may(Permission.LINKS_ALL_READ)):
            query = query.where(ShareLink.created_by_id == actor.person_id)
    total = session.scalar(select(func.count()).select_from(query.limit(MOST + 1).subquery())) or 0
    if total == 0:
        raise Invalid("links", Text("Choose at least one link."))
    if total > MOST:
        raise Invalid("links", Text("At most %(count)s links at once. Filter for fewer.", count=MOST))
    return query, total


def planned(session: Session, actor: Actor, public_id: str) -> tuple[Order, Select[Any], int]:
    """Return what a run is to do, the query for its links, and how many there are. Raises NotFound where it is somebody else's."""
    run = _own(session, actor, public_id)
    query = select(BulkItem.link_id).where(BulkItem.run_id == run.id)
    return Order(BulkAction(run.action), run.days, run.email), query, run.total


def confirm(session: Session, actor: Actor, public_id: str) -> None:
    """Have a run done; twice changes nothing. Raises NotFound."""
    run = _own(session, actor, public_id, lock=True)
    if run.confirmed_at is None:
        run.confirmed_at = clock.now()
        outbox.enqueue(session, do_run, run_id=run.id)


def progress(session: Session, actor: Actor, public_id: str) -> Progress:
    """Return how far a run is. Raises NotFound where it is somebody else's."""
    run = _own(session, actor, public_id)
    query = select(BulkItem.outcome, func.count()).where(BulkItem.run_id == run.id).group_by(BulkItem.outcome)
    counts = {row[0]: int(row[1]) for row in session.execute(query)}
    return Progress(
        public_id=run.public_id,
        action=BulkAction(run.action),
        days=run.days,
        email=run.email,
        total=run.total,
        done=counts.get(Outcome.DONE, 0),
        refused=counts.get(Outcome.REFUSED, 0),
        made_at=run.made_at,
        confirmed_at=run.confirmed_at,
        finished_at=run.finished_at,
    )


def some(session: Session, actor: Actor, public_id: str, limit: int = 10) -> list[ChosenLink]:
    """Return a few links of a run, those that end first. Raises NotFound where it is somebody else's."""
    run = _own(session, actor, public_id)
    query = (
        select(ShareLink.public_id, ShareLink.name)
        .join(BulkItem, BulkItem.link_id == ShareLink.id)
        .where(BulkItem.run_id == run.id)
        .order_by(ShareLink.expires_at, ShareLink.id)
        .limit(limit)
    )
    return [ChosenLink(row.public_id, row.name) for row in session.execute(query)]


def refused(session: Session, actor: Actor, public_id: str, limit: int = 200) -> list[RefusedLink]:
    """Return the links of a run that nothing was done to, and why."""
    run = _own(session, actor, public_id)
    query = (
        select(ShareLink.public_id, ShareLink.name, BulkItem.reason)
        .join(ShareLink, ShareLink.id == BulkItem.link_id)
        .where(BulkItem.run_id == run.id, BulkItem.outcome == Outcome.REFUSED.value)
        .order_by(BulkItem.link_id)
        .limit(limit)
    )
    return [RefusedLink(row.public_id, row.name, row.reason or "") for row in session.execute(query)]


@outbox.job("share_links.bulk")
def do_run(run_id: int) -> None:
    """Do what is left of a run. Each link's outcome commits with its change, so it happens once however often this runs."""
    while True:
        with db.reading() as session:
            run = session.get(BulkRun, run_id)
            if run is None or run.finished_at is not None:
                return
            order = Order(BulkAction(run.action), run.days, run.email)
            actor = accounts.actor_for(session, session.get_one(Person, run.person_id))
            left = select(BulkItem.link_id, ShareLink.public_id).join(ShareLink, ShareLink.id == BulkItem.link_id)
            left = (
                left.where(BulkItem.run_id == run_id, BulkItem.outcome.is_(None)).order_by(BulkItem.link_id).limit(50)
            )
            items = [(row.link_id, row.public_id) for row in session.execute(left)]
        if not items:
            break
        for link_id, public_id in items:
            _do_one(run_id, link_id, public_id, actor, order)
    with db.transaction() as session:
        run = session.get_one(BulkRun, run_id, with_for_update=True)
        run.finished_at = run.finished_at or clock.now()


def _do_one(run_id: int, link_id: int, public_id: str, actor: Actor, order: Order) -> None:
    try:
        facts = _facts(public_id, actor, order)
        with db.transaction() as session:
            item = session.get_one(BulkItem, (run_id, link_id), with_for_update=True)
            if item.outcome is not None:
                return
            outcome = apply(session, public_id, actor, order, facts)
            item.outcome = Outcome.DONE.value if outcome is None else Outcome.REFUSED.value
            if outcome is not None:
                item.reason = str(_why(order, outcome))[:400]
    except DomainError as error:
        with db.transaction() as session:
            item = session.get_one(BulkItem, (run_id, link_id), with_for_update=True)
            if item.outcome is None:
                item.outcome, item.reason = Outcome.REFUSED.value, str(error.sentence)[:400]


def _why(order: Order, refused: NotShared) -> Text:
    if order.action is BulkAction.TRANSFER:
        return timeline.colleague_sentence(refused.site)
    return timeline.refusal_sentence(refused.reason, refused.site)


def _facts(public_id: str, actor: Actor, order: Order) -> gather.ShareFacts | None:
    if order.action is BulkAction.TRANSFER:
        return transferring.prove(actor, public_id, order.email or "")
    if order.action is BulkAction.RESUME:
        with db.reading() as session:
            needed = service.needs_proof(session, actor, public_id)
        return gather.again(actor, public_id) if needed else None
    return None


def apply(
    session: Session, public_id: str, actor: Actor, order: Order, facts: gather.ShareFacts | None
) -> NotShared | None:
    """Do it to one link; None where it is done. Raises what the service of the action raises."""
    match order.action:
        case BulkAction.PAUSE:
            service.pause(session, actor, public_id)
        case BulkAction.RESUME:
            return service.resume(session, actor, public_id, facts)
        case BulkAction.REVOKE:
            service.revoke(session, actor, public_id)
        case BulkAction.EXTEND:
            link = session.scalars(select(ShareLink).where(ShareLink.public_id == public_id).with_for_update()).one()
            until = max(link.expires_at, clock.now()) + timedelta(days=order.days or 0)
            service.change(session, actor, public_id, Changes(expires_at=until))
        case BulkAction.TRANSFER:
            assert facts is not None
            return transferring.transfer(session, actor, public_id, facts)
    return None


def _check(order: Order) -> None:
    if order.action is BulkAction.EXTEND and not 1 <= (order.days or 0) <= MOST_DAYS:
        raise Invalid("days", Text("Enter between 1 and %(count)s days.", count=MOST_DAYS))
    if order.action is BulkAction.TRANSFER and not (order.email and len(order.email) <= 254):
        raise Invalid("email", Text("Enter the address of the new owner."))


def _own(session: Session, actor: Actor, public_id: str, *, lock: bool = False) -> BulkRun:
    query = select(BulkRun).where(BulkRun.public_id == public_id[:24], BulkRun.person_id == actor.person_id)
    run = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if run is None:
        raise NotFound
    return run
