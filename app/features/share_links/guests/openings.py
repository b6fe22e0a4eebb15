"""What a reader may know of earlier openings: when, with which kind of browser and roughly from where.

Kept for readers who can be told apart – by a person, a proven address or an own link – so that they see when somebody else
opened with what is theirs. Runs inside the transaction of the opening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from app.core import context
from app.features.share_links.guests.models import Invitation, ReaderOpening
from app.features.share_links.models import Grant
from app.features.share_links.queries import Visit

#: Openings are shown for this long.
KEPT = timedelta(days=90)
SHOWN = 10
_PREFIX = {4: 24, 6: 48}
_LONGEST_FAMILY = 40


@dataclass(frozen=True)
class Seen:
    """One opening, as a reader is told of it."""

    at: datetime
    browser: str | None
    network: str | None
    #: Whether it was this very browser.
    here: bool


def note(session: Session, visit: Visit, browser_digest: str, now: datetime) -> bool:
    """Keep from where a reader opened the link, and count it for the own link that it came by.

    Returns whether it was opened in another browser since it was last opened in this one: worth showing the reader. The
    other browsers are shown the same at their next look.
    """
    invited = visit.invited
    if invited is None and visit.reader.startswith("browser:"):
        return False
    newest = session.scalars(_of_reader(visit).limit(1)).one_or_none()
    call = context.current()
    session.add(
        ReaderOpening(
            link_id=visit.shown.link_id,
            invitation_id=invited.id if invited is not None else None,
            reader=visit.reader,
            browser_digest=browser_digest,
            browser=family_of(call.agent),
            network=masked(call.address),
            at=now,
        )
    )
    if invited is not None:
        counted = {"openings": Invitation.openings + 1, "opened_at": now}
        session.execute(
            update(Invitation)
            .where(Invitation.id == invited.id)
            .values(**counted)
            .execution_options(synchronize_session=False)
        )
    if newest is None or newest.browser_digest == browser_digest:
        return False
    others = _of_reader(visit).where(ReaderOpening.browser_digest != browser_digest).order_by(None)
    session.execute(
        update(Grant)
        .where(
            Grant.link_id == visit.shown.link_id,
            Grant.browser_digest.in_(others.with_only_columns(ReaderOpening.browser_digest)),
            Grant.elsewhere_at.is_(None),
        )
        .values(elsewhere_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


def acknowledge(session: Session, visit: Visit, browser_digest: str) -> None:
    """Remember that a reader knows of the openings in other browsers so far."""
    session.execute(
        update(Grant)
        .where(Grant.link_id == visit.shown.link_id, Grant.browser_digest == browser_digest)
        .values(elsewhere_at=None)
        .execution_options(synchronize_session=False)
    )


def of_reader(session: Session, visit: Visit, browser_digest: str | None) -> Sequence[Seen]:
    """Return the newest openings with what this reader holds, newest first."""
    rows = session.scalars(_of_reader(visit).limit(SHOWN))
    return [Seen(row.at, row.browser, row.network, row.browser_digest == browser_digest) for row in rows]


def masked(address: str | None) -> str | None:
    """Return the network of an address without what names a machine or a household in it: a /24, or a /48 of IPv6."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return str(ip_network((parsed, _PREFIX[parsed.version]), strict=False))


def family_of(agent: str | None) -> str | None:
    """Return the family of a browser, such as Firefox; a name for people that proves nothing."""
    if not agent:
        return None
    # The patterns are read at the first use.
    from ua_parser import parse

    found = parse(agent[:400]).user_agent
    return found.family[:_LONGEST_FAMILY] if found is not None else None


def _of_reader(visit: Visit) -> Select[ReaderOpening]:
    same = [ReaderOpening.reader == visit.reader]
    if visit.invited is not None:
        same.append(ReaderOpening.invitation_id == visit.invited.id)
    query = select(ReaderOpening).where(ReaderOpening.link_id == visit.shown.link_id, or_(*same))
    return query.order_by(ReaderOpening.id.desc())
