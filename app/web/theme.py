"""Light, dark or what the device says: a cookie remembers the choice, the server prints it, so nothing flashes."""

from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from app.web import cookies
from app.web.access import public

_KEPT = timedelta(days=365)


class Theme(StrEnum):
    """The values of `data-theme`; AUTO follows the device."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


blueprint = Blueprint("theme", __name__)


def current() -> Theme:
    """Return the theme the browser asked for."""
    return named(cookies.chosen_theme())


def named(value: str | None) -> Theme:
    """Return the theme that a cookie or a form names; anything unknown is AUTO."""
    if not value:
        return Theme.AUTO
    try:
        return Theme(value)
    except ValueError:
        return Theme.AUTO


@blueprint.post("/theme")
@public("how a page looks is a matter of the browser, not of a person")
def choose() -> Response:
    """Remember the theme and go back to the page it was chosen on."""
    response = redirect(local_path(request.form.get("next")), 303)
    cookies.keep_theme(response, named(request.form.get("theme")), _KEPT)
    return response


def local_path(target: str | None) -> str:
    """Return the target if it is a path on this host, otherwise `/`: a form field must not send people elsewhere."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    # Browsers drop control characters and read a backslash as a slash: `/\host` would leave this host.
    if "\\" in target or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in target):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"
