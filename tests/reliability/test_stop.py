"""The emergency stop across processes: given by one, it is kept by every other at its next request, and undone by another."""

import re
import subprocess
import sys

from tests.reliability.clients import Browser, Program
from tests.reliability.conftest import ROOT, Installation

PASSWORD = "harbour at dawn"
#: Requests over connections of their own, so that each process of the portal answers some.
READS = 24


def _command(installation: Installation, *words: str) -> str:
    """Run `portico` as a process of its own, as an operator does."""
    run = [sys.executable, "-m", "app.cli", *words]
    done = subprocess.run(
        run, env=installation.environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def _opened(installation: Installation, path: str) -> Browser:
    reader = Browser(installation.base_url)
    reader.get(path)
    reader.post(f"{path}password", password=PASSWORD)
    reader.get(path)
    reader.post(f"{path}open")
    assert reader.reads(path)
    return reader


def test_a_stop_by_the_command_holds_on_every_process_from_its_next_request_on(installation: Installation) -> None:
    author = Program(installation.base_url, installation.token)
    made = author.call("POST", "/shares", {"url": installation.page_url(), "password": PASSWORD})
    assert made.status == 201, made.data
    path = made.json()["link"].removeprefix(installation.base_url)
    readers = [_opened(installation, path) for _ in range(2)]
    said = _command(installation, "stop", "everything", "--reason", "A leak")
    answers = [_reads(installation, reader, path) for reader in readers for _ in range(READS // 2)]
    assert answers == [False] * READS
    found = re.search(r"`portico resume (\S+)`", said)
    assert found is not None
    assert "2 readers" in said
    _command(installation, "resume", found.group(1))
    assert [_reads(installation, reader, path) for reader in readers] == [False, False]
    assert _opened(installation, path).reads(path)


def _reads(installation: Installation, reader: Browser, path: str) -> bool:
    """Tell whether somebody reads by what this browser holds, over a connection of its own."""
    fresh = Browser(installation.base_url)
    fresh._cookies = dict(reader._cookies)
    return fresh.reads(path)
