"""Proving a link's password, with no transaction open: first counted, then compared.

Limits, all in the database. A visitor (the link with the address, or the /64 of an IPv6 address; a browser that was let
in before counts by itself): 5 a minute. A link, whoever tries: 600 an hour. All links together: 600 a minute. They are
taken in this order, and the next only where the one before allows: one stranger can neither use up a link's allowance
alone nor everybody's. What the right password took is given back, so that a large audience does not lock itself out.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from app.core import context, db, ratelimit
from app.core.audit import trail
from app.core.crypto import passwords
from app.core.ratelimit import Limit
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.opening import who
from app.features.share_links.policy import Gate
from app.features.share_links.queries import Visit

PER_VISITOR = Limit("link-password-visitor", 5, 60)
PER_LINK = Limit("link-password-link", 600, 3_600)
EVERYWHERE = Limit("link-password-all", 600, 60)
#: How often a limit that was reached is written into the trail, for each link and visitor.
RECORDED = Limit("link-password-recorded", 1, 60)
_ALL_KEY = "all"


class Refusal(StrEnum):
    """Why a password proves nothing."""

    WRONG = "wrong"
    LIMITED = "limited"


@dataclass(frozen=True)
class Proof:
    """The outcome; `proven_hash` is the hash that the password matched."""

    proven_hash: str | None
    refusal: Refusal | None = None
    #: Seconds, only where the visitor's own limit was reached.
    retry_after: int | None = None


def prove(visit: Visit, password: str, browser_digest: str | None) -> Proof:
    """Count the attempt, then compare. Raises Unavailable while too many passwords are being compared."""
    visitor = _visitor_key(visit, browser_digest)
    with db.transaction() as session:
        taken = _take(session, visit, visitor)
        if not taken.allowed:
            _record_limit(session, visit, visitor, taken.scope, browser_digest)
            own = taken.scope == PER_VISITOR.scope
            return Proof(None, Refusal.LIMITED, taken.retry_after if own else None)
    stored = visit.shown.password_hash
    if not passwords.verify_password(password, stored):
        with db.transaction() as session:
            _record(session, visit, browser_digest, Refusal.WRONG.value)
        return Proof(None, Refusal.WRONG)
    with db.transaction() as session:
        ratelimit.give_back(session, (PER_VISITOR, visitor), (PER_LINK, visit.shown.public_id), (EVERYWHERE, _ALL_KEY))
    return Proof(stored)


def _visitor_key(visit: Visit, browser_digest: str | None) -> str:
    # An id that a browser merely claims to have would be a fresh allowance for the asking.
    known = browser_digest if visit.held_grant and browser_digest else ""
    return f"{visit.shown.public_id}|{ratelimit.network_of(context.current().address)}|{known}"


def _take(session: Session, visit: Visit, visitor: str) -> ratelimit.Taken:
    taken = ratelimit.take(session, (PER_VISITOR, visitor))
    if taken.allowed:
        taken = ratelimit.take(session, (PER_LINK, visit.shown.public_id))
    if taken.allowed:
        taken = ratelimit.take(session, (EVERYWHERE, _ALL_KEY))
    return taken


def _record_limit(session: Session, visit: Visit, visitor: str, scope: str | None, browser_digest: str | None) -> None:
    # A flood must not become a flood of entries that are kept for ever.
    if ratelimit.take(session, (RECORDED, f"{scope}|{visitor}")).allowed:
        _record(session, visit, browser_digest, f"{Refusal.LIMITED}:{scope}")


def _record(session: Session, visit: Visit, browser_digest: str | None, reason: str) -> None:
    trail.record(
        session,
        ShareLinkEvent.GATE_FAILED,
        subject=("link", visit.shown.public_id),
        actor=who(session, visit.visitor.person_id, browser_digest),
        gate=Gate.PASSWORD.value,
        reason=reason,
    )
