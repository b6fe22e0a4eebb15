"""A Jira issue to safe HTML: the chosen fields as a list, the description, the attachments.

What stands in the view is what may be shown: fields nobody chose are not fetched, and those not in `fields` are not
written even if they are in the view.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.documents.adf import draw
from app.documents.canvas import Canvas
from app.documents.classes import Colour
from app.documents.pieces import file_card, instant, status
from app.documents.types import Limits, Material, MediaFile, Rendered


class IssueField(StrEnum):
    """The fields of an issue that can be chosen."""

    SUMMARY = "summary"
    STATUS = "status"
    TYPE = "type"
    PRIORITY = "priority"
    PEOPLE = "people"
    CREATED = "created"
    UPDATED = "updated"
    DESCRIPTION = "description"
    OTHER = "other"
    ATTACHMENTS = "attachments"


class StatusCategory(StrEnum):
    """Jira's status categories, by their keys."""

    NEW = "new"
    INDETERMINATE = "indeterminate"
    DONE = "done"
    UNDEFINED = "undefined"


DEFAULT_FIELDS = frozenset(IssueField) - {IssueField.PEOPLE, IssueField.OTHER}


@dataclass(frozen=True, slots=True)
class TextField:
    """A further field: its label, and its value as plain text or as an ADF document."""

    label: str
    value: str | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a role of the issue, such as the assignee, with the name to show."""

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class IssueView:
    """What is known of an issue for showing it; instants are aware, missing fields are empty or None."""

    key: str
    summary: str
    status: str = ""
    status_category: StatusCategory = StatusCategory.UNDEFINED
    type: str = ""
    priority: str = ""
    people: tuple[Person, ...] = ()
    created: datetime | None = None
    updated: datetime | None = None
    description: Mapping[str, object] | None = None
    other: tuple[TextField, ...] = ()
    attachments: tuple[MediaFile, ...] = ()


_COLOURS = {
    StatusCategory.NEW: Colour.GREY,
    StatusCategory.INDETERMINATE: Colour.BLUE,
    StatusCategory.DONE: Colour.GREEN,
    StatusCategory.UNDEFINED: Colour.GREY,
}


def render_issue(
    issue: IssueView,
    material: Material,
    fields: frozenset[IssueField] = DEFAULT_FIELDS,
    limits: Limits | None = None,
) -> Rendered:
    """Return safe HTML of an issue's chosen fields; raise DocumentError as `render_adf` does."""
    canvas = Canvas(material, limits or Limits())
    if IssueField.SUMMARY in fields:
        canvas.start("p", ' class="doc-summary"')
        canvas.element("span", ' class="doc-key"', issue.key)
        canvas.text(f" {issue.summary}")
        canvas.end("p")
    _facts(canvas, issue, fields)
    if IssueField.DESCRIPTION in fields and issue.description is not None:
        _document(canvas, canvas.words.description, issue.description)
    if IssueField.OTHER in fields:
        for field in issue.other:
            if not isinstance(field.value, str):
                _document(canvas, field.label, field.value)
    if IssueField.ATTACHMENTS in fields and issue.attachments:
        _section(canvas, canvas.words.attachments)
        _files(canvas, issue.attachments)
    return canvas.finish()


def _facts(canvas: Canvas, issue: IssueView, fields: frozenset[IssueField]) -> None:
    words = canvas.words
    texts: list[tuple[str, str]] = []
    if IssueField.TYPE in fields:
        texts.append((words.type, issue.type))
    if IssueField.PRIORITY in fields:
        texts.append((words.priority, issue.priority))
    if IssueField.PEOPLE in fields:
        texts += [(person.label, person.name) for person in issue.people]
    if IssueField.OTHER in fields:
        texts += [(field.label, field.value) for field in issue.other if isinstance(field.value, str)]
    instants = ((IssueField.CREATED, words.created, issue.created), (IssueField.UPDATED, words.updated, issue.updated))
    canvas.start("dl", ' class="doc-fields"')
    if IssueField.STATUS in fields and issue.status:
        canvas.element("dt", "", words.status)
        canvas.start("dd")
        status(canvas, issue.status, _COLOURS[issue.status_category])
        canvas.end("dd")
    for label, text in texts:
        canvas.element("dt", "", label)
        canvas.element("dd", "", text or words.empty)
    for field, label, at in instants:
        if field in fields and at is not None:
            canvas.element("dt", "", label)
            canvas.start("dd")
            instant(canvas, at)
            canvas.end("dd")
    canvas.end("dl")


def _document(canvas: Canvas, title: str, document: Mapping[str, object]) -> None:
    _section(canvas, title)
    canvas.heading_offset = 1
    draw(document, canvas)
    canvas.heading_offset = 0


def _section(canvas: Canvas, title: str) -> None:
    opened = canvas.begin_heading()
    canvas.text(title)
    canvas.end_heading(opened, 1)


def _files(canvas: Canvas, files: tuple[MediaFile, ...]) -> None:
    canvas.start("ul", ' class="doc-files"')
    for file in files:
        canvas.start("li")
        file_card(canvas, file)
        canvas.end("li")
    canvas.end("ul")
