"""The database: one declarative base, a transaction that commits or never happened, and reads outside of any.

`db` exists for engines and migrations; nobody uses `db.session` or `db.Model`. Writing code says
`with transaction() as db:`, reading code `with reading() as db:`.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry, sessionmaker
from sqlalchemy.pool import PoolProxiedConnection

from app.core.errors import Unavailable

#: Milliseconds a statement waits for another writer before the caller is told to try again.
BUSY_TIMEOUT_MS = 5_000
#: Fragments of driver messages that mean "try again", not "this is wrong".
_TRANSIENT = (
    *("database is locked", "lock timeout", "deadlock detected", "could not serialize", "canceling statement"),
    # A standby, or a server whose disk is full and whose operator stopped all writing.
    "read-only transaction",
)

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values, and gives back aware ones on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What values are in Python."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored; use app.core.clock.now()")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table."""

    # A registry of its own: Flask-SQLAlchemy subclasses the base, which a type map on the class would forbid.
    registry = registry(
        metadata=MetaData(naming_convention=NAMING_CONVENTION), type_annotation_map={datetime: UtcDateTime()}
    )


db = SQLAlchemy(model_class=Base)

#: Execution option of connections that only read.
_READS = "portico_reads"

_write = sessionmaker(expire_on_commit=False)
_read = sessionmaker(expire_on_commit=False, autoflush=False)
_thread = threading.local()


def prepare(engine: Engine) -> None:
    """Give an engine the connection settings and the `BEGIN IMMEDIATE` that Portico relies on."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        # Deferred transactions that upgrade to a write fail at once with "locked", or let a race through.
        event.listen(engine, "begin", _begin_immediate)
    else:
        event.listen(engine, "connect", _on_postgresql_connect)


def bind(engine: Engine) -> None:
    """Make `engine` the one that `transaction()` and `reading()` use."""
    _write.configure(bind=engine)
    # SQLite's driver commits by itself already (see `_on_sqlite_connect`): setting it again for each read costs a PRAGMA.
    reads = {_READS: True} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    _read.configure(bind=engine.execution_options(**reads))


def engine() -> Engine:
    """Return the bound engine."""
    return _bound(_write)


def reads() -> Engine:
    """Return the engine that `reading()` uses."""
    return _bound(_read)


def _bound(maker: sessionmaker[Session]) -> Engine:
    bound: Engine | None = maker.kw.get("bind")
    if bound is None:
        raise RuntimeError("no database is bound; call app.core.db.bind() first")
    return bound


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_postgresql_connect(connection: Any, _record: Any) -> None:
    autocommit, connection.autocommit = connection.autocommit, True
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = autocommit


def _begin_immediate(connection: Any) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT" and not options.get(_READS):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def in_transaction() -> bool:
    """Tell whether this thread is inside `transaction()`; outside work is forbidden there."""
    return getattr(_thread, "depth", 0) > 0


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a session that commits at the end of the block and rolls back on any exception.

    Raises Unavailable when the database is locked for longer than five seconds or not to be reached.
    """
    if in_transaction():
        raise RuntimeError("a transaction is open already; hand its session on instead of opening another")
    session = _write()
    _thread.depth = 1
    try:
        session.connection()
        yield session
        session.commit()
    except DBAPIError as error:
        session.rollback()
        if is_transient(error):
            raise Unavailable("database") from error
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        _thread.depth = 0
        session.close()


@contextmanager
def reading() -> Iterator[Session]:
    """Open a session for reads: every statement by itself, no transaction around them."""
    session = _read()
    try:
        yield session
    except DBAPIError as error:
        if is_transient(error):
            raise Unavailable("database") from error
        raise
    finally:
        session.close()


def lend() -> PoolProxiedConnection:
    """Take a driver's own connection out of the pool: each statement is by itself. Raises the driver's errors.

    For the one statement that every page of a link waits for; `give_back` ends it.
    """
    lent = reads().raw_connection()
    _commit_by_itself(lent, True)
    return lent


def give_back(lent: PoolProxiedConnection) -> None:
    """Return what `lend` took."""
    if lent.is_valid:
        _commit_by_itself(lent, False)
    lent.close()


def _commit_by_itself(lent: PoolProxiedConnection, on: bool) -> None:
    # SQLite's driver always does (see `_on_sqlite_connect`).
    if reads().dialect.name != "sqlite":
        driver: Any = lent.dbapi_connection
        driver.autocommit = on


def is_transient(error: DBAPIError) -> bool:
    """Tell whether trying again later may help: a lock, a lost connection, a full disk."""
    if error.connection_invalidated:
        return True
    message = str(error.orig).lower()
    return isinstance(error, OperationalError) or any(part in message for part in _TRANSIENT)
