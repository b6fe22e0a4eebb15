"""`portico demo` in one folder."""

from pathlib import Path

import click
import pytest

from app.cli import demonstration


def test_one_demonstration_runs_in_a_folder_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "FOLDER", tmp_path / "var" / "demo")
    first = demonstration._hold_folder()
    with pytest.raises(click.ClickException, match="End that one first"):
        demonstration._hold_folder()
    first.close()
    demonstration._hold_folder().close()
