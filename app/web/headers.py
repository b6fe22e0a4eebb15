"""Headers of every answer: a strict Content-Security-Policy, no caching, no framing, no referrer."""

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, g
from flask.globals import request_ctx

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

_BASE = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_WITHOUT_SCRIPT = f"{_BASE}; script-src 'none'"
#: For files that somebody uploaded: nothing runs, nothing loads, and the page has an origin of its own.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
#: For the reader: no script at all.
READER_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Names a request in the logs, the trail and on error pages.
REFERENCE = "X-Request-Id"
#: Whatever a view says.
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_HSTS = (("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),)
_NOT_KEPT = ("Cache-Control", "no-store")
_UNLESS_SET = (
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow"),
)


def csp_nonce() -> str:
    """Return the nonce of this answer's scripts; asking for it is what allows them."""
    if not hasattr(g, "csp_nonce"):
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def standing(*, secure: bool) -> tuple[tuple[str, str], ...]:
    """Return the headers of every page, but for its policy and its reference id."""
    return (*_ALWAYS, *(_HSTS if secure else ()), *_UNLESS_SET, _NOT_KEPT)


def install(app: Flask) -> None:
    """Set the headers on every answer as it leaves, past the checks that Werkzeug makes of each, though eight never change."""
    web = app.extensions["portico_config"].web
    always = (*_ALWAYS, *(_HSTS if web.secure else ()))
    fixed = frozenset(name.lower() for name, _ in always)
    unless_set = tuple((name.lower(), (name, value)) for name, value in _UNLESS_SET)
    inner: WsgiApp = app.wsgi_app

    def complete(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        there = {name.lower() for name, _ in headers}
        kept = headers if fixed.isdisjoint(there) else [one for one in headers if one[0].lower() not in fixed]
        found = [*kept, *always, *(header for lower, header in unless_set if lower not in there)]
        if "content-security-policy" not in there:
            found.append(("Content-Security-Policy", _policy()))
        asked = request_ctx.request
        if asked.endpoint == "static" and "v" in asked.args:
            # The address changes with the content.
            found = [one for one in found if one[0].lower() != "cache-control"]
            found.append(("Cache-Control", "public, max-age=31536000, immutable"))
        elif "cache-control" not in there and asked.endpoint != "static":
            found.append(_NOT_KEPT)
        return found

    def with_headers(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            told = complete(headers)
            return start_response(status, told, exc_info) if exc_info else start_response(status, told)

        return inner(environ, start)

    app.wsgi_app = with_headers  # type: ignore[method-assign]


def _policy() -> str:
    nonce = getattr(g, "csp_nonce", None)
    return f"{_BASE}; script-src 'nonce-{nonce}'" if nonce else _WITHOUT_SCRIPT
