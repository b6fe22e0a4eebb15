"""`create_app()`: the one module that knows every part, and the order in which they are put together."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from flask_babel import Babel

from app.core import db as database
from app.core import models as core_models
from app.core.config import Config, load
from app.core.crypto import ring
from app.core.jobs import outbox
from app.core.jobs.worker import run_job
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.start import engine_options, start
from app.core.text import Text
from app.web import cookies, errors, gallery, guard, headers, identity, logs, ops, rates, templating
from app.web.access import Access, declare
from app.web.converters import CONVERTERS
from app.web.language import locale_of
from app.web.proxies import TrustedProxies
from app.web.surfaces import Surface

if TYPE_CHECKING:
    from app.core.jobs.queue import WakeUps

ROOT = Path(__file__).resolve().parents[1]
#: Larger request bodies are turned away unread.
MAXIMUM_BODY_BYTES = 1_048_576

__all__ = ["core_models", "create_app", "features"]


class Portal(Flask):
    """The application; all of its functions are plain ones."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: asking of each of a dozen, in every request, whether it is a coroutine costs more than some of them."""
        return func


def create_app(config: Config | None = None) -> Flask:
    """Put the application together. Raises ConfigurationError and KeyRingError, with what to do."""
    config = config or load()
    start(config)
    app = Portal("portico", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.extensions["portico_config"] = config
    app.config.update(MAX_CONTENT_LENGTH=MAXIMUM_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MAXIMUM_BODY_BYTES)
    app.url_map.converters.update(CONVERTERS)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _database(app, config)
    logs.configure(config.operations.log_level)
    _jobs(app, config)
    _web(app, config)
    registry.register("organisation", Text("Organisation"), OrganisationSettings)
    for feature in features():
        feature.register(app)
    if config.web.development:
        gallery.install(app)
    _declare_static(app)
    if config.web.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, config.web.trusted_proxies)  # type: ignore[method-assign]
    return app


def features() -> list[Any]:
    """Return the wiring of every feature, in the order of the menu."""
    from app.features.account import wiring as account
    from app.features.admin import wiring as admin
    from app.features.audit_log import wiring as audit_log
    from app.features.share_links import wiring as share_links
    from app.features.sso import wiring as sso

    return [account, share_links, admin, sso, audit_log]


def _database(app: Flask, config: Config) -> None:
    if config.database.database_url is None:
        config.web.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = config.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(config)
    database.db.init_app(app)
    with app.app_context():
        database.prepare(database.db.engine)
        database.bind(database.db.engine)


def _jobs(app: Flask, config: Config) -> None:
    @cache
    def queue() -> "WakeUps":
        # Huey brings the clients of all its stores along, 20 MB of them: loaded with the first job.
        from app.core.jobs import queue as wake_ups

        return wake_ups.open_with(config, run_job)

    outbox.on_commit(lambda job_id: queue().wake(job_id))
    app.extensions["portico_queue"] = queue


def _web(app: Flask, config: Config) -> None:
    # The order matters: first who is calling and when, then whether they may, then what the page needs.
    app.before_request(guard.set_context)
    logs.install(app)
    rates.install(app, config)
    cookies.install(app, ring.current(), config.web.secure)
    guard.install(app)
    headers.install(app)
    app.after_request(guard.answer_with_request_id)
    errors.install(app)
    # Without a selector the default is made of its name again in every request.
    Babel(app, locale_selector=lambda: locale_of(request.environ))
    templating.install(app)
    templating.provide_viewer(identity.actor_or_none)
    templating.provide_organisation(lambda: registry.get(OrganisationSettings))
    ops.install(app)


def _declare_static(app: Flask) -> None:
    declare(app.view_functions["static"], Access(Surface.EITHER, frozenset(), staff=False, reason="style and script"))
