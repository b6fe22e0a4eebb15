"""The XHTML elements of storage format: text, lists, tables, quotations. One renderer each, in `RENDERERS`."""

from collections.abc import Iterator

from lxml import etree

from app.documents.canvas import BLOCKS
from app.documents.classes import Align, aligned, classes, coloured
from app.documents.colours import nearest
from app.documents.pieces import begin_expand, begin_table, day, end_expand, end_table, spans
from app.documents.storage.parse import XHTML
from app.documents.storage.styles import cell_classes, table_look, text_classes
from app.documents.storage.walk import Renderer, Walk, body_text, left_out, nothing, through

_SAME = "b cite code dd del dl dt em i ins kbd q s samp small strong sub sup u var"
_TO_SAME = {"strike": "s", "tt": "code", "abbr": "span", "acronym": "span", "dfn": "em"}
# Void elements are among them: in damaged markup an unclosed one holds what follows it.
_THROUGH = (
    "html body main section article header footer nav aside big label form fieldset legend"
    " hgroup nobr wbr bdi bdo xml thead tbody tfoot colgroup tr td th caption picture"
    " meta link base col param source track input"
)
_SILENT = "head title summary textarea select button option style template"
_LEFT_OUT = {
    "script": "script",
    "noscript": "script",
    "iframe": "iframe",
    "frame": "iframe",
    "object": "embed",
    "embed": "embed",
    "applet": "embed",
    "svg": "svg",
    "canvas": "svg",
    "audio": "audio",
    "video": "video",
    "{http://www.w3.org/2000/svg}svg": "svg",
}
_SECTIONS = frozenset({"thead", "tbody", "tfoot"})
_CELLS = frozenset({"td", "th"})


def _plain(tag: str) -> Renderer:
    begin, end = f"<{tag}>", f"</{tag}>"

    def block(element: etree._Element, walk: Walk) -> None:
        walk.canvas.start(tag)
        walk.children(element)
        walk.canvas.end(tag)

    def inline(element: etree._Element, walk: Walk) -> None:
        walk.canvas.parts.append(begin)
        walk.children(element)
        walk.canvas.parts.append(end)

    return block if tag in BLOCKS else inline


def _paragraph(element: etree._Element, walk: Walk) -> None:
    if not len(element) and element.get("style") is None:
        # Most are so.
        walk.canvas.paragraph(element.text or "")
        return
    opened = walk.canvas.begin_paragraph()
    walk.children(element)
    walk.canvas.end_paragraph(opened, *text_classes(element))


def _heading(level: int) -> Renderer:
    def render(element: etree._Element, walk: Walk) -> None:
        opened = walk.canvas.begin_heading()
        walk.children(element)
        walk.canvas.end_heading(opened, level, *text_classes(element))

    return render


def _coloured(tag: str) -> Renderer:
    def render(element: etree._Element, walk: Walk) -> None:
        names = text_classes(element)
        walk.canvas.start(tag, classes(*names) if names else "")
        walk.children(element)
        walk.canvas.end(tag)

    return render


def _centred(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("div", classes(aligned(Align.CENTER)))
    walk.block_children(element)
    walk.canvas.end("div")


def _font(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("span", classes(coloured("text", nearest(element.get("color") or ""))))
    walk.children(element)
    walk.canvas.end("span")


def _unfolded(element: etree._Element, walk: Walk) -> None:
    summary = next(_named(element, {"summary"}), None)
    begin_expand(walk.canvas, body_text(summary))
    walk.block_children(element)
    end_expand(walk.canvas)


def _list(tag: str) -> Renderer:
    def render(element: etree._Element, walk: Walk) -> None:
        first = element.get("start", "")
        numbered = tag == "ol" and first.isascii() and first.isdigit() and len(first) < 5
        walk.canvas.start(tag, f' start="{int(first)}"' if numbered else "")
        walk.canvas.descend()
        for item in element:
            _list_item(item, walk)
        walk.canvas.ascend()
        walk.canvas.end(tag)

    return render


def _list_item(item: etree._Element, walk: Walk) -> None:
    walk.canvas.start("li")
    if _name(item) == "li":
        walk.block_children(item)
    else:
        walk.element(item)
    walk.canvas.end("li")


def _line_break(element: etree._Element, walk: Walk) -> None:
    walk.canvas.parts.append("<br>")
    _swallowed(element, walk)


def _rule(element: etree._Element, walk: Walk) -> None:
    walk.canvas.rule()
    _swallowed(element, walk)


def _swallowed(element: etree._Element, walk: Walk) -> None:
    # In damaged markup an unclosed <br> holds the text that follows it.
    if element.text or len(element):
        walk.children(element)


def _preformatted(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("pre", ' class="doc-pre" tabindex="0"')
    walk.canvas.parts.append("<code>")
    walk.canvas.begin_line()
    walk.children(element)
    walk.canvas.end_line()
    walk.canvas.parts.append("</code>")
    walk.canvas.end("pre")


def _time(element: etree._Element, walk: Walk) -> None:
    day(walk.canvas, element.get("datetime") or body_text(element))


def _definition(tag: str) -> Renderer:
    def render(element: etree._Element, walk: Walk) -> None:
        parent = element.getparent()
        within = tag if parent is not None and _name(parent) == "dl" else "div"
        walk.canvas.start(within)
        walk.block_children(element)
        walk.canvas.end(within)

    return render


# Tables


def _table(element: etree._Element, walk: Walk) -> None:
    begin_table(walk.canvas, *table_look(element))
    if (caption := next(_named(element, {"caption"}), None)) is not None:
        walk.canvas.start("caption")
        walk.block_children(caption)
        walk.canvas.end("caption")
    head, rows = _rows(element)
    for tag, found in (("thead", head), ("tbody", rows)):
        if found:
            walk.canvas.start(tag)
            for row in found:
                _row(row, walk, in_head=tag == "thead" or row is rows[0])
            walk.canvas.end(tag)
    end_table(walk.canvas)


def _rows(table: etree._Element) -> tuple[list[etree._Element], list[etree._Element]]:
    head: list[etree._Element] = []
    rows = list(_named(table, {"tr"}))
    for section in _named(table, _SECTIONS):
        (head if _name(section) == "thead" else rows).extend(_named(section, {"tr"}))
    if not head and len(rows) > 1 and _is_head(rows[0]):
        # Read out, and repeated on each sheet of paper, as what it is.
        return rows[:1], rows[1:]
    return head, rows


def _is_head(row: etree._Element) -> bool:
    cells = list(_named(row, _CELLS))
    return bool(cells) and all(_name(cell) == "th" and cell.get("rowspan", "1") == "1" for cell in cells)


def _row(row: etree._Element, walk: Walk, in_head: bool) -> None:
    canvas = walk.canvas
    cells = [(tag, cell) for cell in row if (tag := cell.tag if cell.tag in _CELLS else _name(cell)) in _CELLS]
    scope = ' scope="col"' if in_head and all(tag == "th" for tag, _cell in cells) else ' scope="row"'
    canvas.start("tr")
    canvas.descend()
    canvas.count_cell(len(cells))
    for tag, cell in cells:
        given = "" if tag == "td" else scope
        if cell.keys():
            given = spans(cell.get("colspan"), cell.get("rowspan")) + given + classes(*cell_classes(cell))
        canvas.start(tag, given)
        walk.block_children(cell)
        canvas.end(tag)
    canvas.ascend()
    canvas.end("tr")


def _named(element: etree._Element, names: set[str] | frozenset[str]) -> Iterator[etree._Element]:
    return (child for child in element if _name(child) in names)


def _name(element: etree._Element) -> str:
    tag: object = element.tag
    return tag.removeprefix(XHTML) if isinstance(tag, str) else ""


RENDERERS: dict[str, Renderer] = {
    **{tag: _plain(tag) for tag in _SAME.split()},
    **{tag: _plain(to) for tag, to in _TO_SAME.items()},
    **dict.fromkeys(_THROUGH.split(), through),
    **dict.fromkeys(_SILENT.split(), nothing),
    **{tag: left_out(key) for tag, key in _LEFT_OUT.items()},
    **{f"h{level}": _heading(level) for level in range(1, 7)},
    "p": _paragraph,
    "address": _paragraph,
    "span": _coloured("span"),
    "div": _coloured("div"),
    "mark": _coloured("span"),
    "blockquote": _coloured("blockquote"),
    "li": _coloured("div"),
    "dt": _definition("dt"),
    "dd": _definition("dd"),
    "ul": _list("ul"),
    "ol": _list("ol"),
    "br": _line_break,
    "center": _centred,
    "details": _unfolded,
    "font": _font,
    "hr": _rule,
    "pre": _preformatted,
    "time": _time,
    "table": _table,
}
