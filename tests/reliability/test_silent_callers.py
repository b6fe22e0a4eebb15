"""Callers who begin a request and say no more, and callers who claim to be the front end."""

import socket
import time

import pytest

from app import listening
from tests.reliability.conftest import Installation

THREADS = 2
BEGUN = [
    b"GET /sign-in HTTP/1.1\r\nHost: ",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nemail=",
]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Few threads, so that few callers keep all of them waiting."""
    return environ | {"PORTICO_WORKERS": "1", "PORTICO_THREADS": str(THREADS)}


def test_whoever_is_silent_in_the_middle_of_a_request_keeps_others_out_for_a_bounded_time(
    installation: Installation,
) -> None:
    silent = []
    for number in range(2 * THREADS):
        begun = connection(installation)
        begun.sendall(BEGUN[number % len(BEGUN)])
        silent.append(begun)
    time.sleep(1)
    began = time.monotonic()
    assert answered(installation, "/healthz", wait=3 * listening.STALLED_SECONDS).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 2.5 * listening.STALLED_SECONDS
    for begun in silent:
        begun.close()


@pytest.mark.parametrize("claim", ["SCRIPT_NAME: /api", "PATH_INFO: /healthz", "X-Forwarded-Proto: https"])
def test_a_caller_on_this_machine_rewrites_nothing_unless_it_is_a_trusted_proxy(
    installation: Installation, claim: str
) -> None:
    assert answered(installation, "/api/v1/shares", claim).startswith(b"HTTP/1.1 401")


def connection(installation: Installation) -> socket.socket:
    host, _, port = installation.base_url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)))


def answered(installation: Installation, path: str, header: str = "Accept: */*", *, wait: float = 20) -> bytes:
    """Ask for a page with one more header, and return the beginning of the answer."""
    host = installation.base_url.removeprefix("http://")
    with connection(installation) as asking:
        asking.settimeout(wait)
        asking.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{header}\r\nConnection: close\r\n\r\n".encode())
        return asking.recv(200)
