"""Counting what happens to a link, in the transaction that records it: by day, when last, and from which networks.

The trail keeps every entry; lists, charts and a link's page read these few rows instead, however long the trail is.
"""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.core.crypto import ring
from app.features.share_links.lookup_models import LinkDay, LinkNetwork
from app.features.share_links.models import ShareLink

#: Networks that are remembered of one link; a link that was opened from more is handed round anyway.
MOST_NETWORKS = 100
#: What belongs together of an address: about one organisation or one part of a town.
_IPV4_BITS, _IPV6_BITS = 24, 48


@dataclass(frozen=True)
class Sums:
    """What happened to a link in all."""

    openings: int
    failures: int
    downloads: int


def opened(session: Session, link_id: int, address: str | None) -> None:
    """Count an opening by a reader."""
    now = clock.now()
    _add(session, link_id, openings=1)
    values: dict[str, Any] = {"last_opened_at": now}
    if address is not None and _is_new_network(session, link_id, address):
        values["new_network_at"] = now
    session.execute(
        update(ShareLink).where(ShareLink.id == link_id).values(**values).execution_options(synchronize_session=False)
    )


def failed(session: Session, link_id: int) -> None:
    """Count a gate that was not passed."""
    _add(session, link_id, failures=1)


def downloaded(session: Session, link_id: int) -> None:
    """Count a download."""
    _add(session, link_id, downloads=1)


def sums(session: Session, link_id: int) -> Sums:
    """Return what happened to a link in all."""
    columns = (LinkDay.openings, LinkDay.failures, LinkDay.downloads)
    query = select(*(func.coalesce(func.sum(one), 0) for one in columns)).where(LinkDay.link_id == link_id)
    row = session.execute(query).one()
    return Sums(int(row[0]), int(row[1]), int(row[2]))


def failures_lately(session: Session, link_id: int) -> int:
    """Return how many gates of a link were not passed today and yesterday, in UTC."""
    query = select(func.sum(LinkDay.failures)).where(LinkDay.link_id == link_id, LinkDay.day >= last_days(2)[0])
    return session.scalar(query) or 0


def openings_by_day(session: Session, link_id: int, days: int) -> list[tuple[date, int]]:
    """Return how often a link was opened on each of the last days, in UTC, oldest first."""
    since = last_days(days)[0]
    query = select(LinkDay.day, LinkDay.openings).where(LinkDay.link_id == link_id, LinkDay.day >= since)
    found = {row.day: row.openings for row in session.execute(query)}
    return [(day, found.get(day, 0)) for day in last_days(days)]


def last_days(days: int) -> list[date]:
    """Return the last days in UTC, oldest first, today among them."""
    today = clock.now().astimezone(UTC).date()
    return [today - timedelta(days=days - 1 - number) for number in range(days)]


def _add(session: Session, link_id: int, *, openings: int = 0, failures: int = 0, downloads: int = 0) -> None:
    added = {"openings": openings, "failures": failures, "downloads": downloads}
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(LinkDay)
        .values(link_id=link_id, day=clock.now().astimezone(UTC).date(), **added)
        .on_conflict_do_update(
            index_elements=["link_id", "day"],
            set_={name: getattr(LinkDay, name) + count for name, count in added.items()},
        )
    )


def _is_new_network(session: Session, link_id: int, address: str) -> bool:
    """Remember the network of an address; tell whether it is new for the link, and not its first."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    bits = _IPV4_BITS if parsed.version == 4 else _IPV6_BITS
    network = str(ip_network((parsed, bits), strict=False))
    digest = ring.current().digest(f"{link_id} {network}", context="share_link_networks")
    seen = set(session.scalars(select(LinkNetwork.digest).where(LinkNetwork.link_id == link_id)))
    if digest in seen:
        return False
    if len(seen) < MOST_NETWORKS:
        session.add(LinkNetwork(link_id=link_id, digest=digest))
        session.flush()
    return bool(seen)
