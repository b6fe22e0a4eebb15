"""What every command needs: settings, keys and a bound database."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine

from app.core import context, db, migrations
from app.core.config import Config, load
from app.core.start import make_engine, start


@contextmanager
def database(*, current: bool = True) -> Iterator[tuple[Config, Engine]]:
    """Load settings and keys, and bind the database; with `current`, refuse one of another version."""
    config = load()
    start(config)
    engine = make_engine(config)
    db.bind(engine)
    context.set_current(context.CallContext(source=context.Source.COMMAND))
    try:
        if current and (problem := other_version(engine)):
            raise click.ClickException(problem)
        yield config, engine
    finally:
        engine.dispose()


def other_version(engine: Engine) -> str | None:
    """Return what to do where the database is not at the version of this code, or None where it is."""
    revision = migrations.current(engine)
    if revision == migrations.head():
        return None
    if migrations.is_known(revision):
        return "The database is not at this version. Run `portico migrate` first."
    return (
        f"The database is at {revision}, which this version does not know: a newer one made it. "
        "Install that version, or restore a backup of this one."
    )
