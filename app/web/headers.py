"""Headers of every answer: a strict Content-Security-Policy, no caching, no framing, no referrer."""

import secrets

from flask import Flask, Response, g
from flask.globals import request_ctx

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
#: Whatever a view says.
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
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


def install(app: Flask) -> None:
    """Set the headers on every answer."""
    web = app.extensions["portico_config"].web
    hsts = (("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),) if web.secure else ()
    always = tuple((name.lower(), name, value) for name, value in (*_ALWAYS, *hsts))
    unless_set = tuple((name.lower(), name, value) for name, value in _UNLESS_SET)

    def set_headers(response: Response) -> Response:
        headers = response.headers
        # Looked through once: each `setdefault` would look through all of them again.
        there = {name.lower() for name, _ in headers}
        for lower, name, value in always:
            if lower in there:
                headers[name] = value
            else:
                headers.add(name, value)
        for lower, name, value in unless_set:
            if lower not in there:
                headers.add(name, value)
        if "content-security-policy" not in there:
            headers.add("Content-Security-Policy", _policy())
        asked = request_ctx.request
        if asked.endpoint == "static":
            if "v" in asked.args:
                # The address changes with the content.
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif "cache-control" not in there:
            headers.add("Cache-Control", "no-store")
        return response

    app.after_request(set_headers)


def _policy() -> str:
    nonce = getattr(g, "csp_nonce", None)
    return f"{_BASE}; script-src 'nonce-{nonce}'" if nonce else _WITHOUT_SCRIPT
