"""The cookies there are, and how each is written.

`portico` holds the secret of a signed-in session, `visitor` one random id per browser, `form` Flask's signed cookie
(CSRF token and flashes, never an identity). In production each has the `__Host-` prefix; over http in development it
has not, since scripts and Safari do not send Secure cookies there.
"""

import hashlib
from datetime import timedelta

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

from app.core.crypto import tokens
from app.core.crypto.keyring import KeyRing, Purpose
from app.web.surfaces import config

#: Browsers are asked to keep their id this long; grants live in the database and end much sooner.
VISITOR_LIFETIME = timedelta(days=180)


class FormSession(SecureCookieSessionInterface):
    """Flask's signed cookie, with SHA-256 where Flask has SHA-1."""

    digest_method = staticmethod(hashlib.sha256)
    salt = "portico-form"


def install(app: Flask, ring: KeyRing, secure: bool) -> None:
    """Set up Flask's signed cookie with the key ring."""
    newest, *older = reversed(ring.all_derived(Purpose.FORMS))
    app.config.update(
        SECRET_KEY=newest,
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME=_name("form", secure),
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )
    app.session_interface = FormSession()


def session_secret() -> str | None:
    """Return the secret of the session cookie, if the browser sent one of a plausible size."""
    return _read("portico")


def set_session_secret(response: Response, secret: str) -> None:
    """Give the browser a session; the cookie ends with the browser, the row ends it earlier."""
    _write(response, "portico", secret, None)


def clear_session_secret(response: Response) -> None:
    """Take the session away from the browser."""
    secure = config().web.secure
    response.delete_cookie(_name("portico", secure), path="/", secure=secure, httponly=True, samesite="Lax")


def has_form_cookie() -> bool:
    """Tell whether the browser kept the cookie that came with a form."""
    return _name("form", config().web.secure) in request.cookies


def browser_id() -> str | None:
    """Return the browser's random id, if it has one."""
    return _read("visitor")


def browser_digest() -> str | None:
    """Return what is stored of the browser's id."""
    found = browser_id()
    return tokens.digest(found) if found else None


def ensure_browser_id(response: Response, chosen: str | None = None) -> None:
    """Give the browser an id where it has none; only in answers to a POST."""
    if browser_id() is None:
        _write(response, "visitor", chosen or tokens.new_secret(), VISITOR_LIFETIME)


def _read(name: str) -> str | None:
    value = request.cookies.get(_name(name, config().web.secure))
    return value if value is not None and 32 <= len(value) <= 128 else None


def _write(response: Response, name: str, value: str, lifetime: timedelta | None) -> None:
    secure = config().web.secure
    response.set_cookie(
        _name(name, secure), value, max_age=lifetime, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def _name(name: str, secure: bool) -> str:
    return f"__Host-{name}" if secure else f"{name}_dev"
