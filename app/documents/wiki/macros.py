"""Macros of wiki markup by name. One that is not here becomes a neutral box, and what it holds is not shown."""

from collections.abc import Callable

from app.documents.canvas import Canvas
from app.documents.classes import Colour, PanelKind, classes, coloured
from app.documents.colours import nearest
from app.documents.pieces import (
    PanelLook,
    begin_column,
    begin_expand,
    begin_panel,
    code_block,
    end_expand,
    end_panel,
    pixels,
    status,
)
from app.documents.wiki.blocks import Flow
from app.documents.wiki.inline import draw_line
from app.documents.wiki.parse import Element, lines

# As in storage format: older than ADF's panels of the same names.
_KINDS = {
    "info": PanelKind.INFO,
    "note": PanelKind.WARNING,
    "tip": PanelKind.TIP,
    "warning": PanelKind.ERROR,
    "panel": PanelKind.PLAIN,
}
_STATUS = {"grey": Colour.GREY, "red": Colour.RED, "yellow": Colour.YELLOW, "green": Colour.GREEN, "blue": Colour.BLUE}


def draw_element(element: Element, canvas: Canvas) -> None:
    """Write one macro."""
    canvas.descend()
    draw = MACROS.get(element.name)
    if draw is None:
        canvas.omitted(element.name)
    else:
        draw(element, canvas)
    canvas.ascend()


def _blocks(element: Element, canvas: Canvas) -> None:
    before, canvas.in_text = canvas.in_text, False
    Flow(canvas, draw_element).draw(element.children)
    canvas.in_text = before


def _code(element: Element, canvas: Canvas) -> None:
    given = element.parameters
    language = given.get("language") or given.get("lang") or given.get("", "")
    code = canvas.count_text(element.text.removeprefix("\n").rstrip())
    code_block(
        canvas,
        code,
        language if element.name == "code" else "",
        given.get("title", ""),
        first_line=1 if given.get("linenumbers") == "true" else None,
        folded=given.get("collapse") == "true",
    )


def _quote(element: Element, canvas: Canvas) -> None:
    canvas.start("blockquote")
    _blocks(element, canvas)
    canvas.end("blockquote")


def _panel(element: Element, canvas: Canvas) -> None:
    given = element.parameters
    kind = _KINDS[element.name]
    style, width = given.get("borderstyle", "").lower(), given.get("borderwidth", "").removesuffix("px")
    look = PanelLook(
        colour=nearest(given.get("bgcolor", "")),
        edge=nearest(given.get("bordercolor", "")),
        title_ground=nearest(given.get("titlebgcolor", "")),
        title_colour=nearest(given.get("titlecolor", "")),
        without_border=style == "none" or width == "0",
        dashed=style in ("dashed", "dotted"),
    )
    begin_panel(canvas, kind, given.get("title", ""), look=look if kind is PanelKind.PLAIN else None)
    _blocks(element, canvas)
    end_panel(canvas)


def _colour(element: Element, canvas: Canvas) -> None:
    tag = "div" if element.block else "span"
    canvas.start(tag, classes(coloured("text", nearest(element.given))))
    if element.block:
        _blocks(element, canvas)
    else:
        for at, line in enumerate(lines(element.children)):
            if at:
                canvas.parts.append("<br>")
            draw_line(line, canvas, draw_element)
    canvas.end(tag)


def _anchor(element: Element, canvas: Canvas) -> None:
    name = element.parameters.get("", "")
    if name and not canvas.aside:
        canvas.parts.append(f'<span id="{canvas.new_id(name)}"></span>')


def _status(element: Element, canvas: Canvas) -> None:
    given = element.parameters
    colour = _STATUS.get((given.get("colour") or given.get("color", "")).lower())
    status(canvas, given.get("title", ""), colour)


def _expand(element: Element, canvas: Canvas) -> None:
    given = element.parameters
    begin_expand(canvas, given.get("title") or given.get("", ""))
    _blocks(element, canvas)
    end_expand(canvas)


def _section(element: Element, canvas: Canvas) -> None:
    canvas.start("div", ' class="doc-columns"')
    _blocks(element, canvas)
    canvas.end("div")


def _column(element: Element, canvas: Canvas) -> None:
    width = element.parameters.get("width", "")
    begin_column(canvas, pixels(width.removesuffix("%")) if width.endswith("%") else None)
    _blocks(element, canvas)
    canvas.end("div")


def _contents(element: Element, canvas: Canvas) -> None:
    levels = [pixels(element.parameters.get(name)) for name in ("minlevel", "maxlevel")]
    canvas.contents(levels[0] or 1, levels[1] or 6)


Draw = Callable[[Element, Canvas], None]
_WITH_BODY: dict[str, Draw] = {
    "color": _colour,
    "column": _column,
    "excerpt": _blocks,
    "expand": _expand,
    "quote": _quote,
    "section": _section,
    **dict.fromkeys(_KINDS, _panel),
}
MACROS: dict[str, Draw] = {
    **_WITH_BODY,
    "anchor": _anchor,
    "code": _code,
    "noformat": _code,
    "status": _status,
    "toc": _contents,
}
WITH_BODY = frozenset(_WITH_BODY)
