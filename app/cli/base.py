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
        if current and not migrations.is_current(engine):
            raise click.ClickException("The database is not at this version. Run `portico migrate` first.")
        yield config, engine
    finally:
        engine.dispose()
