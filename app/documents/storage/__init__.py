"""Confluence storage format (XHTML with `ac:` and `ri:` elements) to safe HTML.

`parse` reads it into one lxml tree; `walk` goes through the tree once and asks a registry what to do with each
element: `elements` knows XHTML, `links`, `pictures` and `structures` know `ac:` elements, `extensions` ADF kept in
storage format, `macros` the macros by name. To add a construct, write one renderer and register it there. What nobody
registered becomes a neutral box. Pages that the content includes are read from the material (`macros/pages.py`).
Source: Confluence Storage Format, https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
"""

from collections.abc import Mapping

from lxml import etree

from app.documents import errors
from app.documents.canvas import Canvas
from app.documents.storage import elements, extensions, links, macros, pictures, structures
from app.documents.storage.macros.footnotes import write_footnotes
from app.documents.storage.parse import AC, parse
from app.documents.storage.walk import Walk
from app.documents.types import Limits, Material, Rendered

_RENDERERS = (
    elements.RENDERERS
    | links.RENDERERS
    | pictures.RENDERERS
    | structures.RENDERERS
    | extensions.RENDERERS
    | macros.RENDERERS
)


def render_storage(storage: str, material: Material, limits: Limits | None = None) -> Rendered:
    """Return safe HTML of a body in storage format; raise DocumentError if it is too large, too deep or damaged."""
    canvas = Canvas(material, limits or Limits())
    draw(storage, canvas)
    return canvas.finish()


def draw(storage: str, canvas: Canvas) -> None:
    """Write a body on a canvas that may hold other things as well; raise DocumentError as `render_storage` does."""
    root = parse(canvas.count_text(storage), canvas.limits)
    try:
        walk = Walk(canvas, _RENDERERS)
        walk.children(root)
        write_footnotes(walk)
    except RecursionError as error:
        raise errors.too_deep(canvas.limits.max_depth) from error


def draw_macro(name: str, parameters: Mapping[str, str], canvas: Canvas) -> None:
    """Write a macro without a body, as it stands in documents of another format."""
    element = etree.Element(f"{AC}structured-macro", {f"{AC}name": _in_xml(name)})
    for key, text in parameters.items():
        etree.SubElement(element, f"{AC}parameter", {f"{AC}name": _in_xml(key)}).text = _in_xml(text)
    Walk(canvas, _RENDERERS).element(element)


def _in_xml(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character in "\t\n")
