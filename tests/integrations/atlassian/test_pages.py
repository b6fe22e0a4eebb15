"""Each style of paging, with the oddities that real answers have."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.integrations.atlassian.errors import Unreachable
from app.integrations.atlassian.pages import MAX_PAGES, by_cursor, by_page_token, by_start, by_start_at


class Script:
    """Answers with prepared pages and remembers what was asked."""

    def __init__(self, *pages: Mapping[str, Any]) -> None:
        self.pages = list(pages)
        self.asked: list[Any] = []

    def __call__(self, asked: Any) -> Mapping[str, Any]:
        self.asked.append(asked)
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def _entries(*numbers: int) -> list[dict[str, int]]:
    return [{"n": n} for n in numbers]


def _numbers(found: Any) -> list[int]:
    return [one["n"] for one in found]


@pytest.mark.parametrize(
    ("pages", "starts"),
    [
        ([{"values": _entries(1, 2), "isLast": False}, {"values": _entries(3), "isLast": True}], [0, 2]),
        ([{"values": _entries(1, 2), "total": 3}, {"values": _entries(3), "total": 3}], [0, 2]),
        ([{"values": _entries(1, 2)}, {"values": _entries(3)}, {"values": []}], [0, 2, 3]),
        (
            [{"values": _entries(1), "isLast": False, "maxResults": 1}, {"values": _entries(2, 3), "isLast": True}],
            [0, 1],
        ),
        ([{"values": [], "isLast": False, "maxResults": 2}, {"values": _entries(1, 2, 3), "isLast": True}], [0, 2]),
        ([{"values": _entries(1, 2, 3), "isLast": True, "total": 99}], [0]),
    ],
)
def test_start_at_goes_on_from_what_was_received(pages: list[dict[str, Any]], starts: list[int]) -> None:
    script = Script(*pages)
    assert _numbers(by_start_at(script, page_size=2)) == [1, 2, 3]
    assert [asked["startAt"] for asked in script.asked] == starts


def test_page_tokens_are_followed_to_the_end() -> None:
    script = Script(
        {"issues": _entries(1), "nextPageToken": "a"},
        {"issues": [], "nextPageToken": "b", "isLast": False},
        {"issues": _entries(2), "isLast": True},
    )
    assert _numbers(by_page_token(script)) == [1, 2]
    assert [asked.get("nextPageToken") for asked in script.asked] == [None, "a", "b"]


def test_cursor_links_come_from_the_body_or_the_header() -> None:
    answers: list[tuple[Mapping[str, Any], str | None]] = [
        ({"results": _entries(1), "_links": {"next": "/one"}}, "/ignored"),
        ({"results": _entries(2)}, "/two"),
        ({"results": _entries(3), "_links": {}}, None),
    ]
    asked: list[str | None] = []

    def fetch(link: str | None) -> tuple[Mapping[str, Any], str | None]:
        asked.append(link)
        return answers.pop(0)

    assert _numbers(by_cursor(fetch)) == [1, 2, 3]
    assert asked == [None, "/one", "/two"]


@pytest.mark.parametrize(
    ("pages", "starts"),
    [
        ([{"results": _entries(1, 2), "limit": 2, "size": 2}, {"results": _entries(3), "limit": 2, "size": 1}], [0, 2]),
        ([{"results": _entries(1, 2), "limit": 2}, {"results": _entries(3), "limit": 1}, {"results": []}], [0, 2, 3]),
        ([{"results": _entries(1), "limit": 1}, {"results": _entries(2, 3), "limit": 2}, {"results": []}], [0, 1, 3]),
        ([{"results": _entries(1), "_links": {"next": "/x"}}, {"results": _entries(2, 3)}, {"results": []}], [0, 1, 3]),
    ],
)
def test_start_and_limit_trust_the_servers_own_limit(pages: list[dict[str, Any]], starts: list[int]) -> None:
    script = Script(*pages)
    assert _numbers(by_start(script, page_size=2)) == [1, 2, 3]
    assert [asked["start"] for asked in script.asked] == starts


def test_a_first_page_at_hand_is_not_asked_for_again() -> None:
    script = Script({"results": _entries(3)})
    assert _numbers(by_start(script, first={"results": _entries(1, 2)}, page_size=2)) == [1, 2, 3]
    assert [asked["start"] for asked in script.asked] == [2]


def test_a_list_that_offers_the_same_page_twice_is_nonsense() -> None:
    with pytest.raises(Unreachable):
        list(by_page_token(Script({"issues": _entries(1), "nextPageToken": "a"})))
    with pytest.raises(Unreachable):
        list(by_cursor(lambda _link: ({"results": _entries(1), "_links": {"next": "/a"}}, None)))


def test_a_list_that_does_not_end_is_an_error_and_not_a_partial_result() -> None:
    script = Script({"values": _entries(1), "isLast": False})
    with pytest.raises(Unreachable):
        list(by_start_at(script))
    assert len(script.asked) == MAX_PAGES
    with pytest.raises(Unreachable):
        list(by_start(Script({"results": _entries(1), "_links": {"next": "/x"}})))


@pytest.mark.parametrize("page", [{}, {"values": None}, {"values": {}}, {"values": [1]}])
def test_a_page_of_the_wrong_shape_is_unreachable(page: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        list(by_start_at(Script(page)))
