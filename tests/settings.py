"""Deploy-time settings for tests, made as an operator makes them: from variables."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from app.core.config import Config, load
from app.core.crypto import keyring
from app.core.crypto.keyring import KeyRing

BASE_URL = "http://localhost:8000"
PUBLIC_URL = "http://links.localhost:8000"


def environ(folder: Path, ring: KeyRing, **more: str) -> dict[str, str]:
    """Return the variables of a development portal in `folder`; `more` adds or replaces, without the prefix."""
    given = {
        "ENVIRONMENT": "development",
        "BASE_URL": BASE_URL,
        "DATA_DIR": str(folder),
        "KEYS": keyring.dump(ring),
        "ATLASSIAN_CLOUD_HOSTS": "localhost,127.0.0.1",
    }
    given |= {name.upper(): value for name, value in more.items()}
    return {f"PORTICO_{name}": value for name, value in given.items()}


def development(folder: Path, ring: KeyRing, more: Mapping[str, str] | None = None) -> Config:
    """Return the settings of a development portal in `folder`."""
    return load(environ(folder, ring, **(more or {})))


def on_database(config: Config, url: str) -> Config:
    """Return the same settings with another database."""
    return replace(config, database=config.database.model_copy(update={"database_url": SecretStr(url)}))
