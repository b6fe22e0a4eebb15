"""What is known of an issue for showing it: values by what they mean, no longer by how Jira writes them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.documents.bodies import Body
from app.documents.comments import CommentView
from app.documents.types import MediaFile


class StatusCategory(StrEnum):
    """Jira's status categories, by their keys."""

    NEW = "new"
    INDETERMINATE = "indeterminate"
    DONE = "done"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Status:
    """A status by name and category."""

    name: str
    category: StatusCategory = StatusCategory.UNDEFINED


@dataclass(frozen=True, slots=True)
class LinkedIssue:
    """Another issue; all but its key is shown only if the link covers it."""

    key: str
    summary: str = ""
    status: Status | None = None
    type: str = ""
    #: How it belongs to this one, such as "is blocked by".
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Plain:
    """A line of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Tags:
    """Several short texts, such as labels."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Priority:
    """A priority and, where its name is one of Jira's own, how high it is: 1 (highest) to 5."""

    name: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day."""

    day: date


@dataclass(frozen=True, slots=True)
class Moment:
    """An aware instant."""

    at: datetime


@dataclass(frozen=True, slots=True)
class People:
    """People by account id or user key; what they are called is for the material to say."""

    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """An address that somebody wrote."""

    url: str


@dataclass(frozen=True, slots=True)
class Issues:
    """Other issues in a field, such as parent or epic."""

    issues: tuple[LinkedIssue, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How much is done, in percent."""

    percent: int


@dataclass(frozen=True, slots=True)
class TimeTracking:
    """Working time in seconds; None where nobody said."""

    estimate: int | None
    spent: int | None
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Goal:
    """One service level: whether it was met (None while it runs), whether its clock stands still, and when it is due."""

    met: bool | None
    paused: bool = False
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """A customer's rating, 1 to 5."""

    stars: int


Value = (
    Plain
    | Tags
    | Status
    | Priority
    | Day
    | Moment
    | People
    | Address
    | Issues
    | Progress
    | TimeTracking
    | Goal
    | Rating
    | Body
)


@dataclass(frozen=True, slots=True)
class FieldView:
    """One chosen field: its id, what Jira calls it, and its value; None is an empty field."""

    id: str
    label: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class FileView:
    """One attachment and when it was added."""

    file: MediaFile
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue with what was chosen of it, in the order of the page."""

    key: str
    summary: str = ""
    #: Short values: status, type, people, dates, options.
    facts: tuple[FieldView, ...] = ()
    #: Bodies of text, the description first.
    texts: tuple[FieldView, ...] = ()
    files: tuple[FileView, ...] = ()
    subtasks: tuple[LinkedIssue, ...] = ()
    links: tuple[LinkedIssue, ...] = ()
    comments: tuple[CommentView, ...] = ()
