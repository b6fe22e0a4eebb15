"""Errors become answers here, once per surface: a page, a fragment or problem+json (RFC 9457).

Not allowed to see it is 404; allowed to see it but not to do this is 403. Unexpected errors show a reference id and
nothing else.
"""

from http import HTTPStatus

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from app.core import context
from app.core.errors import Conflict, DomainError, Forbidden, Gone, Invalid, NotFound, TooMany, Unavailable
from app.core.text import Text
from app.web.surfaces import Surface

#: Seconds after which a coarse rate (`app.web.rates`) lets a caller in again.
COARSE_WINDOW_SECONDS = 60

logger = structlog.get_logger(__name__)

_STATUSES: dict[type[DomainError], int] = {
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Invalid: 422,
    Gone: 410,
    TooMany: 429,
    Unavailable: 503,
}


class NotSignedIn(DomainError):
    """Nobody is signed in, or the token is not known."""

    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__(Text("Sign in first."))


class CrossSite(DomainError):
    """A form was sent from another site, or without the cookie that proves it was not."""

    code = "cross_site"

    def __init__(self) -> None:
        super().__init__(Text("This form could not be checked. Go back, reload the page and try again."))


class CookiesNeeded(CrossSite):
    """A form came without the cookie that was set with it; `again` is the address of the page it stands on."""

    code = "cookies_needed"

    def __init__(self, again: str) -> None:
        super().__init__()
        self.again = again


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, on_domain_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_unexpected)


def translated(text: Text) -> str:
    """Return a sentence of core in the reader's language."""
    return text.render(_)


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a domain error."""
    if isinstance(error, NotSignedIn):
        return 401
    if isinstance(error, CrossSite):
        return 400
    for kind in type(error).__mro__:
        if kind in _STATUSES:
            return _STATUSES[kind]
    return 400


def on_domain_error(error: DomainError) -> Response:
    """Answer a domain error."""
    status = status_of(error)
    if status >= 500:
        logger.warning("unavailable", code=error.code, cause=repr(error.__cause__)[:300])
    if isinstance(error, CookiesNeeded):
        return make_response(render_template("errors/cookies_needed.html", again=error.again), status)
    response = _answer(status, error.code, translated(error.sentence), field=getattr(error, "field", None))
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if isinstance(error, NotSignedIn) and _wants_json():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def on_http_error(error: HTTPException) -> Response:
    """Answer what Flask or Werkzeug raised: unknown addresses, wrong methods, bodies that are too large."""
    status = error.code or 500
    sentences = {
        400: _("This request could not be understood."),
        404: _("There is nothing at this address."),
        405: _("This address does not take that method."),
        413: _("This is too large to send."),
        415: _("This kind of content is not taken here. Send JSON."),
        429: _("Too many requests. Wait a moment and try again."),
    }
    response = _answer(status, f"http_{status}", sentences.get(status, HTTPStatus(status).phrase))
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if status == 429:
        # Only the coarse rates arrive here; refusals of features carry their own time, or none.
        response.headers.setdefault("Retry-After", str(COARSE_WINDOW_SECONDS))
    return response


def on_unexpected(error: Exception) -> Response:
    """Answer what nobody foresaw: the trace goes to the log, the reader gets a reference id."""
    logger.error("unexpected error", error=type(error).__name__, exc_info=error)
    return _answer(500, "unexpected", _("Something went wrong here. It was recorded; the reference below names it."))


def problem(status: int, code: str, detail: str, **more: object) -> Response:
    """Return problem+json (RFC 9457 section 3)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    body |= {name: value for name, value in more.items() if value is not None}
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _answer(status: int, code: str, sentence: str, *, field: str | None = None) -> Response:
    reference = context.current().request_id
    if _wants_json():
        return problem(status, code, sentence, field=field, reference=reference)
    if request.headers.get("HX-Request") == "true":
        return make_response(render_template("errors/fragment.html", sentence=sentence, reference=reference), status)
    page = render_template(
        "errors/error.html", status=status, code=code, sentence=sentence, reference=reference, titles=_titles(status)
    )
    return make_response(page, status)


def _wants_json() -> bool:
    access = getattr(g, "access", None)
    return (access is not None and access.surface is Surface.API) or request.path.startswith("/api/")


def _titles(status: int) -> str:
    titles: dict[int, str] = {
        400: _("That did not work"),
        401: _("Sign in to go on"),
        403: _("Not for your role"),
        404: _("Nothing here"),
        405: _("That did not work"),
        409: _("Not possible as things stand"),
        410: _("No longer here"),
        413: _("Too large"),
        422: _("Something to correct"),
        429: _("Too many tries"),
        503: _("Not available at the moment"),
    }
    return titles.get(status) or str(_("Something went wrong"))
