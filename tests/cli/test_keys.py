"""`portico init` and `portico rotate-keys`."""

import json

from sqlalchemy import LargeBinary, select, type_coerce

from app.core import clock, db
from app.core.accounts import queries
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.crypto import keyring, ring
from tests.cli.conftest import Installation, bound
from tests.conftest import NOW

PASSWORD = "four unrelated lantern words\n"


def key_ids(installation: Installation) -> list[str]:
    return [key.id for key in keyring.read(installation.folder / "keys.json").keys]


def set_up(installation: Installation) -> None:
    installation.done("init")
    installation.done("migrate")
    installation.done("create-admin", "--email", "ada@example.com", "--name", "Ada", "--password-stdin", given=PASSWORD)


def add_connection() -> None:
    with bound(), db.transaction() as session:
        session.add(
            Connection(
                public_id="c1",
                name="Site",
                product="jira",
                base_url="http://localhost:1",
                site_host="localhost:1",
                reading_email="r@example.com",
                reading_token="the-reading-token",
                created_at=NOW,
            )
        )


def sealed_token() -> bytes:
    with bound(), db.reading() as session:
        return bytes(session.execute(select(type_coerce(Connection.reading_token, LargeBinary))).scalar_one())


def test_without_keys_nothing_starts_and_the_answer_says_how(installation: Installation) -> None:
    result = installation.run("migrate")
    assert result.exit_code != 0
    assert "portico init" in str(result.exception)


def test_init_writes_a_key_file_once_and_says_how_to_back_it_up(installation: Installation) -> None:
    said = installation.done("init")
    assert "Back it up" in said
    path = installation.folder / "keys.json"
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    assert installation.run("init").exit_code == 1
    assert path.read_bytes() == before


def test_a_rotation_encrypts_anew_and_keeps_the_old_key(installation: Installation) -> None:
    set_up(installation)
    add_connection()
    old = key_ids(installation)
    said = installation.done("rotate-keys")
    assert "Encrypted 1 values" in said
    new = key_ids(installation)
    assert new[:1] == old
    assert len(new) == 2
    assert ring.current().key_id_of(sealed_token()) == new[1]
    with bound(), db.reading() as session:
        assert session.scalars(select(Connection.reading_token)).one() == "the-reading-token"
    assert "whole" in installation.done("audit", "verify")


def test_removing_a_key_says_what_it_kills_and_asks(installation: Installation) -> None:
    set_up(installation)
    old = key_ids(installation)[0]
    installation.done("rotate-keys")
    refused = installation.run("rotate-keys", "--remove", old, given="n\n")
    assert refused.exit_code == 1
    assert "passwords of 1 people" in refused.output
    assert old in key_ids(installation)
    installation.done("rotate-keys", "--remove", old, "--yes")
    assert old not in key_ids(installation)


def test_the_newest_key_cannot_be_removed(installation: Installation) -> None:
    set_up(installation)
    assert installation.run("rotate-keys", "--remove", key_ids(installation)[0], "--yes").exit_code == 1


def test_a_key_can_be_added_first_and_used_when_every_machine_has_it(installation: Installation) -> None:
    set_up(installation)
    add_connection()
    installation.done("rotate-keys", "--only-add")
    assert ring.current().key_id_of(sealed_token()) == key_ids(installation)[0]
    installation.done("rotate-keys", "--only-reencrypt")
    assert ring.current().key_id_of(sealed_token()) == key_ids(installation)[1]


def test_the_key_file_is_json_that_names_each_key(installation: Installation) -> None:
    installation.done("init")
    document = json.loads((installation.folder / "keys.json").read_text(encoding="utf-8"))
    assert [set(entry) for entry in document["keys"]] == [{"id", "created_at", "secret"}]


def test_create_admin_refuses_a_password_that_is_easy_to_guess(installation: Installation) -> None:
    installation.done("init")
    installation.done("migrate")
    words = ("create-admin", "--email", "ada@example.com", "--name", "Ada", "--password-stdin")
    assert installation.run(*words, given="password1234\n").exit_code == 1
    installation.done(*words, given=PASSWORD)
    with bound(), db.reading() as session:
        person = queries.person_by_email(session, "ada@example.com")
        assert person is not None
        assert person.created_at <= clock.now()


def test_an_api_token_is_printed_alone(installation: Installation) -> None:
    set_up(installation)
    said = installation.done("api-token", "create", "--user", "ada@example.com", "--scopes", "shares:read,shares:write")
    assert said.count("\n") == 1
    assert said.startswith("portico_")
    assert installation.run("api-token", "create", "--user", "x@example.com", "--scopes", "shares:read").exit_code == 1
    wrong = installation.run("api-token", "create", "--user", "ada@example.com", "--scopes", "shares:all")
    assert wrong.exit_code != 0
    assert "shares:read" in str(wrong.exception)


def test_a_key_that_values_still_need_is_not_removed(installation: Installation) -> None:
    set_up(installation)
    add_connection()
    old = key_ids(installation)[0]
    installation.done("rotate-keys", "--only-add")
    refused = installation.run("rotate-keys", "--remove", old, "--yes")
    assert refused.exit_code == 1
    assert "--only-reencrypt" in refused.output
    assert old in key_ids(installation)
    installation.done("rotate-keys", "--only-reencrypt")
    installation.done("rotate-keys", "--remove", old, "--yes")
    with bound(), db.reading() as session:
        assert session.scalars(select(Connection.reading_token)).one() == "the-reading-token"
        actions = [
            row["action"]
            for row in session.scalars(
                select(AuditEntry.details).where(AuditEntry.event == "keys:ring:rotated").order_by(AuditEntry.id)
            )
        ]
    assert actions == ["added", "reencrypted", "removed"]


def test_going_down_asks_first(installation: Installation) -> None:
    set_up(installation)
    assert installation.run("migrate", "--down", "-1", given="n\n").exit_code == 1
    installation.done("audit", "verify")


def test_create_admin_brings_a_deactivated_person_back(installation: Installation) -> None:
    set_up(installation)
    with bound(), db.transaction() as session:
        person = queries.person_by_email(session, "ada@example.com")
        assert person is not None
        person.deactivated_at = NOW
    installation.done("create-admin", "--email", "ada@example.com", "--name", "Ada", "--password-stdin", given=PASSWORD)
    with bound(), db.reading() as session:
        person = queries.person_by_email(session, "ada@example.com")
        assert person is not None
        assert person.active
