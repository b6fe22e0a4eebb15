"""The marks of ADF: what is said of text, blocks and pictures beside their kind.

Each mark has one treatment. Those of text become elements around it, those of blocks and pictures become classes of
what they stand on, and some mean nothing to a reader.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.documents.adf.walk import Node, mark_of, marks, number_of, text_of
from app.documents.canvas import Canvas
from app.documents.classes import Align, Colour, aligned, classes, coloured, indented
from app.documents.colours import nearest

#: The tag and attributes of an element around text, or None where there is nothing to say.
Opened = tuple[str, str] | None
Open = Callable[[Node, Canvas], Opened]


def _tag(tag: str) -> Open:
    return lambda _mark, _canvas: (tag, "")


def _subsup(mark: Node, _canvas: Canvas) -> Opened:
    return ("sub" if text_of(mark, "type") == "sub" else "sup"), ""


def _coloured(use: str) -> Open:
    def open_it(mark: Node, _canvas: Canvas) -> Opened:
        names = classes(coloured(use, nearest(text_of(mark, "color"))))
        return ("span", names) if names else None

    return open_it


def _annotation(mark: Node, canvas: Canvas) -> Opened:
    # Inline comments point at the text they are about.
    found = canvas.mark(f"comment-{text_of(mark, 'id')}") if text_of(mark, "id") else ""
    return ("span", found) if found else None


#: Marks of text but for links, which are opened before all others.
TEXT_MARKS: Mapping[str, Open] = MappingProxyType(
    {
        "annotation": _annotation,
        "backgroundColor": _coloured("bg"),
        "code": _tag("code"),
        "em": _tag("em"),
        "strike": _tag("s"),
        "strong": _tag("strong"),
        "subsup": _subsup,
        "textColor": _coloured("text"),
        "underline": _tag("u"),
    }
)
_ALIGNS = {"center": Align.CENTER, "end": Align.END}


def _alignment(mark: Node) -> str | None:
    return aligned(_ALIGNS.get(text_of(mark, "align")))


def _indentation(mark: Node) -> str | None:
    return indented(int(number_of(mark, "level") or 0))


def _font_size(mark: Node) -> str | None:
    return "doc-small" if text_of(mark, "fontSize") == "small" else None


#: Marks of paragraphs and headings.
BLOCK_MARKS: Mapping[str, Callable[[Node], str | None]] = MappingProxyType(
    {"alignment": _alignment, "fontSize": _font_size, "indentation": _indentation}
)
#: Handled where they stand: a link by `inline` and `media`, a border by `media`.
OWN_MARKS = frozenset({"border", "link"})
#: Wider than the page is no width here; names that apps give to parts, and what they take data from, are for apps.
SILENT_MARKS = frozenset({"breakout", "dataConsumer", "fragment"})
#: Every mark that is known.
MARKS = frozenset({*TEXT_MARKS, *BLOCK_MARKS}) | OWN_MARKS | SILENT_MARKS


def block_classes(node: Node) -> tuple[str | None, ...]:
    """Return the classes that the marks of a block ask for."""
    return tuple(of(mark) for kind, of in BLOCK_MARKS.items() if (mark := mark_of(node, kind)) is not None)


def text_marks(node: Node) -> dict[str, Node]:
    """Return the marks of text by kind: of each kind one, since a mark repeated a thousand times would nest as deep."""
    return {kind: mark for mark in marks(node) if isinstance(kind := mark.get("type"), str)}


def border_of(node: Node) -> tuple[int, Colour | None]:
    """Return how wide the border of a picture is, in pixels from 0 to 3, and its colour."""
    mark = mark_of(node, "border")
    if mark is None:
        return 0, None
    return min(max(int(number_of(mark, "size") or 1), 1), 3), nearest(text_of(mark, "color"))
