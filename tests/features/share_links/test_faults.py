"""A database that only reads, and a clock that is wrong: refused or borne, and over as soon as the cause is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from app.core import clock, db
from app.core.audit import sealer, trail
from app.core.audit.models import AuditEntry
from app.core.audit.verify import verify
from app.features.share_links.models import Grant
from tests.database import Kind
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import opened, share
from tests.pages import PageClient


@pytest.fixture(autouse=True)
def _own_belief() -> Iterator[None]:
    trail.forget_probe()
    yield
    trail.forget_probe()


# --- a database that only reads ------------------------------------------------------------------------------------------


@contextmanager
def read_only(engine: Engine, kind: Kind) -> Iterator[None]:
    """Let the database refuse every write, as a standby or a file without rights does."""
    on = "SET default_transaction_read_only = on" if kind is Kind.POSTGRESQL else "PRAGMA query_only = ON"

    def refuse(connection: Any, *_: Any) -> None:
        _say(connection, on)

    event.listen(engine, "checkout", refuse)
    trail.forget_probe()
    try:
        yield
    finally:
        event.remove(engine, "checkout", refuse)
        # Connections made from here on have been told nothing.
        engine.dispose()
        trail.forget_probe()


def _say(connection: Any, words: str) -> None:
    cursor = connection.cursor()
    cursor.execute(words)
    cursor.close()
    if hasattr(connection, "autocommit") and not connection.autocommit:
        connection.commit()


def test_a_database_that_only_reads_shows_nothing_and_answers_every_write_with_503(
    world: World, pages: PageClient, engine: Engine, database_kind: Kind
) -> None:
    shared = share(world, max_views=2)
    opened(pages, shared)
    visitor, author, outside = pages.another(), pages.another(), pages.another()
    visitor.get(shared.path)
    author.sign_in(world.author)
    author.get(f"/links/{shared.link.public_id}/")
    outside.get("/sign-in")
    with read_only(engine, database_kind):
        assert "Aurora" not in pages.get(shared.path, status=503).text
        visitor.submit("Open", {"password": links.PASSWORD}, status=503)
        author.submit("Pause link", status=503)
        outside.submit("Sign in", {"email": world.author.email, "password": people.PASSWORD}, status=503)
        # Reading what shows no content goes on.
        assert author.get("/links/").table()
    assert shared.row().views == 1
    assert "Aurora" in pages.get(shared.path).text
    author.get(f"/links/{shared.link.public_id}/")
    author.submit("Pause link", status=303)


# --- a clock that is wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_clock_that_jumps_ends_no_grant_and_no_session_and_spends_no_view(
    world: World, pages: PageClient, minutes: int
) -> None:
    now = clock.now()
    with clock.at(now):
        shared = share(world, max_views=2)
        opened(pages, shared)
        author = pages.another()
        author.sign_in(world.author)
        author.get("/links/")
    with clock.at(now + timedelta(minutes=minutes)):
        # What was "checked" in the future is checked again instead of being believed for ten minutes.
        assert "Aurora" in pages.get(shared.path).text
        assert abs(shared.target().checked_at - clock.now()) < timedelta(minutes=1)
        author.get("/links/")
        assert opened(pages.another(), shared).heading
        assert shared.row().views == 2
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Grant)) == 2


def test_a_clock_that_goes_back_and_forth_leaves_the_trail_in_its_order(world: World, pages: PageClient) -> None:
    now = clock.now()
    for minutes in (0, 10, -10, 5, -5, 0):
        with clock.at(now + timedelta(minutes=minutes)):
            opened(pages.another(), share(world))
            with db.transaction() as session:
                sealer.seal(session)
    with db.reading() as session:
        assert verify(session).whole
        instants = list(session.scalars(select(AuditEntry.at).order_by(AuditEntry.id)))
    assert instants != sorted(instants)
