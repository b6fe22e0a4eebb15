"""Links for groups: who gets in by signing in, and who is out at the next request."""

from tests.journeys.portal import Portal
from tests.journeys.visitor import Visit


def test_a_member_signs_in_through_the_link_and_lands_back_on_it(portal: Portal, visit: Visit) -> None:
    group = portal.group("Hauliers")
    greta = portal.guest("Greta Vance", group)
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[group])

    member = visit().open(link.address)
    assert "Arrival" not in member.page.content()
    member.follow("Sign in")
    member.enter_password(greta)
    assert member.page.url == link.address
    member.press("Open")
    assert member.heading == "Arrival guide for hauliers"


def test_somebody_who_is_no_member_is_told_that_the_page_is_for_others(portal: Portal, visit: Visit) -> None:
    group = portal.group("Hauliers")
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[group])

    other = visit().open(link.address).follow("Sign in")
    other.enter_password(portal.guest("Sam Reyes"), status=403)
    assert other.page.url == link.address
    assert other.heading == "This page is for other people"
    assert "Arrival" not in other.page.content()


def test_a_membership_that_is_withdrawn_ends_the_reading_at_the_next_request(portal: Portal, visit: Visit) -> None:
    group = portal.group("Hauliers")
    greta = portal.guest("Greta Vance", group)
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[group])
    member = visit().sign_in(greta).open(link.address).press("Open")
    assert member.heading == "Arrival guide for hauliers"

    administrator = visit().sign_in(portal.administrator())
    administrator.open("/admin/groups").follow(portal.group_name(group))
    administrator.press("Remove Greta Vance")
    assert "Nobody is in this group yet." in administrator.words

    member.reload(status=403)
    assert member.heading == "This page is for other people"


def test_when_an_author_is_deactivated_their_readers_are_out_at_the_next_request(portal: Portal, visit: Visit) -> None:
    author = portal.author("Bob Achterberg")
    link = portal.share(author, password="quiet harbour lantern 42")
    reader = visit().open(link.address)
    reader.enter({"Password": "quiet harbour lantern 42"}).press("Open")
    assert reader.heading == "Berth and crane plan, week 48"

    administrator = visit().sign_in(portal.administrator())
    administrator.open(f"/admin/people/{author.public_id}").follow("Deactivate")
    assert "cannot sign in any more" in administrator.words
    administrator.press("Deactivate person")

    reader.reload(status=410)
    assert "no longer works here" in reader.words
    assert visit().open(link.address, status=404).heading == "This link does not open anything"
