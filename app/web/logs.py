"""Logs: one JSON object a line, with the reference id of the call and never a secret.

Share addresses appear as `/s/…` and the last four characters of their token, everywhere; one-time links likewise.
"""

import json
import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g
from flask.globals import request_ctx

from app.core import clock, context
from app.web import ops

_SECRET_PATH = re.compile(r"/(s|reset|sso/continue)/([A-Za-z0-9_.\-]+)")
_SHOWN_CHARACTERS = 4
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

#: Where the line of each answer goes; None while the level leaves them out.
_answers: structlog.WriteLogger | None = None


def without_token(path: str) -> str:
    """Return a path with the token of a share link or the secret of a one-time address replaced by its last four characters."""
    return _SECRET_PATH.sub(lambda match: f"/{match.group(1)}/…{match.group(2)[-_SHOWN_CHARACTERS:]}", path)


def configure(level: str) -> None:
    """Send all logs of this process to standard error as JSON."""
    global _answers
    _answers = structlog.WriteLogger(sys.stderr) if _number(level) <= logging.INFO else None
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[_drop_meta, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # urllib3 logs whole addresses, which may be signed ones.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    logging.getLogger("huey").setLevel(logging.WARNING)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def install(app: Flask) -> None:
    """Log and count every request."""

    def start() -> None:
        g.started = time.perf_counter()

    def finish(response: Response) -> Response:
        # Asked for once: each use of the global `request` is a look-up of its own.
        asked = request_ctx.request
        seconds = time.perf_counter() - getattr(g, "started", time.perf_counter())
        note(asked.endpoint or "unknown", asked.method, asked.path, response.status_code, seconds, asked.remote_addr)
        return response

    app.before_request(start)
    app.after_request(finish)


def note(endpoint: str, method: str, path: str, status: int, seconds: float, address: str | None) -> None:
    """Count one answer, and log it where answers are logged."""
    # A method that somebody made up would be a row of the metrics for ever.
    ops.requests(endpoint, method if method in _METHODS else "other", str(status)).inc()
    ops.seconds(endpoint).observe(seconds)
    if _answers is None:
        return
    # Written here rather than by structlog's processors, which take four times as long for the line of every request.
    line = {
        "method": method,
        "path": without_token(path),
        "status": status,
        "ms": round(seconds * 1_000, 1),
        "address": address,
        "event": "request",
        "level": "info",
        "timestamp": clock.now().isoformat().replace("+00:00", "Z"),
        "request_id": context.current().request_id,
    }
    _answers.msg(json.dumps(line))


def _add_request_id(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["request_id"] = context.current().request_id
    return event


def _redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and _SECRET_PATH.search(value):
            event[key] = without_token(value)
    return event


def _drop_meta(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)
