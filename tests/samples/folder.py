"""Where the payloads are."""

import os
from pathlib import Path


def files(*parts: str) -> list[Path]:
    """Return the files of one kind, by name; the command fails where the folder has none."""
    named = os.environ.get("SAMPLES_DIR")
    assert named, "name the folder with the payloads in SAMPLES_DIR, or run `make samples`"
    folder = Path(named).joinpath(*parts)
    found = sorted(path for path in folder.iterdir() if path.is_file())
    assert found, f"there is nothing in {folder}"
    return found
