"""Content for sheets, and looking into the PDFs that were made of it."""

import io
from collections.abc import Iterable
from pathlib import Path

import pikepdf
import pypdfium2

from app.documents.paper import Manuscript, PaperFile, compose, files_of
from app.documents.paper.making import make_pdf

CSS = Path(__file__).parents[3] / "static" / "css"
STYLES = tuple(
    PaperFile(name, "text/css", (CSS / name).read_bytes())
    for name in ("tokens.css", "reader.css", "reader-issue.css", "code-tokens.css", "paper.css")
)


def manuscript(html: str, title: str = "Berth plan") -> Manuscript:
    """Return the words round some content."""
    return Manuscript(
        title=title,
        kicker="OPS-7",
        cover=("Version 3",),
        organisation="Acme Harbour",
        missing_picture="Picture not available: {name}",
        picture="Picture",
        playable="Plays on screen only: {name}",
        language="en",
        html=html,
    )


def made(html: str, pictures: Iterable[PaperFile] = (), title: str = "Berth plan") -> bytes:
    """Return the PDF of some content."""
    pictures = tuple(pictures)
    assert set(files_of(html)) >= {one.name for one in pictures}
    styles = [one.name for one in STYLES]
    return make_pdf(compose(manuscript(html, title), styles, {one.name for one in pictures}), (*STYLES, *pictures))


def texts(pdf: bytes) -> list[str]:
    """Return the text of each sheet."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def sizes(pdf: bytes) -> list[tuple[int, int]]:
    """Return width and height of each sheet in points."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return [(round(float(page.mediabox[2])), round(float(page.mediabox[3]))) for page in document.pages]


def over_the_edge(pdf: bytes) -> list[str]:
    """Return every character that stands outside its sheet."""
    document = pypdfium2.PdfDocument(pdf)
    found = []
    try:
        for page in document:
            width, height = page.get_size()
            text = page.get_textpage()
            for index in range(text.count_chars()):
                left, bottom, right, top = text.get_charbox(index)
                if right > left and (left < 0 or bottom < 0 or right > width or top > height):
                    found.append(text.get_text_range(index, 1))
    finally:
        document.close()
    return found
