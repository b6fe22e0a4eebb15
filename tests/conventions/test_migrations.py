"""One chain of migrations, which makes the tables that the models describe, and can be gone back along."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from app.core import migrations
from app.core.db import Base
from tests.database import Databases, connect

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty(databases: Databases) -> Iterator[Engine]:
    """A database without any table."""
    url = databases.empty()
    made = connect(url)
    yield made
    made.dispose()
    databases.drop(url)


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(migrations.FOLDER)).get_heads()) == 1


def test_the_models_are_what_the_migrations_make(engine: Engine) -> None:
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    assert found == []


def test_every_module_of_tables_is_known_to_the_migrations() -> None:
    text = (migrations.FOLDER / "env.py").read_text(encoding="utf-8")
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.glob("app/features/*/models.py")]
    assert modules
    assert [name for name in modules if name not in text] == []


def test_every_module_of_tables_is_known_to_the_rotation_of_keys() -> None:
    from app.cli import keys

    known = {table.__name__ for table in keys._TABLES}
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.glob("app/features/*/models.py")}
    assert modules <= known


def test_migrations_go_up_one_down_and_up_again(empty: Engine) -> None:
    migrations.upgrade(empty)
    whole = _tables(empty)
    migrations.downgrade(empty, "-1")
    migrations.upgrade(empty)
    assert _tables(empty) == whole == set(Base.metadata.tables)
    assert migrations.is_current(empty)


def test_migrations_go_all_the_way_down_and_up_again(empty: Engine) -> None:
    migrations.upgrade(empty)
    migrations.downgrade(empty, "base")
    assert _tables(empty) == set()
    assert not migrations.is_current(empty)
    migrations.upgrade(empty)
    assert migrations.is_current(empty)


def test_a_migration_is_one_transaction_even_where_it_fails(empty: Engine) -> None:
    first = ScriptDirectory(str(migrations.FOLDER)).get_base()
    assert first is not None
    migrations.upgrade(empty, first)
    with empty.begin() as connection:
        connection.exec_driver_sql("DROP TABLE share_link_notices")
    before = _tables(empty)
    with pytest.raises(Exception, match="share_link_notices"):
        migrations.downgrade(empty, "base")
    # Nothing of it has happened: the tables that were dropped before the failure are still there.
    assert _tables(empty) == before
    assert migrations.current(empty) == first


def test_names_of_migrations_begin_with_their_date() -> None:
    names = [path.name for path in (migrations.FOLDER / "versions").glob("*.py")]
    assert names
    assert [name for name in names if not (name[:8].isdigit() and name[8] == "_" and name[9:13].isdigit())] == []
