"""Coarse request rates, by Flask-Limiter: what writes or is asked by programs, counted per network.

They keep a flood from the database. Guessing is limited elsewhere, in the database (`app.core.ratelimit`): these counters
are a process's own, or Redis's where that wakes the workers.
"""

from typing import Any

from flask import Flask, request
from flask.globals import request_ctx
from flask_limiter import Limiter

from app.core import ratelimit
from app.core.config import Config

#: Fifty a second from one address, or one /64, to each process.
RATE = "3000 per minute"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, config: Config) -> None:
    """Count requests that write, and all of the API's; beyond the rate they are answered 429 with Retry-After."""
    url = config.queue.queue_url.get_secret_value() if config.queue.queue_url else ""
    shared = url.startswith(("redis://", "rediss://"))
    limiter = Limiter(
        _network,
        storage_uri=url if shared else "memory://",
        # While Redis is away each process counts by itself.
        in_memory_fallback=[RATE] if shared else [],
        application_limits=[RATE],
        application_limits_exempt_when=_is_reading,
    )
    limiter.init_app(app)
    _leave_reading_alone(app)


def _leave_reading_alone(app: Flask) -> None:
    """Replace the hooks that were just installed: asking them about every page costs a fifth of what a page does.

    The one after an answer only writes headers that were not asked for, the one at the end only forgets the request.
    """
    check = app.before_request_funcs[None].pop()
    app.after_request_funcs[None].pop()
    app.teardown_request_funcs[None].pop()

    def count() -> Any:
        return None if _is_reading() else check()

    app.before_request(count)


def _network() -> str:
    return ratelimit.network_of(request.remote_addr)


def _is_reading() -> bool:
    asked = request_ctx.request
    return asked.method in _READING and not asked.path.startswith("/api/")
