"""A disk that is full to its last byte: nothing is shown, spent or lost, and everything works when there is room again."""

import errno
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.core import db
from app.core.audit import sealer, trail
from app.core.audit.verify import verify
from tests.database import Kind, open_databases
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import opened, share
from tests.pages import PageClient

DISK_BYTES = 16 * 2**20


@pytest.fixture(autouse=True)
def _own_belief() -> Iterator[None]:
    trail.forget_probe()
    yield
    trail.forget_probe()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes. Where it cannot be mounted, the test fails."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = f"size={DISK_BYTES},mode=0700,uid={os.getuid()}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(command if os.geteuid() == 0 else ["sudo", "-n", *command], check=True)
    yield folder
    command = ["umount", "--lazy", str(folder)]
    subprocess.run(command if os.geteuid() == 0 else ["sudo", "-n", *command], check=True)


@pytest.fixture
def database_url(disk: Path) -> Iterator[str]:
    """The embedded database there, whatever database the rest of this run is on."""
    databases = open_databases(disk, Kind.SQLITE)
    url = databases.fresh()
    yield url
    databases.drop(url)
    databases.close()


def test_nothing_is_shown_or_spent_while_it_is_full_and_everything_works_when_it_is_not(
    world: World, pages: PageClient, engine: Engine, disk: Path
) -> None:
    shared = share(world, max_views=3)
    opened(pages, shared)
    other = pages.another()
    other.get(shared.path)
    with _full(disk, engine):
        refused = other.submit("Open", {"password": links.PASSWORD}, status=503)
        assert refused.headers["Retry-After"]
        trail.forget_probe()
        assert "Aurora" not in pages.get(shared.path, status=503).text
        ready = pages.app.test_client().get("/readyz", base_url="http://localhost:8000")
        assert ready.status_code == 503
        assert "audit trail" in ready.get_json()["parts"]["audit"]
    assert shared.row().views == 1
    trail.forget_probe()
    assert "Aurora" in pages.get(shared.path).text
    assert opened(other, shared).heading == "Berth and crane plan, week 48"
    assert shared.row().views == 2
    with db.transaction() as session:
        sealer.seal(session)
    with db.reading() as session:
        assert verify(session).whole


def test_signing_in_and_making_a_link_say_that_it_cannot_be_done_now(
    world: World, pages: PageClient, engine: Engine, disk: Path
) -> None:
    pages.sign_in(world.author)
    pages.get(f"/links/new/?url={world.page()}")
    outside = pages.another()
    outside.get("/sign-in")
    with _full(disk, engine):
        pages.submit("Create link", status=503)
        outside.submit("Sign in", {"email": world.author.email, "password": people.PASSWORD}, status=503)
    pages.get(f"/links/new/?url={world.page()}")
    pages.submit("Create link", status=303)


@contextmanager
def _full(disk: Path, engine: Engine) -> Iterator[None]:
    """Fill a file system to its last byte, with the write-ahead log empty, so that the next write needs room."""
    with closing(sqlite3.connect(engine.url.database or "", isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 2**20
        while size:
            try:
                file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2
    try:
        yield
    finally:
        filler.unlink()
