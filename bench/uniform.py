"""Whether a stranger can tell why a link does not open from how long the answer takes.

Valid tokens of links in five states, and one of them twice: the difference between the two is what chance makes of
none. In each turn every series is asked once, in random order, over one connection.
"""

import random
import socket
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter_ns
from typing import Self

from bench.servers import Portal

CONTROL = "unknown, again"
BASE = "unknown"
_WARM_UP = 200


@dataclass(frozen=True)
class Series:
    """The times of one state in microseconds, sorted."""

    name: str
    times: tuple[float, ...]

    def percentile(self, number: int) -> float:
        return quantiles(self.times, n=100)[number - 1]

    @property
    def median(self) -> float:
        return median(self.times)


@dataclass(frozen=True)
class Spread:
    """All series, and whether the answers were byte for byte the same."""

    series: tuple[Series, ...]
    same_bytes: bool


def measure(portal: Portal, *, samples: int) -> Spread:
    """Ask `samples` times for each state and time each answer from its first byte out to its last byte in."""
    closed = portal.tokens.closed
    tokens = {**closed, CONTROL: closed[BASE]}
    times: dict[str, list[float]] = {name: [] for name in tokens}
    bodies: set[bytes] = set()
    names = list(tokens)
    requests = {
        name: f"GET /s/{token}/ HTTP/1.1\r\nHost: localhost:{portal.port}\r\n\r\n".encode()
        for name, token in tokens.items()
    }
    with _Line(portal.port) as line:
        for turn in range(samples + _WARM_UP):
            random.shuffle(names)
            for name in names:
                began = perf_counter_ns()
                body = line.ask(requests[name])
                took = (perf_counter_ns() - began) / 1_000
                if turn >= _WARM_UP:
                    times[name].append(took)
                    bodies.add(body)
    series = tuple(Series(name, tuple(sorted(found))) for name, found in times.items())
    return Spread(series, len(bodies) == 1)


class _Line:
    """One keep-alive connection; answers are read by their Content-Length."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """Send a request and return the body of its answer."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 404 "):
            raise RuntimeError(f"this is not the page for closed links: {head[:100]!r}")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._received()
        return body

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _received(self) -> bytes:
        found = self._socket.recv(65_536)
        if not found:
            raise RuntimeError("the portal closed the connection")
        return found
