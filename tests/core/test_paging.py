"""Lists in an order, a page at a time: nothing is lost or shown twice, and no cursor does harm."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Engine, cast, func, select

from app.core import db, paging
from app.core.accounts.models import Person
from app.core.paging import Orders
from tests.factories.people import make_person

SIGNED_IN = datetime(2026, 11, 1, 9, tzinfo=UTC)
ORDERS = Orders(
    Person.id,
    name=paging.folded(Person.display_name),
    created=Person.id,
    signed_in=paging.never_first(Person.last_signed_in_at),
)


@pytest.fixture
def people(engine: Engine) -> int:
    """Twenty-three people: names and instants that several share, and seven who never signed in."""
    with db.transaction() as session:
        for number in range(23):
            person = make_person(session, f"name {number % 4}", email=f"p{number}@example.com", password=False)
            if number % 3:
                person.last_signed_in_at = SIGNED_IN + timedelta(hours=number % 5)
    return 23


def read(sort: str, size: int) -> list[Person]:
    """Read the whole list by pages of a size."""
    found, after = [], None
    for _ in range(100):
        with db.reading() as session:
            page = paging.page(session, select(Person), ORDERS.chosen(sort), after, size)
        found += [row.Person for row in page.rows]
        after = page.next
        if after is None:
            return found
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("sort", ["", "name", "-name", "created", "-created", "signed_in", "-signed_in", "nonsense"])
@pytest.mark.parametrize("size", [1, 5, 22, 23, 50])
def test_pages_of_any_size_make_up_the_whole_list_in_order(people: int, sort: str, size: int) -> None:
    found = read(sort, size)
    assert len({person.id for person in found}) == len(found) == people
    never = datetime(1970, 1, 1, tzinfo=UTC)
    keys: dict[str, list[Any]] = {
        "created": [(person.id, person.id) for person in found],
        "signed_in": [(person.last_signed_in_at or never, person.id) for person in found],
    }
    own = keys.get(sort.removeprefix("-"), [(person.display_name, person.id) for person in found])
    assert own == sorted(own, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    "cursor",
    [
        paging.encode("name"),
        paging.encode(5, 5),
        paging.encode("name", "5"),
        paging.encode("name", 2**63),
        paging.encode("na\0me", 5),
        "WyJcdWQ4MDAiLDVd",  # half of a character
        "x" * 2_000,
        "%",
    ],
)
@pytest.mark.parametrize("sort", ["name", "signed_in"])
def test_a_cursor_that_is_none_of_ours_leads_to_the_first_page(people: int, sort: str, cursor: str) -> None:
    with db.reading() as session:
        first = paging.page(session, select(Person), ORDERS.chosen(sort), None, 5)
        assert paging.page(session, select(Person), ORDERS.chosen(sort), cursor, 5).rows == first.rows


@pytest.mark.parametrize("words", ["yesterday", "2026-11-01T09:00:00", "0001-01-01T00:00:00+14:00", ""])
def test_an_instant_that_cannot_be_is_no_place_in_a_list(people: int, words: str) -> None:
    order = ORDERS.chosen("signed_in")
    with db.reading() as session:
        first = paging.page(session, select(Person), order, None, 5)
        assert paging.page(session, select(Person), order, paging.encode(words, 5), 5).rows == first.rows


def test_the_longest_name_there_may_be_leads_on(engine: Engine) -> None:
    with db.transaction() as session:
        for number in range(2):
            make_person(session, "\U0001f3d7" * 120, email=f"l{number}@example.com", password=False)
    assert len(read("name", 1)) == 2


def test_a_list_is_handed_out_whole(people: int) -> None:
    rows = paging.whole(lambda session, after: paging.page(session, select(Person), ORDERS.chosen(""), after, 4))
    assert len(list(rows)) == people


@pytest.mark.parametrize("key", [func.lower(Person.display_name), cast(Person.email, JSON)])
def test_a_column_that_no_cursor_can_hold_is_refused_at_once(key: object) -> None:
    with pytest.raises(TypeError, match="name has no type"):
        Orders(Person.id, name=key)  # type: ignore[arg-type]
