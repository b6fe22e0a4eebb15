"""Files that a link lets out are looked through like the page: names where they are listed, text where it can be taken."""

from typing import Any

import pytest

from app.core import db
from app.core.connections import clients
from app.core.settings import registry
from app.features.share_links import objects
from app.features.share_links.objects import ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.reading import file_texts, outlook
from app.features.share_links.reading.content import File
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules import ruling
from app.features.share_links.rules.content_check import Scan
from app.features.share_links.rules.patterns import OwnPattern
from app.features.share_links.rules.ruling import EVERYWHERE
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import FILES, aged, calls, control, forget_calls, forget_kept, opened, share
from tests.features.share_links.test_content_check import AWS
from tests.pages import PageClient

LISTED = Powers(attachments=True)
CODE = OwnPattern("Project code", "PX-[0-9]{5}")


def file(name: str = "keys.txt", media_type: str = "application/octet-stream", size: int = 100) -> File:
    return File(id=name, filename=name, media_type=media_type, size=size, version="1", embedded=False)


def look(powers: Powers, *files: File, content: bytes | None = AWS.encode()) -> Scan:
    return file_texts.scan(files, powers, frozenset({CODE}), lambda _file: content)


@pytest.mark.parametrize(
    ("powers", "found"),
    [(Powers(), []), (LISTED, ["Project code"]), (FILES, ["Project code", "AWS Access Key"])],
)
def test_names_are_looked_through_where_files_are_listed_and_texts_where_they_can_be_taken(
    powers: Powers, found: list[str]
) -> None:
    scan = look(powers, file("PX-12345.txt"))
    assert [one.kind for one in scan.findings] == found
    assert {one.place for one in scan.findings} <= {"PX-12345.txt"}
    assert scan.finished


@pytest.mark.parametrize(
    ("name", "media_type", "is_text"),
    [
        ("notes.TXT", "application/octet-stream", True),
        ("data.csv", "application/vnd.ms-excel", True),
        (".env", "application/octet-stream", True),
        ("id_rsa.key", "application/octet-stream", True),
        ("noending", "text/plain", True),
        ("noending", "application/json; charset=utf-8", True),
        ("plan.pdf", "application/pdf", False),
        ("sheet.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
        ("picture.png", "image/png", False),
        ("noending", "application/octet-stream", False),
    ],
)
def test_what_is_text_is_known_by_its_name_or_its_type(name: str, media_type: str, is_text: bool) -> None:
    assert file_texts.is_text(file(name, media_type)) is is_text
    assert bool(look(FILES, file(name, media_type)).findings) is is_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_texts_are_read_in_the_encodings_that_people_have(encoding: str) -> None:
    assert [one.kind for one in look(FILES, file(), content=f"ä\n{AWS}\n".encode(encoding)).findings] == [
        "AWS Access Key"
    ]


@pytest.mark.parametrize(
    "files",
    [[file(size=file_texts.MOST_BYTES + 1)], [file(f"{number}.txt") for number in range(file_texts.MOST_FILES + 1)]],
)
def test_more_than_may_be_looked_through_counts_as_not_looked_through(files: list[File]) -> None:
    assert not look(FILES, *files, content=b"harmless").finished
    assert look(FILES, *files[:-1], content=b"harmless").clean


def test_a_file_that_cannot_be_read_counts_as_not_looked_through() -> None:
    assert not look(FILES, file(), content=None).finished
    assert look(LISTED, file(), content=None).clean


def refuse() -> None:
    """Let the rules refuse a project code."""
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session))
        values: dict[str, Any] = {"content_check": "refuse", "patterns": f"{CODE.name}: {CODE.expression}"}
        rule_changes.change(session, administrator, EVERYWHERE, values)
    registry.forget()


def attach(world: World, name: str, content: str) -> None:
    control(world, "PUT", f"attachments/100101/{name}", {"text": content, "media_type": "text/plain"})


@pytest.mark.parametrize(("powers", "clean"), [(LISTED, True), (FILES, False)])
def test_a_creator_is_told_what_stands_in_files_before_there_is_a_link(
    world: World, powers: Powers, clean: bool
) -> None:
    refuse()
    attach(world, "handover.txt", "All is well.\nSee PX-12345.")
    site = clients.site_of(world.confluence)
    found = objects.look(site, ObjectKind.PAGE, "100101")
    with db.reading() as session:
        rules = ruling.rules_at(session, world.confluence.id, "OPS")
    scan = outlook.left_out(site, found, powers, rules).scan
    assert scan.clean is clean
    assert [one.place for one in scan.findings] == ([] if clean else ["handover.txt"])


def test_a_file_that_comes_later_pauses_the_link_before_anybody_has_it(world: World, pages: PageClient) -> None:
    shared = share(world, powers=FILES)
    other = share(world, powers=LISTED, name="Lists alone")
    refuse()
    attach(world, "handover.txt", "All is well.")
    aged(shared)
    assert "handover.txt" in opened(pages, shared).text
    attach(world, "handover.txt", "See PX-12345.")
    aged(shared)
    assert "paused" in pages.get(shared.path, status=403).text
    assert (shared.row().paused_reason, other.row().paused_reason) == ("content", None)
    assert "handover.txt" in opened(pages.another(), other).text


def test_a_version_of_a_file_is_looked_through_once(world: World, pages: PageClient) -> None:
    attach(world, "handover.txt", "All is well.")
    shared = share(world, powers=FILES)
    refuse()
    opened(pages, shared)
    forget_calls(world)
    pages.get(shared.path)
    forget_kept()
    pages.get(shared.path)
    assert calls(world, "download") == []
