"""Strings planted in everything a link does not cover, looked for in every byte that a reader of it can get."""

from collections.abc import Iterable

import pytest

from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading.names import Names
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, opened, share, share_issue
from tests.pages import PageClient

HANDBOOK, ISSUE = "100120", "HARB-31"
EVERYTHING = Powers(comments=True, attachments=True, download=True, children=Children(2))
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
    "2026-121",
    "Tomas Ek",
)


def everything(world: World, pages: PageClient, shared: Shared) -> dict[str, bytes]:
    """Return all that can be had from a link by its reader: pages, pictures and files of the whole site, tried one by one."""
    site, found = world.running.site, {}
    paths = ["", *(f"page-{page_id}" for page_id in site.pages)]
    for file in site.attachments.values():
        for kind in ("media", "files"):
            paths += [f"{kind}/{file.attachment_id}", f"{kind}/{file.container_id}/{file.attachment_id}"]
    for path in paths:
        answer = pages.http.get(shared.path + path, base_url=pages.base_url)
        assert answer.status_code in (200, 404), path
        found[f"{path} {answer.status_code}"] = answer.data + str(answer.headers).encode()
    return found


def served(answers: Iterable[str], kind: str) -> set[str]:
    """Return the ids of the files that were sent."""
    good = (name.removesuffix(" 200") for name in answers if name.endswith(" 200"))
    return {name.rpartition("/")[2] for name in good if name.startswith(kind)}


def leaks(answers: dict[str, bytes], planted: Iterable[str]) -> list[tuple[str, str]]:
    """Return which planted string stands where."""
    return [(one, path) for path, answer in answers.items() for one in planted if one.encode() in answer]


@pytest.mark.parametrize("powers", [Powers(), EVERYTHING], ids=["page alone", "everything"])
def test_nothing_of_an_uncovered_page_leaves(world: World, pages: PageClient, powers: Powers) -> None:
    shared = share(world, HANDBOOK, powers=powers)
    opened(pages, shared)
    answers = everything(world, pages, shared)
    assert leaks(answers, UNCOVERED_PAGES) == []
    assert b"Welcome to Norrhamn" in answers[" 200"]
    below = {name for name in answers if name.startswith("page-") and name.endswith(" 200")}
    if powers.children is None:
        assert below == set()
        assert served(answers, "media/") == {"att10012000"}
        assert leaks(answers, ["Gate hours", "08:00 to 14:00", "Could we say which gate takes"]) == []
    else:
        assert below == {f"page-{page_id} 200" for page_id in ("100121", "100124", "100127")}
        own = {"att10012000", "att10012100", "att10012700", "att10012701"}
        assert served(answers, "media/") == served(answers, "files/") == own
        assert b"Could we say which gate takes" in answers[" 200"]
        assert b"Thirty minutes, as in the arrival guide" in answers[" 200"]
        assert b"Saturdays too?" in answers["page-100121 200"]


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
    answers = everything(world, pages, shared)
    assert leaks(answers, INSIDE_THE_ISSUE) == []
    assert served(answers, "media/") == files
    page = answers[" 200"].decode()
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
    answers = everything(world, pages, shared)
    shown, hidden = PEOPLE[names]
    assert f"@{shown}" in answers[" 200"].decode()
    assert leaks(answers, hidden) == []
    assert leaks(answers, [one.account_id for one in world.running.site.accounts.values()]) == []


@pytest.mark.parametrize("names", Names)
def test_people_of_an_issue_are_named_as_the_link_says(world: World, pages: PageClient, names: Names) -> None:
    shared = share_issue(world, ISSUE, powers=Powers(comments=True, jira_fields=FIELDS, names=names))
    opened(pages, shared)
    answers = everything(world, pages, shared)
    shown = {Names.FULL: "Jonas Berg", Names.NAME: "Jonas Berg", Names.INITIALS: "J. B.", Names.NONE: "someone"}[names]
    assert f"@{shown}" in answers[" 200"].decode()
    assert leaks(answers, PEOPLE[names][1]) == []
    assert leaks(answers, [one.account_id for one in world.running.site.accounts.values()]) == []
