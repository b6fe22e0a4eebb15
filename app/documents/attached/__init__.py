"""The words that stand in PDFs and office documents, line by line, so that they can be looked through like a page.

What comes in is hostile: it is read by a child process with limits (`app.documents.paper.process`), and each format has
bounds of its own besides. What could not be read is said, not guessed.
"""

from app.documents.attached.words import Left, Unreadable, Words

__all__ = ["Left", "Unreadable", "Words", "read"]

#: How a file begins that is an office document behind a password, or one of the time before XML (MS-CFB section 2.2).
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_BEGINS_WITHIN = 1_024


def is_document(beginning: bytes) -> bool:
    """Tell whether a file begins like one that is read here, whatever its name says."""
    return b"%PDF-" in beginning[:_PDF_BEGINS_WITHIN] or beginning.startswith((b"PK\x03\x04", COMPOUND))


def read(data: bytes) -> Words:
    """Return the words of a PDF or an office document, and what of it could not be read."""
    words = Words()
    try:
        if b"%PDF-" in data[:_PDF_BEGINS_WITHIN]:
            from app.documents.attached import pdf

            pdf.read(data, words)
        elif data.startswith(COMPOUND):
            raise Unreadable(Left.ENCRYPTED)
        else:
            from app.documents.attached import office

            office.read(data, words)
    except Unreadable as error:
        words.left.add(error.left)
    return words
