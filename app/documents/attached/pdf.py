"""The words of a PDF, page by page: its text by PDFium, then what stands outside of it: addresses, notes, fields, title.

Runs in a child process; loads PDFium and pikepdf only when called.
"""

import io
from collections.abc import Iterator
from typing import Any

from app.documents.attached.words import Left, Unreadable, Words

MOST_PAGES = 1_000
#: Notes, links and fields of one page.
MOST_ANNOTATIONS = 5_000
#: What PDFium answers where a password, or a way of encrypting that it does not know, stands before a document.
_LOCKED = frozenset({4, 5})


def read(data: bytes, words: Words) -> None:
    """Take down the words of a PDF. Raises Unreadable."""
    _read_pages(data, words)
    _read_besides(data, words)


def _read_pages(data: bytes, words: Words) -> None:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(Left.ENCRYPTED if error.err_code in _LOCKED else Left.BROKEN) from error
    try:
        if document.count_attachments():
            words.left.add(Left.HOLDS_FILES)
        if len(document) > MOST_PAGES:
            words.left.add(Left.TOO_MUCH)
        for number in range(min(len(document), MOST_PAGES)):
            try:
                page = document[number]
                text = page.get_textpage().get_text_range()
                if not text.strip() and _draws(page):
                    words.left.add(Left.PICTURES)
            except pypdfium2.PdfiumError:
                words.left.add(Left.BROKEN)
                continue
            words.add(place(number), text)
    finally:
        document.close()


def _draws(page: Any) -> bool:
    from pypdfium2 import raw

    return next(iter(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])), None) is not None


def _read_besides(data: bytes, words: Words) -> None:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(data)) as document:
            for value in document.docinfo.values():
                words.add("", _said(value))
            if "/XFA" in document.Root.get("/AcroForm", {}):
                words.left.add(Left.HOLDS_FILES)
            for number, page in enumerate(document.pages[:MOST_PAGES]):
                for annotation in _annotations(page, words):
                    for said in _of_annotation(annotation, words):
                        words.add(place(number), said)
    except pikepdf.PasswordError as error:
        raise Unreadable(Left.ENCRYPTED) from error
    # pikepdf raises those of Python's own for objects that are not of the type that they should be.
    except (pikepdf.PdfError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise Unreadable(Left.BROKEN) from error


def _annotations(page: Any, words: Words) -> Iterator[Any]:
    every = page.obj.get("/Annots", [])
    if len(every) > MOST_ANNOTATIONS:
        words.left.add(Left.TOO_MUCH)
    for number in range(min(len(every), MOST_ANNOTATIONS)):
        yield every[number]


def _of_annotation(annotation: Any, words: Words) -> Iterator[str]:
    if annotation.get("/Subtype") == "/FileAttachment":
        words.left.add(Left.HOLDS_FILES)
    action, field = annotation.get("/A"), annotation.get("/Parent")
    for holder, key in ((annotation, "/Contents"), (annotation, "/V"), (field, "/V"), (action, "/URI")):
        if holder is not None:
            yield _said(holder.get(key))


def _said(value: Any) -> str:
    import pikepdf

    return str(value) if isinstance(value, pikepdf.String) else ""


def place(number: int) -> str:
    """Return what the page at a position is called."""
    return f"page {number + 1}"
