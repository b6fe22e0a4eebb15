"""The words that stand in PDFs, office documents and archives, line by line, so that they can be looked through like a page.

What comes in is hostile: it is read by a child process with limits (`app.documents.paper.process`), and each format has
bounds of its own besides. What could not be read is said, not guessed.
"""

from app.documents.attached.kinds import COMPOUND, Kind, is_document, kind_of
from app.documents.attached.texts import decoded
from app.documents.attached.words import Left, Unreadable, Words

__all__ = ["COMPOUND", "Left", "Unreadable", "Words", "decoded", "is_document", "read"]


def read(data: bytes) -> Words:
    """Return the words of a PDF, an office document or an archive, and what of it could not be read."""
    words = Words()
    try:
        _read(data, words)
    except Unreadable as error:
        words.left.add(error.left)
    return words


def _read(data: bytes, words: Words) -> None:
    # Only the child process that reads one loads what it takes.
    match kind_of(data):
        case Kind.PDF:
            from app.documents.attached import pdf

            pdf.read(data, words)
        case Kind.OFFICE:
            from app.documents.attached import office

            office.read(data, words)
        case Kind.ARCHIVE:
            from app.documents.attached import archive

            archive.read(data, words)
        case Kind.COMPOUND:
            raise Unreadable(Left.ENCRYPTED)
        case _:
            raise Unreadable(Left.BROKEN)
