"""The way through an ADF document, which is JSON from outside: every type is checked where it is read."""

from collections.abc import Callable, Iterator, Mapping

from app.documents.canvas import Canvas

Node = Mapping[str, object]
_NOTHING: Node = {}


class Walk:
    """One pass over a document: the canvas it writes on and the renderers it knows."""

    __slots__ = ("canvas", "renderers")

    def __init__(self, canvas: Canvas, renderers: "Mapping[str, Renderer]") -> None:
        self.canvas = canvas
        self.renderers = renderers

    def children(self, node: Node) -> None:
        """Write a node's children."""
        self.canvas.descend()
        for child in content(node):
            self.node(child)
        self.canvas.ascend()

    def block_children(self, node: Node) -> None:
        """Write children that begin a flow of their own, such as those of a panel or a table cell."""
        before, self.canvas.in_text = self.canvas.in_text, False
        self.children(node)
        self.canvas.in_text = before

    def node(self, node: Node) -> None:
        """Write one node."""
        self.canvas.count_node()
        kind = node.get("type")
        renderer = self.renderers.get(kind) if isinstance(kind, str) else None
        (renderer or unknown)(node, self)

    def count(self, text: str) -> str:
        """Count text towards the size of the document; raise DocumentError beyond the limit."""
        return self.canvas.count_text(text)


Renderer = Callable[[Node, Walk], None]


def unknown(node: Node, walk: Walk) -> None:
    """Write an unknown node as a neutral box that names it, around its children."""
    kind = node.get("type")
    name = kind if isinstance(kind, str) else "content"
    if not any(content(node)):
        walk.canvas.omitted(name)
        return
    walk.canvas.begin_box(name)
    walk.block_children(node)
    walk.canvas.end_box()


def left_out(key: str) -> Renderer:
    """Return a renderer that writes a neutral box of this name and no content."""

    def render(_node: Node, walk: Walk) -> None:
        walk.canvas.omitted(key)

    return render


def nothing(_node: Node, _walk: Walk) -> None:
    """Write nothing: the node has no meaning for a reader."""


def content(node: Node) -> Iterator[Node]:
    """Yield the children that are nodes at all."""
    children = node.get("content")
    return (
        (child for child in children if isinstance(child, Mapping)) if isinstance(children, list | tuple) else iter(())
    )


def marks(node: Node) -> Iterator[Node]:
    """Yield a node's marks."""
    found = node.get("marks")
    return (mark for mark in found if isinstance(mark, Mapping)) if isinstance(found, list | tuple) else iter(())


def attributes(node: Node) -> Node:
    """Return a node's attributes."""
    found = node.get("attrs")
    return found if isinstance(found, Mapping) else _NOTHING


def text_of(node: Node, name: str) -> str:
    """Return an attribute that is text, else nothing."""
    value = attributes(node).get(name)
    return value if isinstance(value, str) else ""


def number_of(node: Node, name: str) -> float | None:
    """Return an attribute that is a number, else None."""
    value = attributes(node).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 else None


def mark_of(node: Node, kind: str) -> Node | None:
    """Return the mark of this kind, or None."""
    return next((mark for mark in marks(node) if mark.get("type") == kind), None)
