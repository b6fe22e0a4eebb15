"""Which comments and files of an issue may be shown outside at all, whatever the link allows."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from app.documents.issue import is_public, public_comments, public_files
from app.documents.issue.read import comment_views
from tests.documents.given import document, node, words


def note(internal: object) -> list[object]:
    return [
        {"key": "other", "value": {"internal": True}},
        {"key": "sd.public.comment", "value": {"internal": internal}},
    ]


@pytest.mark.parametrize(
    ("comment", "public"),
    [
        ({}, True),
        ({"jsdPublic": True}, True),
        ({"jsdPublic": False}, False),
        ({"jsdPublic": None}, False),
        ({"jsdPublic": "true"}, False),
        ({"jsdPublic": 1}, False),
        ({"visibility": None}, True),
        ({"visibility": {}}, True),
        ({"visibility": {"type": "role", "value": "Administrators"}}, False),
        ({"visibility": "anything"}, False),
        ({"jsdPublic": True, "visibility": {"type": "group"}}, False),
        ({"properties": []}, True),
        ({"properties": [{"key": "other", "value": {"internal": True}}]}, True),
        ({"properties": note(True)}, False),
        ({"properties": note("true")}, False),
        ({"properties": note(None)}, False),
        ({"properties": [{"key": "sd.public.comment", "value": "x"}]}, False),
        ({"properties": note(False)}, True),
        ({"properties": note("false")}, True),
        ({"jsdPublic": True, "properties": note(True)}, False),
    ],
)
def test_a_comment_is_public_only_where_everything_says_so(comment: Mapping[str, object], public: bool) -> None:
    assert is_public(comment) is public


def comment(
    number: str, parent: str | None = None, body: object = "", *, internal: bool = False
) -> Mapping[str, object]:
    return {
        "id": number,
        "body": body,
        **({"parentId": parent} if parent else {}),
        **({"jsdPublic": False} if internal else {}),
    }


@pytest.mark.parametrize(
    ("comments", "left"),
    [
        ([comment("1"), comment("2", internal=True), comment("3")], ["1", "3"]),
        ([comment("1", internal=True), comment("2", "1"), comment("3", "2"), comment("4")], ["4"]),
        ([comment("3", "2"), comment("2", "1"), comment("1", internal=True)], []),
        ([comment("1"), comment("2", "1", internal=True), comment("3", "1")], ["1", "3"]),
        ([comment("1", "2"), comment("2", "1")], ["1", "2"]),
        ([{"id": 1, "jsdPublic": False}, {"id": 2, "parentId": 1}, {"id": 3}], [3]),
    ],
)
def test_answers_to_an_internal_comment_are_internal(comments: list[Mapping[str, object]], left: list[object]) -> None:
    assert [one["id"] for one in public_comments(comments)] == left


def test_public_comments_are_threaded_and_each_is_shown_once() -> None:
    views = comment_views(
        [
            comment("1"),
            comment("2", "1"),
            comment("3", "2"),
            comment("4", "gone"),
            comment("1", "1"),
            comment("5", "5"),
            comment("2", "1"),
        ]
    )

    assert [[len(one.replies), *(len(reply.replies) for reply in one.replies)] for one in views] == [
        [2, 1, 0],
        [0],
        [0],
        [0],
    ]


@dataclass(frozen=True)
class File:
    id: str
    filename: str
    file_id: str | None


PLAN = File("10", "plan.png", "media-plan")
WAGES = File("11", "wages.xlsx", "media-wages")
LOST = File("12", "lost.pdf", None)
FILES = (PLAN, WAGES, LOST)


def picture(file_id: str, alt: str = "", kind: str = "media") -> Mapping[str, object]:
    return document(node("mediaSingle", node(kind, type="file", id=file_id, alt=alt)))


def says(text: str) -> Mapping[str, object]:
    return document(node("paragraph", words(text)))


@pytest.mark.parametrize(
    ("secret", "hidden"),
    [
        (picture("media-wages"), "11"),
        (picture("media-wages", kind="mediaInline"), "11"),
        (picture("media-other", alt="Wages.XLSX"), "11 12"),
        (picture("media-other"), "12"),
        (says("as wages.xlsx says"), "11"),
        (
            document(
                node("paragraph", node("inlineCard", url="https://x.atlassian.net/rest/api/3/attachment/content/11"))
            ),
            "11",
        ),
        (says("https://x.atlassian.net/secure/attachment/11/w"), "11"),
        ("Look: !wages.xlsx|thumbnail!", "11"),
        ("Look: [the wages|^wages.xlsx] and [^lost.pdf]", "11 12"),
        (says("nothing about files"), ""),
        (document(node("novelty", node("media", id="media-wages"))), "11"),
        ({"type": "doc", "content": {"unexpected": [{"type": "media", "attrs": {"id": "media-wages"}}]}}, "11"),
        (None, ""),
    ],
)
def test_files_that_only_internal_comments_speak_of_are_held_back(secret: object, hidden: str) -> None:
    comments = [comment("1", body=says("hello")), comment("2", body=secret, internal=True)]
    held_back = set(hidden.split())

    assert [file.id for file in public_files(FILES, comments, [])] == [
        file.id for file in FILES if file.id not in held_back
    ]
    # Nobody knows of the files where the same words are public.
    assert public_files(FILES, [comment("1", body=secret)], []) == FILES


@pytest.mark.parametrize(
    ("opened", "shown"),
    [
        (picture("media-wages"), True),
        ("!wages.xlsx!", True),
        (says("https://x.atlassian.net/secure/attachment/11/w"), True),
        (picture("media-unknown", alt="wages.xlsx"), True),
        (picture("media-plan", alt="wages.xlsx"), False),
        (says("as wages.xlsx says"), False),
        (says("!wages.xlsx!"), False),
        (None, False),
    ],
)
def test_a_file_that_something_public_shows_is_no_secret(opened: object, shown: bool) -> None:
    internal = comment("2", body=picture("media-wages"), internal=True)

    in_description = public_files(FILES, [internal], [opened])
    in_comment = public_files(FILES, [comment("1", body=opened), internal], [])

    assert (WAGES in in_description, WAGES in in_comment) == (shown, shown)


def test_a_name_that_two_files_have_opens_neither() -> None:
    twins = (File("1", "image.png", "media-1"), File("2", "image.png", "media-2"))
    internal = comment("2", body=picture("media-2"), internal=True)

    assert public_files(twins, [internal], ["!image.png!"]) == twins[:1]
    assert public_files(twins, [comment("3", body="!image.png!", internal=True)], [picture("media-1")]) == twins[:1]


def test_too_much_to_look_through_hides_what_is_not_plainly_shown() -> None:
    flood = comment("2", body=[0] * 300_000, internal=True)

    assert public_files(FILES, [flood], [picture("media-plan")]) == (PLAN,)
