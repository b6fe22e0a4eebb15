"""The words around issues and comments, in English until a translation is handed in with `Words`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

#: Jira's own fields; what an administrator made is called what the administrator called it.
_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "assignee": "Assignee",
        "components": "Components",
        "created": "Created",
        "creator": "Creator",
        "description": "Description",
        "duedate": "Due date",
        "environment": "Environment",
        "fixVersions": "Fix versions",
        "issuetype": "Type",
        "labels": "Labels",
        "parent": "Parent",
        "priority": "Priority",
        "progress": "Progress",
        "project": "Project",
        "reporter": "Reporter",
        "resolution": "Resolution",
        "resolutiondate": "Resolved",
        "status": "Status",
        "statuscategorychangedate": "Status changed",
        "timetracking": "Time tracking",
        "updated": "Updated",
        "versions": "Affects versions",
        "votes": "Votes",
        "watches": "Watchers",
    }
)


@dataclass(frozen=True, slots=True)
class IssueWords:
    """Every label that the page of an issue and a list of comments add; `{…}` are filled by `str.format`."""

    #: Field id → label, for Jira's own fields.
    labels: Mapping[str, str] = field(default_factory=lambda: _LABELS)
    details: str = "Details"
    field: str = "Field"
    attachments: str = "Attachments"
    comments: str = "Comments"
    links: str = "Linked issues"
    subtasks: str = "Subtasks"
    empty: str = "None"
    yes: str = "Yes"
    no: str = "No"
    edited: str = "edited"
    resolved: str = "Resolved"
    comment_on: str = "On the text"
    comment_refused: str = "This comment cannot be shown."
    text_refused: str = "This text cannot be shown."
    percent: str = "{percent} %"
    spent_of: str = "{spent} of {estimate} spent"
    spent: str = "{spent} spent"
    estimated: str = "{estimate} estimated"
    remaining: str = "{remaining} remaining"
    hours: str = "{count} h"
    minutes: str = "{count} min"
    goal_breached: str = "Goal missed"
    goal_met: str = "Goal met"
    goal_running: str = "Running"
    goal_paused: str = "Paused"
    rating: str = "{rating} of 5"
