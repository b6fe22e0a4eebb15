"""Files that a link lets out are looked through like the page: names where they are listed, words where they can be taken."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import db
from app.core.accounts.api_tokens import Scope
from app.core.connections import clients
from app.core.errors import Unavailable
from app.core.settings import registry
from app.documents import attached
from app.documents.paper.process import Work
from app.features.share_links import objects
from app.features.share_links.models import LinkApproval, ShareLink
from app.features.share_links.objects import ObjectKind
from app.features.share_links.paper import child
from app.features.share_links.powers import Powers
from app.features.share_links.reading import file_texts, media, outlook
from app.features.share_links.reading.content import File
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules import ruling
from app.features.share_links.rules.content_check import Scan, Unread, Why
from app.features.share_links.rules.patterns import OwnPattern
from app.features.share_links.rules.ruling import EVERYWHERE
from tests.documents.attached import made
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import FILES, aged, calls, control, forget_calls, forget_kept, opened, share
from tests.features.share_links.test_api import program
from tests.features.share_links.test_children import HANDBOOK
from tests.features.share_links.test_content_check import AWS
from tests.pages import PageClient

LISTED = Powers(attachments=True)
CODE = OwnPattern("Project code", "PX-[0-9]{5}")


def file(name: str = "keys.txt", media_type: str = "application/octet-stream", size: int = 100) -> File:
    return File(id=name, filename=name, media_type=media_type, size=size, version="1", embedded=False)


def look(powers: Powers, *files: File, content: bytes | None = AWS.encode()) -> Scan:
    return file_texts.scan(files, powers, frozenset({CODE}), lambda _file, _most: content)


@pytest.mark.parametrize(
    ("powers", "found"),
    [(Powers(), []), (LISTED, ["Project code"]), (FILES, ["Project code", "AWS Access Key"])],
)
def test_names_are_looked_through_where_files_are_listed_and_texts_where_they_can_be_taken(
    powers: Powers, found: list[str]
) -> None:
    scan = look(powers, file("PX-12345.txt"))
    assert [one.kind for one in scan.findings] == found
    assert {one.file for one in scan.findings} <= {"PX-12345.txt"}
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


def of_documents() -> list[tuple[str, bytes, str]]:
    return [
        ("plan.pdf", made.pdf("All is well.", f"See {AWS}"), "page 2"),
        ("notes.docx", made.docx("See ", AWS[:7], AWS[7:]), ""),
        ("money.xlsx", made.xlsx('<c t="s"><v>0</v></c>', shared=(AWS,)), "sheet Budget"),
        ("talk.pptx", made.pptx("All is well.", f"See {AWS}"), "slide 2"),
        ("notes.odt", made.odf(f"<text:p>See {AWS}</text:p>"), ""),
        ("renamed.txt", made.docx(f"See {AWS}"), ""),
        ("backup.zip", made.archive({"a/notes.txt": f"See {AWS}"}), "a/notes.txt"),
    ]


@pytest.mark.parametrize(("name", "content", "place"), of_documents())
def test_documents_are_looked_through_and_the_place_in_them_is_named(name: str, content: bytes, place: str) -> None:
    scan = look(FILES, file(name, size=len(content)), content=content)
    assert [(one.kind, one.file, one.place, one.masked) for one in scan.findings] == [
        ("AWS Access Key", name, place, "AK…MN")
    ]
    assert scan.finished
    # Who cannot have the file is not told of it, and it is not read.
    assert look(LISTED, file(name, size=len(content)), content=None).clean


@pytest.mark.parametrize(
    "content", [made.pdf("All is well."), made.docx("All is well."), made.odf("<text:p>All is well.</text:p>")]
)
def test_a_document_in_which_nothing_is_found_is_clean(content: bytes) -> None:
    assert look(FILES, file("plan.pdf"), content=content).clean


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("plan.docx", attached.COMPOUND + bytes(600), Why.ENCRYPTED),
        ("plan.docx", b"PK\x03\x04 and then nothing", Why.BROKEN),
        ("plan.pdf", b"%PDF-1.7 and then nothing", Why.BROKEN),
        ("plan.docx", made.docx("x" * 2_000_001), Why.TOO_MUCH),
        ("plan.docm", made.docx("x", word__vbaProject_dot_bin=b"\1"), Why.HOLDS_FILES),
        ("notes.txt", b"\0\1\2", Why.BROKEN),
        ("backup.zip", b"PK\x03\x04 and then nothing", Why.BROKEN),
        ("backup.zip", made.archive({"inner.zip": made.archive({"a.txt": "x"})}), Why.HOLDS_FILES),
        ("backup.7z", b"", Why.UNKNOWN_KIND),
        ("old.doc", b"", Why.UNKNOWN_KIND),
        ("noending", b"", Why.UNKNOWN_KIND),
    ],
)
def test_a_file_that_cannot_be_looked_through_is_named_with_the_reason(name: str, content: bytes, why: Why) -> None:
    scan = look(FILES, file(name), content=content)
    assert [(one.file, one.why) for one in scan.unread] == [(name, why)]
    assert not scan.clean
    assert str(scan.unread[0].reason)


def test_every_reason_has_a_sentence_of_its_own() -> None:
    assert len({str(Unread("a", why).reason) for why in Why}) == len(Why)


def test_pictures_sound_and_film_have_no_words_that_are_looked_for() -> None:
    files = [file("a.png", "image/png"), file("a.mp4", "video/mp4"), file("a.mp3", "audio/mpeg")]
    assert look(FILES, *files, content=None).clean
    assert look(FILES, file("a.svg", "image/svg+xml")).findings


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([file(size=file_texts.MOST_BYTES + 1)], Why.TOO_LARGE),
        ([file("a.pdf", size=file_texts.MOST_DOCUMENT_BYTES + 1)], Why.TOO_LARGE),
        ([file(f"{number:02}.txt") for number in range(file_texts.MOST_FILES + 1)], Why.TOO_MANY),
    ],
)
def test_more_than_may_be_looked_through_counts_as_not_looked_through(files: list[File], why: Why) -> None:
    scan = look(FILES, *files, content=b"harmless")
    assert not scan.whole
    assert [(one.file, one.why) for one in scan.unread] == [(files[-1].filename, why)]
    assert look(FILES, *files[:-1], content=b"harmless").clean


def test_what_time_does_not_suffice_for_counts_as_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_texts, "SECONDS", 0.0)
    assert [one.why for one in look(FILES, file()).unread] == [Why.TOO_LONG]


def test_a_child_that_asks_for_too_much_is_ended_and_its_file_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(child._PATIENCE, Work.READ, -1.0)
    monkeypatch.setattr(child, "_BEAT_SECONDS", 0.001)
    assert [one.why for one in look(FILES, file("a.pdf"), content=made.pdf("All is well.")).unread] == [Why.TOO_MUCH]


def test_a_file_that_cannot_be_read_counts_as_not_looked_through() -> None:
    assert [one.why for one in look(FILES, file(), content=None).unread] == [Why.NOT_HAD]
    assert look(LISTED, file(), content=None).clean


def test_agreeing_to_a_file_unseen_is_agreeing_to_this_version_of_it() -> None:
    first, later = file("a.zip"), replace(file("a.zip"), version="2")
    assert look(FILES, first).digest == look(FILES, first).digest != look(FILES, later).digest


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
    assert [one.file for one in scan.findings] == ([] if clean else ["handover.txt"])


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


def rule(mode: str) -> None:
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session))
        rule_changes.change(session, administrator, EVERYWHERE, {"content_check": mode})
    registry.forget()


def attach_document(world: World, name: str, content: bytes) -> None:
    body = {"base64": base64.b64encode(content).decode(), "media_type": "application/octet-stream"}
    control(world, "PUT", f"attachments/100101/{name}", body)


def test_a_later_version_of_a_document_pauses_the_link_and_its_owner_sees_what_and_where(
    world: World, pages: PageClient
) -> None:
    shared = share(world, powers=FILES)
    rule("refuse")
    attach_document(world, "plan.pdf", made.pdf("All is well."))
    aged(shared)
    assert "plan.pdf" in opened(pages, shared).text
    attach_document(world, "plan.pdf", made.pdf("All is well.", f"See {AWS}"))
    aged(shared)
    pages.get(shared.path, status=403)
    assert shared.row().paused_reason == "content"
    pages.sign_in(world.author)
    assert "in the file “plan.pdf”, page 2" in pages.get(f"/links/{shared.link.public_id}/").text


@pytest.mark.parametrize("mode", ["warn", "approve"])
def test_a_creator_who_lets_files_out_sees_what_stands_in_them_before_the_link_is_made(
    world: World, pages: PageClient, mode: str
) -> None:
    rule(mode)
    attach_document(world, "plan.pdf", made.pdf("All is well.", f"See {AWS}"))
    attach_document(world, "backup.7z", b"7z and so on")
    pages.sign_in(world.author)
    page = pages.get(f"/links/new/?url={world.page('100101')}")
    assert "plan.pdf" not in page.text
    page = pages.submit("Create link", {"attachments": ["y"], "download": ["y"]}, status=422)
    assert "The link is not created yet" in page.text
    assert "in the file “plan.pdf”, page 2" in page.text
    assert "“backup.7z”: Files of its kind are not looked into." in page.text
    with db.reading() as session:
        assert session.scalars(select(ShareLink)).all() == []
    pages.submit("Create link", status=303)
    with db.reading() as session:
        link = session.scalars(select(ShareLink)).one()
        stored = session.scalars(select(LinkApproval)).all()
    assert link.paused_reason == ("approval" if mode == "approve" else None)
    assert [(one["file"], one["why"]) for row in stored for one in row.unread or ()] == (
        [("backup.7z", "unknown_kind")] if mode == "approve" else []
    )
    if mode == "approve":
        with db.transaction() as session:
            second = people.make_administrator(session, "Bo Board")
        pages.sign_in(second)
        told = pages.get(f"/links/approvals/{stored[0].id}").text
        assert "“backup.7z”: Files of its kind are not looked into." in told
        assert "in the file “plan.pdf”, page 2" in told


def test_a_creator_who_lets_no_files_out_is_asked_once(world: World, pages: PageClient) -> None:
    rule("warn")
    attach_document(world, "plan.pdf", made.pdf(f"See {AWS}"))
    pages.sign_in(world.author)
    pages.get(f"/links/new/?url={world.page('100101')}")
    pages.submit("Create link", status=303)


def test_where_rules_refuse_a_document_no_link_is_made_and_its_creator_sees_why(
    world: World, pages: PageClient
) -> None:
    rule("refuse")
    attach_document(world, "plan.docx", made.docx(AWS))
    pages.sign_in(world.author)
    pages.get(f"/links/new/?url={world.page('100101')}")
    page = pages.submit("Create link", {"attachments": ["y"], "download": ["y"]}, status=422)
    assert "in the file “plan.docx”" in page.text
    pages.submit("Create link", {"attachments": [], "download": []}, status=303)


def test_where_rules_only_warn_files_that_cannot_be_had_keep_nothing_back(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule("warn")
    shared = share(world, powers=FILES)
    shared.change(page_changed=True)

    def down(*_: object) -> bytes:
        raise Unavailable("Atlassian")

    monkeypatch.setattr(media, "read_whole", down)
    assert opened(pages, shared).heading


def test_where_there_was_no_time_for_all_files_the_next_request_goes_on(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share(world, powers=FILES)
    rule("refuse")
    pages.get(shared.path)
    pages.submit("Open", {"password": links.PASSWORD})
    with monkeypatch.context() as patch:
        patch.setattr(file_texts, "SECONDS", 0.0)
        pages.get(shared.path, status=503)
    assert shared.row().paused_at is None
    assert pages.get(shared.path).heading


def test_a_program_is_told_what_was_found_before_a_link_is_made(world: World, app: Flask) -> None:
    rule("approve")
    attach_document(world, "plan.pdf", made.pdf("All is well.", f"See {AWS}"))
    attach_document(world, "backup.7z", b"7z and so on")
    client = program(app, world.author, Scope.SHARES_WRITE)
    question = {"url": world.page("100101"), "powers": {"download": True}}
    told = client.call("POST", "/api/v1/shares/outlook", question).get_json()
    assert told["check"] == "approve"
    assert told["found"] == [
        {
            "kind": "AWS Access Key",
            "place": "page 2",
            "masked": "AK…MN",
            "file": "plan.pdf",
            "comment": False,
            "child": "",
        },
    ]
    assert told["not_looked_through"] == [{"file": "backup.7z", "why": "unknown_kind", "child": ""}]
    nothing = client.call("POST", "/api/v1/shares/outlook", {"url": world.page("100101")}).get_json()
    assert (nothing["found"], nothing["not_looked_through"]) == ([], [])


@pytest.mark.parametrize(("powers", "told"), [(Powers(comments=True), True), (Powers(), False)])
def test_where_rules_only_warn_the_owner_is_told_what_no_page_had_shown_them(
    world: World, pages: PageClient, powers: Powers, told: bool
) -> None:
    rule("warn")
    site = world.running.site
    comment = next(one for one in site.pages[HANDBOOK].comments if one.parent_id is None and not one.inline)
    comment.body += f"<p>{AWS}</p>"
    shared = share(world, HANDBOOK, powers=powers)
    opened(pages, shared)
    pages.sign_in(world.author)
    assert ("AWS Access Key" in pages.get(f"/links/{shared.link.public_id}/").text) is told
