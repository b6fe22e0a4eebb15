"""The blocks of ADF: paragraphs, headings, lists, tables, panels, expands, layouts, tasks and decisions."""

from app.documents.adf.marks import block_classes
from app.documents.adf.walk import Node, Renderer, Walk, attributes, content, left_out, number_of, text_of
from app.documents.classes import PanelKind, TableWidth, classes, coloured
from app.documents.colours import nearest
from app.documents.emoji import emoji_of_id
from app.documents.pieces import (
    PanelLook,
    begin_column,
    begin_decision,
    begin_expand,
    begin_panel,
    begin_table,
    begin_task,
    code_block,
    end_expand,
    end_item,
    end_panel,
    end_table,
    end_task,
    pixels,
    span,
    spans,
    table_width,
)

#: Width in pixels of a table that asks for none, and of the column of numbers.
_USUAL_PIXELS = 760
_NUMBER_PIXELS = 42.0
_MAX_COLUMNS = 100


def _paragraph(node: Node, walk: Walk) -> None:
    opened = walk.canvas.begin_paragraph()
    walk.children(node)
    walk.canvas.end_paragraph(opened, *block_classes(node))


def _heading(node: Node, walk: Walk) -> None:
    opened = walk.canvas.begin_heading()
    walk.children(node)
    walk.canvas.end_heading(opened, int(number_of(node, "level") or 1), *block_classes(node))


def _within(tag: str, attributes: str = "") -> Renderer:
    def render(node: Node, walk: Walk) -> None:
        walk.canvas.start(tag, attributes)
        walk.block_children(node)
        walk.canvas.end(tag)

    return render


def _through(node: Node, walk: Walk) -> None:
    walk.children(node)


def _list(tag: str) -> Renderer:
    def render(node: Node, walk: Walk) -> None:
        first = number_of(node, "order") if tag == "ol" else None
        walk.canvas.start(tag, f' start="{int(first)}"' if first is not None and 0 <= first < 10_000 else "")
        walk.canvas.descend()
        for item in content(node):
            walk.canvas.start("li")
            if item.get("type") == "listItem":
                walk.block_children(item)
            else:
                walk.node(item)
            walk.canvas.end("li")
        walk.canvas.ascend()
        walk.canvas.end(tag)

    return render


def _rule(_node: Node, walk: Walk) -> None:
    walk.canvas.rule()


def _code(node: Node, walk: Walk) -> None:
    texts = (child.get("text") for child in content(node))
    code = walk.count("".join(text for text in texts if isinstance(text, str)))
    given = attributes(node)
    # One line needs no number.
    first_line = 1 if "\n" in code.strip() and given.get("hideLineNumbers") is not True else None
    wrapped = given.get("wrap") is True
    code_block(walk.canvas, code, text_of(node, "language"), first_line=first_line, wrapped=wrapped)


def _panel(node: Node, walk: Walk) -> None:
    name = text_of(node, "panelType")
    kind = PanelKind(name) if name in PanelKind.__members__.values() else PanelKind.PLAIN
    own = kind is PanelKind.PLAIN
    look = PanelLook(nearest(text_of(node, "panelColor"))) if own else None
    begin_panel(walk.canvas, kind, sign=_sign(node) if own else "", look=look)
    walk.block_children(node)
    end_panel(walk.canvas)


def _sign(node: Node) -> str:
    # Emoji of the organisation's own have no character; their name would be no sign.
    return text_of(node, "panelIconText").removeprefix(":") or emoji_of_id(text_of(node, "panelIconId"))


def _expand(node: Node, walk: Walk) -> None:
    begin_expand(walk.canvas, walk.count(text_of(node, "title")))
    walk.block_children(node)
    end_expand(walk.canvas)


def _columns(node: Node, walk: Walk) -> None:
    walk.canvas.start("div", ' class="doc-columns"')
    walk.children(node)
    walk.canvas.end("div")


def _column(node: Node, walk: Walk) -> None:
    begin_column(walk.canvas, number_of(node, "width"), text_of(node, "valign"))
    walk.block_children(node)
    walk.canvas.end("div")


# Tasks and decisions


def _task_list(node: Node, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-tasks"')
    walk.canvas.descend()
    for item in content(node):
        if item.get("type") in ("taskItem", "blockTaskItem"):
            begin_task(walk.canvas, text_of(item, "state") == "DONE")
            walk.block_children(item)
            end_task(walk.canvas)
        else:
            walk.canvas.start("li", ' class="doc-task"')
            walk.node(item)
            walk.canvas.end("li")
    walk.canvas.ascend()
    walk.canvas.end("ul")


def _decision_list(node: Node, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-decisions"')
    for item in content(node):
        begin_decision(walk.canvas)
        walk.block_children(item)
        end_item(walk.canvas)
    walk.canvas.end("ul")


# Tables


def _table(node: Node, walk: Walk) -> None:
    numbered = attributes(node).get("isNumberColumnEnabled") is True
    width, columns = _look(node, numbered)
    begin_table(walk.canvas, width, columns)
    walk.canvas.start("tbody")
    number = 0
    for at, row in enumerate(content(node)):
        cells = [cell for cell in content(row) if cell.get("type") in ("tableCell", "tableHeader")]
        is_head = at == 0 and bool(cells) and all(cell.get("type") == "tableHeader" for cell in cells)
        walk.canvas.start("tr")
        walk.canvas.descend()
        if numbered:
            number += 0 if is_head else 1
            walk.canvas.count_cell()
            walk.canvas.element("td", ' class="doc-number"', "" if is_head else str(number))
        for cell in cells:
            _cell(cell, walk, is_head)
        walk.canvas.ascend()
        walk.canvas.end("tr")
    walk.canvas.end("tbody")
    end_table(walk.canvas)


def _look(table: Node, numbered: bool) -> tuple[TableWidth | None, tuple[float, ...]]:
    """Return how wide a table is to be and the shares of its columns, which the cells of its first row say."""
    columns: list[float] = []
    for cell in content(next(content(table), {})):
        given = attributes(cell).get("colwidth")
        widths = list(given)[:_MAX_COLUMNS] if isinstance(given, list | tuple) else []
        numbers = [pixels(one) for one in widths] or [None] * span(attributes(cell).get("colspan", 1))
        columns += [float(one or 0) for one in numbers]
        if len(columns) > _MAX_COLUMNS:
            return table_width(number_of(table, "width"), _USUAL_PIXELS), ()
    total = sum(columns)
    is_whole = bool(columns) and all(columns)
    width = number_of(table, "width") or (total if is_whole else None)
    number = (_NUMBER_PIXELS,) if numbered else ()
    return table_width(width, _USUAL_PIXELS), (*number, *columns) if is_whole else ()


def _cell(cell: Node, walk: Walk, is_head: bool) -> None:
    walk.canvas.count_cell()
    tag = "th" if cell.get("type") == "tableHeader" else "td"
    scope = "" if tag == "td" else ' scope="col"' if is_head else ' scope="row"'
    given = attributes(cell)
    place = text_of(cell, "valign")
    background = text_of(cell, "background")
    names = classes(
        coloured("bg", nearest(background)) if background else None,
        f"doc-valign-{place}" if place in ("middle", "bottom") else None,
    )
    walk.canvas.start(tag, spans(given.get("colspan", 1), given.get("rowspan", 1)) + scope + names)
    walk.block_children(cell)
    walk.canvas.end(tag)


RENDERERS: dict[str, Renderer] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "blockquote": _within("blockquote"),
    "bulletList": _list("ul"),
    "orderedList": _list("ol"),
    "listItem": _within("div"),
    "rule": _rule,
    "codeBlock": _code,
    "panel": _panel,
    "expand": _expand,
    "nestedExpand": _expand,
    "layoutSection": _columns,
    "layoutColumn": _column,
    "taskList": _task_list,
    "decisionList": _decision_list,
    "table": _table,
    "tableRow": _through,
    "tableCell": _within("div"),
    "tableHeader": _within("div"),
    "taskItem": _within("div"),
    "blockTaskItem": _within("div"),
    "decisionItem": _within("div"),
    "syncBlock": left_out("sync-block"),
    "bodiedSyncBlock": _through,
    "doc": _through,
}
