"""While the trail cannot be written, nothing is shown; as soon as it can, service returns by itself."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from app.core.audit import trail
from tests.database import Kind
from tests.factories import links
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import CSV, FILES, MOVES, opened, share
from tests.pages import PageClient

_SQLITE = (
    "CREATE TRIGGER audit_full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    "DROP TRIGGER audit_full",
)
_POSTGRESQL = (
    """
    CREATE FUNCTION audit_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
    CREATE TRIGGER audit_full BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_full()
    """,
    "DROP TRIGGER audit_full ON audit_entries; DROP FUNCTION audit_full()",
)


@contextmanager
def unwritable(engine: Engine, kind: Kind) -> Iterator[None]:
    """Make every new entry of the trail fail in the database itself."""
    broken, mended = _POSTGRESQL if kind is Kind.POSTGRESQL else _SQLITE
    with engine.begin() as connection:
        connection.execute(text(broken))
    # What a process believed a second ago is over.
    trail.forget_probe()
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(mended))


@pytest.fixture(autouse=True)
def _own_belief() -> Iterator[None]:
    trail.forget_probe()
    yield
    trail.forget_probe()


def test_no_link_opens_and_no_view_is_spent(
    world: World, pages: PageClient, engine: Engine, database_kind: Kind
) -> None:
    shared = share(world, max_views=1)
    pages.get(shared.path)
    with unwritable(engine, database_kind):
        refused = pages.submit("Open", {"password": links.PASSWORD}, status=503)
        assert "Crane" not in refused.text
        assert shared.row().views == 0
    assert opened(pages.another(), shared).heading == "Berth and crane plan, week 48"


@pytest.mark.parametrize("rest", ["", f"media/{MOVES}", f"files/{CSV}"])
def test_what_was_opened_before_is_not_shown_either(
    world: World, pages: PageClient, engine: Engine, database_kind: Kind, rest: str
) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    before = pages.get(shared.path + rest).body
    with unwritable(engine, database_kind):
        refused = pages.get(shared.path + rest, status=503)
        assert refused.headers["Retry-After"]
        assert b"Aurora" not in refused.body
    assert pages.get(shared.path + rest).body == before


def test_the_probe_says_so_and_recovers(pages: PageClient, engine: Engine, database_kind: Kind) -> None:
    with unwritable(engine, database_kind):
        answer = pages.app.test_client().get("/readyz", base_url="http://localhost:8000")
        assert answer.status_code == 503
        assert "audit trail" in answer.get_json()["parts"]["audit"]
    assert pages.app.test_client().get("/readyz", base_url="http://localhost:8000").status_code == 200
