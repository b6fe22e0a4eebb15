"""Which levels have rules, for pages and the interface."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.features.share_links.models import RuleLevel
from app.features.share_links.rules import ruling
from app.features.share_links.rules.ruling import Place

#: More levels than this are not listed on one page; each can be opened by its key.
MOST = 500


@dataclass(frozen=True)
class LevelRow:
    """A level with rules of its own."""

    connection: str
    connection_name: str
    #: Key of a space or project, in capitals; empty = the whole connection.
    container: str
    #: How many rules are set on it.
    count: int
    approval: bool
    changed_at: datetime
    changed_by: str | None


def levels(session: Session) -> list[LevelRow]:
    """Return the levels below everywhere, by connection and key."""
    query = (
        select(RuleLevel, Connection.public_id, Connection.name, Person.display_name)
        .join(Connection, Connection.id == RuleLevel.connection_id)
        .outerjoin(Person, Person.id == RuleLevel.changed_by_id)
        .order_by(func.lower(Connection.name), RuleLevel.container)
        .limit(MOST)
    )
    return [
        LevelRow(
            connection=public_id,
            connection_name=name,
            container=row.container.upper(),
            count=len(ruling.known(row.values)),
            approval=row.values.get("approval") is True,
            changed_at=row.changed_at,
            changed_by=by,
        )
        for row, public_id, name, by in session.execute(query)
    ]


def connections(session: Session) -> list[tuple[str, str]]:
    """Return every connection by public id and name."""
    query = select(Connection.public_id, Connection.name).order_by(func.lower(Connection.name))
    return [(row.public_id, row.name) for row in session.execute(query)]


def name_of(session: Session, where: Place) -> str | None:
    """Return what a level is called: a key and its connection's name; None for everywhere."""
    if where.connection_id is None:
        return None
    connection = session.get_one(Connection, where.connection_id).name
    return f"{where.container.upper()} · {connection}" if where.container else connection
