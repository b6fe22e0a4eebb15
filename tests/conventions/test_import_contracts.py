"""The import contracts of pyproject.toml hold, and name only what they should."""

import subprocess
import sys
from pathlib import Path

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
