"""Coarse rates: what writes and the API, per network; reading pages is not counted."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.core.config import Config
from app.web import rates

BASE = "http://localhost:8000"


@pytest.fixture
def slow_app(config: Config, make_portal: Callable[[Config], Flask], monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(rates, "RATE", "3 per minute")
    return make_portal(config)


def test_beyond_the_rate_a_program_is_told_when_to_come_back(slow_app: Flask) -> None:
    client = slow_app.test_client()
    statuses = [client.get("/api/v1/shares", base_url=BASE).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    refused = client.get("/api/v1/shares", base_url=BASE)
    assert refused.content_type == "application/problem+json"
    assert int(refused.headers["Retry-After"]) > 0


def test_another_network_has_its_own_count(slow_app: Flask) -> None:
    client = slow_app.test_client()
    for _ in range(4):
        client.get("/api/v1/shares", base_url=BASE)
    other = client.get("/api/v1/shares", base_url=BASE, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert other.status_code == 401


def test_reading_pages_is_not_counted(slow_app: Flask) -> None:
    client = slow_app.test_client()
    assert {client.get("/sign-in", base_url=BASE).status_code for _ in range(6)} == {200}


def test_forms_are_counted_and_answered_with_a_page(slow_app: Flask) -> None:
    client = slow_app.test_client()
    answers = [client.post("/sign-in", base_url=BASE, data={"email": "a@example.com"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    assert "Wait a moment" in answers[-1].text
