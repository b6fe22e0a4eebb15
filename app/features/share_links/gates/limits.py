"""Limits on tries at the secrets of links, and on codes sent by mail; all of them rows in the database.

For each secret there are three, taken in this order, the next only where the one before allows, so that one stranger can
neither use up a link's allowance alone nor everybody's: a visitor (the link with the address, or the /64 of an IPv6
address; a browser that was let in before counts by itself), a link whoever tries, and all links together. What the right
secret took is given back, so that a large audience does not lock itself out. Whoever holds a live grant meets none.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core import context, ratelimit
from app.core.ratelimit import Limit, Taken
from app.features.share_links.gates import records
from app.features.share_links.policy import Gate
from app.features.share_links.queries import Visit

#: How often a limit that was reached is written into the trail, for each limit and visitor.
RECORDED = Limit("link-limit-recorded", 1, 60)
_ALL_KEY = "all"


@dataclass(frozen=True)
class Limits:
    """The three limits of one thing that is tried."""

    gate: Gate
    per_visitor: Limit
    per_link: Limit
    everywhere: Limit


PASSWORD = Limits(
    Gate.PASSWORD,
    Limit("link-password-visitor", 5, 60),
    Limit("link-password-link", 600, 3_600),
    Limit("link-password-all", 600, 60),
)
#: A code has a millionth of a chance for each try, and few people are asked for one at a time.
CODE = Limits(
    Gate.ADDRESS,
    Limit("link-code-visitor", 10, 60),
    Limit("link-code-link", 120, 3_600),
    Limit("link-code-all", 600, 60),
)
#: Asking for a code: a whole office may sit behind one address.
ASKING = Limits(
    Gate.ADDRESS,
    Limit("link-asking-visitor", 30, 600),
    Limit("link-asking-link", 600, 3_600),
    Limit("link-asking-all", 600, 60),
)


def take(session: Session, limits: Limits, visit: Visit, browser_digest: str | None) -> Taken:
    """Count one try; where a limit is reached, that is recorded and nothing more may be done."""
    visitor = _visitor_key(visit, browser_digest)
    taken = ratelimit.take(session, (limits.per_visitor, visitor))
    if taken.allowed:
        taken = ratelimit.take(session, (limits.per_link, visit.shown.public_id))
    if taken.allowed:
        taken = ratelimit.take(session, (limits.everywhere, _ALL_KEY))
    # A flood must not become a flood of entries that are kept for ever.
    if not taken.allowed and ratelimit.take(session, (RECORDED, f"{taken.scope}|{visitor}")).allowed:
        records.refused(session, visit, browser_digest, limits.gate.value, f"limited:{taken.scope}")
    return taken


def give_back(session: Session, limits: Limits, visit: Visit, browser_digest: str | None) -> None:
    """Give back what the right secret took."""
    ratelimit.give_back(
        session,
        (limits.per_visitor, _visitor_key(visit, browser_digest)),
        (limits.per_link, visit.shown.public_id),
        (limits.everywhere, _ALL_KEY),
    )


def told_wait(limits: Limits, taken: Taken) -> int | None:
    """Return the seconds to wait that a visitor may be told: of their own limit, not of one that others have used up."""
    return taken.retry_after if taken.scope == limits.per_visitor.scope else None


def _visitor_key(visit: Visit, browser_digest: str | None) -> str:
    # An id that a browser merely claims to have would be a fresh allowance for the asking.
    known = browser_digest if visit.held_grant and browser_digest else ""
    return f"{visit.shown.public_id}|{ratelimit.network_of(context.current().address)}|{known}"
