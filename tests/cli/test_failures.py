"""What an operator reads where a command cannot be done: a sentence that says what to do, and status 1."""

import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli import main
from app.core import db
from app.core.crypto import keyring
from app.core.crypto.keyring import KeyRing
from tests.cli.conftest import Installation, bound
from tests.cli.test_keys import add_connection, set_up
from tests.conftest import NOW


def said(words: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run `portico` as a process would; return its status and what it printed."""
    monkeypatch.setattr(sys, "argv", ["portico", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    return int(ended.value.code or 0), out + err


@pytest.mark.parametrize(
    ("environ", "words", "reason"),
    [
        ({"PORTICO_DATABASE_URL": "postgresql+psycopg://x@127.0.0.1:1/p"}, "migrate", "database could not be used"),
        ({"PORTICO_DATABASE_URL": "postgresql+psycopg://x@127.0.0.1:1/p"}, "worker", "database could not be used"),
        ({"PORTICO_DATABASE_URL": "sqlite:////proc/x.db"}, "audit verify", "database could not be used"),
        ({"PORTICO_DATABASE_URL": "sqlite:////proc/x.db"}, "doctor", "PORTICO_DATABASE_URL"),
        ({"PORTICO_KEYS_PATH": "/proc/x/keys.json", "PORTICO_DATA_DIR": "/proc/x"}, "init", "Correct the path"),
        ({}, "audit verify --head /proc", "Is a directory"),
        ({}, "migrate --down 77777 --yes", "cannot be taken there"),
        ({}, "migrate --down -999 --yes", "cannot be taken there"),
        ({}, "rotate-keys --only-add --only-reencrypt", "Choose one"),
        ({}, "rotate-keys --remove nothing", "holds no key nothing"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    environ: dict[str, str],
    words: str,
    reason: str,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    set_up(installation)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    status, printed = said(words, monkeypatch, capfd)
    assert status != 0
    assert reason in printed
    assert "Traceback" not in printed


def test_a_database_of_a_newer_version_is_left_alone(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    set_up(installation)
    with bound(), db.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'ffffffffffff'"))
    for words in ("migrate", "migrate --down -1 --yes", "serve", "worker", "doctor"):
        status, printed = said(words, monkeypatch, capfd)
        assert (status, "newer one made it" in printed) == (1, True), words


def test_keys_that_were_lost_are_missed_and_not_replaced(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(installation)
    add_connection()
    assert "key file lacks" not in installation.run("doctor").output
    path = installation.folder / "keys.json"
    lost = path.read_bytes()
    path.unlink()
    if "PORTICO_DATABASE_URL" not in os.environ:
        refused = installation.run("init")
        assert refused.exit_code == 1
        assert "from your backup" in refused.output
        assert not path.exists()
    keyring.write(path, KeyRing((keyring.new_key(NOW),)))
    assert "Put it back from your backup" in installation.run("doctor").output
    assert "Put it back from your backup" in installation.run("rotate-keys").output
    path.write_bytes(lost)
    installation.done("rotate-keys")


def test_the_doctor_tries_queue_mail_server_and_witness(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_up(installation)
    right = installation.run("doctor").output
    assert not any(word in right for word in ("queue", "mail server", "audit chain"))
    monkeypatch.setenv("PORTICO_QUEUE_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PORTICO_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("PORTICO_SMTP_PORT", "1")
    monkeypatch.setenv("PORTICO_AUDIT_HEAD_FILE", str(tmp_path / "nowhere" / "head"))
    wrong = installation.run("doctor").output
    assert all(word in wrong for word in ("PORTICO_QUEUE_URL", "PORTICO_SMTP_", "PORTICO_AUDIT_HEAD_FILE"))
