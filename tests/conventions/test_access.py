"""Every address declares who may call it, and the guard holds each of them to what it declares.

The walks ask every address as a stranger, from another site, as a guest and as staff without a role; the guard answers
before the view, so that made-up ids in an address do not matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule

from app.core import db
from app.core.accounts.models import Person
from app.core.audit.events import CoreEvent
from app.core.audit.models import AuditEntry
from app.core.config import Config
from app.core.crypto.keyring import KeyRing
from app.core.db import reading, transaction
from app.factory import create_app
from app.web.access import Access, Method, declared
from app.web.surfaces import Surface
from tests import settings
from tests.database import Databases
from tests.factories import people
from tests.pages import PageClient

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BASE = settings.BASE_URL


@dataclass(frozen=True)
class Address:
    """One rule of the map, with what its view declares."""

    rule: Rule
    access: Access

    @property
    def path(self) -> str:
        """The address with made-up values."""
        values = {name: _value(self.rule, name) for name in self.rule.arguments}
        built = self.rule.build(values)
        assert built is not None, self.rule
        return built[1]

    @property
    def changing(self) -> list[str]:
        """The methods that change something."""
        return sorted((self.rule.methods or set()) - _SAFE)

    @property
    def by_token(self) -> bool:
        """Whether programs call it."""
        return Method.BEARER in self.access.methods

    @property
    def closed(self) -> bool:
        """Whether it takes a session to get in."""
        return self.access.reason is None and not self.by_token


def _value(rule: Rule, name: str) -> object:
    return 1 if isinstance(rule._converters[name], IntegerConverter) else "made-up"


def _addresses(app: Flask) -> Iterator[Address]:
    for rule in app.url_map.iter_rules():
        access = declared(app.view_functions[rule.endpoint])
        assert access is not None, f"{rule.endpoint} declares no access"
        yield Address(rule, access)


def test_every_endpoint_declares_its_access(app: Flask) -> None:
    undeclared = [
        rule.endpoint for rule in app.url_map.iter_rules() if declared(app.view_functions[rule.endpoint]) is None
    ]
    assert undeclared == []
    assert len(list(app.url_map.iter_rules())) > 15


def test_an_endpoint_that_declares_nothing_is_never_run(config: Config, databases: Databases) -> None:
    url = databases.fresh()
    made = create_app(settings.on_database(config, url))
    ran = []

    def forgotten() -> str:
        ran.append(True)
        return "secret"

    made.add_url_rule("/forgotten", view_func=forgotten)
    answer = made.test_client().get("/forgotten", base_url=_BASE)
    assert answer.status_code == 500
    assert b"secret" not in answer.data
    assert ran == []
    _dispose(made)
    databases.drop(url)


def test_every_open_endpoint_says_why_it_is_open(app: Flask) -> None:
    reasons = {one.rule.endpoint: one.access.reason for one in _addresses(app) if not one.closed and not one.by_token}
    assert [name for name, reason in reasons.items() if not reason or len(reason) < 10] == []


def test_no_endpoint_is_open_and_asks_for_a_permission(app: Flask) -> None:
    torn = [
        one.rule.endpoint
        for one in _addresses(app)
        if one.access.reason and (one.access.permission or one.access.scope)
    ]
    assert torn == []


def test_the_api_is_called_with_tokens_only(app: Flask) -> None:
    wrong = [
        one.rule.rule
        for one in _addresses(app)
        if one.rule.rule.startswith("/api/")
        and (one.access.surface is not Surface.API or Method.SESSION in one.access.methods)
    ]
    assert wrong == []


def test_every_bearer_endpoint_names_a_scope(app: Flask) -> None:
    assert [one.rule.endpoint for one in _addresses(app) if one.by_token and not one.access.scope] == []


def test_a_post_without_a_token_is_refused_everywhere(app: Flask) -> None:
    answers = {
        f"{method} {one.path}": app.test_client().open(one.path, method=method, base_url=_BASE).status_code
        for one in _addresses(app)
        for method in one.changing
        if not one.by_token and not one.access.cross_site
    }
    assert answers
    assert {name: status for name, status in answers.items() if status != 400} == {}


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
    ids=["cross-site", "same-site", "origin"],
)
def test_a_post_from_another_site_is_refused_everywhere_even_with_a_token(
    app: Flask, pages: PageClient, headers: dict[str, str]
) -> None:
    token = str(pages.get("/sign-in").xpath("string(//input[@name='csrf_token']/@value)")[0])
    answers = {
        f"{method} {one.path}": pages.http.open(
            one.path, method=method, base_url=_BASE, headers=headers, data={"csrf_token": token}
        ).status_code
        for one in _addresses(app)
        for method in one.changing
        if not one.by_token and not one.access.cross_site
    }
    assert {name: status for name, status in answers.items() if status != 400} == {}


def test_only_a_protocol_that_says_so_takes_posts_of_another_site(app: Flask) -> None:
    assert [one.rule.endpoint for one in _addresses(app) if one.access.cross_site and not one.access.reason] == []


def test_a_stranger_is_asked_to_sign_in_everywhere(app: Flask) -> None:
    client = app.test_client()
    for one in _addresses(app):
        if not one.closed or "GET" not in (one.rule.methods or ()):
            continue
        answer = client.get(one.path, base_url=_BASE)
        assert answer.status_code == 303, one.path
        assert answer.headers["Location"].startswith("/sign-in"), one.path


def test_no_program_gets_in_without_a_token(app: Flask) -> None:
    wrong = {}
    for one in _addresses(app):
        for method in sorted((one.rule.methods or set()) - {"OPTIONS", "HEAD"}) if one.by_token else ():
            for headers in ({}, {"Authorization": "Bearer portico_wrong"}, {"Authorization": "Basic eDp5"}):
                status = app.test_client().open(one.path, method=method, base_url=_BASE, headers=headers).status_code
                if status != 401:
                    wrong[f"{method} {one.path} {headers}"] = status
    assert wrong == {}


def test_a_guest_never_learns_that_a_page_of_staff_exists(app: Flask, pages: PageClient) -> None:
    with transaction() as session:
        guest = people.make_guest(session)
    pages.sign_in(guest)
    inside = [one for one in _addresses(app) if one.closed and one.access.staff and "GET" in (one.rule.methods or ())]
    assert inside
    for one in inside:
        pages.get(one.path, status=404)


def test_staff_without_a_role_are_refused_where_a_permission_is_asked_and_it_is_recorded(
    app: Flask, pages: PageClient
) -> None:
    pages.sign_in(_person_without_role())
    guarded = [
        one for one in _addresses(app) if one.closed and one.access.permission and "GET" in (one.rule.methods or ())
    ]
    for one in guarded:
        pages.get(one.path, status=403)
    with reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.event == CoreEvent.REFUSED)).all()
    assert [entry.details["endpoint"] for entry in entries] == [one.rule.endpoint for one in guarded]


def _person_without_role() -> Person:
    with transaction() as session:
        return people.make_person(session, "Nora Norole")


def test_every_page_answers_nothing_on_the_other_host(config: Config, databases: Databases, key_ring: KeyRing) -> None:
    url = databases.fresh()
    links = "http://127.0.0.1:8000"
    two_hosts = settings.development(config.web.data_dir, key_ring, {"public_url": links})
    made = create_app(settings.on_database(two_hosts, url))
    elsewhere = {Surface.APP: links, Surface.API: links, Surface.PUBLIC: _BASE}
    for one in _addresses(made):
        for method in sorted((one.rule.methods or set()) - {"OPTIONS"}) if one.access.surface in elsewhere else ():
            foreign = elsewhere[one.access.surface]
            status = made.test_client().open(one.path, method=method, base_url=foreign).status_code
            assert status == 404, f"{method} {one.path} answered {status} on {foreign}"
    _dispose(made)
    databases.drop(url)


def _dispose(made: Flask) -> None:
    with made.app_context():
        db.db.engine.dispose()


def test_no_address_answers_trace(app: Flask) -> None:
    statuses = {
        one.path: app.test_client().open(one.path, method="TRACE", base_url=_BASE).status_code
        for one in _addresses(app)
    }
    assert {path: status for path, status in statuses.items() if status != 405} == {}


@pytest.mark.parametrize("host", ["evil.example", "localhost:8001", "localhost.evil.example:8000"])
def test_an_unknown_host_is_turned_away(app: Flask, host: str) -> None:
    assert app.test_client().get("/sign-in", base_url=f"http://{host}").status_code == 400
