"""An installation in a folder of its own, and the command to run on it in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import keys, portico
from app.core import db
from app.core.config import known_variables, load
from app.core.crypto import ring
from app.core.start import make_engine
from tests.database import Databases


@dataclass(frozen=True)
class Installation:
    """A data folder and the way to run commands on it."""

    folder: Path

    def run(self, *words: str, given: str | None = None) -> Result:
        """Run `portico` with these words; what it printed is in `output`."""
        return CliRunner().invoke(portico, list(words), input=given)

    def done(self, *words: str, given: str | None = None) -> str:
        """Run `portico`, require success and return what it printed."""
        result = self.run(*words, given=given)
        assert result.exit_code == 0, (result.output, result.exception)
        return str(result.output)


@contextmanager
def bound() -> Iterator[None]:
    """Bind the installation's database, as another process would."""
    engine = make_engine(load())
    db.bind(engine)
    try:
        yield
    finally:
        engine.dispose()


@pytest.fixture
def installation(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An empty installation on the database this run is for."""
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "var"
    monkeypatch.setenv("PORTICO_ENVIRONMENT", "development")
    monkeypatch.setenv("PORTICO_DATA_DIR", str(folder))
    url = None
    if databases.kind == "postgresql":
        url = databases.empty()
        monkeypatch.setenv("PORTICO_DATABASE_URL", url)
    # No other process has to notice a rotation here.
    monkeypatch.setattr(keys, "NOTICE_SECONDS", 0)
    before = ring._ring
    yield Installation(folder)
    if before is not None:
        ring.install(before)
    if url is not None:
        databases.drop(url)
