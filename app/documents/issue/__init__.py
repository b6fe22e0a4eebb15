"""A Jira issue to safe HTML. Nothing is shown that the link's allow-list of fields does not name.

Three steps, all pure. What an answer of Jira holds comes as plain mappings, from Cloud (rich text is ADF, people have an
`accountId`) or Data Center (rich text is wiki markup, people have a `name`):

1. `available_fields(names, schema)` → `FieldChoice`s for the creator; the ids that were chosen are the allow-list.
   `DEFAULT_FIELDS` is what is chosen where nobody chose. `comment` and `attachment` are ids like others.
2. `issue_view(key, fields, names, schema, shown, comments=…, files=…)` → `IssueView`. Ask Jira for the ids in `shown` only,
   yet whatever else comes is dropped here. `comments` are raw comments, all that Jira answered; `files` are attachments
   that readers may have. What is internal goes before: `public_comments(comments)` and `public_files(files, comments,
   shown_bodies)` in `visibility`.
3. `render_issue(view, material)` → `Rendered`. Names of people come from `Material.people` alone; `named_people(…)` says
   which accounts an answer names and how, for whoever applies the privacy setting. Other issues show their bare key unless
   `Material.links` has `issue:<key>`.
"""

from app.documents.issue.choices import DEFAULT_FIELDS, FieldChoice, FieldGroup, available_fields
from app.documents.issue.page import render_issue
from app.documents.issue.people import named_people
from app.documents.issue.read import issue_view
from app.documents.issue.view import FieldView, FileView, IssueView, LinkedIssue, Status, StatusCategory
from app.documents.issue.visibility import is_public, public_comments, public_files

__all__ = [
    "DEFAULT_FIELDS",
    "FieldChoice",
    "FieldGroup",
    "FieldView",
    "FileView",
    "IssueView",
    "LinkedIssue",
    "Status",
    "StatusCategory",
    "available_fields",
    "is_public",
    "issue_view",
    "named_people",
    "public_comments",
    "public_files",
    "render_issue",
]
