"""What work on many links would come to, before any of it is done.

Each link's change is made by the very function that the work calls, in a transaction that is then taken back: what would
be refused is refused here, for the same reason. Only what Atlassian would have to be asked about is left open.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.core import db
from app.core.accounts.actor import Actor
from app.core.errors import DomainError, Forbidden, Unavailable
from app.features.share_links import rights, rows, service
from app.features.share_links.life import bulk, transferring
from app.features.share_links.life.bulk import BulkAction, Order, RefusedLink
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import ShareLink
from app.features.share_links.policy import PauseReason

#: Links that one rehearsal looks at; the next goes on behind them.
AT_ONCE = 200


@dataclass(frozen=True)
class Rehearsal:
    """What would become of some of the chosen links."""

    #: Of all that are chosen.
    total: int
    looked_at: int
    refused: tuple[RefusedLink, ...]
    #: Links of which Atlassian decides when it is done: it says who may see what they show.
    undecided: int
    #: Where the next rehearsal goes on; None = these are the last.
    next: int | None


class _TakenBackError(Exception):
    """Ends a transaction that is to leave nothing behind."""


def rehearse(actor: Actor, order: Order, chosen: Collection[str] | Wanted, *, after: int = 0) -> Rehearsal:
    """Return what would become of the chosen links after the row id `after`; no transaction is open.

    Raises Forbidden, and Invalid with the field.
    """
    if actor.person_id is None:
        raise Forbidden
    with db.reading() as session:
        query, total = bulk.choose(session, actor, order, chosen)
    return _rehearsed(actor, order, query, total, after)


def rehearse_run(actor: Actor, public_id: str) -> Rehearsal:
    """Return the same of the first links of work that waits to be confirmed. Raises NotFound where it is somebody else's."""
    with db.reading() as session:
        order, query, total = bulk.planned(session, actor, public_id)
    return _rehearsed(actor, order, query, total, 0)


def _rehearsed(actor: Actor, order: Order, query: Select[Any], total: int, after: int) -> Rehearsal:
    with db.reading() as session:
        found = session.execute(
            select(ShareLink.id, ShareLink.public_id, ShareLink.name)
            .where(ShareLink.id.in_(query), ShareLink.id > after)
            .order_by(ShareLink.id)
            .limit(AT_ONCE + 1)
        ).all()
        to = transferring.colleague(session, order.email or "") if order.action is BulkAction.TRANSFER else None
    refused, undecided = list[RefusedLink](), 0
    for link in found[:AT_ONCE]:
        try:
            undecided += not _decided(link.public_id, actor, order, to)
        except Unavailable:
            raise
        except DomainError as error:
            refused.append(RefusedLink(link.public_id, link.name, str(error.sentence)))
    following = found[AT_ONCE - 1].id if len(found) > AT_ONCE else None
    return Rehearsal(total, min(len(found), AT_ONCE), tuple(refused), undecided, following)


def _decided(public_id: str, actor: Actor, order: Order, to: Actor | None) -> bool:
    """Do it to one link and take it back; tell whether that decides it. Raises what refuses the link."""
    try:
        with db.transaction() as session:
            if to is not None:
                transferring.transferable(session, actor, public_id, to)
            elif not _asks_atlassian(session, actor, public_id, order):
                bulk.apply(session, public_id, actor, order, None)
                raise _TakenBackError
    except _TakenBackError:
        return True
    return False


def _asks_atlassian(session: Session, actor: Actor, public_id: str, order: Order) -> bool:
    """Tell whether the right has to be proven: its owner alone can, so anybody else is refused without a question."""
    if order.action is not BulkAction.RESUME or not service.needs_proof(session, actor, public_id):
        return False
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    return rights.owns(actor, link.created_by_id) and link.paused_reason != PauseReason.APPROVAL
