"""The menu of the app shell: each feature adds its items in its wiring, the layout prints what the person may open."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext

from app.core.permissions import Permission
from app.web.surfaces import Surface, absolute

_EXTENSION = "portico.navigation"
_OUTSIDE = "portico.navigation.outside"


class Section(StrEnum):
    """The headings of the side navigation, in their order."""

    SHARE = "Share"
    PEOPLE = "People"
    ADMINISTRATION = "Administration"
    AUDIT = "Audit"


#: The same words for the catalogue, which only sees literal calls.
_TITLES = {
    Section.SHARE: lazy_gettext("Share"),
    Section.PEOPLE: lazy_gettext("People"),
    Section.ADMINISTRATION: lazy_gettext("Administration"),
    Section.AUDIT: lazy_gettext("Audit"),
}


class Permitted(Protocol):
    """Somebody whose permissions can be asked for."""

    def may(self, permission: Permission) -> bool: ...


@dataclass(frozen=True)
class NavItem:
    """One place in the menu."""

    section: Section
    #: A `lazy_gettext` string: it is registered once and read in every language.
    label: str
    endpoint: str
    #: What the page needs; of several, any one; None where signing in is enough.
    permission: Permission | tuple[Permission, ...] | None
    #: A name of templates/components/icon.html.
    icon: str
    order: int = 100


@dataclass(frozen=True)
class ShownItem:
    """An item as the layout prints it."""

    label: str
    endpoint: str
    icon: str
    url: str
    selected: bool


@dataclass(frozen=True)
class ShownSection:
    """A heading with its items; never empty."""

    title: str
    items: tuple[ShownItem, ...]


@dataclass(frozen=True)
class OutsidePlace:
    """One place for people who never see the app; their page on the host of links leads there."""

    #: A `lazy_gettext` string.
    label: str
    #: On the host of links.
    endpoint: str
    #: Whether it is there now.
    offered: Callable[[], bool]


def install(app: Flask) -> None:
    """Start an empty menu."""
    app.extensions.setdefault(_EXTENSION, [])
    app.extensions.setdefault(_OUTSIDE, [])


def register(app: Flask, item: NavItem) -> None:
    """Add an item to the menu."""
    items: list[NavItem] = app.extensions.setdefault(_EXTENSION, [])
    items.append(item)


def register_outside(app: Flask, place: OutsidePlace) -> None:
    """Add a place for people outside."""
    app.extensions.setdefault(_OUTSIDE, []).append(place)


def outside() -> list[tuple[str, str]]:
    """Return label and address of each place that people outside find now."""
    places: list[OutsidePlace] = current_app.extensions[_OUTSIDE]
    return [(str(one.label), absolute(url_for(one.endpoint), Surface.PUBLIC)) for one in places if one.offered()]


def visible(person: Permitted | None) -> list[ShownSection]:
    """Return the sections the person has something in; nothing for a stranger."""
    if person is None:
        return []
    items: list[NavItem] = [item for item in current_app.extensions[_EXTENSION] if _may_open(person, item)]
    urls = {item.endpoint: url_for(item.endpoint) for item in items}
    selected = _selected(urls)
    sections = []
    for section in Section:
        shown = tuple(
            ShownItem(str(item.label), item.endpoint, item.icon, urls[item.endpoint], item.endpoint == selected)
            for item in sorted(items, key=lambda item: item.order)
            if item.section == section
        )
        if shown:
            sections.append(ShownSection(str(_TITLES[section]), shown))
    return sections


def _may_open(person: Permitted, item: NavItem) -> bool:
    if item.permission is None:
        return True
    wanted = item.permission if isinstance(item.permission, tuple) else (item.permission,)
    return any(person.may(permission) for permission in wanted)


def _selected(urls: dict[str, str]) -> str | None:
    """Return the endpoint whose page this is or lies below: the item with the longest matching path."""
    if request.endpoint in urls:
        return request.endpoint
    below = [
        (len(url), endpoint)
        for endpoint, url in urls.items()
        if url != "/" and request.path.startswith(url.rstrip("/") + "/")
    ]
    return max(below)[1] if below else None
