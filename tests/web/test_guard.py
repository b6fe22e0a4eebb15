"""The guard: hosts, surfaces, origins and what an endpoint has to declare."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.core.config import Config
from app.core.crypto.keyring import KeyRing
from app.web.access import ops, public
from tests import settings
from tests.pages import PageClient

MakePortal = Callable[[Config], Flask]


@pytest.fixture
def two_hosts(make_portal: MakePortal, key_ring: KeyRing, tmp_path: Path) -> Flask:
    config = settings.development(
        tmp_path, key_ring, {"base_url": "http://localhost:8000", "public_url": "http://127.0.0.1:8000"}
    )
    app = make_portal(config)
    app.testing = True
    return app


def status(app: Flask, path: str, host: str) -> int:
    with app.test_client().get(path, base_url=f"http://{host}") as answer:
        return int(answer.status_code)


@pytest.mark.parametrize("host", ["evil.example", "localhost:8001", "127.0.0.1:8000", "localhost"])
def test_an_unknown_host_is_turned_away(app: Flask, host: str) -> None:
    assert status(app, "/sign-in", host) == 400


def test_probes_are_answered_on_any_host(app: Flask) -> None:
    assert status(app, "/healthz", "10.1.2.3") == 200


@pytest.mark.parametrize(
    ("path", "host", "expected"),
    [
        ("/sign-in", "localhost:8000", 200),
        ("/sign-in", "127.0.0.1:8000", 200),
        ("/links/", "127.0.0.1:8000", 404),
        ("/audit/", "127.0.0.1:8000", 404),
        ("/api/v1/shares", "127.0.0.1:8000", 404),
        ("/api/v1/shares", "localhost:8000", 401),
        ("/s/nothing/", "localhost:8000", 404),
        ("/static/css/tokens.css", "127.0.0.1:8000", 200),
    ],
)
def test_each_surface_answers_on_its_own_host_only(two_hosts: Flask, path: str, host: str, expected: int) -> None:
    assert status(two_hosts, path, host) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://[evil"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_post_from_elsewhere_or_without_its_token_is_refused(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().post(
        "/sign-in", base_url="http://localhost:8000", headers=headers, data={"email": "a@example.com", "password": "x"}
    )
    assert answer.status_code == 400


def test_an_origin_that_is_none_is_another_site_also_with_the_token(pages: PageClient) -> None:
    for origin, expected in {"http://[evil": 400, pages.base_url: 422}.items():
        pages.get("/sign-in")
        pages.post("/sign-in", {"email": "", "password": ""}, status=expected, Origin=origin)


def test_a_view_that_declares_nothing_is_never_run(config: Config, make_portal: MakePortal) -> None:
    app = make_portal(config)
    ran: list[int] = []

    def forgotten() -> str:
        ran.append(1)
        return "never shown"

    app.add_url_rule("/forgotten", view_func=forgotten)
    answer = app.test_client().get("/forgotten", base_url="http://localhost:8000")
    assert answer.status_code == 500
    assert ran == []
    assert b"never shown" not in answer.data


def test_declarations_say_why_an_endpoint_is_open() -> None:
    def view() -> str:
        return ""

    assert public("because")(view).__dict__["portico_access"].reason == "because"
    assert ops("probes")(view).__dict__["portico_access"].reason == "probes"


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/healthz"])
def test_every_answer_carries_the_headers(app: Flask, path: str) -> None:
    headers = app.test_client().get(path, base_url="http://localhost:8000").headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Request-Id"]
    assert "Strict-Transport-Security" not in headers


def test_https_installations_send_hsts_and_host_cookies(
    key_ring: KeyRing, tmp_path: Path, make_portal: MakePortal
) -> None:
    config = settings.development(
        tmp_path, key_ring, {"environment": "production", "base_url": "https://portico.example.com"}
    )
    app = make_portal(config)
    answer = app.test_client().get("/sign-in", base_url="https://portico.example.com")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_metrics_need_a_listed_address_or_the_token(key_ring: KeyRing, tmp_path: Path, make_portal: MakePortal) -> None:
    config = settings.development(
        tmp_path, key_ring, {"metrics_token": "watcher-token", "metrics_networks": "10.0.0.0/8"}
    )
    client = make_portal(config).test_client()
    base = "http://localhost:8000"
    assert client.get("/metrics", base_url=base).status_code == 403
    assert client.get("/metrics", base_url=base, headers={"Authorization": "Bearer x"}).status_code == 403
    given = client.get("/metrics", base_url=base, headers={"Authorization": "Bearer watcher-token"})
    assert given.status_code == 200
    assert b"portico_requests_total" in given.data
    listed = client.get("/metrics", base_url=base, environ_base={"REMOTE_ADDR": "10.1.1.1"})
    assert listed.status_code == 200


def test_readiness_names_the_part_that_is_not_ready(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert status(app, "/readyz", "localhost:8000") == 200
    monkeypatch.setattr("app.core.migrations.head", lambda: "later")
    answer = app.test_client().get("/readyz", base_url="http://localhost:8000")
    assert answer.status_code == 503
    assert "portico migrate" in answer.get_json()["parts"]["migrations"]


def test_security_txt_says_whom_to_tell_and_until_when(app: Flask) -> None:
    text = app.test_client().get("/.well-known/security.txt", base_url="http://localhost:8000").text
    assert text.startswith("Contact: ")
    assert "Expires: " in text


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("GET", "/nothing", 404), ("PUT", "/sign-in", 405), ("GET", "/api/v1/nothing", 404)],
)
def test_unknown_addresses_and_methods_get_a_sentence(app: Flask, method: str, path: str, expected: int) -> None:
    answer = app.test_client().open(path, method=method, base_url="http://localhost:8000")
    assert answer.status_code == expected
    if path.startswith("/api/"):
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["status"] == expected
    else:
        assert "<h1" in answer.text


@pytest.mark.parametrize("sent", [["email"], "email", 1, None, {"email": ["a"], "password": {}}], ids=repr)
def test_a_page_takes_forms_and_no_json_whatever_its_shape(pages: PageClient, sent: object) -> None:
    pages.get("/sign-in")
    headers = {"Origin": pages.base_url, "Sec-Fetch-Site": "same-origin", "X-CSRFToken": pages._token() or ""}
    answer = pages.http.post("/sign-in", base_url=pages.base_url, json=sent, headers=headers)
    assert answer.status_code == 422
    assert b"email-error" in answer.data
