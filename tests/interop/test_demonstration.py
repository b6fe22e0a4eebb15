"""`make demo` as a new user meets it: its table is believed word for word, and Ctrl-C ends all of it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.demo_content import LINK_PASSWORD, PASSWORD, PERSONS
from tests import processes
from tests.reliability.clients import Browser

#: One after the other: both look for free ports.
pytestmark = pytest.mark.xdist_group("demonstration")
ROOT = Path(__file__).parents[2]
#: A folder of its own: somebody may be looking at the demonstration of this checkout.
_ELSEWHERE = (
    "import sys, pathlib; from app.cli import demonstration; demonstration.FOLDER = pathlib.Path(sys.argv[1]); \
sys.exit(demonstration.run())"
)


class Demonstration:
    """A demonstration that runs, and what it has printed."""

    def __init__(self, port: int, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self.port, self.process = port, process
        self._log = log

    @property
    def base_url(self) -> str:
        """Where Portico is, as the table says."""
        return f"http://localhost:{self.port}"

    @property
    def said(self) -> str:
        """What was printed so far."""
        return self._log.read_text(encoding="utf-8")


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Demonstration]:
    """`make demo` after its set-up, until its table is printed."""
    port, log = processes.free_port(and_next=3), tmp_path / "log"
    command = [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "demo")]
    process = processes.start(command, log=log, environ=_environ(port), cwd=ROOT)
    shown = Demonstration(port, log, process)
    processes.wait_until(lambda: "Ctrl-C" in shown.said, process, log=log, what="the demonstration")
    yield shown
    processes.stop(process, seconds=40)


def test_what_the_table_says_is_so(demonstration: Demonstration) -> None:
    said = demonstration.said
    links = re.findall(rf"{demonstration.base_url}(/s/\S+/)\n +.+\n +opens with: (.+)", said)
    assert len(links) >= 3
    for path, opens_with in links:
        closed = opens_with.startswith("nothing")
        assert Browser(demonstration.base_url).get(path).status == (404 if closed else 200), opens_with
    path = next(path for path, opens_with in links if LINK_PASSWORD in opens_with)
    assert _opens(demonstration, path, LINK_PASSWORD)
    (listed,) = re.findall(rf"Shared with you.*\n +{demonstration.base_url}(/\S+)\n", said)
    assert Browser(demonstration.base_url).get(listed).status == 200
    for person in PERSONS:
        assert person.email in said
        browser = Browser(demonstration.base_url)
        browser.get("/sign-in")
        assert browser.post("/sign-in", email=person.email, password=PASSWORD).status == 303
        assert browser.get("/profile").status == 200
    (command,) = re.findall(r"^ +(curl -s .*?\}')$", said, re.MULTILINE | re.DOTALL)
    made = json.loads(subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout)
    assert _opens(demonstration, made["link"].removeprefix(demonstration.base_url), made["password"])


def test_it_ends_with_everything_it_started(demonstration: Demonstration) -> None:
    started = processes.children(demonstration.process.pid)
    assert len(started) == 3
    demonstration.process.send_signal(signal.SIGINT)
    assert demonstration.process.wait(processes.PATIENCE_SECONDS) == 0
    assert "Everything has ended." in demonstration.said
    for pid in started:
        processes.wait_for_end(pid)
    assert not any(processes.accepts(demonstration.port + number) for number in range(4))


def _opens(demonstration: Demonstration, path: str, password: str) -> bool:
    browser = Browser(demonstration.base_url)
    browser.get(path)
    browser.post(path + "password", password=password)
    return browser.reads(path)


def _environ(port: int) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    return found | {"PORT": str(port), "PYTHONUNBUFFERED": "1"}
