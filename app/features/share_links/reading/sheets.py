"""From a request to what it may see: the facts, the policy's answer, and content that a check stands behind."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from app.core import clock, db
from app.core.audit import trail
from app.core.errors import Unavailable
from app.features.share_links import policy, queries
from app.features.share_links.gates import opening
from app.features.share_links.gates.opening import Asked
from app.features.share_links.objects import Moved
from app.features.share_links.policy import Closed, Serve, Step
from app.features.share_links.queries import ObjectRow, Visit
from app.features.share_links.reading import children, comments, content, file_texts, freshness
from app.features.share_links.reading.comments import Comments
from app.features.share_links.reading.content import Content
from app.features.share_links.reading.coverage import Coverage
from app.features.share_links.reading.freshness import Verdict
from app.features.share_links.rules import content_guard

#: Another version may appear while one is being fetched; a page that changes more often than this waits.
_ATTEMPTS = 4


@dataclass(frozen=True)
class Approach:
    """A request and the policy's answer to it; without a visit there is no such link."""

    visit: Visit | None
    step: Step | None
    #: When the copy was last known to be good, where Atlassian is down; None = it is what Atlassian has.
    stale_since: datetime | None = None
    #: What is read once it is fresh: what the link names, or a page that it covers; None = it covers no such page.
    target: ObjectRow | None = None

    @property
    def served(self) -> Visit | None:
        """The visit, where content may be served."""
        return self.visit if isinstance(self.step, Serve) else None


#: Reads the facts of this instant and asks the policy.
Look = Callable[[], Approach]


@dataclass(frozen=True)
class Sheet:
    """What is shown of one page or issue."""

    target: ObjectRow
    content: Content
    #: The pages that the link covers besides the one it names.
    coverage: Coverage
    #: None where the link shows none, or they cannot be had now.
    comments: Comments | None

    @property
    def shows(self) -> frozenset[str]:
        """Ids of the files that the comments show."""
        found = self.comments.media_ids if self.comments is not None else frozenset()
        return frozenset(one.rpartition("/")[2] for one in found)


def approach(asked: Asked) -> Approach:
    """Read the facts of this instant and ask the policy; nothing is written and Atlassian is not asked."""
    visit = opening.look(None, asked)
    if visit is None:
        return Approach(None, None)
    return Approach(visit, policy.next_step(visit.link, visit.visitor, clock.now()))


def as_owner(asked: Asked) -> Approach:
    """Read the facts for somebody who may see what recipients read: only a closed link is kept from them."""
    first = approach(asked)
    if first.visit is None:
        return first
    closed = policy.closed_because(first.visit.link, clock.now())
    return Approach(first.visit, Closed(closed) if closed is not None else Serve())


def as_approver(asked: Asked) -> Approach:
    """Read the facts for somebody who decides whether a link opens: as readers will find it then, so its wait closes nothing.

    Whether it waits, and for whom, is for `approving.waits_for` to say.
    """
    first = approach(asked)
    if first.visit is None:
        return first
    opened = replace(first.visit.link, paused=False, opens_at=None)
    closed = policy.closed_because(opened, clock.now())
    return Approach(first.visit, Closed(closed) if closed is not None else Serve())


def told_why(asked: Asked, visit: Visit | None) -> bool:
    """Tell whether a visitor of a closed link may know the reason: who held a grant, its owner, administrators."""
    if asked.session_digest is not None:
        # Asked whatever the link is, so that an unknown one costs the same.
        with db.reading() as session:
            owner = visit.shown.owner_id if visit is not None else None
            if queries.sees_reasons(session, asked.session_digest, owner, clock.now()):
                return True
    return visit is not None and visit.held_grant


def freshen(look: Look, first: Approach, page_id: str | None = None) -> Approach:
    """Make sure that what is served is what Atlassian has; a check may end with the link closed or paused.

    `page_id` names a page that the link covers besides its own. Raises Unavailable where the trail cannot be written,
    and where Atlassian is down and no copy is young enough.
    """
    trail.ensure_writable()
    current = first
    for _ in range(_ATTEMPTS):
        visit = current.served
        if visit is None:
            return current
        verdict, target = _ensure(visit, page_id)
        if verdict is not Verdict.AGAIN:
            roots = visit.shown.object.checked_at
            since = None if verdict is Verdict.FRESH else min(roots, target.checked_at if target else roots)
            return replace(current, stale_since=since, target=target)
        current = look()
    raise Unavailable("Atlassian")


def as_checked(first: Approach) -> Approach:
    """Return the approach to what a link names, where its last check is believed still."""
    return replace(first, target=first.served.shown.object) if first.served is not None else first


def with_content(
    look: Look, fresh: Approach, page_id: str | None = None, *, guarded: bool = True
) -> tuple[Approach, Sheet | None]:
    """Return what is shown together with the approach it belongs to; None where it may no longer be served.

    Without `guarded` it is not asked whether the rules let readers see it: for somebody who decides just that.
    """
    current = fresh
    for _ in range(_ATTEMPTS):
        visit, target = current.served, current.target
        if visit is None or target is None:
            return current, None
        coverage = children.coverage_of(visit.shown)
        try:
            found = content.content_of(target, visit.shown.powers, coverage)
        except Moved:
            if current.stale_since is not None:
                break
            freshness.expire(target)
        else:
            sheet = Sheet(target, found, coverage, comments_of(current))
            if not guarded or _permitted(visit, sheet):
                return current, sheet
            current = look()
            continue
        current = freshen(look, look(), page_id)
    raise Unavailable("Atlassian")


def _permitted(visit: Visit, sheet: Sheet) -> bool:
    """Tell whether the rules let a link show this; where they do not, it is paused by now."""
    look = partial(file_texts.of_shown, sheet.target, sheet.content, visit.shown.powers, said=sheet.shows)
    said = sheet.comments.html if sheet.comments is not None else ""
    child = sheet.target.title if sheet.target.id != visit.shown.object.id else ""
    return content_guard.permits(visit.shown.link_id, sheet.content.html, look, comments=said, child=child)


def comments_of(fresh: Approach) -> Comments | None:
    """Return the comments that belong to what was made fresh, or None."""
    if fresh.visit is None or fresh.target is None or not fresh.visit.shown.powers.comments:
        return None
    shown = fresh.visit.shown
    coverage = children.coverage_of(shown)
    return comments.of(fresh.target, shown.powers, coverage, ask=fresh.stale_since is None)


def forget() -> None:
    """Drop what this process keeps of content."""
    content.forget()
    comments.forget()
    children.forget()
    file_texts.forget()


def _ensure(visit: Visit, page_id: str | None) -> tuple[Verdict, ObjectRow | None]:
    root = visit.shown.object
    verdict = freshness.ensure(root)
    if page_id is None or verdict is Verdict.AGAIN:
        return verdict, root
    below, target = children.checked(visit.shown, page_id)
    return below if below is not Verdict.FRESH else verdict, target
