"""Figures over all links, counted by the worker: how many there are in each state and with each risk, openings by day.

Counting looks at every link, so no page does it; a page shows what was counted last, and when.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.features.share_links.lists import filtering, tallies
from app.features.share_links.lists.wanted import Risk, Wanted
from app.features.share_links.lookup_models import LinkDay, LinkFigures
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.policy import LinkState

#: Days that charts show.
DAYS = 30
_NAME = "board"


@dataclass(frozen=True)
class Figures:
    """What was counted, and when."""

    counted_at: datetime
    risks: Mapping[Risk, int]
    states: Mapping[LinkState, int]
    openings: tuple[tuple[date, int], ...]


def count(session: Session) -> dict[str, Any]:
    """Count everything; reads all links a few times."""
    return {
        "risks": {risk.value: _how_many(session, Wanted(risk=risk)) for risk in Risk},
        "states": {state.value: _how_many(session, Wanted(state=state)) for state in LinkState},
        "openings": _openings(session),
    }


def keep(session: Session, values: dict[str, Any]) -> None:
    """Keep what was counted in place of what was counted before."""
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(LinkFigures)
        .values(name=_NAME, values=values, counted_at=clock.now())
        .on_conflict_do_update(index_elements=["name"], set_={"values": values, "counted_at": clock.now()})
    )


def latest(session: Session) -> Figures | None:
    """Return what was counted last; None before the first time."""
    row = session.get(LinkFigures, _NAME)
    if row is None:
        return None
    openings = {date.fromisoformat(day): number for day, number in row.values["openings"].items()}
    return Figures(
        row.counted_at,
        {risk: row.values["risks"].get(risk.value, 0) for risk in Risk},
        {state: row.values["states"].get(state.value, 0) for state in LinkState},
        tuple((day, openings.get(day, 0)) for day in tallies.last_days(DAYS)),
    )


def _how_many(session: Session, wanted: Wanted) -> int:
    query = (
        select(func.count(ShareLink.id))
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Connection, Connection.id == SharedObject.connection_id)
        .join(Person, Person.id == ShareLink.created_by_id)
        .where(*(one.condition for one in filtering.of(wanted)))
    )
    return session.scalar(query) or 0


def _openings(session: Session) -> dict[str, int]:
    query = (
        select(LinkDay.day, func.sum(LinkDay.openings))
        .where(LinkDay.day >= tallies.last_days(DAYS)[0])
        .group_by(LinkDay.day)
    )
    return {row[0].isoformat(): int(row[1]) for row in session.execute(query)}
