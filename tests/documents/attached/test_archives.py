"""What stands in the files of an archive, one level deep, and what is said of those that cannot be read."""

import io
import struct
import zipfile

import pytest

from app.documents import attached
from app.documents.attached import Left, archive, words, zipped
from tests.documents.attached import made
from tests.documents.attached.test_reading import locked_pdf, placed


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("notes.txt", "none\nHarbour", "notes.txt"),
        ("a/b/config", "key: Harbour", "a/b/config"),
        ("wide.csv", "Harbour".encode("utf-16"), "wide.csv"),
        ("plan.pdf", made.pdf("none", "Harbour"), "plan.pdf, page 2"),
        ("plan.docx", made.docx("Har", "bour"), "plan.docx"),
        ("money.xlsx", made.xlsx('<c t="s"><v>0</v></c>', shared=("Harbour",)), "money.xlsx, sheet Budget"),
        ("picture.png", made.pdf("Harbour"), "picture.png, page 1"),
        ("Harbour.png", b"\x89PNG\0", ""),
    ],
)
def test_words_are_found_by_the_file_and_the_place_in_it(name: str, content: str | bytes, place: str) -> None:
    data = made.archive({"other.txt": "Tide", name: content})
    assert placed(data, "Harbour") == [place]
    assert attached.read(data).left == set()


def lying() -> bytes:
    """A file that says it is small and is not."""
    data = bytearray(made.archive({"big.txt": b"x" * (zipped.MOST_PART_BYTES + 1), "notes.txt": "Harbour"}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data[data.find(signature) + offset : data.find(signature) + offset + 4] = struct.pack("<I", 100)
    return bytes(data)


def encrypted() -> bytes:
    """An archive of which the first file says that it is behind a password."""
    data = bytearray(made.archive({"locked.txt": "Tide", "notes.txt": "Harbour"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (made.archive({"inner.zip": made.archive({"a.txt": "Tide"}), "notes.txt": "Harbour"}), Left.HOLDS_FILES),
        (made.archive({"tool.exe": b"MZ\0\1", "notes.txt": "Harbour"}), Left.HOLDS_FILES),
        (made.archive({"old.doc": attached.COMPOUND + bytes(600), "notes.txt": "Harbour"}), Left.HOLDS_FILES),
        (made.archive({"locked.pdf": locked_pdf(), "notes.txt": "Harbour"}), Left.ENCRYPTED),
        (made.archive({"bad.docx": b"PK\x03\x04 and then nothing", "notes.txt": "Harbour"}), Left.HOLDS_FILES),
        (made.archive({"bad.pdf": b"%PDF-1.7 and nothing more", "notes.txt": "Harbour"}), Left.BROKEN),
        (encrypted(), Left.ENCRYPTED),
        (lying(), Left.BROKEN),
    ],
)
def test_what_cannot_be_read_is_said_and_the_other_files_are_read(data: bytes, left: Left) -> None:
    found = attached.read(data)
    assert found.left == {left}
    assert ("notes.txt", "Harbour") in found.lines


def test_an_archive_in_an_archive_says_its_name_and_nothing_more() -> None:
    data = made.archive({"inner.zip": made.archive({"a.txt": "Harbour"})})
    assert attached.read(data).lines == [("", "inner.zip")]


@pytest.mark.parametrize(
    "data",
    [
        made.archive({f"{number}.txt": b"\n" * 29_000_000 for number in range(3)}),
        made.archive({"big.txt": b"\n" * (zipped.MOST_PART_BYTES + 1)}),
        made.archive({"long.txt": "x" * (words.MOST_CHARACTERS + 1)}),
        made.archive({f"{number}": "" for number in range(archive.MOST_FILES + 1)}),
    ],
    ids=["much", "large", "long", "many"],
)
def test_bombs_end_the_reading_and_count_as_too_much(data: bytes) -> None:
    assert attached.read(data).left == {Left.TOO_MUCH}


def test_files_up_to_the_bounds_are_read_whole() -> None:
    data = made.archive({f"{number}": "" for number in range(archive.MOST_FILES - 1)} | {"notes.txt": "Harbour"})
    assert placed(data, "Harbour") == ["notes.txt"]
    assert attached.read(data).left == set()


def test_an_archive_that_only_says_it_is_a_document_is_not_taken_for_read() -> None:
    data = made.package({"notes.txt": "Harbour"})
    assert attached.read(data).left == {Left.HOLDS_FILES}


def test_names_that_lead_elsewhere_are_nothing_but_words() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("../../etc/passwd", "Harbour")
    assert placed(packed.getvalue(), "Harbour") == ["../../etc/passwd"]
