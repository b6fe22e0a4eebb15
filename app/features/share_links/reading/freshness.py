"""Whether what our tables say of a page or issue may be believed now, and asking Atlassian where it is too old.

A check runs outside transactions and once at a time for each object, across processes: whoever moves
`check_lease_until` by a conditional update checks, the others wait for the outcome. While Atlassian is down the same
column says when to try again, so that nobody waits for the same time-out twice.
"""

import logging
import threading
import time
from collections import defaultdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.errors import Unavailable
from app.core.settings import registry
from app.features.share_links import objects
from app.features.share_links.life import endings, standing
from app.features.share_links.lists import words
from app.features.share_links.models import SharedObject
from app.features.share_links.objects import ObjectFacts, ObjectKind
from app.features.share_links.policy import CloseReason
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import copies, tree, tree_reading
from app.features.share_links.reading.tree_reading import NO_SHARE, Below
from app.features.share_links.settings import ShareLinkSettings
from app.integrations.atlassian.errors import (
    AtlassianError,
    Busy,
    Forbidden,
    Gone,
    NotFound,
    RateLimited,
)

logger = logging.getLogger(__name__)

#: What was checked within this time is believed.
FRESH = timedelta(seconds=60)
#: Longer than the calls of one check can take together.
LEASE = timedelta(seconds=45)
#: After a failed check nobody tries again for this long, nor for longer than the maximum, whatever Retry-After says.
BACK_OFF = timedelta(seconds=15)
MAXIMUM_BACK_OFF = timedelta(seconds=60)
#: No lease and no pause reaches further; one that does is from before the clock was turned back.
_LONGEST = max(LEASE, MAXIMUM_BACK_OFF) + clock.TOLERANCE
#: Threads of this process that check or wait for a check of one connection; the next gets the copy or 503.
WAITING_PER_CONNECTION = 4
_WAIT_SECONDS = 12.0
_POLL_SECONDS = 0.1

_CLOSING_STATUSES = {"trashed": CloseReason.TRASHED, "archived": CloseReason.ARCHIVED}
_places: dict[int, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(WAITING_PER_CONNECTION))


class Verdict(StrEnum):
    """What to do with what was read before."""

    #: Serve it.
    FRESH = "fresh"
    #: Something was checked meanwhile: read the facts again and decide again.
    AGAIN = "again"
    #: Atlassian is down, and the copy is young enough: serve it, and say how old it is.
    STALE = "stale"


def ensure(target: ObjectRow) -> Verdict:
    """Check an object with Atlassian where its last check is too old. Raises Unavailable where nothing may be served."""
    if db.in_transaction():
        raise RuntimeError("Atlassian is asked outside transactions")
    now = clock.now()
    if is_fresh(target, now):
        return Verdict.FRESH
    if target.down_since is not None and _is_held(target.check_lease_until, now):
        return _stale(target)
    place = _places[target.connection_id]
    if not place.acquire(blocking=False):
        return _stale(target)
    try:
        return check(target) if _take_lease(target, now) else _wait(target)
    finally:
        place.release()


def is_fresh(target: ObjectRow, now: datetime | None = None) -> bool:
    """Tell whether the last check of an object may be believed still."""
    return -clock.TOLERANCE <= (now or clock.now()) - target.checked_at <= FRESH


def check_anew(target: ObjectRow) -> None:
    """Check an object whatever its last check says, unless somebody does it already. Raises Unavailable like `ensure`."""
    if _take_lease(target, clock.now()):
        check(target)


def check(target: ObjectRow) -> Verdict:
    """Ask Atlassian about an object and write down what it says; the caller holds the lease."""
    with db.reading() as session:
        site = clients.site(session, target.connection_id)
        depth = tree.wanted_depth(session, target.id)
    if site is None or site.disabled:
        return Verdict.AGAIN
    try:
        facts = objects.look(site, target.kind, target.object_id)
        current_page = target.kind is ObjectKind.PAGE and facts.status == objects.CURRENT
        asks = depth and current_page
        below = tree_reading.read(clients.confluence(site), target.object_id, depth) if asks else Below()
    except AtlassianError as error:
        return _failed(site, target, error)
    if facts.status != objects.CURRENT:
        return _ended(target, _CLOSING_STATUSES.get(facts.status, CloseReason.GONE))
    lost = standing.check(site, target, older_than=FRESH)
    with db.transaction() as session:
        _note_good(session, target.id, facts, below)
        for person_id in lost:
            endings.pause_of_owner(session, target.id, person_id)
    clients.note_success(site)
    return Verdict.AGAIN


def expire(target: ObjectRow) -> None:
    """Make the next `ensure` check again: something newer than what the tables say has been seen."""
    with db.transaction() as session:
        session.execute(
            update(SharedObject)
            .where(SharedObject.id == target.id, SharedObject.version == target.version)
            .values(checked_at=clock.now() - FRESH - timedelta(seconds=1))
        )


def is_free(now: datetime) -> ColumnElement[bool]:
    """Return the condition for objects that nobody is checking, and whose pause after a failed check is over."""
    until = SharedObject.check_lease_until
    return or_(until.is_(None), until <= now, until > now + _LONGEST)


def _is_held(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until <= now + _LONGEST


def _take_lease(target: ObjectRow, now: datetime) -> bool:
    with db.transaction() as session:
        result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
            update(SharedObject)
            .where(
                SharedObject.id == target.id,
                SharedObject.checked_at == target.checked_at,
                is_free(now),
            )
            .values(check_lease_until=now + LEASE)
        )
    return result.rowcount == 1


def _wait(target: ObjectRow) -> Verdict:
    # Our clock may be held or turned back; waiting is measured by one that is not.
    end = time.monotonic() + _WAIT_SECONDS
    query = select(SharedObject.checked_at, SharedObject.down_since, SharedObject.check_lease_until).where(
        SharedObject.id == target.id
    )
    while time.monotonic() < end:
        with db.reading() as session:
            row = session.execute(query).one()
        if row.checked_at != target.checked_at or row.check_lease_until is None:
            return Verdict.AGAIN
        if not _is_held(row.check_lease_until, clock.now()):
            # Whoever was checking has been killed.
            return Verdict.AGAIN
        if row.down_since is not None and target.down_since is None:
            break
        time.sleep(_POLL_SECONDS)
    return _stale(target)


def _note_good(session: Session, shared_object_id: int, facts: ObjectFacts, below: Below | None) -> None:
    row = session.get_one(SharedObject, shared_object_id, with_for_update=True)
    row.title, row.container, row.web_url = facts.title, facts.container, facts.web_url[:600]
    row.object_key = facts.object_key
    row.version, row.restriction_digest = facts.version, facts.restriction_digest
    row.checked_at, row.check_lease_until, row.down_since = facts.read_at, None, None
    words.of_object(session, row.id, row.title, row.object_key, row.container)
    endings.note_version(session, row.id, facts.version)
    files = [(one.id, str(one.version)) for one in facts.attachments]
    copies.confirm(session, shared_object_id, facts.version, files)
    tree.write(session, row, below)
    endings.pause_changed(session, shared_object_id, facts.restriction_digest)
    if NO_SHARE in facts.labels:
        endings.pause_labelled(session, shared_object_id)


def _failed(site: Site, target: ObjectRow, error: AtlassianError) -> Verdict:
    if isinstance(error, Forbidden | NotFound):
        return _ended(target, CloseReason.NOT_READABLE)
    if isinstance(error, Gone):
        return _ended(target, CloseReason.GONE)
    if isinstance(error, Busy):
        # Our own limit says nothing about Atlassian.
        _release(target, None)
        return _stale(target)
    clients.note_error(site, error)
    logger.warning("a check with %s failed: %s", site.name, error)
    if not error.is_down:
        # An answer that nobody expects is no reason to show a copy.
        _release(target, None)
        raise Unavailable(site.name) from error
    wanted = timedelta(seconds=error.retry_after or 0) if isinstance(error, RateLimited) else BACK_OFF
    _release(target, clock.now() + min(max(wanted, BACK_OFF), MAXIMUM_BACK_OFF), down=True)
    return _stale(target)


def _release(target: ObjectRow, until: datetime | None, *, down: bool = False) -> None:
    values: dict[str, Any] = {"check_lease_until": until}
    if down and target.down_since is None:
        values["down_since"] = clock.now()
    with db.transaction() as session:
        session.execute(update(SharedObject).where(SharedObject.id == target.id).values(**values))


def _ended(target: ObjectRow, reason: CloseReason) -> Verdict:
    with db.transaction() as session:
        row = session.get_one(SharedObject, target.id, with_for_update=True)
        row.check_lease_until = row.down_since = None
        endings.close_links(session, target.id, reason)
        tree.take_out(session, target.id)
    return Verdict.AGAIN


def _stale(target: ObjectRow) -> Verdict:
    hours = registry.get(ShareLinkSettings).stale_hours
    age = clock.now() - target.checked_at
    # What is dated far ahead is of an age that nobody knows.
    if hours == 0 or not -clock.TOLERANCE <= age <= timedelta(hours=hours):
        raise Unavailable("Atlassian", retry_after=int(BACK_OFF.total_seconds()))
    return Verdict.STALE
