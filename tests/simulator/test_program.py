"""The program itself: quick to start, quiet to end, and open on loopback alone."""

import resource
import signal
import socket
import subprocess
import sys

import pytest
import urllib3

from simulator.site import start
from tests.processes import PATIENCE_SECONDS, free_port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_soon_and_ends_quietly(number: signal.Signals) -> None:
    port = free_port(and_next=1)
    before = _seconds_of_children()
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        said = program.stdout.readline()
        answer = urllib3.request("GET", f"http://localhost:{port}/_simulator/", retries=False, timeout=PATIENCE_SECONDS)
        program.send_signal(number)
        assert program.wait(PATIENCE_SECONDS) == 0
        assert program.stderr.read() == ""
    assert said == f"Simulated site http://localhost:{port}, media http://127.0.0.1:{port + 1}\n"
    assert answer.status == 200
    # Of a processor: on a busy machine it gets them later.
    assert _seconds_of_children() - before < 5


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "simulator", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} or the next one cannot be used: Address already in use.\n"


def test_two_simulators_share_nothing() -> None:
    with start() as first, start() as second:
        first.site.pages["100101"].labels.append("first-only")
        assert "first-only" not in second.site.pages["100101"].labels
        assert len({first.base_url, second.base_url, first.media_url, second.media_url}) == 4


def test_after_stop_nothing_answers() -> None:
    running = start()
    running.stop()
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", running.base_url, retries=False, timeout=2)
