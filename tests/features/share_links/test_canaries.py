"""Strings planted in everything a link does not cover, looked for in every byte that is served for it.

On screen and on paper, to readers, to the link's owner and to a program; where the company's pages are Atlassian's and
where they are its own.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from flask import Flask

from app.core.jobs import worker
from app.features.share_links.paper import views as paper_views
from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading.names import Names
from tests.documents.paper.sheets import texts
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, opened, share, share_issue
from tests.features.share_links.test_api import SHARES, program
from tests.pages import PageClient

HANDBOOK, ISSUE = "100120", "HARB-31"
EVERYTHING = Powers(comments=True, attachments=True, download=True, children=Children(2))
COVERED = ("100121", "100124", "100127")
FIELDS = ("summary", "status", "description", "assignee", "reporter", "issuelinks", "subtasks", "parent")
#: Of every page that is not covered: what it says, and what it is called where the page itself does not say that.
UNCOVERED_PAGES = (
    "CANARY-RESTRICTED-CHILD",
    "CANARY-BELOW-RESTRICTED",
    "CANARY-NO-SHARE-LABEL",
    "CANARY-TOO-DEEP",
    "CANARY-ARCHIVED-CHILD",
    "Berthing fees, agreed exceptions",
    "Quarterly fee review",
    "Winter rules being written",
    "Handbook of 2023",
    "Terminal price list 2027",
    "fee table.png",
    # A resolved comment, and the issue that a macro names.
    "It is called north quay since May",
    "Scanner at gate 2",
)
INSIDE_THE_ISSUE = (
    "CANARY-INTERNAL-COMMENT",
    "CANARY-RESTRICTED-COMMENT",
    "CANARY-FIELD-OUTSIDE",
    "CANARY-SUBTASK",
    "credit note.png",
    # Summaries of the parent and of the linked issue.
    "Winter readiness of the terminal",
    "Test lift with the inspector",
    # Fields nobody chose: cost, vessel call, shift leader.
    "18500",
    "18,500",
    "2026-121",
    "Tomas Ek",
)


@pytest.fixture(params=["world", "own_servers"], ids=["cloud", "data center"])
def company(request: pytest.FixtureRequest) -> World:
    """The site with its pages and issues, as Atlassian's and as the company's own."""
    found: World = request.getfixturevalue(request.param)
    return found


def everything(world: World, pages: PageClient, shared: Shared, under: str | None = None) -> dict[str, bytes]:
    """Return all that can be had from a link by its reader: pages, pictures and files of the whole site, tried one by one.

    `under` is another address at which the same is had: where its owner looks at it as a recipient.
    """
    paths = []
    for file in world.running.site.attachments.values():
        for kind in ("media", "files"):
            paths += [f"{kind}/{file.attachment_id}", f"{kind}/{file.container_id}/{file.attachment_id}"]
        paths.append(f"media/small/{file.attachment_id}")
    address = under or shared.path
    return every_page(world, pages, address) | answers(pages, address, paths)


def every_page(world: World, pages: PageClient, address: str) -> dict[str, bytes]:
    """Return what is answered where the link's page, and each page of the site, would be."""
    return answers(pages, address, ["", *(f"page-{page_id}" for page_id in world.running.site.pages)])


def answers(pages: PageClient, address: str, paths: Iterable[str]) -> dict[str, bytes]:
    """Return what is answered at each of the paths under an address, with its headers."""
    found = {}
    for path in paths:
        answer = pages.http.get(address + path, base_url=pages.base_url)
        assert answer.status_code in (200, 404), path
        found[f"{path} {answer.status_code}"] = answer.data + str(answer.headers).encode()
    return found


def on_paper(world: World, pages: PageClient, shared: Shared) -> dict[str, bytes]:
    """Return what is had on the way to the PDF of each page of the site, and each PDF taken apart."""
    found = {}
    for path in ["pdf", *(f"pdf/{page_id}" for page_id in world.running.site.pages)]:
        ordered = pages.http.get(shared.path + path, base_url=pages.base_url)
        found[f"{path} ordered {ordered.status_code}"] = ordered.data + str(ordered.headers).encode()
        # Where nothing was ordered there is nothing to wait for: the page says so once.
        for state in ("waits", "ready") if ordered.status_code != 404 else ("is not there",):
            answer = pages.http.get(f"{shared.path}{path}/progress", base_url=pages.base_url)
            assert answer.status_code == (404 if ordered.status_code == 404 else 200), (path, state)
            found[f"{path}/progress {state}"] = answer.data + str(answer.headers).encode()
            worker.sweep()
        taken = pages.http.get(shared.path + path, base_url=pages.base_url)
        head = str(taken.headers).encode()
        found[f"{path} {taken.status_code}"] = head + (taken.data if taken.status_code == 404 else apart(taken.data))
    return found


def apart(pdf: bytes) -> bytes:
    """Return everything that a PDF says: its words without spaces and with, each stream, each string, its metadata."""
    said = " ".join(texts(pdf))
    parts = [" ".join(said.split()).encode(), "".join(said.split()).encode()]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for one in document.objects:
            if isinstance(one, pikepdf.Stream):
                parts.append(one.read_bytes() if "/DCTDecode" not in repr(one.get("/Filter")) else one.read_raw_bytes())
            # Strings of dictionaries, such as the outline's and the pictures' descriptions, in whichever encoding.
            parts.append(" ".join(strings(one)).encode())
        parts.append(str(document.open_metadata()).encode())
    return b"\n".join(parts)


def strings(one: pikepdf.Object) -> Iterable[str]:
    """Yield the strings that an object of a PDF holds itself; those of others are found at those."""
    # Numbers and truths come as Python's own.
    waiting: list[Any] = [one]
    while waiting:
        held = waiting.pop()
        if isinstance(held, pikepdf.String):
            yield str(held)
        elif isinstance(held, pikepdf.Array | pikepdf.Dictionary | pikepdf.Stream):
            below = held if isinstance(held, pikepdf.Array) else dict(held.items()).values()
            waiting += [each for each in below if not getattr(each, "is_indirect", False)]


def inside(app: Flask, world: World, pages: PageClient, shared: Shared, address: str) -> dict[str, bytes]:
    """Return what the owner sees of a link and before it is made, and what a program of theirs does."""
    pages.sign_in(world.author)
    found = everything(world, pages, shared, f"/links/{shared.link.public_id}/as-recipient/")
    for path in ("/links/", f"/links/{shared.link.public_id}/", f"/links/new/?url={address}"):
        found[path] = pages.get(path).body
    # The powers are ticked and the page is shown again, with what will be left out of all that they show.
    wanted = {"comments": "y", "attachments": "y", "generate": [], "password": "short"}
    children = {"children": "2"} if "children" in pages.page.form("Create link").names else {}
    found["preview"] = pages.submit("Create link", wanted | children, status=422).body
    asks = program(app, world.author)
    for path in (SHARES, f"{SHARES}/{shared.link.public_id}", f"{SHARES}/{shared.link.public_id}/activity"):
        answer = asks.get(path)
        assert answer.status_code == 200, path
        found[path] = answer.data
    return found


def served(answers: Iterable[str], kind: str) -> set[str]:
    """Return the ids of the files that were sent."""
    good = (name.removesuffix(" 200") for name in answers if name.endswith(" 200"))
    return {name.rpartition("/")[2] for name in good if name.startswith(kind)}


def leaks(answers: dict[str, bytes], planted: Iterable[str]) -> list[tuple[str, str]]:
    """Return which planted string stands where, with its spaces or without them."""
    return [(one, path) for path, answer in answers.items() for one in planted if sought(one).search(answer)]


def sought(planted: str) -> re.Pattern[bytes]:
    """Return what a planted string looks like in bytes; digits by themselves, since random tokens may hold them."""
    written = b"|".join(re.escape(one.encode()) for one in (planted, "".join(planted.split())))
    return re.compile(rb"(?<!\w)(?:%s)(?!\w)" % written if planted.isdigit() else written)


@pytest.mark.parametrize("powers", [Powers(), EVERYTHING], ids=["page alone", "everything"])
def test_nothing_of_an_uncovered_page_leaves(world: World, pages: PageClient, powers: Powers) -> None:
    shared = share(world, HANDBOOK, powers=powers)
    opened(pages, shared)
    found = everything(world, pages, shared)
    assert leaks(found, UNCOVERED_PAGES) == []
    assert b"Welcome to Norrhamn" in found[" 200"]
    below = {name for name in found if name.startswith("page-") and name.endswith(" 200")}
    if powers.children is None:
        assert below == set()
        assert served(found, "media/") == {"att10012000"}
        assert leaks(found, ["Gate hours", "08:00 to 14:00", "Could we say which gate takes"]) == []
    else:
        assert below == {f"page-{page_id} 200" for page_id in ("100121", "100124", "100127")}
        own = {"att10012000", "att10012100", "att10012700", "att10012701"}
        assert served(found, "media/") == served(found, "files/") == own
        assert b"Could we say which gate takes" in found[" 200"]
        assert b"Thirty minutes, as in the arrival guide" in found[" 200"]
        assert b"Saturdays too?" in found["page-100121 200"]


@pytest.mark.parametrize(
    ("powers", "files"),
    [
        (Powers(jira_fields=FIELDS), {"30620"}),
        (Powers(jira_fields=FIELDS, comments=True), {"30620", "30621"}),
        (Powers(jira_fields=FIELDS, comments=True, attachments=True, download=True), {"30620", "30621", "30623"}),
    ],
    ids=["fields", "comments", "everything"],
)
def test_nothing_inside_an_issue_leaves(world: World, pages: PageClient, powers: Powers, files: set[str]) -> None:
    shared = share_issue(world, ISSUE, powers=powers)
    opened(pages, shared)
    found = everything(world, pages, shared)
    assert leaks(found, INSIDE_THE_ISSUE) == []
    assert served(found, "media/") == files
    page = found[" 200"].decode()
    for shown in ("HARB-1", "HARB-5", "HARB-32", "every third plate", "In progress"):
        assert shown in page
    assert ("A sun shade is on its way" in page) == powers.comments


def test_only_the_chosen_fields_are_asked_for(world: World, pages: PageClient) -> None:
    shared = share_issue(world, ISSUE, powers=Powers(jira_fields=("status", "customfield_10042")))
    page = opened(pages, shared)
    assert "2026-121" in page.text
    assert "every third plate" not in page.text
    asked = {one.query for one in world.running.site.requests if one.path.endswith("/issue/10231")}
    assert asked
    for field in ("description", "customfield_10044", "assignee", "comment", "all"):
        assert not any(field in one for one in asked)


PEOPLE = {
    Names.FULL: ("Ines Moreau (ines@acme.example)", ()),
    Names.NAME: ("Ines Moreau", ("@acme.example",)),
    Names.INITIALS: ("I. M.", ("@acme.example", "Ines Moreau", "Mia Sørensen", "Jonas Berg", "Sørensen")),
    Names.NONE: ("someone", ("@acme.example", "Ines Moreau", "Mia Sørensen", "Jonas Berg", "I. M.", "J. B.")),
}


@pytest.mark.parametrize("names", Names)
def test_people_of_a_page_are_named_as_the_link_says(world: World, pages: PageClient, names: Names) -> None:
    powers = Powers(comments=True, children=Children(1), names=names)
    shared = share(world, HANDBOOK, powers=powers)
    opened(pages, shared)
    said = every_page(world, pages, shared.path)
    shown, hidden = PEOPLE[names]
    assert f"@{shown}" in said[" 200"].decode()
    assert leaks(said, hidden) == []
    assert leaks(said, [one.account_id for one in world.running.site.accounts.values()]) == []


@pytest.mark.parametrize("names", Names)
def test_people_of_an_issue_are_named_as_the_link_says(world: World, pages: PageClient, names: Names) -> None:
    shared = share_issue(world, ISSUE, powers=Powers(comments=True, jira_fields=FIELDS, names=names))
    opened(pages, shared)
    said = every_page(world, pages, shared.path)
    shown = {Names.FULL: "Jonas Berg", Names.NAME: "Jonas Berg", Names.INITIALS: "J. B.", Names.NONE: "someone"}[names]
    assert f"@{shown}" in said[" 200"].decode()
    assert leaks(said, PEOPLE[names][1]) == []
    assert leaks(said, [one.account_id for one in world.running.site.accounts.values()]) == []


def test_nothing_of_an_uncovered_page_leaves_on_paper_or_inside(
    app: Flask, company: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_views, "PATIENCE", 0.0)
    shared = share(company, HANDBOOK, powers=replace(EVERYTHING, pdf=True, watermark=True))
    opened(pages, shared)
    printed = on_paper(company, pages, shared)
    printed["watermark"] = pages.http.get(f"{shared.path}watermark.svg", base_url=pages.base_url).data
    assert leaks(printed, UNCOVERED_PAGES) == []
    made = {name.removeprefix("pdf").removesuffix(" 200") for name in printed if name.endswith(" 200")}
    assert {name for name in made if "ordered" not in name} == {"", *(f"/{page_id}" for page_id in COVERED)}
    assert b"Welcome to Norrhamn" in printed["pdf 200"]
    assert b"Could we say which gate takes" in printed["pdf 200"]
    assert b"08:00 to 14:00" in printed["pdf/100121 200"]
    address = company.page(HANDBOOK)
    within = inside(app, company, pages, shared, address)
    assert leaks(within, UNCOVERED_PAGES) == []
    assert b"Welcome to Norrhamn" in within[" 200"]
    assert b"Terminal handbook for partners" in within["preview"]


def test_nothing_inside_an_issue_leaves_on_paper_or_inside(
    app: Flask, company: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_views, "PATIENCE", 0.0)
    powers = replace(EVERYTHING, children=None, jira_fields=FIELDS, pdf=True, watermark=True)
    shared = share_issue(company, ISSUE, powers=powers)
    opened(pages, shared)
    screen = everything(company, pages, shared)
    assert leaks(screen, INSIDE_THE_ISSUE) == []
    printed = on_paper(company, pages, shared)
    assert leaks(printed, INSIDE_THE_ISSUE) == []
    assert b"every third plate" in printed["pdf 200"]
    assert b"A sun shade is on its way" in printed["pdf 200"]
    within = inside(app, company, pages, shared, company.issue(ISSUE))
    assert leaks(within, INSIDE_THE_ISSUE) == []
    assert b"every third plate" in within[" 200"]
    assert b"Scanner at gate 2" in within["preview"]
