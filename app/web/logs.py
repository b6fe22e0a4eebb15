"""Logs: one JSON object a line, with the reference id of the call and never a secret.

Share addresses appear as `/s/…` and the last four characters of their token, everywhere; one-time links likewise.
"""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from app.core import context
from app.web import ops

_SECRET_PATH = re.compile(r"/(s|reset|sso/continue)/([A-Za-z0-9_.\-]+)")
_SHOWN_CHARACTERS = 4


def without_token(path: str) -> str:
    """Return a path with the token of a share link or the secret of a one-time address replaced by its last four characters."""
    return _SECRET_PATH.sub(lambda match: f"/{match.group(1)}/…{match.group(2)[-_SHOWN_CHARACTERS:]}", path)


def configure(level: str) -> None:
    """Send all logs of this process to standard error as JSON."""
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
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


def install(app: Flask) -> None:
    """Log and count every request."""
    access = structlog.get_logger("portico.access")

    def start() -> None:
        g.started = time.perf_counter()

    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - getattr(g, "started", time.perf_counter())
        endpoint = request.endpoint or "unknown"
        ops.REQUESTS.labels(endpoint, request.method, str(response.status_code)).inc()
        ops.SECONDS.labels(endpoint).observe(seconds)
        access.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(seconds * 1_000, 1),
            address=request.remote_addr,
        )
        return response

    app.before_request(start)
    app.after_request(finish)


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
