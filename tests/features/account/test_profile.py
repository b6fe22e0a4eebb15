"""The profile page: only one's own things, and ending access ends it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.accounts import api_tokens, sessions
from app.core.accounts.models import ApiToken, Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import AtlassianAccount, Connection
from app.core.db import reading, transaction
from tests.factories.connections import make_account, make_connection
from tests.factories.people import OTHER_PASSWORD, PASSWORD, actor_of, make_customer, make_guest, make_person
from tests.pages import PageClient


@pytest.fixture
def ines(app: Flask) -> Person:
    with transaction() as db:
        return make_person(db)


@pytest.fixture
def signed_in(pages: PageClient, ines: Person) -> PageClient:
    pages.enter(ines.email, PASSWORD)
    return pages


def person(ines: Person) -> Person:
    with reading() as db:
        return db.get_one(Person, ines.id)


@pytest.mark.parametrize("path", ["/profile", "/profile/password", "/profile/tokens/new", "/profile/connections/x"])
def test_strangers_are_asked_to_sign_in(pages: PageClient, path: str) -> None:
    assert pages.get(path, status=303).location.startswith("/sign-in")


@pytest.mark.parametrize("make", [make_guest, make_customer])
def test_guests_and_customers_have_no_tokens_and_no_accounts(pages: PageClient, app: Flask, make: object) -> None:
    with transaction() as db:
        connection = make_connection(db)
        guest = make(db)  # type: ignore[operator]
    pages.sign_in(guest)
    pages.get("/profile/tokens/new", status=404)
    pages.get(f"/profile/connections/{connection.public_id}", status=404)
    pages.get("/profile")
    pages.click("Change password")
    pages.submit("Change password", {"password": PASSWORD, "new_password": OTHER_PASSWORD})
    assert "Your password was changed." in pages.follow().text


def test_name_and_time_zone_are_changed_and_recorded(signed_in: PageClient, ines: Person) -> None:
    signed_in.get("/profile")
    signed_in.submit("Save details", {"name": "  Inês   Duarte ", "time_zone": "Europe/Lisbon"})
    assert "Your details were changed." in signed_in.follow().text
    assert person(ines).display_name == "Inês Duarte"
    assert person(ines).time_zone == "Europe/Lisbon"
    with reading() as db:
        details = db.scalar(select(AuditEntry.details).where(AuditEntry.event == "accounts:person:changed"))
    assert details == {"fields": ["name", "time_zone"]}


def test_an_empty_name_is_put_back_on_the_form(signed_in: PageClient) -> None:
    signed_in.get("/profile")
    assert "Fill this in." in signed_in.submit("Save details", {"name": " "}, status=422).text


def test_a_name_that_cannot_be_printed_is_refused_by_the_service(signed_in: PageClient, ines: Person) -> None:
    signed_in.get("/profile")
    page = signed_in.submit("Save details", {"name": "Ines\u202e"}, status=422)
    assert "Enter a name of 1 to 120 characters." in page.text
    assert person(ines).display_name == "Ines Duarte"


def test_changing_the_password_ends_all_other_sessions(signed_in: PageClient, ines: Person) -> None:
    elsewhere = signed_in.another()
    elsewhere.sign_in(ines)
    signed_in.get("/profile/password")
    signed_in.submit("Change password", {"password": PASSWORD, "new_password": OTHER_PASSWORD})
    assert "One other session was ended." in signed_in.follow().text
    elsewhere.get("/profile", status=303)
    elsewhere.enter(ines.email, OTHER_PASSWORD)


def test_after_changing_the_password_a_copy_of_the_cookie_opens_nothing(signed_in: PageClient) -> None:
    thief = signed_in.another()
    stolen = signed_in.http.get_cookie("portico_dev")
    assert stolen is not None
    thief.http.set_cookie("portico_dev", stolen.value)
    thief.get("/profile")
    signed_in.get("/profile/password")
    signed_in.submit("Change password", {"password": PASSWORD, "new_password": OTHER_PASSWORD})
    thief.get("/profile", status=303)
    signed_in.get("/profile")


def test_a_wrong_old_password_is_recorded_and_limited(signed_in: PageClient, held_clock: object) -> None:
    signed_in.get("/profile/password")
    for _ in range(5):
        page = signed_in.submit(
            "Change password", {"password": "not this one at all", "new_password": OTHER_PASSWORD}, status=422
        )
        assert "This is not your current password." in page.text
    page = signed_in.submit("Change password", {"password": PASSWORD, "new_password": OTHER_PASSWORD}, status=429)
    assert int(page.headers["Retry-After"]) > 0
    with reading() as db:
        query = select(AuditEntry.details).where(AuditEntry.event == "accounts:session:refused").order_by(AuditEntry.id)
        reasons = [details["reason"] for details in db.scalars(query)]
    assert reasons == ["password change: wrong old password"] * 5 + ["password change: limited"]


def test_a_weak_new_password_is_refused(signed_in: PageClient) -> None:
    signed_in.get("/profile/password")
    page = signed_in.submit("Change password", {"password": PASSWORD, "new_password": "InesDuarte2026"}, status=422)
    assert "too easy to guess" in page.text


def test_sessions_are_listed_by_device_and_ended(signed_in: PageClient, ines: Person) -> None:
    elsewhere = signed_in.another(address="203.0.113.9")
    elsewhere.enter(ines.email, PASSWORD)
    page = signed_in.get("/profile")
    assert "Firefox on Linux" in page.text
    assert "203.0.113.9" in page.text
    signed_in.submit("End session")
    elsewhere.get("/profile", status=303)
    signed_in.get("/profile")


def test_all_other_sessions_end_at_once(signed_in: PageClient, ines: Person) -> None:
    others = [signed_in.another() for _ in range(2)]
    for browser in others:
        browser.sign_in(ines)
    signed_in.get("/profile")
    signed_in.submit("End all others")
    assert "2 other sessions were ended." in signed_in.follow().text
    for browser in others:
        browser.get("/profile", status=303)


def test_nobody_ends_somebody_elses_session(signed_in: PageClient) -> None:
    with transaction() as db:
        bo = make_person(db, "Bo Lind")
        _, row = sessions.begin(db, bo, {"password": clock.now()})
    signed_in.get("/profile")
    signed_in.post(f"/profile/sessions/{row.public_id}/end", status=404)
    with reading() as db:
        assert len(sessions.live(db, bo.id)) == 1


def test_a_token_is_shown_once_and_kept_as_a_digest(signed_in: PageClient, ines: Person) -> None:
    signed_in.get("/profile/tokens/new")
    answer = signed_in.submit("Create token", {"name": "Nightly export", "scopes": ["shares:read"], "days": "30"})
    page = signed_in.follow()
    assert "portico_" not in str(answer.headers)
    secret = str(page.xpath("//input[@id='api-token']/@value")[0])
    assert secret.startswith("portico_")
    with reading() as db:
        row = db.scalars(select(ApiToken)).one()
        found = api_tokens.resolve(db, secret)
    assert found is not None
    actor = found[0]
    assert sorted(actor.scopes or ()) == ["shares:read"]
    assert row.ends_at - row.created_at == timedelta(days=30)
    listed = signed_in.get("/profile")
    assert "Nightly export" in listed.text
    assert secret not in listed.source
    signed_in.submit("Revoke token")
    with reading() as db:
        assert api_tokens.resolve(db, secret) is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "x", "scopes": [], "days": "30"}, "Choose scopes out of"),
        ({"name": "x", "scopes": ["shares:read"], "days": "366"}, "between 1 and 365 days"),
        ({"name": "x", "scopes": ["shares:read"], "days": "0"}, "between 1 and 365 days"),
        ({"name": "", "scopes": ["shares:read"], "days": "30"}, "Fill this in."),
    ],
)
def test_a_token_out_of_bounds_is_refused_with_the_bound(
    signed_in: PageClient, fields: dict[str, object], sentence: str
) -> None:
    signed_in.get("/profile/tokens/new")
    assert sentence in signed_in.submit("Create token", fields, status=422).text  # type: ignore[arg-type]


def test_nobody_revokes_somebody_elses_token(signed_in: PageClient) -> None:
    with transaction() as db:
        bo = make_person(db, "Bo Lind")
        secret, row = api_tokens.create(db, actor_of(db, bo), bo, name="x", scopes=["shares:read"])
    signed_in.get("/profile")
    signed_in.post(f"/profile/tokens/{row.public_id}/revoke", status=404)
    with reading() as db:
        assert api_tokens.resolve(db, secret) is not None


def test_an_account_one_connected_can_be_disconnected_and_its_token_is_gone(
    signed_in: PageClient, ines: Person
) -> None:
    with transaction() as db:
        make_account(db, ines, make_connection(db))
    page = signed_in.get("/profile")
    assert "Connected" in page.text
    assert "canary" not in page.source
    signed_in.submit("Disconnect account")
    with reading() as db:
        assert db.scalars(select(AtlassianAccount)).all() == []


def test_an_assigned_account_is_for_an_administrator_to_take_away(signed_in: PageClient, ines: Person) -> None:
    with transaction() as db:
        connection = make_connection(db)
        make_account(db, ines, connection, with_token=False)
    assert "Assigned" in signed_in.get("/profile").text
    signed_in.post(f"/profile/connections/{connection.public_id}/disconnect", status=403)


def test_a_connection_that_is_switched_off_cannot_be_connected_to(signed_in: PageClient) -> None:
    with transaction() as db:
        connection = make_connection(db)
        db.get_one(Connection, connection.id).disabled_at = clock.now()
    signed_in.get(f"/profile/connections/{connection.public_id}", status=404)


def test_the_theme_is_chosen_on_the_profile_page(signed_in: PageClient) -> None:
    page = signed_in.get("/profile")
    form = next(form for form in page.forms if "Dark" in form.buttons)
    signed_in.post(form.action, {"theme": "dark", "next": "/profile"})
    assert 'data-theme="dark"' in signed_in.follow().source
