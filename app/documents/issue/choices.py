"""The fields that the creator of a link can choose, from what Jira says of an issue's fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.documents.issue.kinds import FieldKind, kind_of
from app.documents.issue_words import IssueWords

#: What is shown where nobody chose: no people, no custom fields, no files, no comments, nothing of other issues.
DEFAULT_FIELDS = frozenset(
    {"summary", "status", "issuetype", "priority", "created", "updated", "description", "duedate", "resolution"}
)


class FieldGroup(StrEnum):
    """How choices are put together on a form."""

    BASIC = "basic"
    TEXTS = "texts"
    PEOPLE = "people"
    DATES = "dates"
    RELATED = "related"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One field that can be shown: its id, what to call it, where it belongs, and whether it is chosen at first."""

    id: str
    label: str
    group: FieldGroup
    default: bool = False


_BASIC = ("status", "issuetype", "priority", "resolution", "labels", "components", "versions", "fixVersions", "project")
_BY_KIND: Mapping[FieldKind, FieldGroup] = {
    FieldKind.RICH: FieldGroup.TEXTS,
    FieldKind.PERSON: FieldGroup.PEOPLE,
    FieldKind.DATE: FieldGroup.DATES,
    FieldKind.INSTANT: FieldGroup.DATES,
    FieldKind.GOAL: FieldGroup.DATES,
    FieldKind.ISSUE: FieldGroup.RELATED,
    FieldKind.KEY: FieldGroup.RELATED,
    FieldKind.SPRINT: FieldGroup.RELATED,
}
_ORDER = tuple(FieldGroup)
_MAX_LABEL = 200
#: Powers of a link of their own, and the title that every issue has.
_NO_CHOICE = frozenset({"summary", "attachment", "comment"})


def available_fields(
    names: Mapping[str, str], schema: Mapping[str, object], words: IssueWords | None = None
) -> tuple[FieldChoice, ...]:
    """Return the fields a link may show, by group and label; `names` and `schema` are as Jira expands them.

    Not among them are the summary, which is always there, attachments and comments, which are powers of a link, and
    fields that are never shown: security levels, work logs, ranks.
    """
    labels = (words or IssueWords()).labels
    choices = [
        FieldChoice(field, label_of(field, names, labels) or field, _group(field, schema), field in DEFAULT_FIELDS)
        for field in names
        if field not in _NO_CHOICE and kind_of(field, schema) is not FieldKind.HIDDEN
    ]
    return tuple(sorted(choices, key=lambda one: (_ORDER.index(one.group), one.label.casefold(), one.id)))


def label_of(field: str, names: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """Return what a field is called: in the words for Jira's own, else as Jira names it."""
    name = names.get(field)
    return labels.get(field) or (name.strip()[:_MAX_LABEL] if isinstance(name, str) else "")


def _group(field: str, schema: Mapping[str, object]) -> FieldGroup:
    if field in _BASIC:
        return FieldGroup.BASIC
    if field in ("subtasks", "issuelinks"):
        return FieldGroup.RELATED
    return _BY_KIND.get(kind_of(field, schema), FieldGroup.OTHER)
