"""Macros and apps inside ADF. One that is not in the registries becomes a neutral box, and its body is not shown.

That is deliberate: some decide who sees their body, others tell of other pages. A macro without a body is the same as in
storage format and is shown by the renderer that it has there.
"""

from collections.abc import Mapping

from app.documents.addresses import shared_link
from app.documents.adf.walk import Node, Renderer, Walk, attributes, content, text_of
from app.documents.pieces import begin_expand, begin_panel, code_block, end_expand, end_panel
from app.documents.storage import draw_macro
from app.documents.storage.macros import MACROS
from app.documents.storage.macros.blocks import PANELS

_MAX_PARAMETERS = 200


def parameters(node: Node) -> dict[str, str]:
    """Return the parameters by name: those of a macro each have a `value`, those of an app stand by themselves."""
    given = attributes(node).get("parameters")
    if not isinstance(given, Mapping):
        return {}
    found: dict[str, str] = {}
    for values in (given, given.get("guestParams"), given.get("macroParams")):
        for name, value in list(values.items())[:_MAX_PARAMETERS] if isinstance(values, Mapping) else ():
            text = value.get("value") if isinstance(value, Mapping) else value
            if isinstance(name, str) and isinstance(text, str):
                found[name] = text
    return found


def extension_key(node: Node) -> str:
    """Return the last part of an extension's key in lower case, which is the name of a macro."""
    return text_of(node, "extensionKey").rstrip("/:").replace(":", "/").rpartition("/")[2].lower()


def _extension(node: Node, walk: Walk) -> None:
    key = extension_key(node)
    render = EXTENSIONS.get(key)
    if render is not None:
        render(node, walk)
    elif key in MACROS and not any(content(node)):
        draw_macro(key, {name: walk.count(text) for name, text in parameters(node).items()}, walk.canvas)
    else:
        walk.canvas.omitted(key or "content")


def _jira(node: Node, walk: Walk) -> None:
    key = parameters(node).get("key", "").strip()
    if not key:
        walk.canvas.omitted("jira")
        return
    opened = walk.canvas.begin_link(shared_link(f"issue:{key}", walk.canvas.material))
    walk.canvas.element("span", ' class="doc-key"', key[:60])
    walk.canvas.end_link(opened)


def _body(node: Node, walk: Walk) -> None:
    if parameters(node).get("hidden") != "true":
        walk.block_children(node)


def _panel(node: Node, walk: Walk) -> None:
    begin_panel(walk.canvas, PANELS[extension_key(node)], walk.count(parameters(node).get("title", "")))
    walk.block_children(node)
    end_panel(walk.canvas)


def _code(node: Node, walk: Walk) -> None:
    # The body of a macro whose body is text: a paragraph for each line.
    lines = ("".join(str(part.get("text") or "") for part in content(line)) for line in content(node))
    given = parameters(node)
    code_block(walk.canvas, walk.count("\n".join(lines)), given.get("language", ""), walk.count(given.get("title", "")))


def _expand(node: Node, walk: Walk) -> None:
    begin_expand(walk.canvas, walk.count(parameters(node).get("title", "")))
    walk.block_children(node)
    end_expand(walk.canvas)


#: Macros by name; those with a body of the page's own content show it.
EXTENSIONS: dict[str, Renderer] = {
    **dict.fromkeys(("details", "excerpt", "section", "column", "toc-zone"), _body),
    **dict.fromkeys(PANELS, _panel),
    **dict.fromkeys(("code", "noformat"), _code),
    "expand": _expand,
    "jira": _jira,
}
#: What the editor writes for an app that has several bodies, and the frame of each: none of it is shown.
RENDERERS: dict[str, Renderer] = dict.fromkeys(
    ("extension", "inlineExtension", "bodiedExtension", "multiBodiedExtension", "extensionFrame"), _extension
)
