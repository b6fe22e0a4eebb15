"""A fresh database for each test: a copy of a migrated template, on SQLite or on a PostgreSQL of our own.

`TEST_DATABASE=sqlite|postgresql` chooses. Migrations run once per process; a copy costs milliseconds. Commits mean what
they mean in production, since servers and processes are killed here and no machine loses its power: PostgreSQL does
without what only helps against that, SQLite keeps WAL and full synchronisation.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, Dialect, Engine, create_engine, event, make_url

from app.core import db
from tests import processes

#: Users that PostgreSQL may run as where the tests run as root, which it refuses.
_UNPRIVILEGED = ("postgres", "nobody")
_INITDB_OPTIONS = (
    "--username=portico",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--auth-local=trust",
    "--auth-host=reject",
    "--no-instructions",
)


#: What PostgreSQL does for a loss of power, which would take most of the time a database of a test's own takes.
_POWER_STAYS = ("-c", "fsync=off", "-c", "full_page_writes=off")


class Kind(StrEnum):
    """The databases that the whole suite runs on."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def wanted() -> Kind:
    """Return the kind of database that this run is for."""
    return Kind(os.environ.get("TEST_DATABASE", Kind.SQLITE))


def connect(url: str) -> Engine:
    """Return an engine with the settings that Portico relies on."""
    engine = create_engine(url)
    db.prepare(engine)
    return engine


class Databases(ABC):
    """Hands out migrated databases by address, and takes them back."""

    kind: Kind

    @abstractmethod
    def fresh(self) -> str:
        """Make a migrated database without rows of its own, and return its SQLAlchemy address."""

    @abstractmethod
    def empty(self) -> str:
        """Make a database without any table, for tests of the migrations themselves."""

    @abstractmethod
    def drop(self, url: str) -> None:
        """Take a database back; its engine is disposed of already."""

    @abstractmethod
    def close(self) -> None:
        """End what the databases needed."""

    def _migrate(self, url: str) -> None:
        # Alembic and every model: only for tests that want a database.
        from app.core import migrations

        engine = connect(url)
        try:
            migrations.upgrade(engine)
        finally:
            engine.dispose()


class SqliteDatabases(Databases):
    """One file per test."""

    kind = Kind.SQLITE

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._template = folder / "template.db"
        self._migrate(f"sqlite:///{self._template}")
        # What is still in the write-ahead log would be missing from a copy of the file.
        with sqlite3.connect(self._template) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def fresh(self) -> str:
        path = self._folder / f"{next(self._numbers)}.db"
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def empty(self) -> str:
        return f"sqlite:///{self._folder / f'{next(self._numbers)}.db'}"

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the folder to pytest, which removes it."""


class PostgresqlDatabases(Databases):
    """One database per test in a cluster that lives in a temporary folder and listens on a Unix socket only."""

    kind = Kind.POSTGRESQL

    def __init__(self) -> None:
        # Not under pytest's own folder: a socket's path has to stay below 108 bytes, and root's folders are closed.
        self._folder = Path(tempfile.mkdtemp(prefix="portico-pg-"))
        self._numbers = count(1)
        self._user = _unprivileged_user()
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        log = self._folder / "log"
        data = self._folder / "data"
        initdb = processes.start(
            [_binary("initdb"), "--pgdata", data, *_INITDB_OPTIONS], log=log, cwd=self._folder, user=self._user
        )
        if initdb.wait() != 0:
            raise RuntimeError(f"initdb failed:\n{log.read_text(errors='replace')}")
        self._server = self._start()
        self._admin = psycopg.connect(self._conninfo("postgres"), autocommit=True)
        self._create("template", source="template0")
        self._migrate(self._url("template"))

    def kill(self) -> None:
        """Kill the server and everything it has started, as a machine that loses its power does."""
        self._admin.close()
        # Stopped, it starts nothing more while its children are looked for.
        self._server.send_signal(signal.SIGSTOP)
        children = processes.children(self._server.pid)
        for pid in (self._server.pid, *children):
            os.kill(pid, signal.SIGKILL)
        self._server.wait()
        # The next server does not start while one process of this one still holds its shared memory.
        for pid in children:
            processes.wait_for_end(pid)

    def start_again(self) -> None:
        """Start the server that was killed; it recovers what was acknowledged."""
        self._server = self._start()
        self._admin = psycopg.connect(self._conninfo("postgres"), autocommit=True)

    def fresh(self) -> str:
        return self._url(self._create(f"test_{next(self._numbers)}", source="template"))

    def empty(self) -> str:
        return self._url(self._create(f"test_{next(self._numbers)}", source="template0"))

    def drop(self, url: str) -> None:
        name = make_url(url).database
        assert name is not None, f"no database is named in {url}"
        self._admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        self._admin.close()
        # SIGQUIT ends it at once; nothing in it is wanted any more.
        processes.stop(self._server, how=signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        log, data = self._folder / "log", self._folder / "data"
        server = processes.start(
            [_binary("postgres"), "-D", data, "-k", self._folder, "-c", "listen_addresses=", *_POWER_STAYS],
            log=log,
            cwd=self._folder,
            user=self._user,
            end_with=signal.SIGINT,
        )
        processes.wait_until(self._answers, server, log=log, what="PostgreSQL")
        return server

    def _create(self, name: str, *, source: str) -> str:
        # By files, not through the log: for one database after the other, that is half the work.
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._admin.execute(copied.format(sql.Identifier(name), sql.Identifier(source)))
        return name

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _conninfo(self, name: str) -> str:
        return f"host={self._folder} user=portico dbname={name}"

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://portico@/{name}?host={self._folder}"


class Engines:
    """One engine for each kind of database, led to one database after the other.

    As in a portal that runs for days, each statement is compiled once; an engine for each test would compile it anew.
    """

    def __init__(self, make: Callable[[str], Engine]) -> None:
        self._make = make
        self._made: dict[str, Engine] = {}
        self._led_to: dict[str, URL] = {}

    def at(self, address: str) -> Engine:
        """Return the engine for an address; whatever is connected elsewhere is to be disposed of before."""
        url = make_url(address)
        kind = url.get_backend_name()
        self._led_to[kind] = url
        if kind not in self._made:
            self._made[kind] = self._make(address)
            event.listen(self._made[kind], "do_connect", self._lead)
        engine = self._made[kind]
        # For whoever asks an engine where its database is.
        engine.url = url
        return engine

    def _lead(self, dialect: Dialect, _record: object, positional: list[Any], named: dict[str, Any]) -> None:
        there, options = dialect.create_connect_args(self._led_to[dialect.name])
        positional[:] = there
        named.update(options)


def open_databases(folder: Path, kind: Kind | None = None) -> Databases:
    """Prepare databases of the wanted kind; `folder` is for files."""
    if (kind or wanted()) is Kind.SQLITE:
        return SqliteDatabases(folder)
    return PostgresqlDatabases()


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = Path("/etc/passwd").read_text(encoding="utf-8").splitlines()
    for user in _UNPRIVILEGED:
        if any(line.startswith(f"{user}:") for line in known):
            return user
    raise RuntimeError(f"PostgreSQL refuses to run as root, and this machine has none of the users {_UNPRIVILEGED}")


def _binary(name: str) -> Path:
    """Find a program of the newest PostgreSQL; Debian keeps them off PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which(name)
    if installed:
        return installed[-1]
    if on_path is not None:
        return Path(on_path)
    raise RuntimeError(f"{name} is not on this machine; `make setup` installs PostgreSQL")
