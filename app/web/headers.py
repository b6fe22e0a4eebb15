"""Headers of every answer: a strict Content-Security-Policy, no caching, no framing, no referrer."""

import secrets

from flask import Flask, Response, g, request

#: Set `g.content_policy` to replace the policy of one answer.
_BASE = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
#: For files that somebody uploaded: nothing runs, nothing loads, and the page has an origin of its own.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
#: For the reader: no script at all.
READER_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
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
    hsts = "max-age=63072000; includeSubDomains" if web.secure else None

    def set_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", _policy())
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        elif "v" in request.args:
            # The address changes with the content.
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if hsts is not None:
            headers["Strict-Transport-Security"] = hsts
        return response

    app.after_request(set_headers)


def _policy() -> str:
    nonce = getattr(g, "csp_nonce", None)
    directives = dict(_BASE)
    directives["script-src"] = f"'nonce-{nonce}'" if nonce else "'none'"
    return "; ".join(f"{name} {value}" for name, value in directives.items())
