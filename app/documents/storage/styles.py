"""The few declarations of inline styles that mean something to a reader, as values of our own."""

import re

from lxml import etree

from app.documents.classes import Align, TableWidth, aligned, coloured, indented
from app.documents.colours import nearest
from app.documents.pieces import table_width

_DECLARATION = re.compile(
    r"(color|background-color|background|text-align|margin-left|vertical-align)\s*:\s*([^;]{1,60})"
)
_ALIGNS = {"center": Align.CENTER, "right": Align.END, "end": Align.END, "justify": Align.JUSTIFY}
_INDENT_PIXELS = 30
_WIDTH = re.compile(r"(?:^|;|\s)width\s*:\s*(\d{1,5}(?:\.\d{1,3})?)(px|%)")
#: Width in pixels that Confluence gives a table which asks for none.
_USUAL = 760
_MAX_COLUMNS = 100
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
    if not element.get("style"):
        return ()
    style = declarations(element)
    return (
        coloured("text", nearest(style["color"])) if "color" in style else None,
        coloured("bg", nearest(background)) if (background := _background(style)) else None,
        aligned(_ALIGNS.get(style.get("text-align", ""))),
        indented(_indent(style.get("margin-left", ""))),
    )


def cell_classes(element: etree._Element) -> tuple[str | None, ...]:
    """Return the classes for a table cell: its own colour, the editor's highlight, alignments."""
    if not element.keys():
        return ()
    style, own = declarations(element), element.get("class")
    colour = element.get("data-highlight-colour")
    marked = _HIGHLIGHT.search(own or "")
    colour = colour or (marked[1] if marked else "") or _background(style)
    place = style.get("vertical-align", "")
    return (
        coloured("bg", nearest(colour)) if colour else None,
        aligned(_ALIGNS.get(style.get("text-align", ""))),
        f"doc-valign-{place}" if place in ("middle", "bottom") else None,
        "doc-number" if own and "numberingColumn" in own else None,
    )


def table_look(table: etree._Element) -> tuple[TableWidth | None, tuple[float, ...]]:
    """Return how wide a table is to be, if it says so, and the shares of its columns."""
    given = _columns(table)
    columns = tuple(number for number, _unit in given)
    width, unit = _width(table)
    if not width and given and all(unit == "px" for _number, unit in given):
        width, unit = sum(columns), "px"
    if (own := table.get("data-table-width")) is not None and own.isascii() and own.isdigit() and len(own) < 6:
        width, unit = max(float(own), width if unit == "px" else 0.0), "px"
    if len({unit for _number, unit in given}) > 1 or not all(columns):
        columns = ()
    if not width:
        return None, columns
    # A share of the page is never more than all of it.
    return table_width(min(width, 100.0) * _USUAL / 100 if unit == "%" else width, _USUAL), columns


def _columns(table: etree._Element) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for group in table:
        if str(group.tag).rpartition("}")[2] == "colgroup":
            for column in group:
                span = column.get("span") or "1"
                times = int(span) if span.isascii() and span.isdigit() and len(span) < 4 else 1
                found += [_width(column)] * min(times, _MAX_COLUMNS)
    return found if len(found) <= _MAX_COLUMNS else []


def _width(element: etree._Element) -> tuple[float, str]:
    match = _WIDTH.search((element.get("style") or "")[:1_000].lower())
    return (float(match[1]), match[2]) if match else (0.0, "")


def _background(style: dict[str, str]) -> str:
    return style.get("background-color") or style.get("background", "")


def _indent(margin: str) -> int:
    try:
        return round(float(margin.removesuffix("px")) / _INDENT_PIXELS)
    except (ValueError, OverflowError):
        return 0
