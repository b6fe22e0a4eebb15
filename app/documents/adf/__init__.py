"""Atlassian Document Format (the JSON of Jira Cloud and of Confluence comments) to safe HTML.

`walk` reads nodes without trusting their shape and asks a registry what to do with each; `marks` wraps text;
`blocks`, `inline`, `media` and `extensions` hold the renderers. To add a node, write one renderer and register it.
An unknown node becomes a neutral box around its children. Source: the published JSON schema of ADF,
https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from collections.abc import Mapping

from app.documents import errors
from app.documents.adf import blocks, extensions, inline, media
from app.documents.adf.walk import Walk, content
from app.documents.canvas import Canvas
from app.documents.types import Limits, Material, Rendered

#: Type of a node → what writes it.
NODES = blocks.RENDERERS | inline.RENDERERS | media.RENDERERS | extensions.RENDERERS


def render_adf(document: Mapping[str, object], material: Material, limits: Limits | None = None) -> Rendered:
    """Return safe HTML of a document; raise DocumentError if it is none, too large or too deep."""
    canvas = Canvas(material, limits or Limits())
    draw(document, canvas)
    return canvas.finish()


def excerpt(document: object, name: str) -> object | None:
    """Return the excerpt of a document as a document of its own: the one of this name, or without one the first; or None."""
    waiting = [document] if isinstance(document, Mapping) else []
    while waiting:
        node = waiting.pop()
        is_one = node.get("type") == "bodiedExtension" and extensions.extension_key(node) == "excerpt"
        if is_one and (not name or extensions.parameters(node).get("name") == name):
            return {"type": "doc", "content": node.get("content")}
        waiting += reversed(list(content(node)))
    return None


def draw(document: object, canvas: Canvas) -> None:
    """Write a document on a canvas that may hold other things as well; raise DocumentError as `render_adf` does."""
    if not isinstance(document, Mapping) or document.get("type") != "doc":
        raise errors.not_a_document()
    try:
        Walk(canvas, NODES).children(document)
    except RecursionError as error:
        raise errors.too_deep(canvas.limits.max_depth) from error
