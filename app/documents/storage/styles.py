"""The few declarations of inline styles that mean something to a reader, as values of our own."""

import re

from lxml import etree

from app.documents.canvas import aligned, coloured, indented
from app.documents.classes import Align
from app.documents.colours import nearest

_DECLARATION = re.compile(
    r"(color|background-color|background|text-align|margin-left|vertical-align)\s*:\s*([^;]{1,60})"
)
_ALIGNS = {"center": Align.CENTER, "right": Align.END, "end": Align.END, "justify": Align.JUSTIFY}
_INDENT_PIXELS = 30
_HIGHLIGHT = re.compile(r"(?:^|\s)highlight-(\S+)")


def declarations(element: etree._Element) -> dict[str, str]:
    """Return the style declarations of an element that have a meaning here."""
    style = element.get("style")
    if not style:
        return {}
    # Anchored at each declaration: "background-color" must not be read as "color".
    found = (_DECLARATION.match(part.strip().lower()) for part in style[:1_000].split(";"))
    return {match[1]: match[2].strip() for match in found if match}


def text_classes(element: etree._Element) -> tuple[str | None, ...]:
    """Return the classes for the colours, alignment and indentation an element asks for."""
    style = declarations(element)
    if not style:
        return ()
    return (
        coloured("text", nearest(style["color"])) if "color" in style else None,
        coloured("bg", nearest(background)) if (background := _background(style)) else None,
        aligned(_ALIGNS.get(style.get("text-align", ""))),
        indented(_indent(style.get("margin-left", ""))),
    )


def cell_classes(element: etree._Element) -> tuple[str | None, ...]:
    """Return the classes for a table cell: its own colour, the editor's highlight, alignments."""
    style, own = declarations(element), element.get("class")
    colour = element.get("data-highlight-colour")
    if not (style or own or colour):
        return ()
    marked = _HIGHLIGHT.search(own or "")
    colour = colour or (marked[1] if marked else "") or _background(style)
    place = style.get("vertical-align", "")
    return (
        coloured("bg", nearest(colour)) if colour else None,
        aligned(_ALIGNS.get(style.get("text-align", ""))),
        f"doc-valign-{place}" if place in ("middle", "bottom") else None,
        "doc-number" if own and "numberingColumn" in own else None,
    )


def _background(style: dict[str, str]) -> str:
    return style.get("background-color") or style.get("background", "")


def _indent(margin: str) -> int:
    try:
        return round(float(margin.removesuffix("px")) / _INDENT_PIXELS)
    except (ValueError, OverflowError):
        return 0
