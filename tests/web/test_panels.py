"""Panels of features on the page of a person: only where there is something, and only for who may see it."""

from typing import Any

from flask import Flask

from app.core.accounts.actor import Actor, ActorKind
from app.core.db import reading
from app.core.permissions import Permission
from app.web import panels
from app.web.panels import Panel, ShownPanel


def test_a_panel_is_shown_to_who_may_see_it_where_there_is_something(app: Flask) -> None:
    asked: list[str] = []

    def read(_session: object, public_id: str) -> Any:
        asked.append(public_id)
        return "something" if public_id == "mira" else None

    small = Flask(__name__)
    panels.install(small)
    panels.register(small, Panel("a.html", Permission.ADMIN_SSO_READ, read))
    may = Actor(ActorKind.PERSON, permissions=frozenset({Permission.ADMIN_SSO_READ}))
    may_not = Actor(ActorKind.PERSON)
    with small.app_context(), reading() as db:
        assert panels.of_person(db, may, "mira") == (ShownPanel("a.html", "something"),)
        assert panels.of_person(db, may, "bo") == ()
        assert panels.of_person(db, may_not, "mira") == ()
    assert asked == ["mira", "bo"]
