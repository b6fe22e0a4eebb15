"""A secret is shown once, where it belongs, and nobody reads it from the cookie."""

import base64

import pytest
from flask import Flask, session

from app.core.crypto.keyring import KeyRing
from app.web import reveal


@pytest.fixture
def request_of(key_ring: KeyRing) -> Flask:
    app = Flask("reveal")
    app.secret_key = "only for tests"
    return app


def test_a_secret_is_taken_once(request_of: Flask) -> None:
    with request_of.test_request_context():
        reveal.keep("link:a", "hidden words")
        assert reveal.take("link:a") == "hidden words"
        assert reveal.take("link:a") is None


def test_a_secret_is_shown_where_it_belongs_only(request_of: Flask) -> None:
    with request_of.test_request_context():
        reveal.keep("link:a", "hidden words")
        assert reveal.take("link:b") is None
        assert reveal.take("link:a") == "hidden words"


def test_the_cookie_does_not_hold_it_in_plain(request_of: Flask) -> None:
    with request_of.test_request_context():
        reveal.keep("link:a", "hidden words")
        kept = str(session["revealed"])
        assert b"hidden" not in base64.b64decode(kept)


@pytest.mark.parametrize("kept", ["", "not base64 !", "AAAA", 7, None])
def test_a_cookie_that_somebody_else_made_shows_nothing(request_of: Flask, kept: object) -> None:
    with request_of.test_request_context():
        session["revealed"] = kept
        assert reveal.take("link:a") is None
