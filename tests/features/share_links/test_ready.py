"""Reading again is answered before the application: with its very answer, and by the facts of that instant."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask, request, request_started
from sqlalchemy import Engine

from app.core import clock
from app.features.share_links.gates import forged
from app.features.share_links.gates.opening import Asked
from app.features.share_links.reading import freshness, sheets
from app.features.share_links.reading.sheets import Approach
from app.web import ops
from tests.database import Kind
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, opened, share
from tests.features.share_links.test_fail_closed import unwritable
from tests.pages import PageClient


@contextmanager
def asking(app: Flask) -> Iterator[list[str]]:
    """Collect the paths with which the application is troubled."""
    paths: list[str] = []

    def note(_app: Flask) -> None:
        paths.append(request.path)

    with request_started.connected_to(note, app):
        yield paths


@pytest.fixture
def shared(world: World, pages: PageClient) -> Shared:
    """A link that the client has opened and read: its page is finished."""
    made = share(world)
    opened(pages, made)
    pages.get(made.path)
    return made


def test_a_finished_page_is_the_applications_own_answer(shared: Shared, app: Flask, pages: PageClient) -> None:
    with asking(app) as troubled:
        again = pages.get(shared.path)
        assert troubled == []
        # The same browser by another spelling of the host is answered by the application.
        own = pages.http.get(shared.path, environ_overrides={"HTTP_HOST": "LOCALHOST:8000"})
        assert troubled == [shared.path]
    assert own.status_code == 200
    assert again.body == own.data
    assert {name: value for name, value in again.headers.items() if name != "X-Request-Id"} == {
        name: value for name, value in own.headers.items() if name != "X-Request-Id"
    }
    assert again.headers["X-Request-Id"] != own.headers["X-Request-Id"]


def test_it_is_counted_like_any_answer(shared: Shared, pages: PageClient) -> None:
    counter = ops.requests(forged.ENDPOINT, "GET", "200")
    before = counter._value.get()
    pages.get(shared.path)
    assert counter._value.get() == before + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda shared: shared.change(revoked_at=clock.now()),
        lambda shared: shared.change(paused_at=clock.now()),
        lambda shared: shared.change(expires_at=clock.now() - timedelta(seconds=1)),
        lambda shared: shared.change(opens_at=clock.now() + timedelta(days=1)),
        lambda shared: shared.change(networks={"schema": 1, "networks": ["203.0.113.0/24"]}),
        lambda shared: shared.change(conditions_version=2),
        lambda shared: shared.change(generation=1),
    ],
    ids=["revoked", "paused", "expired", "not yet open", "other networks", "tightened", "new address"],
)
def test_what_changed_since_bites_at_the_next_request(
    shared: Shared, pages: PageClient, change: Callable[[Shared], None]
) -> None:
    assert "MS Aurora Nord" in pages.get(shared.path).text
    change(shared)
    answer = pages.http.get(shared.path, base_url=pages.base_url)
    assert answer.status_code in (200, 403, 404, 410)
    assert b"MS Aurora Nord" not in answer.data


def test_another_browser_gets_its_gate(shared: Shared, pages: PageClient) -> None:
    assert "MS Aurora Nord" not in pages.another().get(shared.path).text


def test_each_look_has_a_page_of_its_own(shared: Shared, app: Flask, pages: PageClient) -> None:
    pages.set_cookie("theme", "dark")
    dark = pages.get(shared.path)
    assert 'data-theme="dark"' in dark.source
    with asking(app) as troubled:
        assert pages.get(shared.path).body == dark.body
    assert troubled == []


def test_what_was_checked_long_ago_is_for_the_application(shared: Shared, app: Flask, pages: PageClient) -> None:
    shared.change_target(checked_at=clock.now() - timedelta(seconds=61))
    with asking(app) as troubled:
        pages.get(shared.path)
    assert troubled == [shared.path]


def test_while_the_trail_cannot_be_written_the_application_says_so(
    shared: Shared, pages: PageClient, engine: Engine, database_kind: Kind
) -> None:
    with unwritable(engine, database_kind):
        assert "MS Aurora Nord" not in pages.get(shared.path, status=503).text


def test_what_goes_wrong_is_met_and_answered_by_the_application(
    shared: Shared, app: Flask, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("nobody expected this")

    with monkeypatch.context() as patch, asking(app) as troubled:
        patch.setattr(freshness, "is_fresh", broken)
        assert "reference" in pages.get(shared.path, status=500).text.lower()
    assert troubled == [shared.path]
    assert "MS Aurora Nord" in pages.get(shared.path).text


def test_facts_are_read_once_for_a_request(shared: Shared, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Asked] = []
    approach = sheets.approach

    def counted(asked: Asked) -> Approach:
        looks.append(asked)
        return approach(asked)

    monkeypatch.setattr(sheets, "approach", counted)
    stranger = pages.another()
    for number in (1, 2):
        # From the second time on with the cookie of the form.
        assert stranger.get(shared.path).forms
        assert len(looks) == number
