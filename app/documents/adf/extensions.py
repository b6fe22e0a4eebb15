"""Macros and apps inside ADF. One that is not in the registries becomes a neutral box, and its body is not shown.

That is deliberate: some decide who sees their body, others tell of other pages.
"""

from collections.abc import Mapping

from app.documents.addresses import shared_link
from app.documents.adf.walk import Node, Renderer, Walk, attributes, text_of


def _parameter(node: Node, name: str) -> str:
    value: object = attributes(node)
    for key in ("parameters", "macroParams", name, "value"):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def extension_key(node: Node) -> str:
    """Return the last part of an extension's key in lower case, which is the name of a macro."""
    return text_of(node, "extensionKey").rstrip("/:").replace(":", "/").rpartition("/")[2].lower()


def _extension(node: Node, walk: Walk) -> None:
    key = extension_key(node)
    render = EXTENSIONS.get(key)
    if render is None:
        walk.canvas.omitted(key or "content")
    else:
        render(node, walk)


def _contents(_node: Node, walk: Walk) -> None:
    walk.canvas.contents(1, 6)


def _jira(node: Node, walk: Walk) -> None:
    key = _parameter(node, "key").strip()
    if not key:
        walk.canvas.omitted("jira")
        return
    opened = walk.canvas.begin_link(shared_link(f"issue:{key}", walk.canvas.material))
    walk.canvas.element("span", ' class="doc-key"', key[:60])
    walk.canvas.end_link(opened)


def _body(node: Node, walk: Walk) -> None:
    if _parameter(node, "hidden") != "true":
        walk.block_children(node)


#: Macros by name; those with a body of the page's own content show it.
EXTENSIONS: dict[str, Renderer] = {
    "details": _body,
    "excerpt": _body,
    "jira": _jira,
    "toc": _contents,
    "toc-zone": _body,
}
RENDERERS: dict[str, Renderer] = {
    "extension": _extension,
    "inlineExtension": _extension,
    "bodiedExtension": _extension,
}
