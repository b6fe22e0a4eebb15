"""Players of other sites in a page: only of hosts that an administrator listed, in a sandbox, and nothing else of them."""

import pytest
from sqlalchemy import select

from app.core import db
from app.core.accounts.models import Person
from app.core.errors import Invalid
from app.core.settings import registry
from app.core.settings import service as settings
from app.features.share_links.reading import frames
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import control, opened, share
from tests.pages import Page, PageClient

PAGE = "100110"
FILM = "https://www.youtube.com/watch?v=kVfLLjPjb1s"
MAP = "https://maps.example.org/quay"
SANDBOX = "allow-scripts allow-same-origin allow-presentation"


def lists(hosts: str) -> None:
    """Let an administrator list these hosts."""
    with db.transaction() as session:
        known = session.scalars(select(Person).where(Person.display_name == "Ada Admin")).first()
        ada = people.actor_of(session, known or people.make_administrator(session, "Ada Admin"))
        settings.change(session, ada, "share_links", {"frame_hosts": hosts})
    registry.forget()


def with_players(world: World, pages: PageClient) -> Page:
    macro = (
        '<ac:structured-macro ac:name="{}"><ac:parameter ac:name="url"><ri:url ri:value="{}" /></ac:parameter>'
        "</ac:structured-macro>"
    )
    control(world, "PATCH", f"pages/{PAGE}", {"body": macro.format("widget", FILM) + macro.format("iframe", MAP)})
    return opened(pages, share(world, PAGE))


def policy_of(page: Page) -> dict[str, str]:
    parts = (one.strip().partition(" ") for one in page.headers["Content-Security-Policy"].split(";"))
    return {name: rest for name, _, rest in parts}


def framed(page: Page) -> list[tuple[str | None, str | None, str | None]]:
    return [(one.get("src"), one.get("sandbox"), one.get("referrerpolicy")) for one in page.xpath("//iframe")]


def test_without_a_list_no_site_is_framed(world: World, pages: PageClient) -> None:
    page = with_players(world, pages)
    assert framed(page) == []
    assert "frame-src" not in policy_of(page)
    assert [one.get("href") for one in page.xpath("//span[@class='doc-card']/a")] == [FILM, MAP]


def test_a_listed_site_is_framed_in_a_sandbox_and_no_other(world: World, pages: PageClient) -> None:
    lists("WWW.YouTube.com, player.vimeo.com")
    page = with_players(world, pages)
    assert framed(page) == [("https://www.youtube.com/embed/kVfLLjPjb1s", SANDBOX, "no-referrer")]
    policy = policy_of(page)
    assert policy["frame-src"] == "https://player.vimeo.com https://www.youtube.com"
    assert (policy["script-src"], policy["default-src"]) == ("'none'", "'none'")


def test_a_change_of_the_list_shows_in_pages_that_are_kept(world: World, pages: PageClient) -> None:
    lists("www.youtube.com")
    address = with_players(world, pages).path
    assert len(framed(pages.get(address))) == 1
    lists("")
    page = pages.get(address)
    assert (framed(page), "frame-src" in policy_of(page)) == ([], False)


def test_the_owner_sees_the_frames_as_recipients_do(world: World, pages: PageClient) -> None:
    lists("maps.example.org")
    with_players(world, pages)
    link = share(world, PAGE).link
    pages.sign_in(world.author)
    page = pages.get(f"/links/{link.public_id}/as-recipient/")
    assert framed(page) == [(MAP, SANDBOX, "no-referrer")]
    assert policy_of(page)["frame-src"] == "https://maps.example.org"


@pytest.mark.parametrize(
    "text",
    [
        *("https://www.youtube.com", "*.youtube.com", "www.youtube.com/embed", "www.youtube.com:443", "youtube"),
        *("127.0.0.1", "[::1]", "localhost", "a..example", "-a.example", "a.example'", "a.example; script-src *"),
        *("'self'", "data:", "x" * 64 + ".example", "münchen.example", " ".join(f"h{n}.example" for n in range(21))),
    ],
)
def test_what_is_no_list_of_hosts_is_refused(app: object, text: str) -> None:
    assert frames.problem(text) is not None
    with pytest.raises(Invalid) as refused:
        lists(text)
    assert refused.value.field == "frame_hosts"


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", set()),
        ("www.youtube.com", {"www.youtube.com"}),
        ("a.example,b.example\n c.xn--p1ai", {"a.example", "b.example", "c.xn--p1ai"}),
        (" ".join(f"h{n}.example" for n in range(20)), {f"h{n}.example" for n in range(20)}),
    ],
)
def test_a_list_of_hosts_is_read(text: str, hosts: set[str]) -> None:
    assert frames.problem(text) is None
    assert frames.named_in(text) == hosts
