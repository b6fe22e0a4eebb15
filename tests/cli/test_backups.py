"""`portico backup` and `portico restore`, and `portico doctor`."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from app.cli import main
from app.core import clock, db
from app.core.accounts import queries, service, sessions
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Person
from app.core.audit import sealer
from app.core.config import load
from app.core.start import make_engine
from tests.cli.conftest import Installation, bound
from tests.cli.test_keys import key_ids, set_up


def people() -> list[str]:
    with bound(), db.reading() as session:
        return list(session.scalars(select(Person.email).order_by(Person.id)))


def add_person(email: str) -> None:
    engine = make_engine(load())
    db.bind(engine)
    with db.transaction() as session:
        service.create_person(session, SYSTEM, email=email, name="Somebody")
    engine.dispose()


@pytest.fixture
def embedded(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation on the embedded database, whatever the run is for: only that one is backed up here."""
    monkeypatch.delenv("PORTICO_DATABASE_URL", raising=False)
    set_up(installation)
    return installation


def test_a_backup_taken_while_a_writer_is_open_restores_whole(embedded: Installation, tmp_path: Path) -> None:
    add_person("before@example.com")
    with bound(), db.transaction() as session:
        session.execute(select(Person))
        embedded_output = embedded.done("backup", str(tmp_path / "backups"))
    assert "key file is not in it" in embedded_output
    add_person("after@example.com")
    (made,) = (tmp_path / "backups").iterdir()
    said = embedded.done("restore", str(made), "--yes")
    assert "Restored" in said
    assert people() == ["ada@example.com", "before@example.com"]
    assert "whole" in embedded.done("audit", "verify")


def test_a_restore_ends_the_sessions_of_the_backup(embedded: Installation, tmp_path: Path) -> None:
    with bound(), db.transaction() as session:
        person = queries.person_by_email(session, "ada@example.com")
        assert person is not None
        secret, _ = sessions.begin(session, person, {"password": clock.now()})
    embedded.done("backup", str(tmp_path / "backups"))
    (made,) = (tmp_path / "backups").iterdir()
    embedded.done("restore", str(made), "--yes")
    with bound(), db.reading() as session:
        assert sessions.resolve(session, secret) is None


def test_a_restore_beside_a_running_portal_is_refused(embedded: Installation, tmp_path: Path) -> None:
    embedded.done("backup", str(tmp_path / "backups"))
    (made,) = (tmp_path / "backups").iterdir()
    engine = make_engine(load())
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        refused = embedded.run("restore", str(made), "--yes")
    engine.dispose()
    assert refused.exit_code == 1
    assert "in use" in refused.output


def test_a_damaged_or_foreign_file_is_refused(embedded: Installation, tmp_path: Path) -> None:
    foreign = tmp_path / "x.db"
    foreign.write_bytes(b"this is no database at all, only some words" * 100)
    refused = embedded.run("restore", str(foreign), "--yes")
    assert refused.exit_code == 1
    assert people() == ["ada@example.com"]


def test_a_database_of_something_else_is_refused(embedded: Installation, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.commit()
    refused = embedded.run("restore", str(tmp_path / "other.db"), "--yes")
    assert (refused.exit_code, "not a database of Portico" in refused.output) == (1, True)


def test_a_backup_of_before_migrating_is_refused_and_leaves_nothing(embedded: Installation, tmp_path: Path) -> None:
    (embedded.folder / "portico.db").write_bytes(b"")
    assert embedded.run("backup", str(tmp_path / "backups")).exit_code == 1
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_is_restored_after_an_old_key_was_rightly_removed(embedded: Installation, tmp_path: Path) -> None:
    old = key_ids(embedded)[0]
    with bound(), db.transaction() as session:
        sealer.seal(session)
    embedded.done("rotate-keys")
    with bound(), db.transaction() as session:
        sealer.seal(session)
    embedded.done("rotate-keys", "--remove", old, "--yes")
    embedded.done("backup", str(tmp_path / "backups"))
    (made,) = (tmp_path / "backups").iterdir()
    assert "Restored" in embedded.done("restore", str(made), "--yes")


def test_a_backup_into_a_folder_that_cannot_be_made_is_refused(
    embedded: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["portico", "backup", "/proc/x"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "Correct the path" in capsys.readouterr().err


def test_nobody_else_reads_a_copy_or_what_is_put_aside(embedded: Installation, tmp_path: Path) -> None:
    embedded.done("backup", str(tmp_path / "backups"))
    (made,) = (tmp_path / "backups").iterdir()
    embedded.done("restore", str(made), "--yes")
    files = [made, *embedded.folder.glob("*.db")]
    assert len(files) == 3
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_on_postgresql_the_answer_names_its_own_tools(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_URL", "postgresql+psycopg://portico@localhost/portico")
    refused = installation.run("backup", str(tmp_path))
    assert refused.exit_code == 1
    assert "pg_dump" in refused.output


def test_the_doctor_says_what_is_missing_and_how_to_mend_it(installation: Installation) -> None:
    installation.done("init")
    assert "portico migrate" in installation.run("doctor").output
    installation.done("migrate")
    said = installation.run("doctor")
    assert said.exit_code == 1
    assert "portico create-admin" in said.output
    assert "no connection" in said.output
    (installation.folder / "keys.json").chmod(0o644)
    assert "chmod 600" in installation.run("doctor").output


def test_commands_refuse_a_database_of_another_version(installation: Installation) -> None:
    installation.done("init")
    refused = installation.run("audit", "verify")
    assert refused.exit_code == 1
    assert "portico migrate" in refused.output
