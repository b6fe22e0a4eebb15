"""An answer of Jira to an `IssueView`: only what the allow-list names, in the order of the page."""

from collections.abc import Iterable, Mapping, Sequence

from app.documents.bodies import Body, Format, body_of
from app.documents.comments import CommentView
from app.documents.issue.choices import label_of
from app.documents.issue.kinds import FieldKind, kind_of
from app.documents.issue.people import account_of
from app.documents.issue.values import instant_of, issue_of, value_of
from app.documents.issue.view import FieldView, FileView, IssueView, LinkedIssue
from app.documents.issue.visibility import public_comments
from app.documents.issue_words import IssueWords
from app.documents.types import MediaFile

#: Jira's own fields come first and in this order, then the others by label, then those of `_LAST`.
_FIRST = (
    *("status", "issuetype", "priority", "resolution", "assignee", "reporter", "creator", "parent"),
    *("labels", "components", "versions", "fixVersions", "duedate", "timetracking"),
)
_LAST = ("created", "updated", "resolutiondate")
_MAX_ISSUES = 500
#: Comments are threads of replies no longer than Jira itself allows; what goes deeper is hostile.
_MAX_DEPTH = 100


def issue_view(
    key: str,
    fields: Mapping[str, object],
    names: Mapping[str, str],
    schema: Mapping[str, object],
    shown: frozenset[str],
    *,
    comments: Iterable[Mapping[str, object]] = (),
    files: Sequence[MediaFile] = (),
    words: IssueWords | None = None,
) -> IssueView:
    """Return what may be shown of an issue: the fields of `fields` whose ids are in `shown`, and nothing else.

    `names` and `schema` are as Jira expands them. `comments` are raw and shown only with `comment` in `shown`, and of them
    only the public ones; `files` only with `attachment`.
    """
    labels = (words or IssueWords()).labels
    views = (_field(field, fields[field], names, schema, labels) for field in sorted(shown & fields.keys()))
    ordered = sorted((view for view in views if view is not None), key=_place)
    return IssueView(
        key=key,
        summary=str(fields.get("summary") or "") if "summary" in shown else "",
        facts=tuple(one for one in ordered if not _is_text(one, schema)),
        texts=tuple(one for one in ordered if isinstance(one.value, Body)),
        files=_files(fields.get("attachment"), files) if "attachment" in shown else (),
        subtasks=_subtasks(fields.get("subtasks")) if "subtasks" in shown else (),
        links=_links(fields.get("issuelinks")) if "issuelinks" in shown else (),
        comments=comment_views(comments) if "comment" in shown else (),
    )


def _field(
    field: str,
    raw: object,
    names: Mapping[str, str],
    schema: Mapping[str, object],
    labels: Mapping[str, str],
) -> FieldView | None:
    kind = kind_of(field, schema)
    if kind in (FieldKind.SECTION, FieldKind.HIDDEN):
        return None
    value = value_of(kind, raw)
    # A field that holds something nobody can read is left out: it is not empty.
    is_empty = raw is None or raw in ("", [], {})
    return FieldView(field, label_of(field, names, labels), value) if value is not None or is_empty else None


def _is_text(one: FieldView, schema: Mapping[str, object]) -> bool:
    return isinstance(one.value, Body) or (one.value is None and kind_of(one.id, schema) is FieldKind.RICH)


def _place(one: FieldView) -> tuple[int, str, str]:
    if one.id in _FIRST:
        return _FIRST.index(one.id), "", ""
    if one.id in _LAST:
        return 1_000 + _LAST.index(one.id), "", ""
    return (99 if one.id in ("description", "environment") else 100), one.label.casefold(), one.id


def _files(raw: object, files: Sequence[MediaFile]) -> tuple[FileView, ...]:
    added = {
        str(one.get("id")): instant_of(one.get("created"))
        for one in (raw if isinstance(raw, list | tuple) else ())
        if isinstance(one, Mapping)
    }
    return tuple(FileView(file, added.get(file.id)) for file in files)


def _subtasks(raw: object) -> tuple[LinkedIssue, ...]:
    several = raw[:_MAX_ISSUES] if isinstance(raw, list | tuple) else ()
    return tuple(issue for one in several if (issue := issue_of(one)) is not None)


def _links(raw: object) -> tuple[LinkedIssue, ...]:
    several = raw[:_MAX_ISSUES] if isinstance(raw, list | tuple) else ()
    found = [issue for one in several if isinstance(one, Mapping) and (issue := _link(one)) is not None]
    return tuple(sorted(found, key=lambda issue: issue.relation.casefold()))


def _link(raw: Mapping[str, object]) -> LinkedIssue | None:
    kind = raw.get("type")
    for end, way in (("outwardIssue", "outward"), ("inwardIssue", "inward")):
        if end in raw:
            relation = kind.get(way) if isinstance(kind, Mapping) else ""
            return issue_of(raw[end], relation if isinstance(relation, str) else "")
    return None


def comment_views(comments: Iterable[Mapping[str, object]]) -> tuple[CommentView, ...]:
    """Return the public ones of raw comments, oldest first, each with the answers to it."""
    public = public_comments(comments)
    ids = {str(one.get("id")) for one in public}
    below: dict[str, list[Mapping[str, object]]] = {}
    for one in public:
        parent = str(one.get("parentId"))
        below.setdefault(parent if parent in ids and parent != str(one.get("id")) else "", []).append(one)
    return tuple(_comment(one, below, 0) for one in below.pop("", []))


def _comment(raw: Mapping[str, object], below: dict[str, list[Mapping[str, object]]], depth: int) -> CommentView:
    # Taken out, so that ids that stand there twice do not multiply the answers.
    answers = below.pop(str(raw.get("id")), []) if depth < _MAX_DEPTH else []
    created, updated = raw.get("created"), raw.get("updated")
    return CommentView(
        author=account_of(raw.get("author")),
        at=instant_of(created),
        body=body_of(raw.get("body")) or Body(Format.PLAIN, ""),
        edited=isinstance(updated, str) and updated != created,
        replies=tuple(_comment(one, below, depth + 1) for one in answers),
    )
