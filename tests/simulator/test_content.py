"""The content itself: complete, consistent, and files that are what they say."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from html.entities import name2codepoint
from typing import Any

import pytest
from lxml import etree

from simulator import tiny
from simulator.files import Content
from simulator.loading import load
from simulator.state import Attachment

SITE = load()
#: Names that pages refer to on purpose although no such file is there.
ABSENT = {"never-uploaded.png", "../../100203/salary.png"}


def _bytes(content: Content) -> bytes:
    return b"".join(content.read(0, content.size))


@pytest.mark.parametrize("page_id", SITE.pages)
def test_a_body_is_well_formed_and_its_files_are_there(page_id: str) -> None:
    body = SITE.pages[page_id].latest.body
    own = "".join(f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if code > 127)
    etree.fromstring(f'<!DOCTYPE r [{own}]><r xmlns:ac="a" xmlns:ri="r">{body}</r>'.encode())
    named = set(re.findall(r'ri:filename="([^"]+)"', body)) - ABSENT
    elsewhere = {"100109": {"site-plan.png"}, "100121": {"fee table.png"}, "110031": {"site-plan.png"}}.get(
        page_id, set()
    )
    assert named - elsewhere <= {one.filename for one in SITE.attachments_of(page_id)}


def test_there_is_about_as_much_as_a_small_company_has() -> None:
    assert len(SITE.pages) >= 95
    assert len(SITE.issues) >= 42
    notes = [note for issue in SITE.issues.values() for note in issue.comments]
    assert any(note.visibility for note in notes)
    assert any(not note.public for note in notes)
    assert any(note.public and not note.visibility for note in notes)


@pytest.mark.parametrize("key", SITE.issues)
def test_media_in_an_issue_are_its_own_files(key: str) -> None:
    known = {one.file_id for one in SITE.attachments_of(key)} | {"00000000-0000-4000-8000-00000000dead"}
    documents = [SITE.issues[key].fields["description"], *(note.body for note in SITE.issues[key].comments)]
    found = {one["attrs"]["id"] for document in documents for one in _media(document) if "id" in one["attrs"]}
    assert found <= known


def _media(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") in ("media", "mediaInline"):
            yield node
        for inner in node.values():
            yield from _media(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _media(inner)


def _made(media_type: str) -> list[Attachment]:
    honest = [one for one in SITE.attachments.values() if one.filename != "not-a-picture.png"]
    return [one for one in honest if one.media_type == media_type]


@pytest.mark.parametrize("file", _made("image/png"), ids=lambda one: f"{one.container_id} {one.filename}")
def test_a_png_decodes_to_as_many_pixels_as_it_says(file: Attachment) -> None:
    data = _bytes(file.latest.content)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    place, pixels, header = 8, b"", b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunk = data[place + 8 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + chunk)
        header = chunk if kind == b"IHDR" else header
        pixels += chunk if kind == b"IDAT" else b""
        place += 12 + length
    width, height = struct.unpack(">II", header[:8])
    assert len(zlib.decompress(pixels)) == height * (1 + width * 3)


def test_other_files_begin_as_their_kind_does() -> None:
    beginnings = {
        "image/jpeg": b"\xff\xd8\xff\xe0",
        "application/pdf": b"%PDF-1.4",
        "application/zip": b"PK",
        "video/mp4": b"\0\0\0\x1cftyp",
        "image/svg+xml": b"<",
        "text/html": b"<!DOCTYPE html>",
    }
    for media_type, beginning in beginnings.items():
        files = _made(media_type)
        assert files, media_type
        assert all(_bytes(one.latest.content).startswith(beginning) for one in files), media_type


def test_archives_open_and_are_the_same_in_every_run() -> None:
    (file,) = [one for one in _made("application/zip") if one.filename == "stowage.zip"]
    with zipfile.ZipFile(io.BytesIO(_bytes(file.latest.content))) as archive:
        assert archive.testzip() is None
        assert archive.getinfo("bay-01.txt").date_time == (2026, 9, 1, 8, 0, 0)


def test_the_jpeg_is_made_of_segments_that_fit_one_another() -> None:
    (file,) = [one for one in _made("image/jpeg") if one.container_id == "100111"]
    data, place = _bytes(file.latest.content), 2
    marks: list[int] = []
    while not marks or marks[-1] != 0xDA:
        assert data[place] == 0xFF
        marks.append(data[place + 1])
        place += 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    assert (marks, data[-2:]) == ([0xE0, 0xDB, 0xC0, 0xC4, 0xC4, 0xDA], b"\xff\xd9")


@pytest.mark.parametrize(("page_id", "code"), [(100101, "BYcB"), (1355412691, "0-TJU"), (255, "-w"), (65, "QQ")])
def test_a_page_has_a_short_code(page_id: int, code: str) -> None:
    assert tiny.tiny_code(page_id) == code


def test_identifiers_of_files_are_all_different() -> None:
    identifiers = [one.file_id for one in SITE.attachments.values()]
    assert len(set(identifiers)) == len(identifiers)
