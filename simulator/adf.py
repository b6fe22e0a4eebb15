"""Storage format to a plain Atlassian document: headings, paragraphs, lists, tables, code and macros without a body; the rest as text.

Confluence converts everything; this is only so much that a client can see the representation exists.
"""

from html.entities import name2codepoint
from typing import Any

from lxml import etree

_OWN = {"lt", "gt", "amp", "quot"}
_DECLARED = "".join(f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if name not in _OWN)
_LISTS = {"ul": "bulletList", "ol": "orderedList"}

Node = dict[str, Any]


def from_storage(storage: str) -> Node:
    """Convert a body; one that is not well-formed becomes a single paragraph of its source."""
    wrapped = f'<!DOCTYPE r [{_DECLARED}]><r xmlns:ac="urn:ac" xmlns:ri="urn:ri">{storage}</r>'
    try:
        root = etree.fromstring(wrapped.encode(), etree.XMLParser(no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return {"version": 1, "type": "doc", "content": [_paragraph(storage)]}
    return {"version": 1, "type": "doc", "content": _blocks(root) or [{"type": "paragraph"}]}


def _words(element: etree._Element) -> str:
    return " ".join("".join(str(part) for part in element.itertext()).split())


def _text(words: str) -> list[Node]:
    return [{"type": "text", "text": words}] if words else []


def _paragraph(words: str) -> Node:
    return {"type": "paragraph", "content": _text(words)}


def _blocks(parent: etree._Element) -> list[Node]:
    found: list[Node] = []
    for child in parent:
        # A comment's tag is a function, whatever the types say.
        name = str(child.tag).rpartition("}")[2]
        if name[:1] == "h" and name[1:].isdigit():
            found.append({"type": "heading", "attrs": {"level": int(name[1:])}, "content": _text(_words(child))})
        elif name in _LISTS:
            items = [{"type": "listItem", "content": [_paragraph(_words(item))]} for item in child]
            found.append({"type": _LISTS[name], "content": items})
        elif name == "table" and (rows := list(child.iter("tr"))):
            found.append({"type": "table", "content": [_row(row) for row in rows]})
        elif name == "plain-text-body":
            found.append({"type": "codeBlock", "content": _text(child.text or "")})
        elif name == "p":
            found.append(_paragraph(_words(child)))
        elif name == "structured-macro" and not any(str(part.tag).endswith("-body") for part in child):
            key = child.get("{urn:ac}name", "")
            attributes = {"extensionType": "com.atlassian.confluence.macro.core", "extensionKey": key}
            found.append({"type": "extension", "attrs": attributes})
        elif len(child):
            found += _blocks(child)
    return found


def _row(row: etree._Element) -> Node:
    kinds = {"th": "tableHeader", "td": "tableCell"}
    cells = [cell for cell in row if cell.tag in kinds]
    return {
        "type": "tableRow",
        "content": [{"type": kinds[str(cell.tag)], "content": [_paragraph(_words(cell))]} for cell in cells],
    }
