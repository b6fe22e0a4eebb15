"""What an author does with a link after handing it on."""

from tests.journeys.portal import Portal
from tests.journeys.visitor import Visit

PASSWORD = "quiet harbour lantern 42"


def test_looking_as_a_recipient_spends_nothing(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    link = portal.share(author, password=PASSWORD, max_views=1, powers={"attachments": True, "download": True})
    owner = visit().sign_in(author).open(f"/links/{link.id}/").follow("View as a recipient")
    assert owner.heading == "Berth and crane plan, week 48"
    assert "You are viewing this as a recipient does." in owner.words
    assert all(width > 0 for width in owner.pictures)
    owner.open(f"/links/{link.id}/")
    assert owner.fact("Openings") == "0"
    stranger = visit().open(link.address)
    stranger.enter({"Password": PASSWORD}).press("Open")
    assert stranger.heading == "Berth and crane plan, week 48"


def test_a_link_for_one_view_opens_once_and_stays_open_for_that_reader(portal: Portal, visit: Visit) -> None:
    link = portal.share(portal.author(), password=PASSWORD, max_views=1)
    first = visit().open(link.address)
    first.enter({"Password": PASSWORD}).press("Open")
    first.reload()
    assert first.heading == "Berth and crane plan, week 48"
    assert visit().open(link.address, status=404).heading == "This link does not open anything"


def test_a_paused_link_closes_for_its_readers_and_resumes(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    link = portal.share(author, password=PASSWORD)
    reader = visit().open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    owner = visit().sign_in(author).open(f"/links/{link.id}/").press("Pause link")
    assert "The link is paused." in owner.words
    reader.reload(status=403)
    assert "This link is paused." in reader.words
    owner.press("Resume link")
    reader.reload()
    reader.enter({"Password": PASSWORD}).press("Open")
    assert reader.heading == "Berth and crane plan, week 48"


def test_a_new_address_replaces_the_old_one(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    link = portal.share(author, password=PASSWORD)
    owner = visit().sign_in(author).open(f"/links/{link.id}/")
    owner.unfold("New address").press("Give new address")
    address = owner.value("Link")
    assert address != link.address
    stranger = visit().open(link.address, status=404)
    stranger.open(address).enter({"Password": PASSWORD}).press("Open")
    assert stranger.heading == "Berth and crane plan, week 48"


def test_revoking_says_how_many_are_cut_off_and_ends_it_for_good(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    link = portal.share(author, password=PASSWORD)
    reader = visit().open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    owner = visit().sign_in(author).open(f"/links/{link.id}/").unfold("Revoke")
    assert "One browser that reads now is cut off at once." in owner.page.locator("dialog").inner_text()
    owner.press("Revoke link")
    assert "The link is revoked." in owner.words
    reader.reload(status=410)
    assert "This link was revoked." in reader.words


def test_a_stricter_condition_sends_readers_through_the_gates_again(portal: Portal, visit: Visit) -> None:
    author = portal.author()
    link = portal.share(author, password=PASSWORD)
    reader = visit().open(link.address)
    reader.enter({"Password": PASSWORD}).press("Open")
    owner = visit().sign_in(author).open(f"/links/{link.id}/").follow("Edit")
    owner.enter({"New password": "another lantern entirely"}).press("Save changes")
    reader.reload()
    assert reader.heading == "Ines Moreau shares a Confluence page with you"
    reader.enter({"Password": PASSWORD}).press("Open", status=403)
    reader.enter({"Password": "another lantern entirely"}).press("Open")
    assert reader.heading == "Berth and crane plan, week 48"


def test_an_impossible_condition_gets_a_sentence_with_the_number(portal: Portal, visit: Visit) -> None:
    author = visit().sign_in(portal.author()).open("/links/new/")
    author.enter({"Address": portal.page_url()}).press("Look at it")
    author.enter({"Ends": "2099-01-01T12:00"}).press("Create link", status=422)
    assert "90 days" in author.words
    author.enter({"Ends": ""}).tick("Generate a password", off=True).press("Create link", status=422)
    assert "A link needs a password or a group, a sign-in, or a code by mail." in author.words
