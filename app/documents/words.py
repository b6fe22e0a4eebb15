"""The words that appear inside a document beside its own text, in English until a translation is handed in.

This package knows no gettext; whoever builds the `Material` fills a `Words` with translated strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType

from app.documents.issue_words import IssueWords

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "attachments": "list of attachments",
        "blog-posts": "list of blog posts",
        "blogposts": "list of blog posts",
        "change-history": "change history",
        "children": "child pages",
        "content": "content",
        "content-report-table": "content report",
        "contentbylabel": "content by label",
        "contributors": "contributors",
        "create-from-template": "button to create a page",
        "create-page": "button to create a page",
        "create-space-button": "button to create a space",
        "decisionreport": "decision report",
        "detailssummary": "page properties report",
        "drawio": "draw.io diagram",
        "embed": "embedded page",
        "excerpt-include": "excerpt of another page",
        "external-image": "image from another site",
        "foreign-attachment": "attachment of another page",
        "foreign-diagram": "diagram of another page",
        "formula": "formula",
        "gallery": "gallery",
        "gliffy": "Gliffy diagram",
        "hide-if": "content for some readers",
        "html": "HTML",
        "iframe": "embedded page",
        "include": "included page",
        "include-loop": "page that includes itself",
        "include-more": "further included pages",
        "incoming-links": "list of links to this page",
        "index": "index of pages",
        "jira": "Jira issues",
        "jirachart": "chart of Jira issues",
        "jiraissues": "Jira issues",
        "listlabels": "list of labels",
        "livesearch": "search box",
        "missing-file": "attachment",
        "outgoing-links": "list of links",
        "pagetree": "page tree",
        "pagetreesearch": "search box",
        "profile": "profile",
        "profile-picture": "profile picture",
        "recently-updated": "recently updated pages",
        "redirect": "redirect",
        "script": "script",
        "search": "search box",
        "show-if": "content for some readers",
        "space-attachments": "list of attachments",
        "space-details": "space details",
        "spaces": "list of spaces",
        "spaces-list": "list of spaces",
        "sync-block": "synced block",
        "svg": "drawing",
        "tasks-report-macro": "task report",
        "userlister": "list of people",
        "viewport-redirect": "redirect",
        "viewport-url-redirect": "redirect",
        "widget": "embedded page",
    }
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Words:
    """Every sentence and label that a rendering adds; `{…}` are filled by `str.format`."""

    omitted: str = "Not shown here: {name}"
    #: Name of a macro, node or element in lower case → what a reader would call it.
    names: Mapping[str, str] = field(default_factory=lambda: _NAMES)
    info: str = "Info"
    note: str = "Note"
    tip: str = "Tip"
    warning: str = "Warning"
    success: str = "Success"
    error: str = "Error"
    panel: str = "Panel"
    task_done: str = "Done"
    task_open: str = "To do"
    decision: str = "Decision"
    expand: str = "Show more"
    table: str = "Table"
    code: str = "Code"
    formula: str = "Formula"
    footnote: str = "Footnote"
    back: str = "Back to the text"
    someone: str = "someone"
    internal_page: str = "an internal page"
    months: tuple[str, ...] = _MONTHS
    date_form: str = "{day} {month} {year}"
    instant_form: str = "{date}, {hour:02}:{minute:02} {zone}"
    zone: tzinfo = UTC
    size_units: tuple[str, ...] = ("bytes", "KB", "MB", "GB")
    issue: IssueWords = field(default_factory=IssueWords)

    def name(self, key: str) -> str:
        """Return what a reader would call the macro, node or element `key`."""
        return self.names.get(key.lower(), key)

    def date(self, day: date) -> str:
        """Write a calendar day, such as 2 Jan 2026."""
        return self.date_form.format(day=day.day, month=self.months[day.month - 1], year=day.year)

    def instant(self, at: datetime) -> str:
        """Write an aware instant in the zone of these words, such as 2 Jan 2026, 14:05 UTC."""
        local = at.astimezone(self.zone)
        return self.instant_form.format(
            date=self.date(local.date()), hour=local.hour, minute=local.minute, zone=local.tzname() or ""
        ).strip()

    def size(self, count: int) -> str:
        """Write a number of bytes with at most one decimal, such as 1.2 MB (steps of 1,000)."""
        amount, unit = float(max(count, 0)), 0
        while amount >= 1000 and unit < len(self.size_units) - 1:
            amount, unit = amount / 1000, unit + 1
        return f"{amount:.1f}".removesuffix(".0") + f" {self.size_units[unit]}"
