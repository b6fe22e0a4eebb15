"""What every template can rely on: the globals, the filters and the strictness.

`install(app)` is called once by the factory. Who is looking and whose portal it is are not known here: the two providers
are registered by the parts that know, and templates reach them as `viewer()` and `organisation()`.
"""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, current_app, g, url_for
from flask_babel import get_locale, gettext
from jinja2 import StrictUndefined
from markupsafe import Markup
from werkzeug.routing import BuildError

from app.core import clock
from app.core.accounts.actor import Actor
from app.core.text import Text
from app.web import fields, navigation, panels, tables, theme
from app.web.headers import csp_nonce

#: Unit names of file sizes; a step is 1,000, as Atlassian's products show them.
_UNITS = ("B", "KB", "MB", "GB", "TB")

#: Nearer than this, an instant is "just now": clocks differ by more.
_JUST_NOW = timedelta(seconds=45)

#: How many colours avatars have (`--color-tint-1` … in static/css/tokens.css).
_TINTS = 6


class Organisation(Protocol):
    """Whose portal it is, as the run-time settings say it; shown to strangers."""

    @property
    def name(self) -> str: ...
    @property
    def contact(self) -> str: ...
    @property
    def privacy_url(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True)
class Shell:
    """Endpoints the app shell leads to; what is not registered is left out of the page."""

    home: str = "account.home"
    search: str = "share_links.list_links"
    profile: str = "account.profile"
    sign_out: str = "account.sign_out"
    help: str = "account.help_page"


@dataclass(frozen=True)
class _Unnamed:
    """The organisation until settings are there."""

    name: str = "Portico"
    contact: str = ""
    privacy_url: str = ""
    time_zone: str = "UTC"


def _nobody() -> Actor | None:
    return None


_viewer: Callable[[], Actor | None] = _nobody
_organisation: Callable[[], Organisation] = _Unnamed


def install(app: Flask, *, shell: Shell | None = None) -> None:
    """Give the application's templates their globals and filters, and make undefined names an error."""
    shell = shell or Shell()
    navigation.install(app)
    panels.install(app)
    app.register_blueprint(theme.blueprint)
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.globals.update(
        asset=asset,
        csp_nonce=csp_nonce,
        endpoint_url=endpoint_url,
        language=language,
        navigation=lambda: navigation.visible(viewer()),
        organisation=organisation,
        shell=shell,
        theme=theme.current,
        viewer=viewer,
        with_query=tables.with_query,
        column=tables.column,
        **fields.template_globals(field_suffix=_zone_beside),
    )
    environment.filters.update(timestamp=timestamp, relative=relative, filesize=filesize, sentence=sentence, tint=tint)


def provide_viewer(provider: Callable[[], Actor | None]) -> None:
    """Register what answers `viewer()`: the signed-in person of the current request, or None."""
    global _viewer
    _viewer = provider


def provide_organisation(provider: Callable[[], Organisation]) -> None:
    """Register what answers `organisation()`, read anew in each request so that a changed setting shows at once."""
    global _organisation
    _organisation = provider


def viewer() -> Actor | None:
    """Return the signed-in person, or None for a stranger."""
    return _viewer()


def organisation() -> Organisation:
    """Return whose portal it is; asked for once in a request, however often a page says it."""
    if "organisation" not in g:
        g.organisation = _organisation()
    found: Organisation = g.organisation
    return found


def language() -> str:
    """Return the page's language as a BCP 47 tag."""
    return str(get_locale() or "en").replace("_", "-")


def endpoint_url(endpoint: str, **values: str | int) -> str | None:
    """Return the address of an endpoint, or None where no such endpoint is registered."""
    try:
        return url_for(endpoint, **values)  # type: ignore[arg-type]  # its own keywords begin with _
    except BuildError:
        return None


def asset(path: str) -> str:
    """Return the address of a static file; it changes with the content, so that it may be cached for good."""
    digest = _digest(path)
    return url_for("static", filename=path, v=digest) if digest else url_for("static", filename=path)


def _digest(path: str) -> str | None:
    file = Path(current_app.static_folder or "") / path
    try:
        return _content_digest(file, file.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _content_digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def own_zone() -> str | None:
    """Return the name of the zone the person chose, or None for strangers and where nothing was chosen."""
    person = viewer()
    return person.time_zone if person else None


def viewer_zone() -> ZoneInfo:
    """Return the zone that instants are shown in: the person's own, otherwise the organisation's."""
    return _zone(own_zone() or organisation().time_zone)


def _full(instant: datetime) -> str:
    zone = viewer_zone()
    words = format_datetime(instant, "d MMM yyyy, HH:mm", tzinfo=zone, locale=get_locale() or "en")
    return words if own_zone() else f"{words} {instant.astimezone(zone).tzname()}"


def _time(instant: datetime, words: str, extra: Markup) -> Markup:
    machine = instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}"{}>{}</time>').format(machine, extra, words)


def timestamp(instant: datetime) -> Markup:
    """Show an aware instant as `12 Dec 2026, 14:05`; with the zone's abbreviation where it is not their own."""
    return _time(instant, _full(instant), Markup(""))


def relative(instant: datetime) -> Markup:
    """Show an aware instant as `3 hours ago` or `in 2 days`, with the full one as its title."""
    distance = instant - clock.now()
    words = (
        gettext("just now")
        if abs(distance) < _JUST_NOW
        else format_timedelta(distance, add_direction=True, locale=get_locale() or "en")
    )
    return _time(instant, words, Markup(' data-relative title="{}"').format(_full(instant)))


def sentence(text: Text) -> str:
    """Say a sentence of core in the reader's language."""
    return text.render(gettext)


def filesize(size: int) -> str:
    """Show a number of bytes as `820 B`, `1.2 MB`."""
    amount, unit = float(size), 0
    while amount >= 999.95 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    pattern = "#,##0" if unit == 0 else "#,##0.#"
    return f"{format_decimal(amount, pattern, locale=get_locale() or 'en')} {_UNITS[unit]}"


def tint(name: str) -> int:
    """Return which of the avatar colours a name has; the same one everywhere."""
    return zlib.crc32(name.encode()) % _TINTS + 1


def _zone_beside() -> str:
    """Return the zone's name as forms show it: `Europe/Berlin (CET)`."""
    zone = viewer_zone()
    return f"{zone.key} ({clock.now().astimezone(zone).tzname()})"
