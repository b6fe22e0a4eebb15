"""The one statement that every read of a link waits for: as SQLAlchemy would run it, only sooner."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, bindparam, event, exists, literal, select
from sqlalchemy.orm import Session

from app.core import db
from app.core.db import UtcDateTime
from app.core.errors import Unavailable
from app.core.prepared import Prepared
from app.core.settings.models import RuntimeSetting

AREA = RuntimeSetting.__table__.c
BY_AREA = (
    select(
        AREA.area,
        AREA["values"],
        bindparam("now", type_=UtcDateTime()).label("instant"),
        literal("fixed").label("word"),
        exists().where(AREA.area == "nowhere").label("is_somewhere"),
    )
    .where(AREA.area == bindparam("area"))
    .limit(1)
)
NOW = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)


@pytest.fixture
def area(engine: Engine) -> str:
    with db.transaction() as session:
        session.add(RuntimeSetting(area="harbour", values={"cranes": 2, "names": ["é", None]}, changed_at=NOW))
    return "harbour"


def test_a_row_is_what_sqlalchemy_makes_of_it(area: str) -> None:
    given = {"area": area, "now": NOW.astimezone(UTC) + timedelta(hours=1)}
    with db.asking() as connection:
        ordinary = connection.execute(BY_AREA, given).one()
        found = Prepared("Found", BY_AREA).one(connection, given)
    assert tuple(found) == tuple(ordinary)
    assert found._fields == tuple(ordinary._fields)
    assert (found.values, found.word, found.is_somewhere) == ({"cranes": 2, "names": ["é", None]}, "fixed", False)


def test_values_are_bound_and_never_read_as_sql(area: str) -> None:
    never = Prepared("Found", select(literal(1).label("one")).where(bindparam("given") == literal("'x' OR 1=1 --")))
    with db.asking() as connection, pytest.raises(ValueError, match="not enough values"):
        never.one(connection, {"given": "x"})
    with db.asking() as connection:
        assert never.one(connection, {"given": "'x' OR 1=1 --"}).one == 1


def test_a_lost_database_is_said_as_everywhere(area: str) -> None:
    by_area = Prepared("Found", BY_AREA)
    with pytest.raises(Unavailable):
        _read_over_a_broken_connection(by_area, area)


def test_the_next_reader_gets_a_connection_that_works(area: str) -> None:
    by_area = Prepared("Found", BY_AREA)
    with pytest.raises(Unavailable):
        _read_over_a_broken_connection(by_area, area)
    with db.asking() as connection:
        assert by_area.one(connection, {"area": area, "now": NOW}).area == area


def _read_over_a_broken_connection(by_area: Prepared, area: str) -> None:
    with db.asking() as connection:
        _break(connection)
        by_area.one(connection, {"area": area, "now": NOW})


def _break(connection: Connection) -> None:
    """Close the connection under SQLAlchemy, as a database that is stopped does."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.close()


def test_nothing_stays_open_after_a_row(area: str) -> None:
    with db.asking() as connection:
        Prepared("Found", BY_AREA).one(connection, {"area": area, "now": NOW})
    with db.transaction() as session:
        assert isinstance(session, Session)
        session.add(RuntimeSetting(area="depot", values={}, changed_at=NOW))


def test_who_listens_to_statements_hears_this_one(area: str, engine: Engine) -> None:
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        with db.asking() as connection:
            Prepared("Found", BY_AREA).one(connection, {"area": area, "now": NOW})
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert len(heard) == 1
