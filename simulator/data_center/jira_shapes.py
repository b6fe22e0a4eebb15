"""Issues as Jira Data Center writes them: what Cloud says of them, in the other edition's words.

People have keys and usernames, rich text is wiki markup, a file lies at the site itself, and nothing is said of service desks.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from simulator import access, jira_shapes
from simulator.data_center import JIRA
from simulator.data_center.people import jira_user, username
from simulator.data_center.wiki import from_document
from simulator.state import Account, Attachment, Comment, Issue, Site

API = f"{JIRA}/rest/api/2"

Json = dict[str, Any]


def issue_json(site: Site, issue: Issue, values: Json, expand: set[str]) -> Json:
    """Shape an issue with the given field values."""
    shaped: Json = in_other_words(site, issue, jira_shapes.issue_json(site, issue, values, expand))
    return shaped | {"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"}


def field_values(site: Site, viewer: Account | None, issue: Issue) -> Json:
    """Expand every field of an issue as one viewer sees it."""
    values = jira_shapes.field_values(site, viewer, issue)
    values["attachment"] = [attachment_json(site, one) for one in site.attachments_of(issue.key)]
    visible = [one for one in issue.comments if access.may_read_comment(site, viewer, one)]
    seen = [comment_json(site, issue, one, set()) for one in visible]
    values["comment"] = {"comments": seen, "maxResults": len(seen), "total": len(seen), "startAt": 0}
    if issue.wiki:
        values["description"] = issue.wiki
    return values


def attachment_json(site: Site, file: Attachment) -> Json:
    """Shape a file of an issue."""
    name = quote(file.filename)
    shaped: Json = {
        "self": f"{site.base_url}{API}/attachment/{file.attachment_id}",
        "id": file.attachment_id,
        "filename": file.filename,
        "author": jira_user(site, site.accounts[file.latest.author_id]),
        "created": file.latest.created_at,
        "size": file.latest.content.size,
        "mimeType": file.media_type,
        "content": f"{site.base_url}{JIRA}/secure/attachment/{file.attachment_id}/{name}",
    }
    if file.media_type.startswith("image/"):
        shaped["thumbnail"] = f"{site.base_url}{JIRA}/secure/thumbnail/{file.attachment_id}/{name}"
    return shaped


def comment_json(site: Site, issue: Issue, comment: Comment, expand: set[str]) -> Json:
    """Shape a comment; that it is for agents only stands in a property, which has to be asked for."""
    author = jira_user(site, site.accounts[comment.author_id])
    shaped: Json = {
        "self": f"{site.base_url}{API}/issue/{issue.issue_id}/comment/{comment.comment_id}",
        "id": comment.comment_id,
        "author": author,
        "body": wiki(site, issue, comment.body),
        "updateAuthor": author,
        "created": comment.created,
        "updated": comment.updated,
    }
    if comment.visibility:
        shaped["visibility"] = {"type": comment.visibility["type"], "value": comment.visibility["value"]}
    if "properties" in expand:
        internal = [{"key": "sd.public.comment", "value": {"internal": True}}]
        shaped["properties"] = [] if comment.public else internal
    return shaped


def wiki(site: Site, issue: Issue, document: Json) -> str:
    """Write a document of rich text in wiki markup; files are those of the issue."""

    def name_of(account_id: str) -> str:
        account = site.accounts.get(account_id)
        return username(account) if account else account_id

    def file_of(file_id: str) -> str:
        file = next((one for one in site.attachments_of(issue.key) if one.file_id == file_id), None)
        if file is None:
            return ""
        return f"!{file.filename}|thumbnail!" if file.media_type.startswith("image/") else f"[^{file.filename}]"

    return from_document(document, name_of, file_of)


def in_other_words(site: Site, issue: Issue, value: Any) -> Any:
    """Say what Cloud says in this edition's words, all the way down."""
    if isinstance(value, list):
        return [in_other_words(site, issue, one) for one in value]
    if isinstance(value, str):
        return value.replace(f"{site.base_url}/rest/api/3/", f"{site.base_url}{API}/")
    if not isinstance(value, Mapping):
        return value
    if "accountId" in value:
        return jira_user(site, site.accounts[value["accountId"]])
    if value.get("type") == "doc":
        return wiki(site, issue, dict(value))
    unknown_here = {"hierarchyLevel", "simplified"}
    return {name: in_other_words(site, issue, one) for name, one in value.items() if name not in unknown_here}
