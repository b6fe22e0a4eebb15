import pytest
from flask import Flask

from app.web import tables
from app.web.tables import Column, Direction
from tests.web.small_site import make


@pytest.fixture(scope="module")
def site() -> Flask:
    return make()


@pytest.mark.parametrize(
    ("asked", "default", "direction", "next_sort"),
    [
        ("", None, None, "name"),
        ("?sort=name", None, "ascending", "-name"),
        ("?sort=-name", None, "descending", "name"),
        ("?sort=created", None, None, "name"),
        ("", "ascending", "ascending", "-name"),
        ("", "descending", "descending", "name"),
        ("?sort=created", "ascending", None, "name"),
    ],
)
def test_a_sorted_column_says_its_direction_and_turns_it(
    site: Flask, asked: str, default: Direction | None, direction: Direction | None, next_sort: str
) -> None:
    with site.test_request_context(f"/links{asked}"):
        column = tables.column("Name", sort="name", default=default)
    assert (column.direction, column.sort_url) == (direction, f"/links?sort={next_sort}")


def test_a_column_that_is_not_sorted_by_has_no_address(site: Flask) -> None:
    with site.test_request_context("/links?sort=name"):
        assert tables.column("Owner", numeric=True) == Column("Owner", numeric=True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "/links?q=a+%26+b&group=1&group=2"),
        ({"q": None}, "/links?group=1&group=2"),
        ({"group": 3}, "/links?q=a+%26+b&group=3"),
        ({"after": "xyz"}, "/links?q=a+%26+b&group=1&group=2&after=xyz"),
        ({"q": None, "group": None}, "/links"),
    ],
)
def test_a_change_of_the_query_keeps_the_rest_and_starts_at_the_first_page(
    site: Flask, changes: dict[str, str | int | None], expected: str
) -> None:
    with site.test_request_context("/links?q=a+%26+b&group=1&group=2&after=abc"):
        assert tables.with_query(**changes) == expected
