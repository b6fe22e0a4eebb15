"""What features show on the page of a person: each adds its panel in its wiring, the page prints what may be seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask, current_app
from sqlalchemy.orm import Session

from app.core.permissions import Permission

_EXTENSION = "portico.panels"


class Permitted(Protocol):
    """Somebody whose permissions can be asked for."""

    def may(self, permission: Permission) -> bool: ...


@dataclass(frozen=True)
class Panel:
    """A part of the page of a person."""

    #: A template that reads `panel.found`.
    template: str
    permission: Permission
    #: Reads by the public id of the person what the template shows; None where there is nothing to say.
    read: Callable[[Session, str], Any | None]


@dataclass(frozen=True)
class ShownPanel:
    """A panel with what was found."""

    template: str
    found: Any


def install(app: Flask) -> None:
    """Start without panels."""
    app.extensions.setdefault(_EXTENSION, [])


def register(app: Flask, panel: Panel) -> None:
    """Add a panel."""
    app.extensions.setdefault(_EXTENSION, []).append(panel)


def of_person(session: Session, viewer: Permitted, public_id: str) -> tuple[ShownPanel, ...]:
    """Return the panels about a person that the viewer may see, in the order in which they were added."""
    panels: list[Panel] = current_app.extensions[_EXTENSION]
    read = [(one.template, one.read(session, public_id)) for one in panels if viewer.may(one.permission)]
    return tuple(ShownPanel(template, found) for template, found in read if found is not None)
