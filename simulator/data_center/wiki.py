"""A document of rich text in Jira's wiki notation, as somebody would have written it on Data Center."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Node = Mapping[str, Any]

_ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in "\\{}[]*_|!"})
_AROUND = {"strong": "*", "em": "_", "strike": "-", "underline": "+"}


def from_document(document: Node, name_of: Callable[[str], str], file_of: Callable[[str], str]) -> str:
    """Return the notation of a document; `name_of` gives a username for an account id, `file_of` the notation of a file for a media id."""
    return _Writer(name_of, file_of).blocks(document.get("content", []))


class _Writer:
    def __init__(self, name_of: Callable[[str], str], file_of: Callable[[str], str]) -> None:
        self._name_of = name_of
        self._file_of = file_of

    def blocks(self, nodes: Any) -> str:
        return "\n\n".join(text for one in _nodes(nodes) if (text := self._block(one)))

    def _block(self, node: Node) -> str:
        inner = node.get("content", [])
        match node.get("type"):
            case "paragraph" | "caption":
                return self._line(inner)
            case "heading":
                return f"h{_attribute(node, 'level', 1)}. {self._line(inner)}"
            case "bulletList" | "orderedList" | "taskList" | "decisionList":
                return self._list(node, "")
            case "codeBlock" | "blockquote" | "panel" | "expand" | "nestedExpand":
                return self._braced(node)
            case "rule":
                return "----"
            case "table":
                return "\n".join(self._row(row) for row in _nodes(inner))
            case "media":
                return self._file_of(_attribute(node, "id", ""))
            case "blockCard" | "embedCard":
                return f"[{_attribute(node, 'url', '')}]"
            case _:
                return self.blocks(inner)

    def _braced(self, node: Node) -> str:
        inner = node.get("content", [])
        match node.get("type"):
            case "codeBlock":
                language = _attribute(node, "language", "")
                text = "".join(str(one.get("text", "")) for one in _nodes(inner))
                return f"{{code{':' if language else ''}{language}}}\n{text}\n{{code}}"
            case "blockquote":
                return f"{{quote}}\n{self.blocks(inner)}\n{{quote}}"
            case "panel":
                return f"{{panel}}\n{self.blocks(inner)}\n{{panel}}"
            case _:
                return f"{{panel:title={_attribute(node, 'title', '')}}}\n{self.blocks(inner)}\n{{panel}}"

    def _list(self, node: Node, above: str) -> str:
        mark = above + ("#" if node.get("type") == "orderedList" else "*")
        lines: list[str] = []
        for item in _nodes(node.get("content")):
            children = _nodes(item.get("content"))
            lists = [one for one in children if str(one.get("type", "")).endswith("List")]
            rest = [one for one in children if one not in lists]
            blocks = bool(rest) and rest[0].get("type") == "paragraph"
            text = "\\\\ ".join(self._block(one) for one in rest) if blocks else self._line(rest)
            lines += [f"{mark} {text}", *(self._list(one, mark) for one in lists)]
        return "\n".join(lines)

    def _row(self, row: Node) -> str:
        found = _nodes(row.get("content"))
        cells = [("||" if cell.get("type") == "tableHeader" else "|") + self._cell(cell) for cell in found]
        return "".join(cells) + ("||" if found and found[-1].get("type") == "tableHeader" else "|")

    def _cell(self, cell: Node) -> str:
        return self.blocks(cell.get("content", [])).replace("\n\n", "\\\\ ") or " "

    def _line(self, nodes: Any) -> str:
        return "".join(self._inline(one) for one in _nodes(nodes))

    def _inline(self, node: Node) -> str:
        match node.get("type"):
            case "text":
                return _marked(str(node.get("text", "")), node.get("marks", []))
            case "hardBreak":
                return "\\\\ "
            case "mention":
                return f"[~{self._name_of(_attribute(node, 'id', ''))}]"
            case "emoji":
                return _attribute(node, "text", "") or _attribute(node, "shortName", "")
            case "status":
                return f"*{_attribute(node, 'text', '').translate(_ESCAPED)}*"
            case "date":
                return datetime.fromtimestamp(int(_attribute(node, "timestamp", 0)) / 1000, UTC).date().isoformat()
            case "inlineCard":
                return f"[{_attribute(node, 'url', '')}]"
            case "mediaInline":
                return self._file_of(_attribute(node, "id", ""))
            case _:
                return self._line(node.get("content", []))


def _nodes(content: Any) -> list[Node]:
    """Return the nodes among what is said to be content: hostile documents hold other things as well."""
    return [one for one in content if isinstance(one, Mapping)] if isinstance(content, list) else []


def _attribute(node: Node, name: str, otherwise: Any) -> str:
    attributes = node.get("attrs")
    return str(attributes.get(name, otherwise) if isinstance(attributes, Mapping) else otherwise)


def _marked(text: str, marks: Any) -> str:
    kinds = {str(one.get("type")): one for one in _nodes(marks)}
    if "code" in kinds:
        return f"{{{{{text}}}}}"
    written = text.translate(_ESCAPED)
    for kind, sign in _AROUND.items():
        if kind in kinds and written.strip():
            written = f"{sign}{written}{sign}"
    if "subsup" in kinds:
        sign = "~" if _attribute(kinds["subsup"], "type", "") == "sub" else "^"
        written = f"{sign}{written}{sign}"
    if "textColor" in kinds:
        written = f"{{color:{_attribute(kinds['textColor'], 'color', '')}}}{written}{{color}}"
    if "link" in kinds:
        written = f"[{written}|{_attribute(kinds['link'], 'href', '')}]"
    return written
