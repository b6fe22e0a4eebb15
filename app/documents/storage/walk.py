"""The way through a storage tree: which renderer an element gets, and how its children are written.

Two stack frames for each level keep the deepest allowed document far from Python's own limit.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape

from lxml import etree

from app.documents.canvas import Canvas
from app.documents.storage.parse import AC, RI, XHTML
from app.documents.types import Material

_MARKUP = re.compile("[&<>]").search


class Walk:
    """One pass over a tree: the canvas it writes on, the renderers it knows, and what it came through."""

    __slots__ = (
        "canvas",
        "column_share",
        "footnotes",
        "notes_written",
        "renderers",
    )

    def __init__(self, canvas: Canvas, renderers: "Mapping[str, Renderer]") -> None:
        self.canvas = canvas
        self.renderers = renderers
        #: Share in percent of a column that names none.
        self.column_share: float | None = None
        self.notes_written = 0
        #: Footnotes whose text is still to be written, each with the material of its page.
        self.footnotes: list[tuple[etree._Element, Material]] = []

    def may_list(self, count: int) -> bool:
        """Count pages or pictures of a list; tell whether there are not too many in all of the document yet."""
        inclusion = self.canvas.inclusion
        inclusion.listed += count
        return inclusion.listed <= self.canvas.limits.max_listed

    def children(self, element: etree._Element) -> None:
        """Write an element's text and children."""
        # Each element passes here: names are looked up once, and no function is called that need not be.
        canvas, renderers, write = self.canvas, self.renderers, self.canvas.parts.append
        if text := element.text:
            write(escape(text, quote=False) if _MARKUP(text) else text)
        if not len(element):
            return
        canvas.descend()
        for child in element:
            (renderers.get(child.tag) or self._rarer(child))(child, self)
            if text := child.tail:
                write(escape(text, quote=False) if _MARKUP(text) else text)
        canvas.ascend()

    def block_children(self, element: etree._Element | None) -> None:
        """Write children that begin a flow of their own, such as the body of a panel or a table cell."""
        if element is None:
            return
        before, self.canvas.in_text = self.canvas.in_text, False
        self.children(element)
        self.canvas.in_text = before

    def element(self, element: etree._Element) -> None:
        """Write one element without its tail."""
        (self.renderers.get(element.tag) or self._rarer(element))(element, self)

    def _rarer(self, element: etree._Element) -> "Renderer":
        tag: object = element.tag
        if not isinstance(tag, str):
            return _entity
        return self.renderers.get(tag.removeprefix(XHTML).lower(), unknown)


Renderer = Callable[[etree._Element, Walk], None]  # noqa: SLF001 - lxml names its class of elements so


def _entity(element: etree._Element, walk: Walk) -> None:
    # Nobody knows it and the forgiving parser left it: shown as it was written.
    walk.canvas.text(element.text or "")


def through(element: etree._Element, walk: Walk) -> None:
    """Write the children alone: the element means nothing on paper."""
    walk.children(element)


def nothing(_element: etree._Element, _walk: Walk) -> None:
    """Write nothing: the element has no meaning for a reader."""


def left_out(key: str) -> Renderer:
    """Return a renderer that writes a neutral box of this name and no content."""

    def render(_element: etree._Element, walk: Walk) -> None:
        walk.canvas.omitted(key)

    return render


def unknown(element: etree._Element, walk: Walk) -> None:
    """Write the children of an unknown element in a neutral box that names it."""
    walk.canvas.begin_box(local_name(element))
    walk.block_children(element)
    walk.canvas.end_box()


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: etree._Element, tag: str) -> etree._Element | None:
    """Return the first child of this `ac:` name, or None."""
    # Not `find`, which reads its argument as a path each time.
    return next(element.iterchildren(f"{AC}{tag}"), None)


def body_text(element: etree._Element | None) -> str:
    """Return the text of an element that holds only text.

    Not the text of elements within it: among them may be a macro whose body is not to be shown.
    """
    return "" if element is None else element.text or ""


def parameters(macro: etree._Element) -> dict[str, str]:
    """Return a macro's parameters by lower-case name, as text."""
    return {
        (found.get(f"{AC}name") or "").lower(): body_text(found).strip()
        for found in macro.iterchildren(f"{AC}parameter")
    }


def resource(element: etree._Element) -> etree._Element | None:
    """Return what an element points at: its first `ri:` child, which may stand in a link."""
    link = child(element, "link")
    return next(resources(element if link is None else link), None)


def resources(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the `ri:` children of an element."""
    return (found for found in element if str(found.tag).startswith(RI))
