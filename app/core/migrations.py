"""The schema's version: migrations run by `portico migrate` only, and nothing is served on another version."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

# Alembic is loaded where it is used: a portal that is up does without it.
if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def alembic_config(engine: Engine) -> "AlembicConfig":
    """Return Alembic's configuration for an engine."""
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database to a revision."""
    from alembic import command

    command.upgrade(alembic_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take a database back to a revision, `-1` for one step."""
    from alembic import command

    command.downgrade(alembic_config(engine), revision)


def head() -> str | None:
    """Return the revision that this code needs."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(FOLDER)).get_current_head()


def current(engine: Engine) -> str | None:
    """Return the revision a database is at."""
    from alembic.runtime.migration import MigrationContext

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str | None) -> bool:
    """Tell whether this code knows a revision; a database made by newer code is at one that it does not."""
    from alembic.script import ScriptDirectory

    return revision is None or revision in {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}


def is_current(engine: Engine) -> bool:
    """Tell whether a database is at the revision that this code needs."""
    return current(engine) == head()
