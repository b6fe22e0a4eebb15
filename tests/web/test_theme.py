import pytest
from flask import Flask

from app.web import theme
from tests.web.small_site import make


@pytest.fixture(scope="module")
def site() -> Flask:
    app = make()
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [(None, "auto"), ("dark", "dark"), ("light", "light"), ("auto", "auto"), ('"><script>', "auto"), ("", "auto")],
)
def test_the_cookie_decides_the_theme_and_anything_unknown_is_the_devices(
    site: Flask, cookie: str | None, expected: str
) -> None:
    headers = {} if cookie is None else {"Cookie": f"theme_dev={cookie}"}
    with site.test_request_context("/", headers=headers):
        assert theme.current() == expected


def test_choosing_a_theme_sets_the_cookie_and_goes_back(site: Flask) -> None:
    response = site.test_client().post("/theme", data={"theme": "dark", "next": "/links?state=paused"})
    assert (response.status_code, response.location) == (303, "/links?state=paused")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("theme_dev=dark;")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/links?a=b#c", "/links?a=b#c"),
        ("/", "/"),
        (None, "/"),
        ("", "/"),
        ("links", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("/\n/evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_only_a_path_of_this_host_is_gone_back_to(target: str | None, expected: str) -> None:
    assert theme.local_path(target) == expected
