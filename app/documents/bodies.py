"""A body of text in one of the formats that Atlassian keeps: whoever shows one need not know which."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.documents import adf, errors, storage, wiki
from app.documents.canvas import Canvas
from app.documents.types import Limits, Material, Rendered

_WIKI_HEADING = re.compile(r"^[ \t]{0,20}h([1-6])\.\s", re.MULTILINE)
_MAX_SEEN = 50_000


class Format(StrEnum):
    """How a body is written."""

    ADF = "adf"
    STORAGE = "storage"
    WIKI = "wiki"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Body:
    """One body: a document of ADF as JSON, or text in one of the other formats."""

    format: Format
    content: str | Mapping[str, object]

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to show."""
        if isinstance(self.content, str):
            return not self.content.strip()
        return not self.content.get("content")


def body_of(value: object, written: Format = Format.WIKI) -> Body | None:
    """Return the body that an answer of Jira holds: ADF where it is JSON, else text of the format `written`."""
    if isinstance(value, Mapping):
        return Body(Format.ADF, value)
    return Body(written, value) if isinstance(value, str) and value.strip() else None


def highest_heading(body: Body) -> int:
    """Return the highest level (1 to 6) of a body's headings, 1 where it has none, so that no level is left out above."""
    content = body.content
    if isinstance(content, str):
        levels = [int(level) for level in _WIKI_HEADING.findall(content)] if body.format is Format.WIKI else []
        return min(levels, default=1)
    levels, waiting, seen = [], [content.get("content")], 0
    while waiting and seen < _MAX_SEEN:
        node, seen = waiting.pop(), seen + 1
        if isinstance(node, list | tuple):
            waiting += node
        elif isinstance(node, Mapping):
            given = node.get("attrs")
            level = given.get("level") if node.get("type") == "heading" and isinstance(given, Mapping) else None
            if isinstance(level, int | float) and 1 <= level <= 6:
                levels.append(int(level))
            waiting.append(node.get("content"))
    return min(levels, default=1)


def render_body(body: Body, material: Material, limits: Limits | None = None) -> Rendered:
    """Return safe HTML of a body; raise DocumentError where its format's renderer does."""
    canvas = Canvas(material, limits or Limits())
    draw_body(body, canvas)
    return canvas.finish()


def draw_body(body: Body, canvas: Canvas) -> None:
    """Write a body on a canvas; raise DocumentError where its format's renderer does."""
    content = body.content
    if not isinstance(content, str):
        adf.draw(content, canvas)
    elif body.format is Format.STORAGE:
        storage.draw(content, canvas)
    elif body.format is Format.WIKI:
        wiki.draw(content, canvas)
    elif body.format is Format.PLAIN:
        _plain(content, canvas)
    else:
        raise errors.not_a_document()


def _plain(text: str, canvas: Canvas) -> None:
    opened = canvas.begin_paragraph()
    for at, line in enumerate(canvas.count_text(text).splitlines()):
        if at:
            canvas.parts.append("<br>")
        canvas.text(line)
    canvas.end_paragraph(opened)
