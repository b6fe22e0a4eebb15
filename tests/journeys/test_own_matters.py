"""What people do about themselves: signing in and out, sessions, password, their own Atlassian account."""

from tests.factories.people import OTHER_PASSWORD
from tests.journeys.portal import Portal
from tests.journeys.visitor import Visit


def test_somebody_signs_in_after_a_slip_and_signs_out(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    person = visit().open("/links/")
    assert person.heading == "Sign in"
    person.enter_password(author, "not what it is", status=422)
    assert "This address and this password do not belong together." in person.words
    person.enter_password(author)
    assert person.heading == "Your links"
    person.unfold("Your account").press("Sign out")
    assert "You are signed out." in person.words
    person.open("/links/")
    assert person.heading == "Sign in"


def test_a_person_sees_where_they_are_signed_in_and_ends_another_session(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    here, elsewhere = visit().sign_in(author), visit().sign_in(author)
    elsewhere.open("/links/")
    here.open("/profile")
    assert here.page.get_by_text("This one").count() == 1
    here.press("End session")
    assert "The session was ended." in here.words
    elsewhere.reload()
    assert elsewhere.heading == "Sign in"


def test_a_new_password_signs_every_other_browser_out(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    here, elsewhere = visit().sign_in(author), visit().sign_in(author)
    elsewhere.open("/profile")
    here.open("/profile").follow("Change password")
    here.enter({"Current password": author.password, "New password": "password1234"})
    here.press("Change password", status=422)
    assert here.page.locator(".field-error").count() == 1
    here.enter({"Current password": author.password, "New password": OTHER_PASSWORD}).press("Change password")
    assert "Your password was changed." in here.words
    elsewhere.reload()
    assert elsewhere.heading == "Sign in"
    elsewhere.enter_password(author, OTHER_PASSWORD)
    assert elsewhere.heading == "Your profile"


def test_an_author_without_an_account_is_refused_told_how_and_connects_it(portal: Portal, visit: Visit) -> None:
    author = visit().sign_in(portal.author(connected=False))
    author.open("/links/new/").enter({"Address": portal.page_url()}).press("Look at it", status=422)
    assert "This cannot be shared by you" in author.words
    assert "Berth" not in author.page.content()
    author.follow("Go to your profile")
    author.follow("Connect", row="Acme Confluence")
    author.enter({"Email address of your Atlassian account": "ines@acme.example", "API token": "token-wrong"})
    author.press("Connect account", status=422)
    author.enter({"API token": "token-ines"}).press("Connect account")
    assert "Connected as Ines Moreau." in author.words
    author.open("/links/new/").enter({"Address": portal.page_url()}).press("Look at it")
    assert "Berth and crane plan, week 48" in author.words


def test_a_token_for_a_program_is_shown_once_and_revoked(portal: Portal, visit: Visit) -> None:
    author = visit().sign_in(portal.author()).open("/profile").follow("Create token")
    author.enter({"Name": "Nightly report"}).press("Create token")
    assert len(author.value("Token")) >= 32
    author.follow("Back to your profile")
    author.unfold("Revoke", row="Nightly report").press("Revoke token")
    assert "The token was revoked." in author.words


def test_a_guest_sees_no_shell_and_cannot_make_links(portal: Portal, visit: Visit) -> None:
    guest = visit().sign_in(portal.guest("Greta Vance")).open("/profile")
    assert guest.heading == "Signed in as Greta Vance"
    assert guest.page.locator("nav").count() == 0
    guest.open("/links/new/", status=404)
