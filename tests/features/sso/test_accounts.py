"""Whose a provider's account is: administrators assign it and take it away, and conflicts wait for them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.accounts.actor import SYSTEM, PersonKind
from app.core.accounts.models import Membership, Person
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from app.core.errors import Conflict, Forbidden, Invalid
from app.features.sso import accounts, outstanding
from app.features.sso.events import SsoEvent
from app.features.sso.models import SsoConflict, SsoIdentity
from tests.factories import people
from tests.features.sso import acme
from tests.features.sso.acme import Provider
from tests.pages import PageClient

ACME, UMBRA = Provider("acme"), Provider("umbra")
MIRA = "mira@acme.example"
SUBJECT = Provider("acme").says().name_id


@pytest.fixture(autouse=True)
def _noon(held_clock: datetime) -> None:
    """What the provider says is said at that time."""


@pytest.fixture
def administrator(pages: PageClient) -> PageClient:
    with transaction() as db:
        made = people.make_administrator(db)
    browser = pages.another()
    browser.sign_in(made)
    return browser


@pytest.fixture
def mira(pages: PageClient) -> Person:
    with transaction() as db:
        return people.make_person(db, "Mira Sand", email=MIRA, kind=PersonKind.GUEST)


def owners() -> list[int]:
    with reading() as db:
        return list(db.scalars(select(SsoIdentity.person_id)))


def open_conflicts() -> list[SsoConflict]:
    with reading() as db:
        return list(db.scalars(select(SsoConflict)))


def test_an_address_of_somebody_else_is_shown_and_not_guessed(
    pages: PageClient, administrator: PageClient, mira: Person
) -> None:
    acme.connect(ACME)
    page = acme.sign_in(pages, ACME, status=403, assertion_id="_1")
    assert "An administrator has to say that this is you." in page.text
    assert owners() == []
    assert "One sign-in waits for your decision" in administrator.get("/admin/sso/").text
    (row,) = administrator.click("Decide conflicts").table()
    assert (row["Provider"], row["Address sent"], row["Belongs here to"]) == ("acme", MIRA, "Mira Sand")
    assert administrator.click(acme.last_attempt().reference).heading


def test_a_conflict_that_is_assigned_lets_the_account_in(
    pages: PageClient, administrator: PageClient, mira: Person
) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, status=403, assertion_id="_2")
    administrator.get("/admin/sso/conflicts")
    administrator.click("Assign")
    administrator.submit("Assign account")
    assert "The account is that of Mira Sand now." in administrator.follow().text
    assert open_conflicts() == []
    acme.sign_in(pages, ACME, assertion_id="_3")
    assert owners() == [mira.id]
    with reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.event == SsoEvent.ACCOUNT_ASSIGNED)).one()
    assert entry.subject_id == mira.public_id


def test_a_conflict_that_is_dismissed_comes_back_only_when_it_is_tried_again(
    pages: PageClient, administrator: PageClient, mira: Person
) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, status=403, assertion_id="_4")
    administrator.get("/admin/sso/conflicts")
    administrator.submit("Dismiss")
    assert "Nothing to decide" in administrator.follow().text
    acme.sign_in(pages, ACME, status=403, assertion_id="_5")
    acme.sign_in(pages, ACME, status=403, assertion_id="_6")
    assert len(open_conflicts()) == 1
    assert owners() == []


def test_a_conflict_that_nobody_ran_into_for_a_month_is_forgotten(
    pages: PageClient, mira: Person, held_clock: datetime
) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, status=403, assertion_id="_7")
    with clock.at(held_clock + timedelta(days=29)):
        outstanding.purge()
        assert len(open_conflicts()) == 1
    with clock.at(held_clock + timedelta(days=31)):
        outstanding.purge()
        assert open_conflicts() == []


def test_an_account_is_assigned_before_anybody_came(pages: PageClient, administrator: PageClient, mira: Person) -> None:
    acme.connect(ACME)
    administrator.get("/admin/sso/acme/accounts/assign")
    administrator.submit("Assign account", {"subject": SUBJECT, "email": MIRA.upper()})
    (row,) = administrator.follow().table()
    assert (row["Account there"], row["Last used"]) == (SUBJECT, "never")
    acme.sign_in(pages, ACME, assertion_id="_8")
    assert owners() == [mira.id]


def test_who_loses_an_account_is_signed_out_and_leaves_its_groups(pages: PageClient, administrator: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, assertion_id="_9")
    pages.get("/profile")
    local = pages.another()
    with reading() as db:
        person = db.scalars(select(Person).where(Person.email == MIRA)).one()
    local.sign_in(person)
    administrator.get("/admin/sso/acme/accounts")
    administrator.submit("Take account away")
    assert "No account fits." not in administrator.follow().text
    pages.get("/profile", status=303)
    local.get("/profile")
    with reading() as db:
        assert db.scalars(select(Membership)).all() == []
    acme.sign_in(pages, ACME, status=403, assertion_id="_10")


@pytest.mark.parametrize(
    ("subject", "email", "sentence"),
    [
        ("", MIRA, "Fill this in."),
        ("x" * 513, MIRA, "Use at most 512 characters."),
        ("subject", "nobody@acme.example", "Nobody here has this address."),
    ],
)
def test_what_cannot_be_assigned_says_why(
    administrator: PageClient, mira: Person, subject: str, email: str, sentence: str
) -> None:
    acme.connect(ACME)
    administrator.get("/admin/sso/acme/accounts/assign")
    page = administrator.submit("Assign account", {"subject": subject, "email": email}, status=422)
    assert sentence in page.text
    assert owners() == []


def test_an_account_has_one_owner(administrator: PageClient, mira: Person) -> None:
    acme.connect(ACME)
    with transaction() as db:
        admin = people.actor_of(db, people.make_administrator(db, "Bo Admin"))
        people.make_guest(db)
        accounts.assign(db, admin, "acme", subject="one", email=MIRA)
        with pytest.raises(Conflict, match="that of Mira Sand"):
            accounts.assign(db, admin, "acme", subject="one", email="greta.guest@example.com")
    assert owners() == [mira.id]


def test_the_same_subject_at_another_provider_is_another_account(mira: Person, administrator: PageClient) -> None:
    acme.connect(ACME)
    acme.connect(UMBRA)
    with transaction() as db:
        admin = people.actor_of(db, people.make_administrator(db, "Bo Admin"))
        greta = people.make_guest(db)
        accounts.assign(db, admin, "acme", subject="one", email=MIRA)
        accounts.assign(db, admin, "umbra", subject="one", email=greta.email)
    assert owners() == [mira.id, greta.id]


def test_a_connection_for_staff_gets_no_guests(mira: Person) -> None:
    acme.connect(ACME, for_guests=False)
    with transaction() as db:
        admin = people.actor_of(db, people.make_administrator(db, "Bo Admin"))
        with pytest.raises(Invalid, match="does not sign in this way"):
            accounts.assign(db, admin, "acme", subject="one", email=MIRA)


def test_accounts_are_found_by_account_name_and_address(administrator: PageClient, mira: Person) -> None:
    acme.connect(ACME)
    with transaction() as db:
        admin = people.actor_of(db, people.make_administrator(db, "Bo Admin"))
        greta = people.make_guest(db)
        accounts.assign(db, admin, "acme", subject="one", email=MIRA)
        accounts.assign(db, admin, "acme", subject="two", email=greta.email)
    for search, found in (("ONE", "Mira"), ("greta", "Greta"), ("acme.example", "Mira"), ("%", None)):
        page = administrator.get(f"/admin/sso/acme/accounts?q={search}")
        names = [row["Person here"] for row in page.table()] if found else []
        assert [name.split()[0] for name in names] == ([found] if found else [])


def test_only_who_manages_people_and_providers_decides(pages: PageClient, mira: Person) -> None:
    acme.connect(ACME)
    with transaction() as db:
        auditor, author = people.make_auditor(db), people.make_author(db)
        for actor in (people.actor_of(db, auditor), people.actor_of(db, author)):
            with pytest.raises(Forbidden):
                accounts.assign(db, actor, "acme", subject="one", email=MIRA)
    pages.sign_in(auditor)
    assert "Assign account" not in pages.get("/admin/sso/acme/accounts").text
    pages.get("/admin/sso/conflicts")
    pages.get("/admin/sso/acme/accounts/assign", status=403)
    pages.sign_in(author)
    pages.get("/admin/sso/conflicts", status=403)
    pages.another().get("/admin/sso/conflicts", status=303)


def test_the_page_of_a_person_shows_their_accounts_and_who_else_sends_their_address(
    pages: PageClient, administrator: PageClient, mira: Person
) -> None:
    page = f"/admin/people/{mira.public_id}"
    assert "Accounts at identity providers" not in administrator.get(page).text
    acme.connect(ACME)
    acme.connect(UMBRA)
    assert "No account at a provider is theirs yet." in administrator.get(page).text
    with transaction() as db:
        accounts.assign(db, SYSTEM, "umbra", subject="one", email=MIRA)
    acme.sign_in(pages, ACME, status=403, assertion_id="_11")
    shown = administrator.get(page)
    (row,) = shown.table()
    assert (row["Provider"], row["Account there"], row["Last used"]) == ("umbra", "one", "never")
    assert "Somebody at acme sends this address" in shown.text
    assert SUBJECT in shown.text
    assert administrator.click("Decide").heading == "Conflicts"
    administrator.get(page)
    assert [found["Account there"] for found in administrator.click("one").table()] == ["one"]
    with transaction() as db:
        auditor, other = people.make_auditor(db), people.make_guest(db)
    assert "No account at a provider is theirs yet." in administrator.get(f"/admin/people/{other.public_id}").text
    pages.sign_in(auditor)
    assert "Somebody at acme sends this address" in pages.get(page).text
