"""What a link would show besides its page or issue is looked through before there is a link, with where it was found."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import db
from app.core.accounts.api_tokens import Scope
from app.features.share_links import tokens
from app.features.share_links.models import LinkApproval, ShareLink
from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading import draft
from app.features.share_links.rules import approving, content_check
from app.features.share_links.rules.content_check import Finding, Scan, Unread, Why
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, control, opened, share
from tests.features.share_links.test_api import program
from tests.features.share_links.test_children import FEES, GATE_HOURS, HANDBOOK, HOLIDAYS, WALK
from tests.features.share_links.test_content_check import AWS, GITHUB, joined
from tests.features.share_links.test_content_of_files import rule
from tests.pages import Page, PageClient

PASSWORD = "correct horse battery"
STRIPE = joined("sk_live_", "abcdefghijklmnopqrstuvwx")
BOTH = {"children": "1", "comments": ["y"]}
OUTLOOK = "/api/v1/shares/outlook"


@pytest.fixture(params=["world", "own_servers"], ids=["cloud", "data center"])
def company(request: pytest.FixtureRequest) -> World:
    """The site with its pages, as Atlassian's and as the company's own."""
    found: World = request.getfixturevalue(request.param)
    return found


def write(world: World, page_id: str, text: str) -> None:
    """Let a page say something more."""
    world.running.site.pages[page_id].latest.body += f"<h2>Keys</h2><p>{text}</p>"


def comment_on(world: World, page_id: str, text: str) -> None:
    """Let somebody say something below a page."""
    site = world.running.site
    known = next(one for one in site.pages[HANDBOOK].comments if one.parent_id is None and not one.inline)
    site.pages[page_id].comments.append(replace(known, comment_id=f"4690{page_id}", body=f"<p>{text}</p>"))


def asked(world: World, pages: PageClient, values: Mapping[str, Any], *, status: int, page_id: str = HANDBOOK) -> Page:
    """Ask for a link that shows something besides the page."""
    pages.get(f"/links/new/?url={world.page(page_id)}")
    return pages.submit("Create link", dict(values), status=status)


def made() -> list[ShareLink]:
    with db.reading() as session:
        return list(session.scalars(select(ShareLink)))


def test_a_creator_sees_on_which_child_page_and_in_which_comment_it_stands(company: World, pages: PageClient) -> None:
    rule("warn")
    write(company, GATE_HOURS, AWS)
    comment_on(company, HANDBOOK, GITHUB)
    comment_on(company, GATE_HOURS, AWS)
    pages.sign_in(company.author)
    page = asked(company, pages, BOTH, status=422)
    told = page.text
    assert "The link is not created yet" in told
    assert "AWS Access Key: AK…MN · on the child page “Gate hours” · below “Keys”" in told
    assert "AWS Access Key: AK…MN · on the child page “Gate hours” · in a comment: " in told
    assert "GitHub Token: g… · in a comment: Mia " in told
    assert made() == []
    pages.submit("Create link", status=303)
    assert len(made()) == 1


@pytest.mark.parametrize("values", [{}, {"comments": ["y"]}, {"children": "1", "labels": "holidays"}])
def test_what_the_link_would_not_show_is_not_looked_through(
    world: World, pages: PageClient, values: dict[str, Any]
) -> None:
    rule("refuse")
    write(world, GATE_HOURS, AWS)
    pages.sign_in(world.author)
    asked(world, pages, values, status=303)
    assert len(made()) == 1


def test_a_page_that_no_link_covers_is_not_looked_through(world: World, pages: PageClient) -> None:
    rule("refuse")
    write(world, FEES, AWS)
    comment_on(world, FEES, AWS)
    pages.sign_in(world.author)
    asked(world, pages, BOTH, status=303)


def test_files_of_child_pages_are_looked_through_where_they_can_be_taken(world: World, pages: PageClient) -> None:
    rule("warn")
    control(world, "PUT", f"attachments/{GATE_HOURS}/notes.txt", {"text": AWS, "media_type": "text/plain"})
    control(world, "PUT", f"attachments/{GATE_HOURS}/old.doc", {"text": "?", "media_type": "application/msword"})
    pages.sign_in(world.author)
    asked(world, pages, {"children": "1"}, status=303)
    told = asked(world, pages, {"children": "1", "attachments": ["y"], "download": ["y"]}, status=422).text
    assert "on the child page “Gate hours” · in the file “notes.txt”" in told
    assert "“old.doc” on the child page “Gate hours”: Files of its kind are not looked into." in told


def test_where_rules_refuse_it_the_creator_sees_why_and_may_show_less(world: World, pages: PageClient) -> None:
    rule("refuse")
    write(world, GATE_HOURS, AWS)
    pages.sign_in(world.author)
    assert "on the child page “Gate hours”" in asked(world, pages, BOTH, status=422).text
    assert made() == []
    pages.submit("Create link", {"children": "0"}, status=303)
    assert len(made()) == 1


@pytest.mark.parametrize("bound", ["number", "time"])
def test_what_is_beyond_the_bounds_is_said_and_keeps_nothing_back(
    company: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    rule("refuse")
    if bound == "number":
        monkeypatch.setattr(draft, "MOST_CHILDREN", 1)
    else:
        monkeypatch.setattr(draft, "SECONDS", 0.5)
        control(company, "POST", "failures", {"mode": "delay", "path": f".*{WALK}.*", "seconds": 3})
    pages.sign_in(company.author)
    began = time.monotonic()
    asked(company, pages, {"children": "1"}, status=303)
    assert time.monotonic() - began < 12
    assert "Not all child pages and comments were looked through: the rest is when it is shown." in pages.follow().text


def test_how_many_are_left_is_said_before_the_link_is_made(
    world: World, app: Flask, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule("warn")
    comment_on(world, HANDBOOK, AWS)
    monkeypatch.setattr(draft, "MOST_CHILDREN", 1)
    pages.sign_in(world.author)
    assert "One more child page is looked through when it is shown." in asked(world, pages, BOTH, status=422).text
    question = {"url": world.page(HANDBOOK), "powers": {"children": {"depth": 2}}}
    client = program(app, world.author, Scope.SHARES_WRITE)
    assert client.call("POST", OUTLOOK, question).get_json()["later"] == {"child_pages": 2, "others": False}
    monkeypatch.undo()
    assert client.call("POST", OUTLOOK, question).get_json()["later"] == {"child_pages": 0, "others": False}


def test_what_was_beyond_the_bounds_is_looked_through_when_it_is_shown(world: World, pages: PageClient) -> None:
    write(world, WALK, AWS)
    shared = share(world, HANDBOOK, powers=Powers(children=Children(1)))
    rule("refuse")
    opened(pages, shared)
    pages.get(f"{shared.path}page-{GATE_HOURS}")
    pages.get(f"{shared.path}page-{WALK}", status=403)
    assert shared.row().paused_reason == "content"
    pages.sign_in(world.author)
    told = pages.get(f"/links/{shared.link.public_id}/").text
    assert "on the child page “A walk along the quay” · below “Keys”" in told


def test_programs_are_refused_and_told_the_same(world: World, app: Flask) -> None:
    rule("refuse")
    write(world, HOLIDAYS, AWS)
    client = program(app, world.author, Scope.SHARES_WRITE)
    body = {"url": world.page(HANDBOOK), "generate": True, "powers": {"children": {"depth": 2}}}
    assert client.call("POST", "/api/v1/shares", body).get_json()["code"] == "content"
    told = client.call("POST", OUTLOOK, {"url": body["url"], "powers": body["powers"]}).get_json()
    assert told["found"] == [
        {
            "kind": "AWS Access Key",
            "place": "Keys",
            "masked": "AK…MN",
            "file": "",
            "comment": False,
            "child": "Holiday hours",
        }
    ]
    assert client.call("POST", "/api/v1/shares", body | {"powers": {"children": {"depth": 1}}}).status_code == 201
    assert len(made()) == 1


def test_comments_of_issues_are_looked_through(world: World, app: Flask) -> None:
    rule("refuse")
    client = program(app, world.author, Scope.SHARES_WRITE)
    body = {"url": world.issue("HARB-2"), "generate": True, "powers": {"comments": True}}
    assert client.call("POST", "/api/v1/shares", body).status_code == 201
    control(world, "POST", "issues/HARB-2/comments", {"text": AWS})
    assert client.call("POST", "/api/v1/shares", body).get_json()["code"] == "content"
    assert client.call("POST", "/api/v1/shares", body | {"powers": {}}).status_code == 201


def test_what_a_second_person_agreed_to_with_the_link_is_not_asked_again_page_by_page(
    world: World, pages: PageClient
) -> None:
    rule("approve")
    write(world, GATE_HOURS, AWS)
    comment_on(world, HANDBOOK, GITHUB)
    pages.sign_in(world.author)
    asked(world, pages, BOTH | {"generate": [], "password": PASSWORD}, status=422)
    pages.submit("Create link", {"password": PASSWORD}, status=303)
    with db.transaction() as session:
        board = people.make_administrator(session, "Bo Board")
        request = session.scalars(select(LinkApproval.id)).one()
        approving.approve(session, people.actor_of(session, board), request)
    link = made()[0]
    shared = Shared(link, tokens.make(link.public_id, link.generation))
    reader = pages.another()
    assert "Terminal handbook" in opened(reader, shared, PASSWORD).heading
    assert reader.get(f"{shared.path}page-{GATE_HOURS}").heading == "Gate hours"
    write(world, WALK, STRIPE)
    reader.get(f"{shared.path}page-{WALK}", status=403)
    assert shared.row().paused_reason == "approval"


def scan(*masked: str, unread: tuple[Unread, ...] = (), finished: bool = True) -> Scan:
    return Scan(tuple(Finding("Key", "Place", one) for one in masked), finished, unread)


A_FILE, LATER_FILE = Unread("a", Why.TOO_LARGE, "a:1"), Unread("a", Why.TOO_LARGE, "a:2")
MANY = tuple(Unread("a", Why.TOO_LARGE, f"a:{number}") for number in range(content_check.MOST_FINDINGS))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (scan("a"), scan("a", "b"), True),
        (scan("a"), content_check.in_child(scan("a"), "Child"), True),
        (scan(unread=(A_FILE,)), scan("a", unread=(A_FILE,)), True),
        (scan("a", "c"), scan("a", "b"), False),
        (scan("a", finished=False), scan("a", "b"), False),
        (scan(unread=(LATER_FILE,)), scan(unread=(A_FILE,)), False),
        (scan(unread=(A_FILE,)), scan("a"), False),
        (scan(unread=MANY[1:]), scan(unread=MANY), True),
        # A list that was cut names only some.
        (scan(unread=MANY), scan(unread=MANY), False),
    ],
)
def test_who_agreed_to_the_whole_agreed_to_its_parts_and_to_nothing_else(one: Scan, other: Scan, told: bool) -> None:
    assert one.is_told_by(other) is told
