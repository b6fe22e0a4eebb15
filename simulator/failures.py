"""Failures on order: each is a rule that says which requests it meets, how often, and what goes wrong.

Modes that need the true answer (slow, drip, truncate) let the request through and spoil what comes back.
"""

import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import Request, Response

from simulator.answers import error_for, reply
from simulator.state import Site


class Mode(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    RATE_LIMIT = "rate_limit"
    DELAY = "delay"
    DRIP = "drip"
    TRUNCATE = "truncate"
    RESET = "reset"
    HTML = "html"
    EMPTY = "empty"
    GARBAGE = "garbage"
    ENDLESS = "endless"
    REDIRECT = "redirect"
    HEADERS = "headers"


@dataclass
class Failure:
    """One rule; `count` is how many more requests it meets, nothing meaning all of them."""

    mode: Mode
    path: str = ".*"
    method: str | None = None
    account: str | None = None
    server: str = "site"
    count: int | None = None
    skip: int = 0
    status: int = 503
    seconds: float = 1.0
    retry_after: int | None = 1
    reason: str = "jira-burst-based"
    location: str = ""
    keep: float = 0.5
    headers: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the rule as the control interface shows it."""
        return asdict(self)


def meets(site: Site, server: str, request: Request, account: str | None) -> Failure | None:
    """Find the first rule for a request and use it once."""
    with site.lock:
        for failure in site.failures:
            if not isinstance(failure, Failure) or not _matches(failure, server, request, account):
                continue
            if failure.skip:
                failure.skip -= 1
                continue
            if failure.count is not None:
                failure.count -= 1
                if failure.count <= 0:
                    site.failures.remove(failure)
            return failure
    return None


def _matches(failure: Failure, server: str, request: Request, account: str | None) -> bool:
    return (
        failure.server in (server, "any")
        and failure.method in (None, request.method)
        and failure.account in (None, account)
        and re.fullmatch(failure.path, request.path) is not None
    )


def instead(failure: Failure, request: Request) -> Response | None:
    """Return the answer given in place of the true one, or nothing where the true one is needed."""
    match failure.mode:
        case Mode.STATUS:
            return error_for(request.path, failure.status, f"Ordered failure {failure.status}")
        case Mode.RATE_LIMIT:
            return _rate_limited(failure)
        case Mode.HTML:
            page = "<!DOCTYPE html><html><head><title>Log in</title></head><body><h1>Log in</h1></body></html>"
            return Response(page, content_type="text/html;charset=UTF-8")
        case Mode.EMPTY:
            return Response(b"", content_type="application/json")
        case Mode.GARBAGE:
            return Response(b'{"results": [}, \xff\xfe', content_type="application/json")
        case Mode.ENDLESS:
            return Response(_endless(), content_type="application/json")
        case Mode.REDIRECT:
            return Response(status=302, headers={"Location": failure.location})
        case Mode.RESET:
            return Response(_reset(request.environ.get("werkzeug.socket")))
        case _:
            return None


def spoil(failure: Failure, response: Response) -> Response:
    """Spoil the true answer."""
    match failure.mode:
        case Mode.DELAY:
            time.sleep(failure.seconds)
        case Mode.DRIP:
            response.response = _drip(response.get_data(), failure.seconds)
        case Mode.TRUNCATE:
            body = response.get_data()
            # The announced length stays that of the whole, as when a connection breaks on the way.
            response.response = [body[: int(len(body) * failure.keep)]]
            response.headers["Content-Length"] = str(len(body))
        case Mode.HEADERS:
            response.headers.update(failure.headers)
        case _:
            pass
    return response


def _rate_limited(failure: Failure) -> Response:
    response = reply({"code": 429, "message": "Rate limit exceeded."}, 429)
    wait = failure.retry_after if failure.retry_after is not None else 30
    reset = (datetime.now(UTC) + timedelta(seconds=wait)).isoformat(timespec="seconds").replace("+00:00", "Z")
    response.headers["X-RateLimit-Limit"] = "100"
    response.headers["X-RateLimit-Remaining"] = "0"
    response.headers["X-RateLimit-Reset"] = reset
    response.headers["RateLimit-Reason"] = failure.reason
    if failure.retry_after is not None:
        response.headers["Retry-After"] = str(failure.retry_after)
    return response


def _endless() -> Iterator[bytes]:
    yield b'{"results": ['
    while True:
        yield b'{"id": "1"},' * 4096


def _drip(body: bytes, seconds: float) -> Iterator[bytes]:
    for index in range(len(body)):
        time.sleep(seconds)
        yield body[index : index + 1]


def _reset(connection: socket.socket | None) -> Iterator[bytes]:
    """Close the connection with a reset instead of an answer (SO_LINGER of zero)."""
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The descriptor is laid over with another one: the connection is closed at once, and with it reset, while
        # Werkzeug, which looks at it once more, finds a socket that has ended.
        ended, other = socket.socketpair()
        os.dup2(ended.fileno(), connection.fileno())
        ended.close()
        other.close()
    yield from ()
    raise ConnectionResetError
