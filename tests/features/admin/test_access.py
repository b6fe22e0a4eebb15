"""Who may open and change what: each page as allowed, as forbidden, and as a stranger."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.accounts.models import Group, Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from tests.factories.connections import make_connection
from tests.factories.people import (
    make_administrator,
    make_auditor,
    make_author,
    make_customer,
    make_foreign_group,
    make_group,
    make_guest,
)
from tests.pages import PageClient

#: What an auditor reads.
READ = (
    "/admin/people",
    "/admin/people/{person}",
    "/admin/groups",
    "/admin/groups/{group}",
    "/admin/groups/{foreign}",
    "/admin/connections",
    "/admin/connections/{connection}",
    "/admin/settings/organisation",
    "/admin/settings/organisation",
    "/admin/jobs",
    "/admin/jobs?tab=done",
)
#: Lists as files: for whoever reads the list.
FILES = ("/admin/people.csv", "/admin/groups.csv", "/admin/groups/{group}/members.csv")
#: What only an administrator opens.
MANAGE = (
    "/admin/people/new",
    "/admin/people/{person}/edit",
    "/admin/people/{person}/deactivate",
    "/admin/people/{person}/accounts/{connection}",
    "/admin/groups/new",
    "/admin/groups/{group}/edit",
    "/admin/groups/{group}/roles",
    "/admin/connections/new",
    "/admin/connections/{connection}/edit",
)
#: What only an administrator does.
POSTS = (
    "/admin/people/new",
    "/admin/people/{person}/edit",
    "/admin/people/{person}/deactivate",
    "/admin/people/{person}/reactivate",
    "/admin/people/{person}/one-time-link",
    "/admin/people/{person}/end-sessions",
    "/admin/people/{person}/accounts/{connection}",
    "/admin/people/{person}/accounts/{connection}/remove",
    "/admin/groups/new",
    "/admin/groups/{group}/edit",
    "/admin/groups/{group}/roles",
    "/admin/groups/{group}/delete",
    "/admin/groups/{group}/members",
    "/admin/groups/{group}/members/{person}/remove",
    "/admin/connections/new",
    "/admin/connections/{connection}/edit",
    "/admin/connections/{connection}/test",
    "/admin/connections/{connection}/switch-off",
    "/admin/connections/{connection}/switch-on",
    "/admin/connections/{connection}/remove",
    "/admin/settings/organisation",
    "/admin/jobs/1/retry",
)


@dataclass(frozen=True)
class House:
    """Something of each kind, and the addresses of it."""

    names: dict[str, str]

    def __call__(self, path: str) -> str:
        return path.format(**self.names)


@pytest.fixture
def house(app: Flask) -> House:
    with transaction() as db:
        person = make_author(db, "Bo Lind")
        group: Group = make_group(db, "Partners", person)
        foreign = make_foreign_group(db)
        connection: Connection = make_connection(db)
        return House(
            {
                "person": person.public_id,
                "group": group.public_id,
                "foreign": foreign.public_id,
                "connection": connection.public_id,
            }
        )


def enter(pages: PageClient, make: Callable[[Session], Person]) -> PageClient:
    with transaction() as db:
        person = make(db)
    pages.sign_in(person)
    return pages


@pytest.mark.parametrize("path", [*READ, *FILES, *MANAGE])
def test_an_administrator_opens_every_page(pages: PageClient, house: House, path: str) -> None:
    enter(pages, make_administrator).get(house(path))


@pytest.mark.parametrize("path", READ)
def test_an_auditor_reads_it_and_finds_no_button_that_changes(pages: PageClient, house: House, path: str) -> None:
    page = enter(pages, make_auditor).get(house(path))
    own = [form for form in page.forms if not form.action.startswith(("/theme", "/sign-out"))]
    assert [form.action for form in own if form.method == "post"] == []
    assert not any(href.endswith(("/new", "/edit", "/deactivate", "/roles")) for href in page.links.values())


@pytest.mark.parametrize("path", MANAGE)
def test_an_auditor_does_not_open_what_changes(pages: PageClient, house: House, path: str) -> None:
    enter(pages, make_auditor).get(house(path), status=403)


@pytest.mark.parametrize("path", POSTS)
def test_an_auditor_changes_nothing(pages: PageClient, house: House, path: str) -> None:
    enter(pages, make_auditor).get("/profile")
    pages.post(house(path), status=403)
    with reading() as db:
        refused = db.scalar(select(AuditEntry.details).order_by(AuditEntry.id.desc()).limit(1))
        assert refused is not None
        assert refused["reason"] == "permission"
        assert db.scalar(select(func.count()).select_from(Connection)) == 1


@pytest.mark.parametrize("path", FILES)
def test_an_auditor_takes_lists_along(pages: PageClient, house: House, path: str) -> None:
    assert enter(pages, make_auditor).get(house(path)).headers["Content-Disposition"].endswith('.csv"')


@pytest.mark.parametrize("path", [*READ, *FILES])
def test_an_author_is_refused(pages: PageClient, house: House, path: str) -> None:
    enter(pages, make_author).get(house(path), status=403)


@pytest.mark.parametrize("make", [make_guest, make_customer])
@pytest.mark.parametrize("path", [*READ, *FILES, *MANAGE])
def test_guests_and_customers_find_nothing_there(
    pages: PageClient, house: House, path: str, make: Callable[[Session], Person]
) -> None:
    enter(pages, make).get(house(path), status=404)


@pytest.mark.parametrize("path", [*READ, *FILES, *MANAGE, "/admin/settings"])
def test_strangers_are_asked_to_sign_in(pages: PageClient, house: House, path: str) -> None:
    assert pages.get(house(path), status=303).location.startswith("/sign-in?next=/admin/")


@pytest.mark.parametrize("path", POSTS)
def test_a_stranger_changes_nothing(pages: PageClient, house: House, path: str) -> None:
    pages.get("/sign-in")
    pages.post(house(path), status=401)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/people/unknown",
        "/admin/people/%00",
        "/admin/people/unknown/edit",
        "/admin/people/unknown/deactivate",
        "/admin/groups/unknown",
        "/admin/groups/unknown/edit",
        "/admin/groups/unknown/roles",
        "/admin/connections/unknown",
        "/admin/connections/unknown/edit",
        "/admin/settings/unknown",
    ],
)
def test_what_does_not_exist_is_not_found(pages: PageClient, app: Flask, path: str) -> None:
    enter(pages, make_administrator).get(path, status=404)


def test_the_menu_shows_what_somebody_may_open(pages: PageClient, app: Flask) -> None:
    page = enter(pages, make_auditor).get("/admin/people")
    assert {"People", "Groups", "Connections", "Settings", "Jobs"} <= set(page.links)
    page = enter(pages.another(), make_author).get("/profile")
    assert not {"People", "Groups", "Connections", "Settings", "Jobs"} & set(page.links)
