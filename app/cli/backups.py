"""`portico backup` and `portico restore` for the embedded database (SQLite's online backup)."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import make_url

from app.core.config import Config, load
from app.core.crypto import ring


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def backup(folder: Path) -> None:
    """Copy the embedded database into FOLDER while Portico runs."""
    source = _database_file(load())
    if not source.exists():
        raise click.ClickException(f"There is no database at {source}.")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"portico-{datetime.now(UTC):%Y%m%d-%H%M%S}.db"
    part = target.with_suffix(".part")
    # Nobody else may read it while it grows either.
    part.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(part)) as copy,
        ):
            live.backup(copy)
            _require_whole(copy, source)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"Wrote {target}.")
    click.echo("The key file is not in it, on purpose. Keep that apart; a restore needs both.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Restore without asking.")
def restore(file: Path, yes: bool) -> None:
    """Put a backup in the place of the embedded database. Stop Portico first.

    Sessions, grants and one-time links of the backup are ended: what was ended since must not come to life again.
    """
    config = load()
    ring.install(ring.load(config))
    target = _database_file(config)
    if target.exists() and _in_use(target):
        raise click.ClickException("The database is in use. Stop Portico first.")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        _require_whole(copy, file)
        _require_keys(copy)
    if target.exists() and not yes:
        click.confirm(f"Replace {target}? The present one is kept beside it.", abort=True)
    fresh = target.with_suffix(".restoring")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy, closing(sqlite3.connect(fresh)) as made:
        copy.backup(made)
        ended = _end_access(made)
    kept = _put_aside(target)
    fresh.replace(target)
    click.echo(f"Restored {file}." + (f" The database before it is {kept}." if kept else ""))
    click.echo(
        f"Ended {ended} sessions and grants. API tokens and links revoked after the backup work again: review them."
    )
    click.echo("Next: `portico migrate`, `portico audit verify`, then start Portico.")


def _database_file(config: Config) -> Path:
    url = make_url(config.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise click.ClickException(
            "The database is PostgreSQL. Use pg_dump and pg_restore; docs/production.md says how."
        )
    return Path(url.database)


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    try:
        answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
        connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise click.ClickException(f"{path} is not a database of Portico: {error}.") from error
    if answer != "ok":
        raise click.ClickException(f"{path} is damaged: {answer}.")


def _require_keys(connection: sqlite3.Connection) -> None:
    known = {key.id for key in ring.current().keys}
    try:
        # The last seal is enough: keys that older ones were made with may have been removed since, which is said then.
        last = connection.execute("SELECT key_id FROM audit_seals ORDER BY seq DESC LIMIT 1").fetchone()
    except sqlite3.DatabaseError as error:
        raise click.ClickException(f"This is not a database of Portico: {error}.") from error
    if last is not None and last[0] not in known:
        raise click.ClickException(f"The key file lacks {last[0]}. Restore the key file first.")


def _in_use(path: Path) -> bool:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0.5)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


def _end_access(connection: sqlite3.Connection) -> int:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    ended = 0
    for table in ("sessions", "grants"):
        ended += connection.execute(f"UPDATE {table} SET ended_at = ? WHERE ended_at IS NULL", (now,)).rowcount  # noqa: S608
    connection.execute("DELETE FROM one_time_links WHERE used_at IS NULL")
    connection.commit()
    return ended


def _put_aside(target: Path) -> Path | None:
    if not target.exists():
        return None
    kept = target.with_name(f"{target.stem}-before-{datetime.now(UTC):%Y%m%d-%H%M%S}.db")
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    target.replace(kept)
    kept.chmod(0o600)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    return kept
