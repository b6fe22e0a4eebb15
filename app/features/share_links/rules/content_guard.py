"""Whether content that was made anew may be shown: looked through under the rules of its place, before anybody sees it.

What the rules refuse pauses the link and tells its owner; what they want a second person for waits until one has agreed
to just that; where they only warn, the owner is told of what a later version holds. No transaction is open here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, context, db
from app.core.accounts import queries as accounts
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.errors import Unavailable
from app.features.share_links import powers
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import grants
from app.features.share_links.life.notices import NoticeCode, tell_owner, was_told
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.policy import PauseReason
from app.features.share_links.rules import approving, content_check, ruling
from app.features.share_links.rules.content_check import Scan
from app.features.share_links.rules.patterns import OwnPattern
from app.features.share_links.rules.rulebook import CheckMode, mode_of

#: Looks through something with the organisation's own patterns besides what is looked for everywhere.
LookThrough = Callable[[frozenset[OwnPattern]], Scan]


def permits(
    link_id: int,
    html: str,
    files: LookThrough = lambda _own: content_check.NOTHING,
    *,
    comments: str = "",
    child: str = "",
) -> bool:
    """Tell whether a link may show this content; where it may not, the link is paused when this returns.

    `files` looks through what hangs on it. It may raise Unavailable, which keeps nothing back where the rules only warn.
    `child` is the title of the child page that all of it belongs to.
    """
    with db.reading() as session:
        link = session.get_one(ShareLink, link_id)
        rules, known = ruling.rules_of(session, link), _was_shown(session, link)
    mode = mode_of(rules)
    if mode is CheckMode.OFF or (mode is CheckMode.WARN and known):
        return True
    texts = (content_check.of_html(html, rules.patterns), content_check.of_comments(comments, rules.patterns))

    def everything() -> Scan:
        return content_check.in_child(content_check.together([*texts, files(rules.patterns)]), child)

    if mode is CheckMode.WARN:
        with suppress(Unavailable):
            _warn(link_id, everything())
        return True
    scan = everything()
    if scan.clean:
        return True
    with db.transaction() as session, _as_portico():
        if mode is CheckMode.APPROVE and approving.was_approved(session, link_id, scan):
            return True
        _stop(session, link_id, scan, mode)
    return False


def _was_shown(session: Session, link: ShareLink) -> bool:
    """Tell whether its creator was shown what the rules look for: in what it was made for, alone and as it was made."""
    shows = powers.load(link.powers)
    if link.page_changed or link.version != 1 or shows.comments or shows.children is not None:
        return False
    shared = session.get_one(SharedObject, link.shared_object_id)
    return not ruling.changed_since(session, shared.connection_id, shared.container, link.created_at)


def record(session: Session, link: ShareLink, scan: Scan, mode: CheckMode) -> None:
    """Record that something was found: which kinds, and nothing of it."""
    kinds = sorted({one.kind for one in scan.findings})
    trail.record(
        session,
        ShareLinkEvent.CONTENT_FOUND,
        subject=("link", link.public_id),
        kinds=kinds,
        finished=scan.whole,
        mode=mode.value,
    )


def _warn(link_id: int, scan: Scan) -> None:
    """Tell the owner of what a later version holds, once for the same findings."""
    if scan.clean:
        return
    with db.reading() as session:
        if was_told(session, link_id, NoticeCode.CONTENT_FOUND, scan.digest):
            return
    with db.transaction() as session, _as_portico():
        link = session.scalars(select(ShareLink).where(ShareLink.id == link_id).with_for_update()).one()
        if not was_told(session, link_id, NoticeCode.CONTENT_FOUND, scan.digest):
            record(session, link, scan, CheckMode.WARN)
            tell_owner(session, link, NoticeCode.CONTENT_FOUND, scan.digest, scan)


@contextmanager
def _as_portico() -> Iterator[None]:
    # Whoever's request made us look has nothing to do with it.
    with context.use(replace(context.current(), address=None, agent=None)):
        yield


def _stop(session: Session, link_id: int, scan: Scan, mode: CheckMode) -> None:
    link = session.scalars(select(ShareLink).where(ShareLink.id == link_id).with_for_update()).one()
    if link.paused_at is not None:
        return
    record(session, link, scan, mode)
    if mode is CheckMode.APPROVE:
        owner = session.get_one(Person, link.created_by_id)
        approving.ask(session, accounts.actor_for(session, owner), link, scan)
        tell_owner(session, link, NoticeCode.CONTENT_APPROVAL, scan=scan)
        return
    link.paused_at, link.paused_reason = clock.now(), PauseReason.CONTENT.value
    link.version += 1
    trail.record(session, ShareLinkEvent.PAUSED, subject=("link", link.public_id), reason=PauseReason.CONTENT.value)
    grants.end_of_link(session, SYSTEM, link, "paused")
    tell_owner(session, link, NoticeCode.CONTENT, scan=scan)
