"""What kind of value each field of Jira has, read from the `schema` that Jira sends with an issue.

Source: Jira Cloud platform REST API v3, "Get issue" with expand=schema; the keys of custom fields are those of Jira's own
field types (`com.atlassian.jira.plugin.system.customfieldtypes:…`), of Jira Software (`com.pyxis.greenhopper.jira:…`) and of
Jira Service Management (`com.atlassian.servicedesk:…`).
"""

from collections.abc import Mapping
from enum import StrEnum


class FieldKind(StrEnum):
    """How a raw value has to be read; HIDDEN means never shown, whatever was chosen."""

    TEXT = "text"
    RICH = "rich"
    NUMBER = "number"
    DATE = "date"
    INSTANT = "instant"
    PERSON = "person"
    NAMED = "named"
    CASCADE = "cascade"
    STATUS = "status"
    PRIORITY = "priority"
    URL = "url"
    SPRINT = "sprint"
    ISSUE = "issue"
    PROGRESS = "progress"
    TIME = "time"
    DURATION = "duration"
    COUNT = "count"
    GOAL = "goal"
    REQUEST_TYPE = "request_type"
    RATING = "rating"
    APPROVALS = "approvals"
    #: The key of an epic, as text.
    KEY = "key"
    #: Any other value: shown where it holds a text or a name, else left out.
    OTHER = "other"
    #: Parts of the page of their own: files, comments, subtasks, links, summary.
    SECTION = "section"
    HIDDEN = "hidden"


_DURATIONS = (
    "timespent timeestimate timeoriginalestimate aggregatetimespent aggregatetimeestimate aggregatetimeoriginalestimate"
)
#: Jira's own fields say what they are even where an answer comes without a schema.
_OWN = {
    FieldKind.PERSON: "assignee reporter creator",
    FieldKind.INSTANT: "created updated resolutiondate statuscategorychangedate",
    FieldKind.NAMED: "issuetype resolution project components versions fixVersions",
    FieldKind.COUNT: "votes watches",
    FieldKind.PROGRESS: "progress aggregateprogress",
    FieldKind.DATE: "duedate",
    FieldKind.STATUS: "status",
    FieldKind.PRIORITY: "priority",
    FieldKind.TIME: "timetracking",
}
_BY_FIELD: Mapping[str, FieldKind] = {
    **{field: kind for kind, fields in _OWN.items() for field in fields.split()},
    "description": FieldKind.RICH,
    "environment": FieldKind.RICH,
    "parent": FieldKind.ISSUE,
    "statusCategory": FieldKind.HIDDEN,
    **dict.fromkeys(("summary", "attachment", "comment", "subtasks", "issuelinks"), FieldKind.SECTION),
    # Who may see the issue, what the reading account did last, who worked when: for those inside.
    **dict.fromkeys(("security", "lastViewed", "worklog", "issuerestriction", "thumbnail"), FieldKind.HIDDEN),
    **dict.fromkeys(_DURATIONS.split(), FieldKind.DURATION),
    "workratio": FieldKind.HIDDEN,
}
#: By the last part of a custom field's key.
_BY_CUSTOM: Mapping[str, FieldKind] = {
    "textarea": FieldKind.RICH,
    "url": FieldKind.URL,
    "gh-sprint": FieldKind.SPRINT,
    "gh-epic-link": FieldKind.KEY,
    "jpo-custom-field-parent": FieldKind.ISSUE,
    "gh-lexo-rank": FieldKind.HIDDEN,
    "gh-global-rank": FieldKind.HIDDEN,
    "gh-epic-color": FieldKind.HIDDEN,
    "devsummary": FieldKind.HIDDEN,
    "devsummarycf": FieldKind.HIDDEN,
    "timeinstatus": FieldKind.HIDDEN,
    "vulnerabilitycf": FieldKind.HIDDEN,
    "sd-request-feedback": FieldKind.RATING,
    "vp-origin": FieldKind.REQUEST_TYPE,
    "sd-sla-field": FieldKind.GOAL,
}
_NAMED = (
    "component group issuetype option option2 project resolution sd-customerorganization sd-request-lang team version"
)
_BY_TYPE: Mapping[str, FieldKind] = {
    "string": FieldKind.TEXT,
    "number": FieldKind.NUMBER,
    "date": FieldKind.DATE,
    "datetime": FieldKind.INSTANT,
    "user": FieldKind.PERSON,
    "option-with-child": FieldKind.CASCADE,
    "status": FieldKind.STATUS,
    "priority": FieldKind.PRIORITY,
    "issuelink": FieldKind.ISSUE,
    "progress": FieldKind.PROGRESS,
    "timetracking": FieldKind.TIME,
    "votes": FieldKind.COUNT,
    "watches": FieldKind.COUNT,
    "sd-servicelevelagreement": FieldKind.GOAL,
    "sd-customerrequesttype": FieldKind.REQUEST_TYPE,
    "sd-feedback": FieldKind.RATING,
    "sd-approvals": FieldKind.APPROVALS,
    "securitylevel": FieldKind.HIDDEN,
    "comments-page": FieldKind.HIDDEN,
    "issuerestriction": FieldKind.HIDDEN,
    **dict.fromkeys(("attachment", "worklog", "issuelinks"), FieldKind.HIDDEN),
    **dict.fromkeys(_NAMED.split(), FieldKind.NAMED),
}


def kind_of(field: str, schema: Mapping[str, object]) -> FieldKind:
    """Return how the value of a field has to be read; `schema` is that of all fields by id."""
    if field in _BY_FIELD:
        return _BY_FIELD[field]
    found = schema.get(field)
    if not isinstance(found, Mapping):
        return FieldKind.OTHER
    custom = str(found.get("custom") or "").rpartition(":")[2]
    if custom in _BY_CUSTOM:
        return _BY_CUSTOM[custom]
    shape = found.get("items") if found.get("type") == "array" else found.get("type")
    return _BY_TYPE.get(str(shape), FieldKind.OTHER)
