"""`portico connections import`: all of a file or nothing, with the name of what is wrong."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core.accounts.actor import SYSTEM
from app.core.db import reading, transaction
from app.core.errors import DomainError, Invalid
from app.features.sso import entries, gather, importing
from app.features.sso.configuration import IdentityRules, OAuthSettings, SamlSettings
from app.features.sso.entries import Entry
from app.features.sso.gather import Metadata
from app.features.sso.mapping import AttributeRule, Target, Transform, TransformKind
from app.features.sso.models import SsoConnection
from tests.cli.conftest import Installation, bound
from tests.features.sso.acme import Provider
from tests.features.sso.test_connections import described, stored

FORGE = {
    "id": "forge",
    "name": "Forge",
    "kind": "oauth",
    "client_secret": "canary-import",
    "enabled": True,
    "domains": ["forge.example"],
    "settings": {
        "authorization_endpoint": "https://forge.example/authorize",
        "token_endpoint": "https://forge.example/token",
        "userinfo_endpoint": "https://forge.example/user",
        "client_id": "portico",
        "subject_field": "id",
    },
    "identity": {"create": False, "new_people": "staff"},
    "mapping": [{"target": "name", "sources": ["login"], "transforms": [{"kind": "lower"}]}],
    "groups": {"sources": ["teams"], "required": ["crew"], "own": "all"},
}
ACME_TOML = """
[[connections]]
id = "acme"
name = "Acme"
kind = "saml"
settings = { signed = "both" }
"""


def read(*given: object) -> tuple[Entry, ...]:
    return importing.read("file.json", json.dumps({"connections": given}).encode())


def imported(entry: Entry) -> bool:
    with transaction() as db:
        return entries.write(db, SYSTEM, entries.planned(entry, where=f"connections.{entry.id}."))


def test_a_connection_is_made_with_everything_the_file_says(engine: object) -> None:
    assert imported(read(FORGE)[0])
    made = stored("forge")
    assert isinstance(made.settings, OAuthSettings)
    assert (made.enabled, made.secrets.client_secret) == (True, "canary-import")
    assert made.identity.create is False
    assert made.mapping == (AttributeRule(Target.NAME, ("login",), (Transform(TransformKind.LOWER),)),)
    assert made.groups.required == ("crew",)


def test_a_second_import_changes_it_and_keeps_the_secret_that_is_left_out(engine: object) -> None:
    imported(read(FORGE)[0])
    again = {key: value for key, value in FORGE.items() if key not in ("client_secret", "identity", "enabled")}
    assert not imported(read({**again, "name": "The forge"})[0])
    made = stored("forge")
    assert (made.name, made.enabled, made.secrets.client_secret) == ("The forge", False, "canary-import")
    assert made.identity == IdentityRules()


def test_toml_and_a_metadata_file_describe_a_saml_provider(engine: object) -> None:
    entry = importing.read("x.toml", ACME_TOML.encode())[0]
    found = gather.described(entry.kind, entry.settings, Metadata(described("acme"), "", ""))
    with transaction() as db:
        entries.write(db, SYSTEM, entries.planned(entry, found))
    settings = stored("acme").settings
    assert isinstance(settings, SamlSettings)
    assert (settings.entity_id, settings.signed) == ("https://acme.example/metadata", "both")
    assert settings.certificates == Provider("acme").settings.certificates


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"surprise": 1}, "connections.0.surprise"),
        ({"kind": "ldap"}, "connections.0.kind"),
        ({"settings": {**FORGE["settings"], "scope": "x"}}, "connections.forge.settings.scope"),  # type: ignore[dict-item]
        ({"settings": {}}, "connections.forge.settings.authorization_endpoint"),
        ({"identity": {"creat": True}}, "connections.forge.identity.creat"),
        ({"groups": {"mapped": [{"received": "a"}]}}, "connections.forge.groups.mapped.0.group"),
        ({"mapping": [{"target": "shoe"}]}, "connections.forge.mapping.0.target"),
        ({"preset": "none"}, "preset"),
        ({"position": 10**12}, "connections.0.position"),
    ],
)
def test_what_a_file_cannot_say_is_named(engine: object, change: dict[str, object], place: str) -> None:
    with pytest.raises(Invalid, match=place):
        imported(read({**FORGE, **change})[0])
    with reading() as db:
        assert db.scalars(select(SsoConnection)).all() == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"["),
        ("a.json", b"[]"),
        ("a.json", b'{"connections": [], "more": 1}'),
        ("a.json", b"\xff"),
        ("a.toml", b"connections ="),
        ("a.json", b" " * (importing.MAXIMUM_FILE_BYTES + 1)),
    ],
)
def test_a_file_that_is_none_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(DomainError):
        importing.read(name, content)


def test_one_id_stands_in_a_file_once() -> None:
    with pytest.raises(Invalid, match="once"):
        read(FORGE, FORGE)


@pytest.mark.parametrize("public_id", ["Forge", "a b", "", "x" * 31, "local"])
def test_an_id_is_what_can_stand_in_an_address(engine: object, public_id: str) -> None:
    with pytest.raises(Invalid):
        imported(read({**FORGE, "id": public_id})[0])


def test_the_command_writes_all_or_nothing(installation: Installation, tmp_path: Path) -> None:
    installation.done("init")
    installation.done("migrate")
    file = tmp_path / "providers.json"
    file.write_text(json.dumps({"connections": [FORGE, {**FORGE, "id": "two", "name": "FORGE"}]}))
    refused = installation.run("connections", "import", str(file))
    assert "There is a provider named FORGE already." in str(refused.exception)
    with bound(), reading() as db:
        assert db.scalars(select(SsoConnection)).all() == []
    (tmp_path / "metadata.xml").write_bytes(described("acme"))
    toml = tmp_path / "providers.toml"
    toml.write_text(ACME_TOML + 'metadata_file = "metadata.xml"\n')
    assert "Made 1 and changed 0 identity providers." in installation.done("connections", "import", str(toml))
    assert "Made 0 and changed 1 identity providers." in installation.done("connections", "import", str(toml))
    with bound():
        assert len(stored("acme").secrets.own_keys) == 1
