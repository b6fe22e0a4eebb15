"""Signing in through providers that others wrote, by their own login pages."""

from tests.interop.conftest import every_way
from tests.interop.traveller import Going
from tests.interop.ways import Way
from tests.journeys.portal import Portal


@every_way()
def test_staff_sign_in_by_the_button(way: Way, visit: Going) -> None:
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.staff)
    assert person.path == "/profile"
    assert way.staff.email in person.words
    # Known here by address before, and staff: the app is theirs.
    assert person.open("/links/").heading == "Your links"


@every_way()
def test_a_stranger_goes_from_the_link_through_the_login_page_to_the_page(
    way: Way, portal: Portal, visit: Going
) -> None:
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[way.group])
    guest = visit().open(link.address).choose(way.button, way.peer).prove(way.peer, way.member)
    assert guest.page.url == link.address
    assert guest.press("Open").heading == "Arrival guide for hauliers"

    people = visit().sign_in(portal.administrator()).open(f"/admin/people?q={way.member.email}")
    assert "Guest" in people.page.get_by_role("row").filter(has_text=way.member.name).inner_text()


@every_way()
def test_who_is_in_no_such_group_is_told_so_by_name_and_may_come_as_somebody_else(
    way: Way, portal: Portal, visit: Going
) -> None:
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[way.group])
    person = visit().open(link.address).choose(way.button, way.peer).prove(way.peer, way.outsider)
    assert person.heading == "This page is for other people"
    assert f"You are signed in as {way.outsider.name} ({way.outsider.email})" in person.words
    # The provider still knows who they were, and has to ask all the same.
    way.peer.let_proof_age()
    person.press("Use another account").choose(way.button, way.peer).prove(way.peer, way.member)
    assert person.press("Open").heading == "Arrival guide for hauliers"


@every_way(of=lambda name: not name.startswith("node"))
def test_a_wrong_password_is_the_providers_to_refuse_and_the_right_one_leads_on(way: Way, visit: Going) -> None:
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer)
    way.peer.enter(person.page, way.member.username, "another word")
    way.peer.says_no(person.page)
    assert person.page.url.startswith(way.peer.base_url)
    person.prove(way.peer, way.member)
    assert way.member.email in person.words


@every_way(of=lambda name: name.startswith("node"))
def test_who_cancels_at_the_provider_is_told_so_here(way: Way, visit: Going) -> None:
    person = visit().open("/sign-in").choose(way.button, way.peer)
    person.page.get_by_role("link", name="Cancel").click()
    person.come_home()
    assert person.heading == "You are not signed in"
    assert "you cancelled there" in person.words


@every_way()
def test_a_provider_that_knows_somebody_lets_them_through_and_asks_again_where_we_want_it(
    way: Way, visit: Going
) -> None:
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
    person.context.clear_cookies(domain="localhost")
    person.open("/sign-in?next=/profile").pass_through(way.button, "/profile")
    assert way.member.email in person.words

    way.peer.let_proof_age()
    person.page.goto(f"/sso/{way.name}/again?next=/profile")
    person.arrive_at(way.peer).prove(way.peer, way.member)
    assert person.path == "/profile"
