"""Every shape of error body that was seen, as a table."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.atlassian.error_bodies import MAX_MESSAGE_LENGTH, MAX_MESSAGES, messages, tidy


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errorMessages": ["Issue does not exist."], "errors": {}}, ("Issue does not exist.",)),
        ({"errorMessages": [], "errors": {"summary": "Too long."}, "status": 400}, ("summary: Too long.",)),
        ({"message": "Client must be authenticated", "status-code": 401}, ("Client must be authenticated",)),
        (
            {"errorMessage": "No such request.", "i18nErrorMessage": {"i18nKey": "k", "parameters": []}},
            ("No such request.",),
        ),
        (
            {
                "statusCode": 404,
                "data": {"authorized": False, "valid": True, "errors": [], "successful": False},
                "message": "Gone?",
            },
            ("Gone?",),
        ),
        (
            {
                "statusCode": 400,
                "data": {"errors": [{"message": {"key": "k", "translation": "Bad id.", "args": []}}]},
                "message": "",
            },
            ("Bad id.",),
        ),
        ({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": None}]}, ("Not Found",)),
        (
            {"errors": [{"id": "1", "status": "404", "code": "ADMIN-404-8", "title": "Not found", "detail": "No org"}]},
            ("Not found: No org",),
        ),
        ({"errors": [{"code": "INVALID_REQUEST_PARAMETER"}]}, ("INVALID_REQUEST_PARAMETER",)),
        ({"code": 401, "message": "Unauthorized; scope does not match"}, ("Unauthorized; scope does not match",)),
        ({"timestamp": "t", "status": 403, "error": "Forbidden", "message": "No", "path": "/x"}, ("No",)),
        ({"key": "forbidden.targetUnverified", "context": {}}, ("forbidden.targetUnverified",)),
        ({"schemas": ["urn:x"], "status": "409", "scimType": "uniqueness", "detail": "Exists."}, ("Exists.",)),
        ({"error": "Unauthorized", "traceId": "1"}, ("Unauthorized",)),
        ({"reason": "USER_NOT_FOUND", "message": "User <x> does not exist"}, ("User <x> does not exist",)),
        ([{"message": "one"}, {"message": "one"}, {"message": "two"}], ("one", "two")),
        ({"errorMessages": "no list", "errors": 3, "data": [], "message": {"a": 1}}, ()),
        ({}, ()),
        ("text", ()),
        (None, ()),
    ],
)
def test_each_shape_yields_its_sentences(body: Any, said: tuple[str, ...]) -> None:
    assert messages(json.dumps(body).encode()) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b"<error><reason>USER_NOT_FOUND</reason><message>No user &lt;x&gt;</message></error>",
            ("USER_NOT_FOUND", "No user <x>"),
        ),
        (b"<!DOCTYPE html><html><title>Log in</title></html>", ()),
        (b"", ()),
        (b"\xff\xfe\x00", ()),
        (b'{"message": "cut', ()),
        (b"[" * 100_000, ()),
        (b"Basic auth with password is not allowed", ()),
    ],
)
def test_other_bodies_yield_a_sentence_or_nothing(body: bytes, said: tuple[str, ...]) -> None:
    assert messages(body) == said


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("See https://media.example/file/1?token=SECRET&x=1 for more", "See https://media.example/… for more"),
        ("https://reader:SECRET@acme.atlassian.net/path/SECRET", "https://acme.atlassian.net/…"),
        ("one\r\ntwo\x00\x1b[31m", "one two [31m"),
        ("a" * 1000, "a" * (MAX_MESSAGE_LENGTH - 1) + "…"),
    ],
)
def test_sentences_are_cleaned(text: str, clean: str) -> None:
    assert tidy(text) == clean


def test_the_number_of_sentences_is_bounded() -> None:
    assert len(messages(json.dumps({"errorMessages": [str(n) for n in range(100)]}).encode())) == MAX_MESSAGES


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.booleans(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["errors", "errorMessages", "message", "data", "detail", "title", "key"]), inner
            )
        ),
    )
)
def test_no_json_breaks_the_reader(body: Any) -> None:
    for one in messages(json.dumps(body).encode()):
        assert one
        assert len(one) <= MAX_MESSAGE_LENGTH
