"""Credentials: how they are sent, and that they hide."""

import base64

import pytest

from app.integrations.atlassian.auth import ApiToken


def test_an_api_token_is_sent_as_basic_credentials() -> None:
    header = ApiToken("réader@acme.example", "secret").headers()["Authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "réader@acme.example:secret"


def test_an_api_token_hides_itself() -> None:
    token = ApiToken("reader@acme.example", "canary")
    basic = token.headers()["Authorization"].removeprefix("Basic ")
    assert "canary" not in repr(token) + str(token) + f"{token!s}"
    assert token.redact(f"x canary y {basic} z") == "x … y … z"


@pytest.mark.parametrize(
    ("email", "token"),
    [("", "t"), ("a:b", "t"), ("a@b\r\nX: y", "t"), ("a@b", ""), ("a@b", "t\n"), ("a@b", "t\x00")],
)
def test_values_that_cannot_be_sent_are_refused(email: str, token: str) -> None:
    with pytest.raises(ValueError, match=r"not usable|empty"):
        ApiToken(email, token)
