"""The words of the files in a zip archive: texts, PDFs and office documents in it, but no archive in an archive.

What a file in it is, its content says and not its name. Names are taken down like words: they go out with the archive.
"""

import zipfile

from app.documents.attached import office, pdf, texts
from app.documents.attached.kinds import Kind, kind_of
from app.documents.attached.words import Left, Unreadable, Words
from app.documents.attached.zipped import Room, bytes_of, is_encrypted, opened, parts_of

#: Files of one archive that are read; what is beyond counts as not read.
MOST_FILES = 1_000


def read(data: bytes, words: Words) -> None:
    """Take down the words of what is in an archive. Raises Unreadable."""
    room = Room()
    with opened(data) as archive:
        parts = sorted(parts_of(archive), key=lambda one: one.filename)
        if len(parts) > MOST_FILES:
            words.left.add(Left.TOO_MUCH)
        for part in parts[:MOST_FILES]:
            words.add("", part.filename)
            with words.within(part.filename):
                _read_file(archive, part, room, words)


def _read_file(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: Room, words: Words) -> None:
    try:
        if is_encrypted(part):
            raise Unreadable(Left.ENCRYPTED)
        _take_down(part.filename, b"".join(bytes_of(archive, part, room)), room, words)
    except Unreadable as error:
        # What is too much is too much for all that is in the archive; anything else is said of one file.
        if error.left is Left.TOO_MUCH:
            raise
        words.left.add(error.left)


def _take_down(name: str, data: bytes, room: Room, words: Words) -> None:
    match kind_of(data):
        case Kind.PDF:
            pdf.read(data, words)
        case Kind.OFFICE:
            office.read(data, words, room, depth=1)
        case Kind.TEXT:
            words.add("", texts.decoded(data) or "")
        case Kind.OTHER if office.is_wordless(name):
            pass
        case _:
            raise Unreadable(Left.HOLDS_FILES)
