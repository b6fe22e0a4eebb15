"""A body of text in one of the formats that Atlassian keeps: whoever shows one need not know which."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.documents import adf, errors, storage, wiki
from app.documents.canvas import Canvas


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
