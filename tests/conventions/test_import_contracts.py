"""The import contracts of pyproject.toml hold, and name only what they should."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def test_every_import_contract_is_kept() -> None:
    finished = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "0 broken" in finished.stdout


@pytest.mark.parametrize(
    ("contract", "bound"),
    [
        ("Flask stops at the edge", {"core", "documents", "features", "integrations", "protocols"}),
        ("Protocols, documents and integrations know no database", {"documents", "integrations", "protocols"}),
        ("Protocols and documents open no connection", {"documents", "protocols"}),
    ],
)
def test_a_contract_binds_every_package_it_is_about(contract: str, bound: set[str]) -> None:
    # import-linter refuses to name a package that is not there yet; this notices when one arrives.
    contracts = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (found,) = [entry for entry in contracts if entry["name"] == contract]
    there = {folder.name for folder in (_ROOT / "app").iterdir() if (folder / "__init__.py").is_file()}
    assert set(found["source_modules"]) == {f"app.{name}" for name in bound & there}


def test_every_package_is_in_a_layer() -> None:
    there = {folder.name for folder in (_ROOT / "app").iterdir() if (folder / "__init__.py").is_file()}
    assert there <= {"cli", "core", "documents", "features", "integrations", "protocols", "web"}
