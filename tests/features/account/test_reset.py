"""One-time links: looking writes nothing, one use counts, and a used one looks like an unknown one."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.accounts import service
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import OneTimeLink, Person
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from tests.factories.people import OTHER_PASSWORD, PASSWORD, make_person
from tests.pages import PageClient

OVER = "This link does not work any more"


@pytest.fixture
def ines(app: Flask) -> Person:
    with transaction() as db:
        return make_person(db)


@pytest.fixture
def address(ines: Person) -> str:
    with transaction() as db:
        secret, _ = service.issue_one_time_link(db, SYSTEM, db.get_one(Person, ines.id))
    return f"/reset/{secret}"


def rows() -> tuple[int, int]:
    with reading() as db:
        entries = db.scalar(select(func.count()).select_from(AuditEntry)) or 0
        used = db.scalar(select(func.count()).select_from(OneTimeLink).where(OneTimeLink.used_at.is_not(None))) or 0
    return entries, used


def test_looking_at_the_link_writes_nothing(pages: PageClient, address: str) -> None:
    before = rows()
    assert pages.get(address).heading == "Set your password"
    assert rows() == before


def test_the_link_sets_the_password_and_ends_the_sessions(pages: PageClient, ines: Person, address: str) -> None:
    elsewhere = pages.another()
    elsewhere.sign_in(ines)
    pages.get(address)
    assert pages.submit("Set password", {"new_password": OTHER_PASSWORD}).location == "/sign-in"
    assert "Your password is set." in pages.follow().text
    elsewhere.get("/profile", status=303)
    pages.enter(ines.email, OTHER_PASSWORD)


def test_a_used_link_and_an_unknown_one_show_the_same_page(pages: PageClient, address: str) -> None:
    pages.get(address)
    pages.submit("Set password", {"new_password": OTHER_PASSWORD})
    used = pages.another().get(address, status=404)
    unknown = pages.another().get("/reset/" + "a" * 43, status=404)
    assert used.heading == OVER
    assert used.body == unknown.body


def test_a_link_is_over_after_a_day(pages: PageClient, address: str) -> None:
    with clock.at(clock.now() + timedelta(hours=25)):
        assert pages.get(address, status=404).heading == OVER


def test_a_form_that_was_open_when_the_link_was_used_shows_the_same_page(pages: PageClient, address: str) -> None:
    second = pages.another()
    pages.get(address)
    second.get(address)
    pages.submit("Set password", {"new_password": OTHER_PASSWORD})
    assert second.submit("Set password", {"new_password": PASSWORD}, status=404).heading == OVER


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "Use at least 12 characters."),
        ("passwordpassword", "too easy to guess"),
        ("Ines Duarte 1", "too easy to guess"),
        ("x" * 201, "Use at most 200 characters."),
        ("", "Fill this in."),
    ],
)
def test_a_weak_password_is_refused_with_the_reason_and_the_link_still_works(
    pages: PageClient, address: str, password: str, sentence: str
) -> None:
    pages.get(address)
    assert sentence in pages.submit("Set password", {"new_password": password}, status=422).text
    pages.submit("Set password", {"new_password": OTHER_PASSWORD})


def test_the_secret_is_not_in_the_log(address: str) -> None:
    from app.web.logs import without_token

    assert without_token(address) == f"/reset/…{address[-4:]}"
