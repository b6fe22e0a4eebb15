"""A run of all tests fails where the simulator has a route that none of them asks for; a run of some of them does not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = {
    "pytest.ini": f"[pytest]\ntestpaths = suite\npythonpath = {ROOT}\naddopts = --import-mode=importlib\n",
    "conftest.py": """
from tests.routes import RoutesAskedFor

def pytest_configure(config):
    config.pluginmanager.register(RoutesAskedFor(config))
""",
    "suite/test_one.py": """
import urllib3
from simulator.site import start

def test_asks():
    with start() as running:
        assert urllib3.request("GET", f"{running.base_url}/rest/api/3/serverInfo", timeout=60).status == 401
        assert urllib3.request("POST", f"{running.base_url}/rest/api/3/serverInfo", timeout=60).status == 501

def test_nothing():
    pass
""",
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite that asks for one route."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def run(suite: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=suite, capture_output=True, text=True, check=False
    )


def test_a_run_of_all_tests_names_what_nobody_asks_for_and_fails(suite: Path) -> None:
    ended = run(suite, "-n", "1")
    assert "2 passed" in ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    named = ended.stdout.partition("no test asks for")[2]
    assert "simulator: GET /wiki/api/v2/pages/<page_id>\n" in named
    assert "simulator: the failure drip\n" in named
    assert "/rest/api/3/serverInfo" not in named


@pytest.mark.parametrize("words", [["suite"], ["-k", "asks"]], ids=" ".join)
def test_a_run_of_some_tests_says_nothing_about_it(suite: Path, words: list[str]) -> None:
    ended = run(suite, "-p", "no:xdist", *words)
    assert ended.returncode == pytest.ExitCode.OK, ended.stdout
    assert "no test asks for" not in ended.stdout
