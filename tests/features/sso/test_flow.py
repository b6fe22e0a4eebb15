"""Signing in with a SAML provider, end to end; each attack stands beside the same answer without it, which is accepted."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from app.core import clock
from app.core.accounts.models import Group, Membership, Person, SignInSession
from app.core.db import reading, transaction
from app.core.settings import service as settings
from app.features.sso.configuration import IdentityRules
from app.features.sso.mapping import GroupMapping, GroupRules, OwnGroups
from app.features.sso.models import SsoIdentity, SsoOutcome, SsoSeen
from tests.conftest import NOW
from tests.factories import people
from tests.features.sso import acme
from tests.features.sso.acme import Provider, about
from tests.pages import PageClient

ACME, PARTNER = Provider("acme"), Provider("partner")


@pytest.fixture(autouse=True)
def _noon(held_clock: datetime) -> None:
    """Hold the clock."""


def count(table: type) -> int:
    with reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def person(email: str = "mira@acme.example") -> Person:
    with reading() as db:
        return db.scalars(select(Person).where(Person.email_key == email)).one()


def groups_of(found: Person) -> set[tuple[str, str]]:
    with reading() as db:
        query = select(Group.source, Group.name).join(Membership, Membership.group_id == Group.id)
        return {(row.source, row.name) for row in db.execute(query.where(Membership.person_id == found.id))}


# --- The way through -------------------------------------------------------------------------------------------------


def test_somebody_new_signs_in_is_made_a_guest_and_lands_where_they_wanted(pages: PageClient) -> None:
    acme.connect(ACME)
    page = acme.sign_in(pages, ACME, "/profile")
    assert page.location == "/profile"
    assert pages.follow().heading == "Signed in as Mira Sand"
    made = person()
    assert (made.kind, made.email_verified_at) == ("guest", None)
    assert groups_of(made) == {("acme", "crew")}
    attempt = acme.last_attempt()
    assert (attempt.result, attempt.person_id) == ("accepted", made.id)


def test_the_second_sign_in_is_the_same_person_with_what_is_new(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME)
    acme.sign_in(pages.another(), ACME, attributes=about(name="Mira Sandberg", groups=("desk",)), assertion_id="_2")
    assert person().display_name == "Mira Sandberg"
    assert groups_of(person()) == {("acme", "desk")}
    assert count(SsoIdentity) == 1


def test_no_groups_received_is_no_groups(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME)
    acme.sign_in(pages.another(), ACME, attributes=about(groups=()), assertion_id="_2")
    assert groups_of(person()) == set()


def test_a_manual_membership_outlives_every_sign_in(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME)
    with transaction() as db:
        group = people.make_group(db, "Hauliers")
        people.add_to_group(db, group, db.get_one(Person, person().id))
    acme.sign_in(pages.another(), ACME, attributes=about(groups=()), assertion_id="_2")
    assert groups_of(person()) == {("local", "Hauliers")}


def test_a_mapped_group_is_added_and_removed(pages: PageClient) -> None:
    with transaction() as db:
        group = people.make_group(db, "Hauliers")
    rules = GroupRules(sources=("groups",), mapped=(GroupMapping("crew", group.public_id),), own=OwnGroups.NONE)
    acme.connect(ACME, groups=rules)
    acme.sign_in(pages, ACME)
    assert groups_of(person()) == {("local", "Hauliers")}
    acme.sign_in(pages.another(), ACME, attributes=about(groups=("desk",)), assertion_id="_2")
    assert groups_of(person()) == set()


def test_the_way_used_last_stands_first_next_time(pages: PageClient) -> None:
    acme.connect(PARTNER)
    acme.connect(ACME)
    acme.sign_in(pages, ACME, "/profile")
    pages.follow()
    pages.submit("Sign out")
    page = pages.follow()
    assert [form.buttons for form in page.forms][:2] == [("Sign in with acme",), ("Sign in with partner",)]
    assert "You signed in this way last time." in page.text


def test_a_sign_in_ends_with_the_providers_own_session(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, session_end=timedelta(minutes=30))
    with reading() as db:
        row = db.scalars(select(SignInSession)).one()
    assert row.ends_at == NOW + timedelta(minutes=30)
    assert list(row.methods) == ["sso:acme"]


def test_a_second_factor_at_the_provider_is_remembered_only_for_values_that_count(pages: PageClient) -> None:
    acme.connect(ACME, identity=IdentityRules(second_factor_values=("urn:example:mfa",)))
    acme.sign_in(pages, ACME)
    acme.sign_in(pages.another(), ACME, context="urn:example:mfa", assertion_id="_2")
    with reading() as db:
        first, second = db.scalars(select(SignInSession).order_by(SignInSession.id))
    assert "sso_second_factor" not in first.methods
    assert "sso_second_factor" in second.methods


def test_who_signed_out_is_asked_by_the_provider_until_somebody_signed_in(pages: PageClient) -> None:
    acme.connect(ACME)
    assert acme.sign_in(pages, ACME, "/profile").location == "/profile"
    pages.follow()
    pages.submit("Sign out")
    pages.get("/sign-in?next=/profile")
    page = pages.submit("Sign in with acme", status=200)
    assert 'ForceAuthn="true"' in acme.request_sent(page)
    # Also when they went back: the provider would let the same person in without a word.
    page = pages.get("/sso/acme/start?next=/profile")
    assert 'ForceAuthn="true"' in acme.request_sent(page)
    answer = ACME.answers(acme.request_id(page), assertion_id="_2")
    assert acme.come_back(pages, ACME, answer).location == "/profile"
    assert "ForceAuthn" not in acme.request_sent(pages.get("/sso/acme/start"))


def test_who_follows_a_link_without_a_browser_id_presses_a_button_first(pages: PageClient) -> None:
    acme.connect(ACME)
    page = pages.get("/sso/acme/start?next=/profile")
    assert page.heading == "Sign in with acme"
    assert "visitor_dev" not in (page.headers.get("Set-Cookie") or "")
    answer = ACME.answers(acme.request_id(pages.submit("Continue", status=200)))
    assert acme.come_back(pages, ACME, answer).location == "/profile"


def test_a_connection_that_is_off_is_not_there(pages: PageClient) -> None:
    acme.connect(ACME, enabled=False)
    assert "acme" not in pages.get("/sign-in").text
    pages.get("/sso/acme/start", status=404)


# --- Binding and replay ----------------------------------------------------------------------------------------------


def test_an_answer_in_another_browser_signs_nobody_in(pages: PageClient) -> None:
    acme.connect(ACME)
    attacker, victim = pages, pages.another()
    answer = ACME.answers(acme.begin(attacker, ACME))
    acme.begin(victim, ACME)
    page = acme.come_back(victim, ACME, answer, status=403)
    assert "another browser" in page.text
    assert acme.last_attempt().reference in page.text
    assert (acme.last_attempt().reason, count(SignInSession)) == ("other_browser", 0)
    # The same, in the browser that asked.
    acme.come_back(attacker, ACME, ACME.answers(acme.begin(attacker, ACME), assertion_id="_2"))
    assert count(SignInSession) == 1


def test_an_answer_counts_once_and_so_does_its_address(pages: PageClient) -> None:
    acme.connect(ACME)
    answer = ACME.answers(acme.begin(pages, ACME))
    accepted = acme.post(pages, ACME, answer)
    acme.post(pages, ACME, answer, status=403)
    assert acme.last_attempt().reason == "request_unknown"
    pages.get(accepted.location, status=303)
    pages.get(accepted.location, status=410)
    assert count(SignInSession) == 1


def test_an_assertion_that_was_read_is_refused_for_another_request_too(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME)
    other = pages.another()
    acme.post(other, ACME, ACME.answers(acme.begin(other, ACME)), status=403)
    assert (acme.last_attempt().reason, count(SsoSeen)) == ("replayed", 1)
    acme.sign_in(other, ACME, assertion_id="_2")


def test_an_outcome_waits_for_a_minute(pages: PageClient) -> None:
    acme.connect(ACME)
    late = acme.post(pages, ACME, ACME.answers(acme.begin(pages, ACME)))
    with clock.at(NOW + timedelta(seconds=60)):
        assert pages.get(late.location, status=410).heading == "This sign-in is over"
    with clock.at(NOW + timedelta(seconds=59)):
        pages.get(late.location, status=303)


def test_a_request_waits_for_twenty_minutes(pages: PageClient) -> None:
    acme.connect(ACME)
    request = acme.begin(pages, ACME)
    with clock.at(NOW + timedelta(minutes=20)):
        acme.post(
            pages,
            ACME,
            ACME.answers(
                request,
                issued=timedelta(minutes=20),
                confirmation_end=timedelta(minutes=25),
                not_on_or_after=timedelta(minutes=25),
            ),
            status=403,
        )
    assert acme.last_attempt().reason == "request_unknown"


def test_the_consumer_service_reads_no_cookie_and_sets_none(pages: PageClient) -> None:
    acme.connect(ACME)
    accepted = acme.post(pages, ACME, ACME.answers(acme.begin(pages, ACME)))
    assert "Set-Cookie" not in accepted.headers
    assert accepted.location.startswith("/sso/continue/")


def test_an_unasked_answer_is_refused_unless_the_connection_allows_it_and_then_asks(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.post(pages, ACME, ACME.answers(None), status=403)
    assert acme.last_attempt().reason == "request_unknown"
    acme.connect(PARTNER, settings=replace(PARTNER.settings, allow_idp_initiated=True))
    accepted = acme.post(pages, PARTNER, PARTNER.answers(None))
    page = pages.get(accepted.location)
    assert page.heading == "Sign in as mira@example.com?"
    assert count(SignInSession) == 0
    pages.submit("Sign in")
    assert count(SignInSession) == 1
    pages.get(accepted.location, status=410)


def test_the_path_wanted_is_ours_whatever_the_button_was_sent_with(pages: PageClient) -> None:
    acme.connect(ACME)
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example", "/%0a/evil.example"):
        browser = pages.another()
        browser.get("/sign-in")
        page = browser.post("/sso/acme/start", {"next": wanted.replace("%0a", "\n")}, status=200)
        answer = ACME.answers(acme.request_id(page), assertion_id=f"_{abs(hash(wanted))}")
        assert acme.come_back(browser, ACME, answer).location == "/"


def test_relay_state_leads_nowhere(pages: PageClient) -> None:
    acme.connect(ACME)
    answer = ACME.answers(acme.begin(pages, ACME, "/profile"))
    accepted = pages.another().post(
        "/sso/acme/saml/acs",
        {"SAMLResponse": answer, "RelayState": "https://evil.example/"},
        Sec_Fetch_Site="cross-site",
    )
    assert pages.get(accepted.location, status=303).location == "/profile"


# --- One provider speaking for another -------------------------------------------------------------------------------


def test_a_provider_cannot_answer_for_another_with_its_own_key(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.connect(PARTNER)
    request = acme.begin(pages, ACME)
    acme.post(pages, ACME, ACME.answers(request, by="partner"), status=403)
    attempt = acme.last_attempt()
    assert attempt.reason == "check_failed"
    assert '"name":"signature_key","passed":false' in attempt.checks.replace(" ", "")
    acme.come_back(pages, ACME, ACME.answers(request))


def test_a_provider_cannot_answer_a_request_that_was_sent_to_another(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.connect(PARTNER)
    request = acme.begin(pages, ACME)
    acme.post(pages, PARTNER, PARTNER.answers(request), status=403)
    assert acme.last_attempt().reason == "request_unknown"
    acme.come_back(pages, ACME, ACME.answers(request))


def test_the_same_subject_at_two_providers_is_two_people(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.connect(PARTNER)
    acme.sign_in(pages, ACME)
    acme.sign_in(pages.another(), PARTNER, attributes=about("other@partner.example", "Other"))
    assert person().id != person("other@partner.example").id


def test_a_provider_gets_no_hold_of_somebody_by_saying_their_address(pages: PageClient) -> None:
    acme.connect(ACME, domains=("acme.example",), identity=IdentityRules(link_by_email=True))
    acme.connect(PARTNER, domains=("partner.example",), identity=IdentityRules(link_by_email=True))
    with transaction() as db:
        ada = people.make_person(db, "Ada Admin", email="ada@acme.example")
    page = acme.sign_in(pages, PARTNER, status=403, attributes=about("ada@acme.example"))
    assert "An administrator has to say that this is you." in page.text
    assert (acme.last_attempt().reason, count(SsoIdentity)) == ("address_taken", 0)
    acme.sign_in(pages, ACME, attributes=about("ada@acme.example"))
    with reading() as db:
        assert db.scalars(select(SsoIdentity.person_id)).one() == ada.id


def test_an_address_links_only_where_the_switch_says_so(pages: PageClient) -> None:
    acme.connect(ACME, domains=("acme.example",))
    with transaction() as db:
        people.make_person(db, "Ada Admin", email="ada@acme.example")
    acme.sign_in(pages, ACME, status=403, attributes=about("ada@acme.example"))
    assert acme.last_attempt().reason == "address_taken"


def test_an_address_that_was_given_to_somebody_else_does_not_bring_their_account(pages: PageClient) -> None:
    acme.connect(ACME, domains=("acme.example",), identity=IdentityRules(link_by_email=True))
    acme.sign_in(pages, ACME, name_id="first")
    acme.sign_in(pages.another(), ACME, status=403, name_id="second", assertion_id="_2")
    assert acme.last_attempt().reason == "address_taken"


def test_a_group_of_one_provider_is_never_that_of_another(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.connect(PARTNER)
    acme.sign_in(pages, ACME, attributes=about(groups=("finance",)))
    acme.sign_in(pages.another(), PARTNER, attributes=about("p@partner.example", groups=("finance",)))
    assert groups_of(person()) == {("acme", "finance")}
    assert groups_of(person("p@partner.example")) == {("partner", "finance")}


# --- Switches and rules ----------------------------------------------------------------------------------------------


def test_nobody_is_made_where_the_switch_is_off(pages: PageClient) -> None:
    acme.connect(ACME, identity=IdentityRules(create=False))
    page = acme.sign_in(pages, ACME, status=403)
    assert "you have no account here" in page.text
    assert (acme.last_attempt().reason, count(Person)) == ("not_known", 0)


def test_nothing_is_changed_where_the_switch_is_off(pages: PageClient) -> None:
    acme.connect(ACME, identity=IdentityRules(update=False))
    acme.sign_in(pages, ACME)
    acme.sign_in(pages.another(), ACME, attributes=about(name="Somebody Else"), assertion_id="_2")
    assert person().display_name == "Mira Sand"


@pytest.mark.parametrize(("reactivate", "status"), [(False, 403), (True, 303)])
def test_a_deactivated_person_comes_back_only_by_the_switch(pages: PageClient, reactivate: bool, status: int) -> None:
    acme.connect(ACME, identity=IdentityRules(reactivate=reactivate))
    acme.sign_in(pages, ACME)
    with transaction() as db:
        db.get_one(Person, person().id).deactivated_at = NOW
    acme.sign_in(pages.another(), ACME, status=status, assertion_id="_2")
    assert person().active is reactivate
    assert acme.last_attempt().reason == (None if reactivate else "deactivated")


def test_a_connection_for_guests_signs_no_staff_in(pages: PageClient) -> None:
    acme.connect(ACME, domains=("acme.example",), identity=IdentityRules(link_by_email=True), for_staff=False)
    with transaction() as db:
        people.make_person(db, "Ada Admin", email="ada@acme.example")
    acme.sign_in(pages, ACME, status=403, attributes=about("ada@acme.example"))
    assert (acme.last_attempt().reason, count(SsoIdentity)) == ("not_for_this_kind", 0)
    acme.sign_in(pages.another(), ACME, name_id="other", assertion_id="_2")


def test_a_required_group_is_required(pages: PageClient) -> None:
    acme.connect(ACME, groups=GroupRules(sources=("groups",), own=OwnGroups.ALL, required=("staff",)))
    page = acme.sign_in(pages, ACME, status=403)
    assert "in no group that may sign in here" in page.text
    assert (acme.last_attempt().reason, count(Person)) == ("group_missing", 0)
    acme.sign_in(pages, ACME, attributes=about(groups=("staff",)), assertion_id="_2")


def test_somebody_without_an_address_is_not_made(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, status=403, attributes=(("name", None, ("Mira",)),))
    assert acme.last_attempt().reason == "no_address"


def test_an_answer_that_fails_is_refused_with_a_reference_and_can_be_explained(pages: PageClient) -> None:
    acme.connect(ACME)
    page = acme.post(
        pages, ACME, ACME.answers(acme.begin(pages, ACME), audiences=(("https://other.example",),)), status=403
    )
    attempt = acme.last_attempt()
    assert page.heading == "You are not signed in"
    assert attempt.reference in page.text
    assert attempt.reference == page.headers["X-Request-Id"]
    assert "https://other.example" in attempt.checks


@pytest.mark.parametrize("answer", ["", "!", "PGE+", "x" * 10_000])
def test_rubbish_is_refused_and_recorded(pages: PageClient, answer: str) -> None:
    acme.connect(ACME)
    acme.post(pages, ACME, answer, status=403)
    assert acme.last_attempt().reason == "check_failed"


# --- Staff -----------------------------------------------------------------------------------------------------------


def test_staff_passwords_close_while_a_provider_is_required_and_on(pages: PageClient) -> None:
    with transaction() as db:
        ada = people.make_administrator(db)
        ines = people.make_author(db)
        settings.change(db, people.actor_of(db, ada), "sso", {"required_for_staff": True})
    pages.enter(ines.email, people.PASSWORD)
    acme.connect(ACME)
    other = pages.another()
    page = other.enter(ines.email, people.PASSWORD, status=422)
    assert "Staff sign in through their identity provider." in page.text
    other.click("Emergency sign-in for administrators")
    other.submit("Sign in", {"email": ines.email, "password": people.PASSWORD}, status=422)
    other.submit("Sign in", {"email": ada.email, "password": people.PASSWORD})


def test_there_is_no_emergency_while_passwords_work(pages: PageClient) -> None:
    acme.connect(ACME)
    pages.get("/sign-in/emergency", status=404)


def test_only_administrators_try_a_connection_and_nobody_is_signed_in_by_it(pages: PageClient) -> None:
    acme.connect(ACME, enabled=False)
    with transaction() as db:
        ada, ines = people.make_administrator(db), people.make_author(db)
    other = pages.another()
    other.sign_in(ines)
    other.get("/profile")
    other.post("/sso/acme/test", status=403)
    pages.sign_in(ada)
    pages.get("/profile")
    page = pages.post("/sso/acme/test", status=200)
    answer = ACME.answers(acme.request_id(page))
    before = count(SignInSession)
    shown = acme.come_back(pages, ACME, answer)
    assert shown.location == f"/admin/sso/attempts/{acme.last_attempt().reference}"
    pages.follow()
    assert (acme.last_attempt().purpose, count(SignInSession), count(SsoIdentity)) == ("test", before, 0)


def test_proving_again_is_for_the_same_person(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, "/profile")
    pages.follow()
    page = pages.post("/sso/acme/again", status=200)
    acme.come_back(pages, ACME, ACME.answers(acme.request_id(page), name_id="else", assertion_id="_2"), status=403)
    assert (acme.last_attempt().reason, count(Person)) == ("other_person", 1)
    pages.get("/profile")
    page = pages.post("/sso/acme/again", {"next": "/profile"}, status=200)
    back = acme.come_back(pages, ACME, ACME.answers(acme.request_id(page), assertion_id="_3"))
    assert back.location == "/profile"
    assert count(SsoOutcome) == 3


# --- Bindings and hosts ----------------------------------------------------------------------------------------------


def test_a_provider_that_takes_posts_is_sent_a_form_and_only_it_may_be_posted_to(pages: PageClient) -> None:
    by_post = replace(ACME.settings, sso_redirect_url="", sso_post_url="https://acme.example/post")
    acme.connect(ACME, settings=by_post)
    pages.get("/sign-in")
    page = pages.submit("Sign in with acme", status=200)
    form = page.form("Continue")
    assert (form.method, form.action) == ("post", "https://acme.example/post")
    assert form.names == {"SAMLRequest"}
    assert "form-action https://acme.example" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]
    # Nothing of ours goes along.
    assert "csrf_token" not in page.source


def test_the_page_on_the_way_says_nothing_to_the_provider_but_the_request(pages: PageClient) -> None:
    acme.connect(ACME)
    pages.get("/sign-in?next=/s/secret-token/")
    page = pages.submit("Sign in with acme", status=200)
    assert "secret-token" not in page.source
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "RelayState" not in page.links["Continue"]


@pytest.mark.parametrize("path", ["/sso/acme/oidc/callback?code=x&state=y", "/sso/nobody/start", "/sso/ACME/start"])
def test_what_a_connection_does_not_speak_is_not_there(pages: PageClient, path: str) -> None:
    acme.connect(ACME)
    pages.get(path, status=404)


def test_starting_from_another_site_is_refused(pages: PageClient) -> None:
    acme.connect(ACME)
    pages.get("/sign-in")
    pages.submit("Sign in with acme", status=400, Sec_Fetch_Site="cross-site")


def test_a_person_who_is_deactivated_is_out_at_the_next_request(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME, "/profile")
    pages.follow()
    with transaction() as db:
        db.get_one(Person, person().id).deactivated_at = NOW
    pages.get("/profile", status=303)


def test_an_attempt_holds_nothing_readable_in_the_table(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.sign_in(pages, ACME)
    with transaction() as db:
        stored = db.execute(text("SELECT received, checks FROM sso_attempts")).one()
    assert not any(b"mira" in bytes(value) for value in stored)
