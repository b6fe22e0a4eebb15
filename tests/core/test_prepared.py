"""The one statement that every read of a link waits for: as SQLAlchemy would run it, only sooner."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Dialect, Engine, Text, bindparam, cast, event, exists, literal, select, update
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
        cast(AREA["values"], Text).label("values"),
        bindparam("now", type_=UtcDateTime()).label("instant"),
        literal("fixed").label("word"),
        exists().where(AREA.area == "nowhere").label("is_somewhere"),
    )
    .where(AREA.area == bindparam("area"))
    .limit(1)
)
VALUES = {"cranes": 2, "names": ["é", None]}
NOW = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)


@pytest.fixture
def area(engine: Engine) -> str:
    with db.transaction() as session:
        session.add(RuntimeSetting(area="harbour", values=VALUES, changed_at=NOW))
    return "harbour"


def test_a_row_is_what_sqlalchemy_makes_of_it(area: str) -> None:
    given = {"area": area, "now": NOW.astimezone(UTC) + timedelta(hours=1)}
    with db.reading() as session:
        ordinary = session.execute(BY_AREA, given).one()
    found = Prepared("Found", BY_AREA).one(given)
    assert tuple(found) == tuple(ordinary)
    assert found._fields == tuple(ordinary._fields)
    assert (json.loads(found.values), found.word, found.is_somewhere) == (VALUES, "fixed", False)


def test_a_row_that_changed_is_not_the_one_of_before(area: str) -> None:
    by_area = Prepared("Found", BY_AREA)
    before = by_area.one({"area": area, "now": NOW})
    assert by_area.one({"area": area, "now": NOW}) == before
    with db.transaction() as session:
        session.execute(update(RuntimeSetting).values(values={"cranes": 3}))
    assert json.loads(by_area.one({"area": area, "now": NOW}).values) == {"cranes": 3}


def test_what_no_row_fills_stands_in_as_none() -> None:
    row = Prepared("Found", BY_AREA).row(area="harbour")
    assert row._asdict() == dict.fromkeys(("values", "instant", "word", "is_somewhere")) | {"area": "harbour"}


def test_values_are_bound_and_never_read_as_sql(area: str) -> None:
    never = Prepared("Found", select(literal(1).label("one")).where(bindparam("given") == literal("'x' OR 1=1 --")))
    with pytest.raises(ValueError, match="not enough values"):
        never.one({"given": "x"})
    assert never.one({"given": "'x' OR 1=1 --"}).one == 1


def test_a_connection_that_broke_is_given_up_and_another_asked(area: str, engine: Engine) -> None:
    broken = engine.raw_connection()
    assert broken.driver_connection is not None
    broken.driver_connection.close()
    broken.close()
    by_area = Prepared("Found", BY_AREA)
    # More often than there can be connections.
    for _ in range(30):
        assert by_area.one({"area": area, "now": NOW}).area == area


def test_a_lost_database_is_said_as_everywhere(area: str, engine: Engine) -> None:
    by_area = Prepared("Found", BY_AREA)
    engine.dispose()
    event.listen(engine, "do_connect", _refuse)
    try:
        with pytest.raises(Unavailable):
            by_area.one({"area": area, "now": NOW})
    finally:
        event.remove(engine, "do_connect", _refuse)
    assert by_area.one({"area": area, "now": NOW}).area == area


def _refuse(dialect: Dialect, *_: object) -> None:
    raise dialect.loaded_dbapi.OperationalError("the server closed the connection unexpectedly")


def test_nothing_stays_open_after_a_row(area: str) -> None:
    Prepared("Found", BY_AREA).one({"area": area, "now": NOW})
    with db.transaction() as session:
        assert isinstance(session, Session)
        session.add(RuntimeSetting(area="depot", values={}, changed_at=NOW))


def test_who_listens_to_statements_hears_this_one(area: str, engine: Engine) -> None:
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        Prepared("Found", BY_AREA).one({"area": area, "now": NOW})
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert len(heard) == 1
