"""Limits on attempts, counted in the database: a counter in one process's memory is no limit.

`take` counts before anything costly is done. Rows are one per (scope, key, window); the counting update decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import String, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, db
from app.core.crypto import ring
from app.core.db import Base
from app.core.jobs import schedule


class Attempt(Base):
    """How many attempts were counted in one window."""

    __tablename__ = "attempts"

    #: Name of the limit.
    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: Keyed digest of whom or what is limited; not readable from a stolen table.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Limit:
    """At most `count` attempts in each window of `seconds`."""

    scope: str
    count: int
    seconds: int


@dataclass(frozen=True)
class Taken:
    """The answer to an attempt: allowed, or limited for `retry_after` seconds."""

    allowed: bool
    retry_after: int
    #: The limit that was reached, where one was.
    scope: str | None = None


def network_of(address: str | None) -> str:
    """Return what an address is counted as: itself, or its /64 for IPv6 (a /64 is one customer)."""
    if address is None:
        return "unknown"
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def take(session: Session, *limits: tuple[Limit, str]) -> Taken:
    """Count one attempt against each (limit, key); where any is reached, the attempt is refused.

    Every limit counts, also when an earlier one is reached: hammering does not become cheaper. Commit it whatever follows.
    """
    now = clock.now()
    refused: Taken | None = None
    for limit, key in limits:
        start = _window(now, limit.seconds)
        ends = start + timedelta(seconds=limit.seconds)
        if _count(session, limit, key, start, ends) > limit.count:
            wait = max(1, int((ends - now).total_seconds()) + 1)
            if refused is None or wait > refused.retry_after:
                refused = Taken(False, wait, limit.scope)
    return refused or Taken(True, 0)


def reached(session: Session, limit: Limit, key: str) -> bool:
    """Tell, without counting, whether a limit is used up in the window of now."""
    start = _window(clock.now(), limit.seconds)
    count = session.scalar(
        select(Attempt.count).where(
            Attempt.scope == limit.scope, Attempt.key == _digest(limit, key), Attempt.window_start == start
        )
    )
    return (count or 0) >= limit.count


def give_back(session: Session, *limits: tuple[Limit, str]) -> None:
    """Take one attempt off each (limit, key) in the window of now, such as after the right password."""
    now = clock.now()
    for limit, key in limits:
        session.execute(
            update(Attempt)
            .where(
                Attempt.scope == limit.scope,
                Attempt.key == _digest(limit, key),
                Attempt.window_start == _window(now, limit.seconds),
                Attempt.count > 0,
            )
            .values(count=Attempt.count - 1)
        )


def clear(session: Session, limit: Limit, key: str) -> None:
    """Forget what was counted, such as after the right password."""
    session.execute(delete(Attempt).where(Attempt.scope == limit.scope, Attempt.key == _digest(limit, key)))


def _digest(limit: Limit, key: str) -> str:
    return ring.current().digest(key, context=f"attempts:{limit.scope}")


def _window(now: datetime, seconds: int) -> datetime:
    epoch = int(now.timestamp())
    return datetime.fromtimestamp(epoch - epoch % seconds, tz=now.tzinfo)


def _count(session: Session, limit: Limit, key: str, start: datetime, ends: datetime) -> int:
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    query = insert(Attempt).values(
        scope=limit.scope, key=_digest(limit, key), window_start=start, count=1, ends_at=ends
    )
    query = query.on_conflict_do_update(
        index_elements=["scope", "key", "window_start"], set_={"count": Attempt.count + 1}
    ).returning(Attempt.count)
    return int(session.execute(query).scalar_one())


@schedule.every(600, "attempts.purge")
def purge() -> None:
    """Delete windows that are over."""
    with db.transaction() as session:
        session.execute(delete(Attempt).where(Attempt.ends_at < clock.now()))
