"""The whole way with a browser that runs no script."""

from tests.journeys.portal import Portal
from tests.journeys.visitor import Visit


def test_links_are_made_opened_and_revoked_without_script(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    author = visit(script=False).open("/links/")
    author.enter_password(ines)
    author.follow("Create link")
    author.enter({"Address": portal.page_url()}).press("Look at it")
    author.tick("Show attachments", "Allow downloads").press("Create link")
    address, password = author.value("Link"), author.value("Password")

    stranger = visit(script=False).open(address)
    stranger.enter({"Password": password}).press("Open")
    assert stranger.heading == "Berth and crane plan, week 48"
    assert all(width > 0 for width in stranger.pictures)
    assert stranger.download("berth-plan-w48.csv")[1] == portal.attachment("berth-plan-w48.csv")

    author.follow("Go to the link's page").unfold("Revoke").press("Revoke link")
    assert "The link is revoked." in author.words
    author.unfold("Your account").press("Sign out")
    stranger.reload(status=410)


def test_lists_are_searched_without_script(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    portal.share(author, name="For Northwind", password="quiet harbour lantern 42")
    portal.share(author, name="For Southsea", password="quiet harbour lantern 42")
    person = visit(script=False).sign_in(author).open("/links/")
    person.enter({"Search links": "northwind"}).press("Search")
    assert "For Northwind" in person.words
    assert "For Southsea" not in person.words
