"""The `ac:` elements that are neither links, pictures nor macros: layouts, tasks, emoji, and ADF kept in storage."""

from lxml import etree

from app.documents.classes import PanelKind
from app.documents.colours import nearest
from app.documents.emoji import emoji_text
from app.documents.pieces import (
    begin_column,
    begin_decision,
    begin_panel,
    begin_task,
    end_item,
    end_panel,
)
from app.documents.storage.parse import AC
from app.documents.storage.walk import Renderer, Walk, body_text, child, nothing, through

#: Layout of a section → the share of each column in percent; equal where none is named.
_SHARES = {
    "two_left_sidebar": (30, 70),
    "two_right_sidebar": (70, 30),
    "three_with_sidebars": (20, 60, 20),
    "three_left_sidebars": (25, 25, 50),
    "three_right_sidebars": (50, 25, 25),
}


def _section(element: etree._Element, walk: Walk) -> None:
    cells = element.findall(f"{AC}layout-cell")
    shares = _SHARES.get(element.get(f"{AC}type") or "", ())
    walk.canvas.start("div", ' class="doc-columns"' if len(cells) > 1 else "")
    for at, cell in enumerate(cells):
        begin_column(walk.canvas, shares[at] if at < len(shares) else None)
        walk.block_children(cell)
        walk.canvas.end("div")
    walk.canvas.end("div")


def _task_list(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-tasks"')
    for task in element.iterfind(f"{AC}task"):
        begin_task(walk.canvas, body_text(child(task, "task-status")).strip() == "complete")
        walk.block_children(child(task, "task-body"))
        end_item(walk.canvas)
    walk.canvas.end("ul")


def _emoticon(element: etree._Element, walk: Walk) -> None:
    walk.canvas.text(
        emoji_text(
            element.get(f"{AC}emoji-fallback") or "",
            element.get(f"{AC}emoji-shortname") or "",
            element.get(f"{AC}name") or "",
        )
    )


def _adf_extension(element: etree._Element, walk: Walk) -> None:
    # The node and its fallback say the same twice: the fallback is never shown.
    node = child(element, "adf-node")
    if node is not None:
        _adf_node(node, walk)


def _adf_node(element: etree._Element, walk: Walk) -> None:
    kind = element.get("type") or ""
    render = ADF_NODES.get(kind)
    if render is None:
        walk.canvas.omitted(extension_name(_adf_attributes(element).get("extension-key") or kind))
    else:
        render(element, walk)


def extension_name(key: str) -> str:
    """Return the last part of an extension's key, which is what people call it."""
    return key.rstrip("/:").replace(":", "/").rpartition("/")[2]


def _adf_attributes(element: etree._Element) -> dict[str, str]:
    return {found.get("key") or "": body_text(found).strip() for found in element.iterfind(f"{AC}adf-attribute")}


def _adf_panel(element: etree._Element, walk: Walk) -> None:
    attributes = _adf_attributes(element)
    name = attributes.get("panel-type", "")
    kind = PanelKind(name) if name in PanelKind.__members__.values() else PanelKind.PLAIN
    colour = nearest(attributes.get("panel-color", "")) if kind is PanelKind.PLAIN else None
    begin_panel(walk.canvas, kind, sign=attributes.get("panel-icon-text", ""), colour=colour)
    walk.block_children(child(element, "adf-content"))
    end_panel(walk.canvas)


def _adf_decisions(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-decisions"')
    for item in element.iterfind(f"{AC}adf-node"):
        _adf_decision_item(item, walk)
    walk.canvas.end("ul")


def _adf_decision(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-decisions"')
    _adf_decision_item(element, walk)
    walk.canvas.end("ul")


def _adf_decision_item(element: etree._Element, walk: Walk) -> None:
    begin_decision(walk.canvas)
    walk.block_children(child(element, "adf-content"))
    end_item(walk.canvas)


#: Nodes of ADF that storage format keeps as such, by type.
ADF_NODES: dict[str, Renderer] = {
    "panel": _adf_panel,
    "decision-list": _adf_decisions,
    "decision-item": _adf_decision,
}
RENDERERS: dict[str, Renderer] = {
    f"{AC}layout": through,
    f"{AC}layout-section": _section,
    f"{AC}layout-cell": through,
    f"{AC}task-list": _task_list,
    f"{AC}emoticon": _emoticon,
    f"{AC}hipchat-emoticon": _emoticon,
    f"{AC}inline-comment-marker": through,
    f"{AC}adf-extension": _adf_extension,
    f"{AC}adf-node": _adf_node,
    f"{AC}adf-fallback": nothing,
    f"{AC}placeholder": nothing,
    f"{AC}parameter": nothing,
    f"{AC}default-parameter": nothing,
    f"{AC}task-id": nothing,
    f"{AC}task-uuid": nothing,
}
