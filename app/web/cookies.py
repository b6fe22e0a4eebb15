"""The cookies there are, and how each is written.

`portico` holds the secret of a signed-in session, `visitor` one random id per browser, `form` Flask's signed cookie
(CSRF token, flashes, whether somebody signed out; never an identity). In production each has the `__Host-` prefix; over
http in development it has not, since scripts and Safari do not send Secure cookies there.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response as BaseResponse

from app.core.crypto import tokens
from app.core.crypto.keyring import KeyRing, Purpose
from app.web.surfaces import config

#: Browsers are asked to keep their id this long; grants live in the database and end much sooner.
VISITOR_LIFETIME = timedelta(days=180)
_SIGNED_OUT = "signed_out"


class FormValues(SessionMixin):
    """What the signed cookie holds, verified and read when it is first asked for: most requests never ask."""

    def __init__(self, load: Callable[[], dict[str, Any]]) -> None:
        self._load = load
        self._values: dict[str, Any] | None = None
        self.accessed = False
        self.modified = False

    def _read(self) -> dict[str, Any]:
        if self._values is None:
            self._values = self._load()
        self.accessed = True
        return self._values

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._read()[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._read()[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class FormSession(SecureCookieSessionInterface):
    """Flask's signed cookie, with SHA-256 where Flask has SHA-1, and read only where it is needed."""

    digest_method = staticmethod(hashlib.sha256)
    salt = "portico-form"

    def open_session(self, app: Flask, request: Request) -> FormValues:  # type: ignore[override]
        """Return the values, not read yet."""
        opened = super().open_session
        return FormValues(lambda: dict(opened(app, request) or {}))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where something in it was changed or has to be refreshed."""
        if session.accessed:
            super().save_session(app, session, response)


@dataclass(frozen=True)
class Sent:
    """What a browser sent of the cookies that a page of a link depends on."""

    browser_digest: str | None
    session_digest: str | None
    #: What the theme cookie says; anybody may have written it.
    theme: str | None


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


def note_signed_out() -> None:
    """Remember in the form cookie that somebody chose to leave, until the next sign-in."""
    session[_SIGNED_OUT] = True


def signed_out() -> bool:
    """Tell whether somebody chose to leave in this browser, and nobody signed in since."""
    return bool(session.get(_SIGNED_OUT))


def sent_in(environ: dict[str, Any], *, secure: bool) -> Sent:
    """Return what was sent with a request that no application has seen yet."""
    found = parse_cookie(environ)
    browser, secret = (_plausible(found.get(_name(name, secure))) for name in ("visitor", "portico"))
    return Sent(
        tokens.digest(browser) if browser else None,
        tokens.digest(secret) if secret else None,
        found.get(_name("theme", secure)),
    )


def has_form_cookie() -> bool:
    """Tell whether the browser kept the cookie that came with a form."""
    return _sent("form") is not None


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


def last_way() -> str | None:
    """Return the way this browser signed in by last; anybody may have written it."""
    return _sent("way")


def keep_way(response: BaseResponse, way: str) -> None:
    """Remember the way that somebody signed in by, so that it stands first next time."""
    _write(response, "way", way, VISITOR_LIFETIME)


def chosen_theme() -> str | None:
    """Return what the theme cookie says; anybody may have written it."""
    return _sent("theme")


def keep_theme(response: BaseResponse, theme: str, lifetime: timedelta) -> None:
    """Remember a theme in the browser."""
    _write(response, "theme", theme, lifetime)


def _sent(name: str) -> str | None:
    # `get` would raise and catch an error for a cookie that was not sent, on nearly every page.
    sent = request.cookies.getlist(_name(name, config().web.secure))
    return sent[0] if sent else None


def _read(name: str) -> str | None:
    return _plausible(_sent(name))


def _plausible(value: str | None) -> str | None:
    return value if value is not None and 32 <= len(value) <= 128 else None


def _write(response: BaseResponse, name: str, value: str, lifetime: timedelta | None) -> None:
    secure = config().web.secure
    response.set_cookie(
        _name(name, secure), value, max_age=lifetime, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def _name(name: str, secure: bool) -> str:
    return f"__Host-{name}" if secure else f"{name}_dev"
