"""Running wrk and reading what it prints."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1_000.0}
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_DONE = re.compile(r"(\d+) requests in")
_OTHERS = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_SOCKETS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")


@dataclass(frozen=True)
class Shot:
    """One measurement: answers a second, latency at two percentiles, and how many answers were errors."""

    rate: float
    p50_ms: float
    p99_ms: float
    answers: int
    #: Answers that are neither 2xx nor 3xx.
    errors: int
    socket_errors: int


def shoot(url: str, seconds: int, *, cookie: str = "", connections: int = CONNECTIONS) -> Shot:
    """Ask for `url` on keep-alive connections as fast as it is answered, from one thread."""
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--latency"]
    if cookie:
        command += ["--header", f"Cookie: {cookie}"]
    printed = subprocess.run([*command, url], stdout=subprocess.PIPE, check=True, text=True, cwd=Path(__file__).parent)
    return _read(printed.stdout)


def _read(text: str) -> Shot:
    rate, done = _RATE.search(text), _DONE.search(text)
    if rate is None or done is None:
        raise RuntimeError(f"wrk said something else:\n{text}")
    others, sockets = _OTHERS.search(text), _SOCKETS.search(text)
    return Shot(
        rate=float(rate.group(1)),
        p50_ms=_percentile(text, "50%"),
        p99_ms=_percentile(text, "99%"),
        answers=int(done.group(1)),
        errors=int(others.group(1)) if others else 0,
        socket_errors=sum(int(count) for count in sockets.groups()) if sockets else 0,
    )


def _percentile(text: str, name: str) -> float:
    found = re.search(rf"^\s+{re.escape(name)}\s+([\d.]+)(us|ms|s)", text, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk printed no {name}:\n{text}")
    return float(found.group(1)) * _UNITS[found.group(2)]
