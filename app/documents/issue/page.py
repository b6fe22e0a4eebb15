"""An `IssueView` to safe HTML: details, texts, files, subtasks, links, comments, in the order Jira has them."""

import html
from collections.abc import Callable, Sequence
from typing import TypeVar

from app.documents.addresses import external_link, shared_link
from app.documents.bodies import Body, draw_body, highest_heading
from app.documents.canvas import Canvas
from app.documents.classes import Colour
from app.documents.comments import draw_comments
from app.documents.errors import DocumentError
from app.documents.issue.view import (
    Address,
    Day,
    FieldView,
    FileView,
    Goal,
    Issues,
    IssueView,
    LinkedIssue,
    Moment,
    People,
    Plain,
    Priority,
    Progress,
    Rating,
    Status,
    StatusCategory,
    Tags,
    TimeTracking,
    Value,
)
from app.documents.pieces import PICTURES, day, file_about, instant, internal, person, status
from app.documents.types import Limits, Material, Rendered

T = TypeVar("T")
_COLOURS = {
    StatusCategory.NEW: Colour.GREY,
    StatusCategory.INDETERMINATE: Colour.BLUE,
    StatusCategory.DONE: Colour.GREEN,
    StatusCategory.UNDEFINED: Colour.GREY,
}


def render_issue(issue: IssueView, material: Material, limits: Limits | None = None) -> Rendered:
    """Return safe HTML of an issue; raise DocumentError only if all of it together is too large."""
    canvas = Canvas(material, limits or Limits())
    words = canvas.words.issue
    if issue.summary:
        canvas.start("p", ' class="doc-summary"')
        canvas.element("span", ' class="doc-key"', issue.key)
        canvas.text(f" {issue.summary}")
        canvas.end("p")
    _facts(canvas, issue.facts)
    for text in issue.texts:
        if isinstance(text.value, Body) and not text.value.empty:
            _text(canvas, text.label or words.field, text.value)
    _section(canvas, words.attachments, issue.files, _files)
    _section(canvas, words.subtasks, issue.subtasks, _issues)
    _section(canvas, words.links, issue.links, _related)
    _section(canvas, words.comments, issue.comments, lambda canvas, comments: draw_comments(comments, canvas))
    return canvas.finish()


def _section(canvas: Canvas, title: str, items: Sequence[T], draw: Callable[[Canvas, Sequence[T]], None]) -> None:
    if items:
        _heading(canvas, title)
        draw(canvas, items)


def _heading(canvas: Canvas, title: str) -> None:
    opened = canvas.begin_heading()
    canvas.text(title)
    canvas.end_heading(opened, 1, "doc-section")


def _text(canvas: Canvas, title: str, body: Body) -> None:
    _heading(canvas, title)
    # The highest heading of the text is one below that of its section, whatever level its writer began with.
    canvas.heading_offset = 2 - highest_heading(body)
    try:
        with canvas.part():
            draw_body(body, canvas)
    except DocumentError:
        canvas.element("p", ' class="doc-refused"', canvas.words.issue.text_refused)
    canvas.heading_offset = 0


# Details


def _facts(canvas: Canvas, facts: Sequence[FieldView]) -> None:
    if not facts:
        return
    canvas.start("dl", ' class="doc-fields"')
    for fact in facts:
        canvas.start("div", ' class="doc-field"')
        canvas.element("dt", "", fact.label or canvas.words.issue.field)
        canvas.start("dd")
        canvas.in_text = True
        if fact.value is None:
            canvas.element("span", ' class="doc-empty"', canvas.words.issue.empty)
        else:
            _value(canvas, fact.value)
        canvas.in_text = False
        canvas.end("dd")
        canvas.end("div")
    canvas.end("dl")


def _value(canvas: Canvas, value: Value) -> None:  # noqa: C901, PLR0912 - one line for each kind of value
    words = canvas.words.issue
    match value:
        case Plain(text):
            canvas.text(text)
        case Tags(texts):
            _each(canvas, texts, lambda text: canvas.element("span", ' class="doc-tag"', text))
        case Status(name, category):
            status(canvas, name, _COLOURS[category])
        case Priority(name, level):
            _priority(canvas, name, level)
        case Day(at):
            day(canvas, at.isoformat())
        case Moment(at):
            instant(canvas, at)
        case People(accounts):
            _each(canvas, accounts, lambda account: person(canvas, account))
        case Address(url):
            _address(canvas, url)
        case Issues(issues):
            _each(canvas, issues, lambda issue: _other(canvas, issue))
        case Progress(percent):
            canvas.text(words.percent.format(percent=percent))
        case TimeTracking():
            canvas.text(_time(canvas, value))
        case Goal():
            _goal(canvas, value)
        case Rating(stars):
            label = html.escape(words.rating.format(rating=stars))
            canvas.element(
                "span", f' class="doc-rating" role="img" aria-label="{label}"', "★" * stars + "☆" * (5 - stars)
            )
        case Body():
            draw_body(value, canvas)


def _each(canvas: Canvas, items: Sequence[T], draw: Callable[[T], None]) -> None:
    for at, item in enumerate(items):
        if at:
            canvas.parts.append(" ")
        draw(item)


def _priority(canvas: Canvas, name: str, level: int | None) -> None:
    if level is not None:
        canvas.element("span", f' class="doc-priority doc-priority-{level}" aria-hidden="true"', "")
        canvas.parts.append(" ")
    canvas.text(name)


def _address(canvas: Canvas, url: str) -> None:
    address = external_link(url, canvas.material)
    if address is None:
        internal(canvas)
        return
    opened = canvas.begin_link(address)
    canvas.text(url if url == address else canvas.words.internal_page)
    canvas.end_link(opened)


def _time(canvas: Canvas, time: TimeTracking) -> str:
    words = canvas.words.issue
    spent, estimate = _hours(canvas, time.spent), _hours(canvas, time.estimate)
    if spent and estimate:
        said = [words.spent_of.format(spent=spent, estimate=estimate)]
    else:
        said = [words.spent.format(spent=spent)] if spent else []
        said += [words.estimated.format(estimate=estimate)] if estimate else []
    if remaining := _hours(canvas, time.remaining):
        said.append(words.remaining.format(remaining=remaining))
    return ", ".join(said)


def _hours(canvas: Canvas, seconds: int | None) -> str:
    if seconds is None:
        return ""
    words = canvas.words.issue
    hours, minutes = divmod(seconds // 60, 60)
    parts = [(words.hours, hours), (words.minutes, minutes)]
    return " ".join(form.format(count=count) for form, count in parts if count) or words.minutes.format(count=0)


def _goal(canvas: Canvas, goal: Goal) -> None:
    words = canvas.words.issue
    if goal.met is not None:
        status(canvas, words.goal_met if goal.met else words.goal_breached, Colour.GREEN if goal.met else Colour.RED)
    else:
        status(canvas, words.goal_paused if goal.paused else words.goal_running, Colour.BLUE)
    if goal.due is not None:
        canvas.parts.append(" ")
        instant(canvas, goal.due)


# Other issues


def _related(canvas: Canvas, links: Sequence[LinkedIssue]) -> None:
    at = 0
    while at < len(links):
        relation = links[at].relation
        group = [link for link in links[at:] if link.relation == relation]
        if relation:
            canvas.element("p", ' class="doc-relation"', relation)
        _issues(canvas, group)
        at += len(group)


def _issues(canvas: Canvas, issues: Sequence[LinkedIssue]) -> None:
    canvas.start("ul", ' class="doc-issues"')
    for issue in issues:
        canvas.start("li", ' class="doc-issue"')
        _other(canvas, issue)
        canvas.end("li")
    canvas.end("ul")


def _other(canvas: Canvas, issue: LinkedIssue) -> None:
    address = shared_link(f"issue:{issue.key}", canvas.material)
    if address is None:
        # Its title and status are those of something that is not shared.
        canvas.element("span", ' class="doc-key"', issue.key)
        return
    opened = canvas.begin_link(address)
    canvas.element("span", ' class="doc-key"', issue.key)
    if issue.summary:
        canvas.text(f" {issue.summary}")
    canvas.end_link(opened)
    if issue.status is not None:
        canvas.parts.append(" ")
        status(canvas, issue.status.name, _COLOURS[issue.status.category])


# Files


def _files(canvas: Canvas, files: Sequence[FileView]) -> None:
    canvas.start("ul", ' class="doc-attachments"')
    for one in files:
        canvas.start("li", ' class="doc-attachment"')
        _file(canvas, one)
        canvas.end("li")
    canvas.end("ul")


def _file(canvas: Canvas, one: FileView) -> None:
    file = one.file
    address = canvas.small(file) if file.media_type.lower() in PICTURES else None
    # A picture can be seen whole by whoever sees it small; other files are taken along, or not.
    seen = address is not None or canvas.material.link_files
    opened = canvas.begin_link(canvas.media(file)) if seen else False
    if address is not None:
        canvas.start("span", ' class="doc-thumb"')
        canvas.parts.append(f'<img src="{address}" alt="" loading="lazy" decoding="async" class="doc-image">')
        canvas.end("span")
    else:
        kind = file.filename.rpartition(".")[2].upper()[:5] if "." in file.filename else ""
        canvas.element("span", ' class="doc-thumb doc-thumb-kind" aria-hidden="true"', kind or "…")
    canvas.element("span", ' class="doc-file-name"', file.filename)
    canvas.end_link(opened)
    canvas.start("span", ' class="doc-file-about"')
    canvas.text(file_about(canvas, file))
    if one.at is not None:
        canvas.parts.append("<br>")
        instant(canvas, one.at)
    canvas.end("span")
