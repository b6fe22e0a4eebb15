"""From an author's first click to what somebody outside reads and saves."""

from datetime import timedelta

from app.core import clock
from tests.journeys.portal import Portal
from tests.journeys.visitor import Visit, Visitor

PASSWORD = "quiet harbour lantern 42"
#: More than any limit allows within one of its windows, and one window more.
MANY = 12


def test_an_author_shares_a_page_and_a_stranger_reads_it_with_pictures_and_saves_a_file(
    portal: Portal, visit: Visit
) -> None:
    author = visit().sign_in(portal.author())
    author.open("/links/").follow("Create link")
    author.enter({"Address": portal.page_url()}).press("Look at it")
    assert "Berth and crane plan" in author.words
    author.enter({"Name": "For Northwind"}).tick("Show attachments", "Allow downloads").press("Create link")
    assert author.heading == "Hand the link on"
    address, password = author.value("Link"), author.value("Password")

    stranger = visit().open(address)
    assert stranger.heading == "Ines Moreau shares a Confluence page with you"
    assert "Berth" not in stranger.page.content()
    stranger.enter({"Password": password}).press("Open")
    assert stranger.page.url == address
    assert stranger.heading == "Berth and crane plan, week 48"
    assert len(stranger.pictures) == 2
    assert all(width > 0 for width in stranger.pictures)
    name, content = stranger.download("berth-plan-w48.csv")
    assert name == "berth-plan-w48.csv"
    assert content == portal.attachment(name)

    author.follow("Go to the link's page")
    assert author.heading == "For Northwind"
    assert author.fact("Openings") == "1"
    assert author.fact("Downloads") == "1"


def test_an_issue_is_read_with_its_pictures(portal: Portal, visit: Visit) -> None:
    link = portal.share(portal.author(), portal.issue_url(), password=PASSWORD, powers={"attachments": True})
    stranger = visit().open(link.address)
    assert stranger.heading == "Ines Moreau shares a Jira issue with you"
    stranger.enter({"Password": PASSWORD}).press("Open")
    assert stranger.pictures
    assert all(width > 0 for width in stranger.pictures)


def test_a_wrong_password_is_told_and_the_right_one_opens(portal: Portal, visit: Visit) -> None:
    link = portal.share(portal.author(), password=PASSWORD)
    stranger = visit().open(link.address)
    stranger.enter({"Password": "a guess that is wrong"}).press("Open", status=403)
    assert "That password does not open this page." in stranger.words
    stranger.enter({"Password": PASSWORD}).press("Open")
    assert stranger.heading == "Berth and crane plan, week 48"


def test_after_too_many_guesses_even_the_right_password_waits(portal: Portal, visit: Visit) -> None:
    link = portal.share(portal.author(), password=PASSWORD)
    stranger = visit().open(link.address)
    _guess_until_limited(stranger)
    portal.let_limits_last()
    stranger.enter({"Password": PASSWORD}).press("Open", status=429)
    assert "There were too many tries. Wait a while, then try again." in stranger.words
    portal.let_time_pass()
    stranger.enter({"Password": PASSWORD}).press("Open")
    assert stranger.heading == "Berth and crane plan, week 48"


def test_an_expired_link_shows_the_same_page_as_one_that_never_was(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    expired, revoked = portal.share(author, password=PASSWORD), portal.share(author, password=PASSWORD)
    with portal.link(expired) as row:
        row.expires_at = clock.now() - timedelta(minutes=1)
    visit().sign_in(author).open(f"/links/{revoked.id}/").unfold("Revoke").press("Revoke link")

    stranger = visit().open("/s/AAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/", status=404)
    never_was = stranger.page.content()
    for link in (expired, revoked):
        stranger.open(link.address, status=404)
        assert stranger.page.content() == never_was


def test_a_reader_is_told_that_the_link_has_expired_meanwhile(portal: Portal, visit: Visit) -> None:
    link = portal.share(portal.author(), password=PASSWORD)
    reader = visit().open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    # A picture that is still on its way would be refused as well.
    assert reader.pictures
    with portal.link(link) as row:
        row.expires_at = clock.now() - timedelta(minutes=1)
    reader.reload(status=410)
    assert "This link has expired." in reader.words


def _guess_until_limited(stranger: Visitor) -> None:
    for _ in range(MANY):
        with stranger.page.expect_navigation() as going:
            stranger.enter({"Password": "a guess that is wrong"})
            stranger.page.get_by_role("button", name="Open").click()
        if going.value.status == 429:
            return stranger.forgive()
    raise AssertionError(f"{MANY} wrong passwords were not too many")
