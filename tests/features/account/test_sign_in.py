"""The sign-in page: one sentence for every refusal, limits before passwords, and no address of another host in `next`."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.accounts.models import Person, SignInSession
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from tests.factories.people import PASSWORD, make_administrator, make_guest, make_person
from tests.pages import PageClient

REFUSED = "This address and this password do not belong together."


@pytest.fixture
def ines(app: Flask) -> Person:
    with transaction() as db:
        return make_person(db)


def events() -> list[str]:
    with reading() as db:
        return list(db.scalars(select(AuditEntry.event).order_by(AuditEntry.id)))


def test_the_right_password_signs_in_and_is_recorded(pages: PageClient, ines: Person) -> None:
    pages.enter("Ines.Duarte@Example.com", PASSWORD)
    assert pages.page.location == "/"
    assert pages.follow(status=303).location == "/profile"
    assert pages.follow().heading == "Your profile"
    assert events()[-1] == "accounts:session:started"


def test_the_start_page_leads_strangers_to_sign_in(pages: PageClient) -> None:
    assert pages.get("/", status=303).location == "/sign-in"


@pytest.mark.parametrize(
    ("email", "password"),
    [("ines.duarte@example.com", "another long password"), ("nobody@example.com", PASSWORD)],
)
def test_a_wrong_password_and_an_unknown_name_get_one_sentence(
    pages: PageClient, ines: Person, email: str, password: str
) -> None:
    page = pages.enter(email, password, status=422)
    assert REFUSED in page.text
    assert PASSWORD not in page.source
    assert "portico_dev" not in page.headers.get("Set-Cookie", "")
    assert events()[-1] == "accounts:session:refused"


def test_a_deactivated_person_gets_the_same_sentence(pages: PageClient, ines: Person) -> None:
    with transaction() as db:
        db.get_one(Person, ines.id).deactivated_at = clock.now()
    assert REFUSED in pages.enter(ines.email, PASSWORD, status=422).text


def test_while_limited_even_the_right_password_is_refused_and_the_answer_says_when(
    pages: PageClient, ines: Person, held_clock: object
) -> None:
    for _ in range(5):
        pages.enter(ines.email, "another long password", status=422)
    page = pages.enter(ines.email, PASSWORD, status=429)
    assert 1 <= int(page.headers["Retry-After"]) <= 61
    assert "Too many tries" in page.text
    with clock.at(clock.now() + timedelta(seconds=61)):
        pages.enter(ines.email, PASSWORD)


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/profile/password", "/profile/password"),
        ("/profile?a=1", "/profile?a=1"),
        ("https://attacker.example/", "/"),
        ("//attacker.example/", "/"),
        ("/\\attacker.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_sign_in_only_a_path_of_this_host_is_gone_to(
    pages: PageClient, ines: Person, wanted: str, location: str
) -> None:
    pages.get("/sign-in")
    page = pages.submit("Sign in", {"email": ines.email, "password": PASSWORD, "next": wanted})
    assert page.location == location


def test_a_page_that_needs_a_session_comes_back_after_sign_in(pages: PageClient, ines: Person) -> None:
    assert pages.get("/profile/password", status=303).location == "/sign-in?next=/profile/password"
    pages.follow()
    assert pages.submit("Sign in", {"email": ines.email, "password": PASSWORD}).location == "/profile/password"


def test_signing_in_gives_new_cookies_and_a_new_form_token(pages: PageClient, ines: Person) -> None:
    pages.get("/sign-in")
    before = pages._token()
    pages.submit("Sign in", {"email": ines.email, "password": PASSWORD})
    set_cookies = pages.page.headers.getlist("Set-Cookie")
    session_cookie = next(cookie for cookie in set_cookies if cookie.startswith("portico_dev="))
    assert "HttpOnly" in session_cookie
    assert "SameSite=Lax" in session_cookie
    assert any(cookie.startswith("visitor_dev=") for cookie in set_cookies)
    pages.get("/profile")
    assert pages._token() != before


def test_looking_at_the_sign_in_page_gives_no_browser_id(pages: PageClient) -> None:
    assert "visitor_dev" not in str(pages.get("/sign-in").headers)


def test_signing_in_again_ends_the_session_that_the_browser_had(pages: PageClient, ines: Person) -> None:
    with transaction() as db:
        other = make_administrator(db)
    pages.enter(ines.email, PASSWORD)
    pages.get("/profile/password")
    token = pages._token()
    pages.post("/sign-in", {"email": other.email, "password": PASSWORD, "csrf_token": token})
    with reading() as db:
        open_sessions = list(db.scalars(select(SignInSession.person_id).where(SignInSession.ended_at.is_(None))))
    assert open_sessions == [other.id]


def test_whoever_is_signed_in_is_led_on(pages: PageClient, ines: Person) -> None:
    pages.sign_in(ines)
    assert pages.get("/sign-in?next=/profile", status=303).location == "/profile"


def test_a_form_from_another_site_is_refused(pages: PageClient, ines: Person) -> None:
    pages.get("/sign-in")
    pages.submit("Sign in", {"email": ines.email, "password": PASSWORD}, status=400, Sec_Fetch_Site="cross-site")
    assert "accounts:session:started" not in events()


def test_empty_fields_are_named(pages: PageClient) -> None:
    page = pages.enter("", "", status=422)
    assert "Check these 2 entries" in page.text


def test_signing_out_ends_the_row_and_the_cookie(pages: PageClient, ines: Person) -> None:
    pages.enter(ines.email, PASSWORD)
    cookie = pages.http.get_cookie("portico_dev")
    pages.get("/profile")
    pages.submit("Sign out")
    assert "You are signed out." in pages.follow().text
    assert cookie is not None
    pages.set_cookie("portico", cookie.value)
    pages.get("/profile", status=303)
    assert events()[-1] == "accounts:session:ended"


def test_a_browser_whose_session_is_over_can_sign_out_too(pages: PageClient) -> None:
    pages.get("/sign-in")
    assert pages.post("/sign-out").location == "/sign-in"


def test_a_guest_signs_in_and_sees_one_card_without_the_app_shell(pages: PageClient, app: Flask) -> None:
    with transaction() as db:
        guest = make_guest(db)
    pages.enter(guest.email, PASSWORD)
    pages.follow(status=303)
    page = pages.follow()
    assert page.heading == "Signed in as Greta Guest"
    assert page.xpath("//nav") == []
    assert not any("/admin" in href for href in page.links.values())
    pages.submit("Sign out")
