"""Comments have an age of their own: read anew once a minute, shown from the copy while Atlassian is down."""

from datetime import timedelta

import pytest

from app.core import clock
from app.features.share_links.powers import Powers
from simulator.state import PageComment
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import calls, control, forget_calls, forget_kept, opened, share, share_issue
from tests.pages import PageClient

HANDBOOK = "100120"
SAID = "The map matches what the yard system shows now."


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two minutes pass."""
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=2))


def test_comments_are_shown_in_threads_and_asked_for_once_a_minute(world: World, pages: PageClient) -> None:
    shared = share(world, HANDBOOK, powers=Powers(comments=True))
    page = opened(pages, shared)
    assert (
        page.text.index("Could we say which gate") < page.text.index("Gate 2, I have added it") < page.text.index(SAID)
    )
    forget_calls(world)
    pages.get(shared.path)
    forget_kept()
    pages.get(shared.path)
    assert calls(world) == []


def test_a_link_without_the_power_asks_for_none(world: World, pages: PageClient) -> None:
    shared = share(world, HANDBOOK)
    assert SAID not in opened(pages, shared).text
    assert calls(world, "comments") == []


def test_a_new_comment_shows_after_a_minute(world: World, pages: PageClient, request: pytest.FixtureRequest) -> None:
    shared = share(world, HANDBOOK, powers=Powers(comments=True))
    opened(pages, shared)
    author = world.account("bob").account_id
    new = PageComment("469999", author, "2026-11-25T10:00:00.000Z", "<p>Just said.</p>")
    world.running.site.pages[HANDBOOK].comments.append(new)
    assert "Just said." not in pages.get(shared.path).text
    request.getfixturevalue("later")
    assert "Just said." in pages.get(shared.path).text


def test_an_issues_comment_that_became_internal_is_gone_after_a_minute(
    world: World, pages: PageClient, request: pytest.FixtureRequest
) -> None:
    shared = share_issue(world, "HARB-31", powers=Powers(comments=True))
    assert "A sun shade is on its way" in opened(pages, shared).text
    world.running.site.issues["HARB-31"].comments[0].public = False
    request.getfixturevalue("later")
    assert "A sun shade is on its way" not in pages.get(shared.path).text


def test_comments_are_shown_from_the_copy_while_atlassian_is_down(
    world: World, pages: PageClient, request: pytest.FixtureRequest
) -> None:
    shared = share(world, HANDBOOK, powers=Powers(comments=True))
    opened(pages, shared)
    forget_kept()
    control(world, "POST", "failures", {"mode": "status", "status": 503})
    request.getfixturevalue("later")
    page = pages.get(shared.path)
    assert "cannot be reached" in page.text
    assert SAID in page.text


def test_a_page_is_shown_without_comments_rather_than_not_at_all(world: World, pages: PageClient) -> None:
    control(world, "POST", "failures", {"mode": "status", "status": 503, "path": ".*comments"})
    shared = share(world, HANDBOOK, powers=Powers(comments=True))
    page = opened(pages, shared)
    assert "Welcome to Norrhamn" in page.text
    assert "The comments cannot be shown right now." in page.text


def test_where_there_are_none_it_is_said(world: World, pages: PageClient) -> None:
    shared = share(world, "100102", powers=Powers(comments=True))
    assert "There are no comments." in opened(pages, shared).text
