"""ADF that storage format keeps as such: newer panels and decisions, and apps that know nothing else.

An extension brings a fallback in older markup, which says the same again. The node is shown where it is known; for an
unknown one its fallback is, unless it is an app: what an app shows, and to whom, is the app's to decide.
"""

from lxml import etree

from app.documents.classes import PanelKind
from app.documents.colours import nearest
from app.documents.emoji import emoji_of_id
from app.documents.pieces import PanelLook, begin_decision, begin_expand, begin_panel, end_expand, end_item, end_panel
from app.documents.storage.macros import Macro, extension_name
from app.documents.storage.macros.drawings import DRAWINGS
from app.documents.storage.macros.drawings import MACROS as DRAWN
from app.documents.storage.parse import AC
from app.documents.storage.walk import Renderer, Walk, body_text, child, nothing

_APPS = frozenset({"extension", "inline-extension", "bodied-extension", "multi-bodied-extension", "extension-frame"})


def _extension(element: etree._Element, walk: Walk) -> None:
    node, fallback = child(element, "adf-node"), child(element, "adf-fallback")
    kind = "" if node is None else node.get("type") or ""
    if node is not None and (kind in ADF_NODES or kind in _APPS or fallback is None):
        _node(node, walk)
    elif fallback is not None:
        walk.children(fallback)


def _node(element: etree._Element, walk: Walk) -> None:
    kind = element.get("type") or ""
    if kind in ADF_NODES:
        ADF_NODES[kind](element, walk)
        return
    name = extension_name(_attributes(element).get("extensionkey") or kind).lower()
    if name in DRAWINGS and kind in _APPS:
        DRAWN[name](Macro(name, _parameters(element), element, walk))
    else:
        walk.canvas.omitted(name)


def _attributes(element: etree._Element) -> dict[str, str]:
    return {_key(found): body_text(found).strip() for found in element.iterchildren(f"{AC}adf-attribute")}


def _parameters(element: etree._Element) -> dict[str, str]:
    # An app's own parameters stand within further ones.
    found = (one for given in element.iterchildren(f"{AC}adf-attribute") for one in given.iter(f"{AC}adf-parameter"))
    return {_key(one): text for one in found if (text := body_text(one).strip())}


def _key(element: etree._Element) -> str:
    return (element.get("key") or "").replace("-", "").lower()


def _panel(element: etree._Element, walk: Walk) -> None:
    attributes = _attributes(element)
    name = attributes.get("paneltype", "")
    kind = PanelKind(name) if name in PanelKind.__members__.values() else PanelKind.PLAIN
    own = kind is PanelKind.PLAIN
    sign = attributes.get("panelicontext") or emoji_of_id(attributes.get("paneliconid", "")) if own else ""
    begin_panel(
        walk.canvas, kind, sign=sign, look=PanelLook(nearest(attributes.get("panelcolor", "")) if own else None)
    )
    walk.block_children(child(element, "adf-content"))
    end_panel(walk.canvas)


def _decisions(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-decisions"')
    for item in element.iterchildren(f"{AC}adf-node"):
        _decision_item(item, walk)
    walk.canvas.end("ul")


def _decision(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-decisions"')
    _decision_item(element, walk)
    walk.canvas.end("ul")


def _decision_item(element: etree._Element, walk: Walk) -> None:
    begin_decision(walk.canvas)
    walk.block_children(child(element, "adf-content"))
    end_item(walk.canvas)


def _expand(element: etree._Element, walk: Walk) -> None:
    begin_expand(walk.canvas, _attributes(element).get("title", ""))
    walk.block_children(child(element, "adf-content"))
    end_expand(walk.canvas)


#: Nodes of ADF by type.
ADF_NODES: dict[str, Renderer] = {
    "panel": _panel,
    "decision-list": _decisions,
    "decision-item": _decision,
    "expand": _expand,
    "nested-expand": _expand,
}
RENDERERS: dict[str, Renderer] = {
    f"{AC}adf-extension": _extension,
    f"{AC}adf-node": _node,
    f"{AC}adf-fallback": nothing,
    f"{AC}adf-content": nothing,
    f"{AC}adf-attribute": nothing,
    f"{AC}adf-mark": nothing,
}
