"""A picture of each construct that `docs/reading.md` speaks of, cut from the pages and issues of the corpus."""

import io
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser

from tests.documents.corpus import Piece
from tests.documents.look.screen import DAY, NIGHT, PHONE, Look, screen
from tests.documents.paper.test_corpus_on_paper import on_paper

FOLDER = Path(__file__).parents[3] / "docs" / "images" / "reading"
#: Just wide enough for columns to stand side by side.
_LOOK = Look("document", 700)
_COLOURS = 256
#: Pixels for one point.
_SHEET_SCALE = 1.25


@dataclass(frozen=True)
class Construct:
    """What to cut out: by name, the piece that has it, what to keep of its top level, and what to take out of that."""

    name: str
    piece: str
    keep: str = "*"
    without: str = ""


CONSTRUCTS = (
    Construct("headings", "page-110037", ":is(h2, h3, h4, h5, h6)"),
    Construct("text", "page-100109", "#doc-text + p"),
    Construct("lists", "page-110016", "ol:first-child"),
    Construct("quotations", "page-110035", "blockquote"),
    Construct("colours", "page-110033"),
    Construct("tables", "page-110003", ".doc-table-scroll"),
    Construct("numbered-rows", "page-110004", ".doc-table-scroll"),
    Construct("columns", "page-110019", ".doc-columns:first-child"),
    Construct("panels", "page-110005", ".doc-panel"),
    Construct("own-panels", "page-110006", ".doc-panel"),
    Construct("code", "DESK-6-wiki", ".doc-code"),
    Construct("status", "page-110007", ".doc-table-scroll"),
    Construct("tasks", "page-110007", ".doc-tasks"),
    Construct("decisions", "page-110008", ".doc-decisions"),
    Construct("expand", "page-110018", "details:first-child"),
    Construct("contents", "page-110053", ".doc-toc"),
    Construct("properties", "page-110022"),
    Construct("mentions", "page-110007", "p:first-child"),
    Construct("emoji", "page-110032", "p"),
    Construct("links", "page-110038", "ul"),
    Construct("smart-links", "page-110030", "p, .doc-files"),
    Construct("pictures", "page-110002", "figure:first-of-type"),
    Construct("beside-text", "page-110002", "#doc-at-night ~ *"),
    Construct("gallery", "page-110025", ".doc-title, .doc-gallery", "div:nth-of-type(n+3)"),
    Construct("files", "page-110029", ".doc-files"),
    Construct("film", "page-110028", ":has(video, audio)"),
    Construct("diagrams", "page-110026", "figure:first-of-type"),
    Construct("notations", "page-110026", ".doc-code"),
    Construct("charts", "page-110027", ":not(p, .doc-omitted)"),
    Construct("formulas", "page-110010"),
    Construct("footnotes", "page-110011"),
    Construct("widgets", "page-110028", ".doc-files"),
    Construct("included", "page-110023", ":not(p)"),
    Construct("children", "page-110024", "ul:first-of-type", "ul.doc-pages > li:nth-child(n+6)"),
    Construct("issue-keys", "page-110039", "p"),
    Construct("boxes", "page-110044", ".doc-omitted, p"),
    Construct("fields", "HARB-2", ".doc-fields"),
    Construct("attachments", "HARB-2", ".doc-attachments"),
    Construct("relations", "HARB-2", ".doc-relation, .doc-issues"),
    Construct("comments", "HARB-31", ".doc-comments"),
    Construct("wiki", "DESK-5-wiki", ".doc-columns, .doc-panel"),
)


#: Whole pieces, as they are by night, on a phone and as an issue.
_WHOLE = (("dark", "page-110006", NIGHT), ("phone", "page-110007", PHONE), ("issue", "DESK-2", DAY))
_ON_PAPER = "page-110002"


def make_pictures(browser: Browser, pieces: list[Piece]) -> list[Path]:
    """Make all of them anew and return their files; fails where a piece no longer has what it is to show."""
    by_name = {piece.name: piece for piece in pieces}
    for path in FOLDER.glob("*.png"):
        path.unlink()
    written = [_write("paper", sheets_of(by_name[_ON_PAPER])[0])]
    for name, piece, look in _WHOLE:
        with screen(browser, look) as window:
            window.show(by_name[piece].rendered.html, "" if name == "issue" else by_name[piece].title)
            written.append(_write(name, window.picture()))
    with screen(browser, _LOOK) as window:
        for one in CONSTRUCTS:
            window.show(by_name[one.piece].rendered.html)
            assert window.cut(one.keep, one.without), f"{one.piece} has nothing for {one.name}"
            written.append(_write(one.name, window.picture(".doc-body")))
    return written


def sheets_of(piece: Piece) -> list[bytes]:
    """Return a picture of each sheet that a piece takes on paper."""
    document = pypdfium2.PdfDocument(on_paper(piece))
    made = []
    for page in document:
        picture = io.BytesIO()
        page.render(scale=_SHEET_SCALE).to_pil().save(picture, "png")
        made.append(picture.getvalue())
    document.close()
    return made


def _write(name: str, png: bytes) -> Path:
    path = FOLDER / f"{name}.png"
    path.write_bytes(_small(png))
    return path


def _small(png: bytes) -> bytes:
    """Return a picture in few colours, which text and drawings do not miss."""
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    made = io.BytesIO()
    whole.quantize(_COLOURS, dither=Image.Dither.NONE).save(made, "png", optimize=True)
    return made.getvalue()
