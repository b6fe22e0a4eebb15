"""What is sensitive asks for a recent proof, and leads back to what was wanted."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.core import clock
from app.core.accounts.models import Person
from app.core.db import transaction
from app.core.settings import registry
from app.core.settings import service as settings
from app.web.access import declared
from tests.factories import people
from tests.factories.people import PASSWORD
from tests.pages import PageClient

TOKENS = "/profile/tokens/new"
LATER = timedelta(minutes=31)


@pytest.fixture
def ada(pages: PageClient, held_clock: datetime) -> Person:
    with transaction() as db:
        ada = people.make_administrator(db)
    pages.sign_in(ada)
    return ada


@pytest.mark.usefixtures("ada")
def test_a_recent_proof_is_enough(pages: PageClient, held_clock: datetime) -> None:
    with clock.at(held_clock + timedelta(minutes=30)):
        assert pages.get(TOKENS).heading == "Create API token"


@pytest.mark.usefixtures("ada")
def test_who_proved_too_long_ago_proves_again_and_is_where_they_wanted_to_be(
    pages: PageClient, held_clock: datetime
) -> None:
    with clock.at(held_clock + LATER):
        pages.get(f"{TOKENS}?name=x", status=303)
        assert pages.follow().heading == "Prove that it is you"
        pages.submit("Go on", {"password": PASSWORD})
        assert pages.page.location == f"{TOKENS}?name=x"
        assert pages.follow().heading == "Create API token"


@pytest.mark.usefixtures("ada")
def test_a_form_that_was_sent_too_late_changes_nothing_and_is_shown_again(
    pages: PageClient, held_clock: datetime
) -> None:
    pages.get(TOKENS)
    with clock.at(held_clock + LATER):
        pages.submit("Create token", {"name": "reports"})
        assert "Nothing was changed yet" in pages.follow().text
        pages.submit("Go on", {"password": PASSWORD})
        assert pages.follow().heading == "Create API token"
        assert "reports" not in pages.get("/profile").text


def test_a_button_that_was_pressed_too_late_leads_back_to_its_page(
    pages: PageClient, ada: Person, held_clock: datetime
) -> None:
    page = f"/admin/people/{ada.public_id}"
    pages.get(page)
    with clock.at(held_clock + LATER):
        pages.post(f"{page}/one-time-link")
        assert pages.page.location == f"/sign-in/again?next={page}"


@pytest.mark.usefixtures("ada")
def test_a_wrong_password_proves_nothing_and_is_limited(pages: PageClient, held_clock: datetime) -> None:
    with clock.at(held_clock + LATER):
        pages.get(f"/sign-in/again?next={TOKENS}")
        for _ in range(5):
            page = pages.submit("Go on", {"password": "not this one at all"}, status=422)
            assert "This is not your password." in page.text
        assert "Too many tries" in pages.submit("Go on", {"password": PASSWORD}, status=429).text
        pages.get(TOKENS, status=303)


@pytest.mark.usefixtures("ada")
def test_proving_again_makes_a_new_session_of_the_old_one(pages: PageClient, held_clock: datetime) -> None:
    before = pages.http.get_cookie("portico_dev")
    with clock.at(held_clock + LATER):
        pages.get("/sign-in/again")
        pages.submit("Go on", {"password": PASSWORD})
        after = pages.http.get_cookie("portico_dev")
        assert before is not None
        assert after is not None
        assert before.value != after.value
        other = pages.another()
        other.set_cookie("portico", before.value)
        other.get("/profile", status=303)


@pytest.mark.usefixtures("ada")
def test_the_way_back_is_ours(pages: PageClient, held_clock: datetime) -> None:
    pages.get("/sign-in/again?next=https://evil.example/")
    pages.submit("Go on", {"password": PASSWORD})
    assert pages.page.location == "/"


SENSITIVE = (
    "account.new_token",
    "account.connect",
    "account.end_session",
    "account.end_other_sessions",
    "admin.change_settings",
    "admin.edit_connection",
    "admin.edit_person",
    "admin.new_connection",
    "admin.new_person",
    "admin.one_time_link",
    "sso.add_certificate",
    "sso.add_key",
    "sso.edit_connection",
    "sso.edit_groups",
    "sso.edit_mapping",
    "sso.new_connection",
    "sso.read_metadata",
    "sso.remove_certificate",
    "sso.remove_connection",
    "sso.remove_key",
    "sso.switch_off",
    "sso.switch_on",
    "sso.use_key",
)


@pytest.mark.parametrize("endpoint", SENSITIVE)
def test_what_is_sensitive_asks_for_a_recent_proof(app: Flask, endpoint: str) -> None:
    access = declared(app.view_functions[endpoint])
    assert access is not None
    assert access.recent


@pytest.mark.usefixtures("ada")
def test_sessions_are_ended_after_another_proof(pages: PageClient, ada: Person, held_clock: datetime) -> None:
    other = pages.another()
    other.sign_in(ada)
    pages.get("/profile")
    with clock.at(held_clock + LATER):
        pages.post("/profile/sessions/end-others")
        assert pages.page.location == "/sign-in/again?next=/profile"
        other.get("/profile")
        pages.follow()
        pages.submit("Go on", {"password": PASSWORD})
        pages.follow()
        pages.post("/profile/sessions/end-others")
        other.get("/profile", status=303)


def test_strangers_are_asked_to_sign_in_and_not_to_prove_again(pages: PageClient) -> None:
    assert pages.get("/sign-in/again", status=303).location.startswith("/sign-in?next=")


def test_administrators_say_how_old_a_proof_may_be(pages: PageClient, ada: Person, held_clock: datetime) -> None:
    with transaction() as db:
        settings.change(db, people.actor_of(db, ada), "sessions", {"recent_minutes": 5})
    registry.forget()
    with clock.at(held_clock + timedelta(minutes=6)):
        pages.get(TOKENS, status=303)


def test_guests_prove_again_on_one_card(pages: PageClient) -> None:
    with transaction() as db:
        guest = people.make_guest(db)
    pages.sign_in(guest)
    assert "Greta Guest" in pages.get("/sign-in/again?next=/profile").text
    pages.submit("Go on", {"password": PASSWORD})
    assert pages.page.location == "/profile"
