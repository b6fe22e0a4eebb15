"""Limits on attempts: counted before anything costly, per network, and over after their window."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from app.core import clock, db, ratelimit
from app.core.ratelimit import Attempt, Limit, network_of, take
from tests.conftest import NOW

FIVE = Limit("tests", 5, 60)
TWO = Limit("tests-other", 2, 3_600)


def attempt(*keys: str, limit: Limit = FIVE) -> ratelimit.Taken:
    with db.transaction() as session:
        return take(session, *((limit, key) for key in keys))


def test_the_sixth_attempt_is_refused_and_says_how_long(engine: Engine, held_clock: datetime) -> None:
    assert all(attempt("a").allowed for _ in range(5))
    refused = attempt("a")
    assert not refused.allowed
    assert 1 <= refused.retry_after <= 61
    assert attempt("b").allowed


def test_a_new_window_starts_anew(engine: Engine, held_clock: datetime) -> None:
    for _ in range(6):
        attempt("a")
    with clock.at(NOW + timedelta(seconds=61)):
        assert attempt("a").allowed


def test_hammering_counts_on_every_limit(engine: Engine, held_clock: datetime) -> None:
    with db.transaction() as session:
        take(session, (FIVE, "x"), (TWO, "x"))
        take(session, (FIVE, "x"), (TWO, "x"))
        taken = take(session, (FIVE, "x"), (TWO, "x"))
    assert not taken.allowed
    assert taken.scope == TWO.scope
    with db.reading() as session:
        assert not ratelimit.reached(session, FIVE, "x")
        assert ratelimit.reached(session, TWO, "x")


def test_keys_cannot_be_read_from_the_table(engine: Engine) -> None:
    attempt("ada@example.com")
    with db.reading() as session:
        assert "ada@" not in session.scalars(select(Attempt.key)).one()


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_address_counts_as_its_64(address: str | None, counted: str) -> None:
    assert network_of(address) == counted


def test_windows_that_are_over_are_deleted(engine: Engine, held_clock: datetime) -> None:
    attempt("a")
    with clock.at(NOW + timedelta(hours=2)):
        ratelimit.purge()
    with db.reading() as session:
        assert session.scalars(select(Attempt)).all() == []
