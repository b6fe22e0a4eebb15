"""From a request to what it may see: the facts, the policy's answer, and content that a check stands behind."""

from dataclasses import dataclass
from datetime import datetime

from app.core import clock, db
from app.core.audit import trail
from app.core.errors import Unavailable
from app.features.share_links import content, freshness, opening, policy, queries
from app.features.share_links.content import Content, Moved
from app.features.share_links.freshness import Verdict
from app.features.share_links.opening import Asked
from app.features.share_links.policy import Closed, Serve, Step
from app.features.share_links.queries import Visit

#: Another version may appear while one is being fetched; a page that changes more often than this waits.
_ATTEMPTS = 4


@dataclass(frozen=True)
class Approach:
    """A request and the policy's answer to it; without a visit there is no such link."""

    visit: Visit | None
    step: Step | None
    #: When the copy was last known to be good, where Atlassian is down; None = it is what Atlassian has.
    stale_since: datetime | None = None

    @property
    def served(self) -> Visit | None:
        """The visit, where content may be served without spending a view."""
        return self.visit if isinstance(self.step, Serve) and not self.step.spends else None


def approach(asked: Asked) -> Approach:
    """Read the facts of this instant and ask the policy; nothing is written and Atlassian is not asked."""
    with db.asking() as connection:
        visit = opening.look(connection, asked)
    if visit is None:
        return Approach(None, None)
    return Approach(visit, policy.next_step(visit.link, visit.visitor, clock.now()))


def told_why(asked: Asked, visit: Visit | None) -> bool:
    """Tell whether a visitor of a closed link may know the reason: who held a grant, its owner, administrators."""
    if asked.session_digest is not None:
        # Asked whatever the link is, so that an unknown one costs the same.
        with db.reading() as session:
            owner = visit.shown.owner_id if visit is not None else None
            if queries.sees_reasons(session, asked.session_digest, owner, clock.now()):
                return True
    return visit is not None and visit.held_grant


def freshen(asked: Asked, first: Approach) -> Approach:
    """Make sure that what is served is what Atlassian has; a check may end with the link closed or paused.

    Raises Unavailable where the trail cannot be written, and where Atlassian is down and no copy is young enough.
    """
    trail.ensure_writable()
    current = first
    for _ in range(_ATTEMPTS):
        visit = current.served
        if visit is None:
            return current
        verdict = freshness.ensure(visit.shown.object)
        if verdict is Verdict.FRESH:
            return current
        if verdict is Verdict.STALE:
            return Approach(visit, current.step, visit.shown.object.checked_at)
        current = approach(asked)
    raise Unavailable("Atlassian")


def with_content(asked: Asked, fresh: Approach) -> tuple[Approach, Content | None]:
    """Return the content of a link together with the approach it belongs to; None where it may no longer be served."""
    current = fresh
    for _ in range(_ATTEMPTS):
        visit = current.served
        if visit is None:
            return current, None
        try:
            return current, content.content_of(visit.shown.object, visit.shown.powers)
        except Moved:
            if current.stale_since is not None:
                break
            freshness.expire(visit.shown.object)
        current = freshen(asked, approach(asked))
    raise Unavailable("Atlassian")


def preview(asked: Asked) -> tuple[Approach, Content | None]:
    """Return what recipients of a link would read, for somebody who may see that; spends nothing."""
    for _ in range(_ATTEMPTS):
        first = approach(asked)
        if first.visit is None:
            return first, None
        closed = policy.closed_because(first.visit.link, clock.now())
        if closed is not None:
            return Approach(first.visit, Closed(closed)), None
        target = first.visit.shown.object
        verdict = freshness.ensure(target)
        if verdict is Verdict.AGAIN:
            continue
        stale = target.checked_at if verdict is Verdict.STALE else None
        try:
            return Approach(first.visit, Serve(spends=False), stale), content.content_of(
                target, first.visit.shown.powers
            )
        except Moved:
            freshness.expire(target)
    raise Unavailable("Atlassian")
