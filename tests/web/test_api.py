"""Bodies, cursors and queries of the programming interface, and the sentences for what does not fit."""

from typing import Any

import pytest
from flask import Flask
from pydantic import AwareDatetime, Field
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

from app.core.errors import Invalid
from app.web import api
from app.web.api import Input, PageQuery


class Body(Input):
    """One field of each kind."""

    text: str = Field("", max_length=3)
    count: int = Field(1, ge=1, le=9)
    flag: bool = False
    at: AwareDatetime | None = None
    many: list[str] = Field(default_factory=list, max_length=2)


def read(app: Flask, body: str, kind: str = "application/json") -> Body:
    with app.test_request_context("/api/v1/x", method="POST", data=body, content_type=kind):
        return api.read_body(Body)


def told(app: Flask, body: str) -> dict[str, Any]:
    with pytest.raises(HTTPException) as stopped:
        read(app, body)
    response = stopped.value.response
    assert response is not None
    found: dict[str, Any] = response.get_json()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    ("body", "field"), [('{"text": "a\\u0000"}', "text"), ('{"many": ["a", "\\u0000"]}', "many.1")]
)
def test_nul_is_refused_by_its_place_since_no_database_keeps_it(app: Flask, body: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(app, body)
    assert refused.value.field == field
    # The six characters that spell it are no NUL.
    assert read(app, body.replace("\\u0000", "\\\\u")).flag is False


def test_a_good_body_is_read(app: Flask) -> None:
    found = read(app, '{"text": "abc", "at": "2026-12-01T10:00:00+01:00", "many": ["a"]}')
    assert (found.text, found.many) == ("abc", ["a"])
    assert found.at is not None
    assert found.at.utcoffset() is not None


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ('{"text": 1}', "text", "Give text in quotes."),
        ('{"text": "abcd"}', "text", "Use at most 3 characters."),
        ('{"count": "1"}', "count", "Give a whole number."),
        ('{"count": 0}', "count", "Give 1 or more."),
        ('{"count": 10}', "count", "Give 9 or less."),
        ('{"flag": 1}', "flag", "Give true or false."),
        ('{"at": "2026-12-01T10:00:00"}', "at", "Give the time with its offset, such as 2026-12-31T18:00:00+01:00."),
        ('{"many": {}}', "many", "Give a list."),
        ('{"many": ["a", "b", "c"]}', "many", "Give at most 2 entries."),
        ('{"many": [1]}', "many.0", "Give text in quotes."),
        ('{"else": 1}', "else", "There is no such field."),
        ("[]", "", "Give an object."),
    ],
)
def test_each_field_gets_a_sentence(app: Flask, body: str, field: str, sentence: str) -> None:
    found = told(app, body)
    assert (found["status"], found["code"]) == (422, "not_valid")
    assert found["errors"] == [{"field": field, "detail": sentence}]


def test_what_was_sent_is_not_repeated_in_the_answer(app: Flask) -> None:
    assert "hunter2" not in str(told(app, '{"count": "hunter2", "text": ["hunter2"]}'))


def test_no_more_than_twenty_errors_are_told(app: Flask) -> None:
    many = ", ".join(f'"field{number}": 1' for number in range(500))
    assert len(told(app, f"{{{many}}}")["errors"]) == 20


def test_a_body_of_another_kind_is_not_read(app: Flask) -> None:
    with pytest.raises(UnsupportedMediaType):
        read(app, "text=abc", kind="text/plain")


def test_a_page_is_cut_and_goes_on_at_its_last_row() -> None:
    rows, following = api.page([9, 8, 7], 2, lambda row: row)
    assert list(rows) == [9, 8]
    assert following is not None
    assert api.after(PageQuery(cursor=following)) == 8
    assert api.page([9, 8], 2, lambda row: row) == ([9, 8], None)
    assert api.after(PageQuery()) is None


@pytest.mark.parametrize("cursor", ["", "8", "OA==", "LTE", "é", "MDg", "OTk5OTk5OTk5OTk5OTk5OTk5OTk"])
def test_a_cursor_that_was_not_given_here_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        api.after(PageQuery(cursor=cursor))
