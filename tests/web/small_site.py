"""A small application with the templates and nothing else, for what layouts and components promise by themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_babel import Babel
from flask_wtf import CSRFProtect

from app.core.accounts.actor import Actor, ActorKind
from app.core.config import load
from app.core.permissions import Permission
from app.web import templating

ROOT = Path(__file__).parents[2]
INES = Actor(
    ActorKind.PERSON,
    name="Ines Duarte",
    email="ines@acme.example",
    time_zone="Europe/Berlin",
    permissions=frozenset({Permission.LINKS_OWN_MANAGE}),
)


@dataclass(frozen=True)
class Acme:
    """The organisation of the tests."""

    name: str = "Acme Tools"
    contact: str = "help@acme.example"
    privacy_url: str = "https://acme.example/privacy"
    time_zone: str = "Asia/Tokyo"


def make(static_folder: Path | None = None) -> Flask:
    """Return the application, with the theme blueprint as its only pages."""
    app = Flask(
        "small_site",
        root_path=str(ROOT),
        template_folder="templates",
        static_folder=str(static_folder or ROOT / "static"),
        static_url_path="/static",
    )
    app.config.update(SECRET_KEY="only for tests", TESTING=True)
    Babel(app)
    CSRFProtect(app)
    # The names of cookies depend on whether the site is reached by https.
    app.extensions["portico_config"] = load({"PORTICO_ENVIRONMENT": "development"})
    templating.install(app)
    return app


@contextmanager
def looked_at_by(person: Actor | None, organisation: Callable[[], templating.Organisation] = Acme) -> Iterator[None]:
    """Answer `viewer()` and `organisation()` for the length of the block."""
    before = templating._viewer, templating._organisation
    templating.provide_viewer(lambda: person)
    templating.provide_organisation(organisation)
    try:
        yield
    finally:
        templating._viewer, templating._organisation = before
