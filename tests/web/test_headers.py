"""Headers that every answer carries, and for how long a browser may keep which."""

import pytest
from flask import Flask, Response

from app.web.access import ops


def headers_of(app: Flask, path: str) -> dict[str, str]:
    with app.test_client().get(path, base_url="http://localhost:8000") as answer:
        return dict(answer.headers)


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/static/css/tokens.css", "/s/nothing/"])
def test_every_answer_says_what_it_may_do(app: Flask, path: str) -> None:
    headers = headers_of(app, path)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/sign-in", "no-store"),
        ("/nowhere", "no-store"),
        ("/static/css/tokens.css?v=0123456789ab", "public, max-age=31536000, immutable"),
        ("/static/css/tokens.css", "no-cache"),
    ],
)
def test_only_an_address_that_changes_with_its_content_is_kept(app: Flask, path: str, expected: str) -> None:
    assert headers_of(app, path)["Cache-Control"] == expected


def test_a_view_may_choose_what_is_only_a_default_and_nothing_else(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    @ops("a view of this test")
    def view() -> Response:
        return Response("here", headers={"Referrer-Policy": "same-origin", "X-Content-Type-Options": "sniff"})

    monkeypatch.setitem(app.view_functions, "ops.healthz", view)
    with app.test_client().get("/healthz", base_url="http://localhost:8000") as answer:
        assert answer.headers.getlist("Referrer-Policy") == ["same-origin"]
        assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
