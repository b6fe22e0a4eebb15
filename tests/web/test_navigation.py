import pytest
from flask import Flask

from app.core.accounts.actor import Actor, ActorKind
from app.core.permissions import Permission
from app.web import navigation
from app.web.navigation import NavItem, Section
from tests.web.small_site import INES, make


@pytest.fixture(scope="module")
def site() -> Flask:
    app = make()
    for rule in ("/links", "/links/new", "/links/<name>", "/people", "/audit"):
        app.add_url_rule(rule, endpoint=rule, view_func=lambda **_values: "")
    for section, endpoint, permission, order in (
        (Section.AUDIT, "/audit", Permission.AUDIT_ENTRIES_READ, 10),
        (Section.SHARE, "/links/new", Permission.LINKS_OWN_MANAGE, 20),
        (Section.SHARE, "/links", (Permission.LINKS_OWN_MANAGE, Permission.LINKS_ALL_READ), 10),
        (Section.PEOPLE, "/people", None, 10),
    ):
        navigation.register(app, NavItem(section, endpoint, endpoint, permission, "link", order))
    return app


def menu(site: Flask, path: str, person: Actor | None) -> list[tuple[str, list[str]]]:
    with site.test_request_context(path):
        return [
            (section.title, [item.url + ("*" if item.selected else "") for item in section.items])
            for section in navigation.visible(person)
        ]


def test_a_person_sees_the_places_their_role_opens_in_their_order(site: Flask) -> None:
    assert menu(site, "/links", INES) == [("Share", ["/links*", "/links/new"]), ("People", ["/people"])]


def test_any_of_several_permissions_opens_a_place(site: Flask) -> None:
    auditor = Actor(ActorKind.PERSON, permissions=frozenset({Permission.LINKS_ALL_READ, Permission.AUDIT_ENTRIES_READ}))
    assert menu(site, "/audit", auditor) == [("Share", ["/links"]), ("People", ["/people"]), ("Audit", ["/audit*"])]


def test_a_stranger_has_no_menu(site: Flask) -> None:
    assert menu(site, "/links", None) == []


@pytest.mark.parametrize(
    ("path", "selected"),
    [("/links/new", "/links/new*"), ("/links/spring", "/links*"), ("/people", "/people*"), ("/theme", None)],
)
def test_the_nearest_place_above_a_page_is_selected(site: Flask, path: str, selected: str | None) -> None:
    marked = [item for _title, items in menu(site, path, INES) for item in items if item.endswith("*")]
    assert marked == ([selected] if selected else [])
