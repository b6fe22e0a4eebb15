"""The compact values of the content's JSON, expanded to what Jira Cloud answers."""

from typing import Any

from simulator import access
from simulator.state import Account, Attachment, Comment, Issue, Site

Json = dict[str, Any]

_SIZES = ("48x48", "24x24", "16x16", "32x32")


def user_json(site: Site, account: Account, *, full: bool = False) -> Json:
    """Shape a person; the address shows only where the profile lets it or it is the caller's own."""
    picture = f"{site.base_url}/avatars/default.png"
    shaped: Json = {
        "self": f"{site.base_url}/rest/api/3/user?accountId={account.account_id}",
        "accountId": account.account_id,
        "avatarUrls": dict.fromkeys(_SIZES, picture),
        "displayName": account.name,
        "active": account.active,
        "timeZone": account.time_zone,
        "accountType": "atlassian",
    }
    if full or account.email_visible:
        shaped["emailAddress"] = account.email
    return shaped


def attachment_json(site: Site, file: Attachment) -> Json:
    """Shape a file of an issue."""
    base = f"{site.base_url}/rest/api/3/attachment"
    shaped: Json = {
        "self": f"{base}/{file.attachment_id}",
        "id": file.attachment_id,
        "filename": file.filename,
        "author": user_json(site, site.accounts[file.latest.author_id]),
        "created": file.latest.created_at,
        "size": file.latest.content.size,
        "mimeType": file.media_type,
        "content": f"{base}/content/{file.attachment_id}",
    }
    if file.media_type.startswith("image/"):
        shaped["thumbnail"] = f"{base}/thumbnail/{file.attachment_id}"
    return shaped


def comment_json(site: Site, issue: Issue, comment: Comment) -> Json:
    """Shape a comment; `visibility` is there only where it is restricted."""
    author = user_json(site, site.accounts[comment.author_id])
    shaped: Json = {
        "self": f"{site.base_url}/rest/api/3/issue/{issue.issue_id}/comment/{comment.comment_id}",
        "id": comment.comment_id,
        "author": author,
        "body": comment.body,
        "updateAuthor": author,
        "created": comment.created,
        "updated": comment.updated,
        "jsdPublic": comment.public,
    }
    return shaped | ({"visibility": comment.visibility} if comment.visibility else {})


def field_schema(definition: Json) -> Json | None:
    """Return the schema of a field as `schema` expands it; three system fields have none."""
    schema: Json | None = definition.get("schema")
    return schema


def issue_json(site: Site, issue: Issue, values: Json, expand: set[str]) -> Json:
    """Shape an issue with the given field values."""
    shaped: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": issue.issue_id,
        "self": f"{site.base_url}/rest/api/3/issue/{issue.issue_id}",
        "key": issue.key,
        "fields": values,
    }
    definitions = site.jira["fields"]
    if "names" in expand:
        shaped["names"] = {name: definitions[name]["name"] for name in values}
    if "schema" in expand:
        schemas = {name: field_schema(definitions[name]) for name in values}
        shaped["schema"] = {name: schema for name, schema in schemas.items() if schema}
    return shaped


def field_values(site: Site, viewer: Account | None, issue: Issue) -> Json:
    """Expand every field of an issue as one viewer sees it."""
    raw = issue.fields
    named: Json = {
        "summary": raw["summary"],
        "issuetype": _type(site, raw["issuetype"]),
        "project": project_json(site, issue.key.partition("-")[0]),
        "status": _status(site, raw["status"]),
        "priority": _named(site, "priority", raw.get("priority", "Medium")),
        "resolution": _named(site, "resolution", raw["resolution"]) if raw.get("resolution") else None,
        "creator": _person(site, raw["reporter"]),
        "reporter": _person(site, raw["reporter"]),
        "assignee": _person(site, raw["assignee"]) if raw.get("assignee") else None,
        "created": raw["created"],
        "updated": raw["updated"],
        "resolutiondate": raw.get("resolutiondate"),
        "duedate": raw.get("duedate"),
        "labels": raw.get("labels", []),
        "components": [_named(site, "component", name) for name in raw.get("components", [])],
        "fixVersions": [_named(site, "version", name) for name in raw.get("fixVersions", [])],
        "description": raw.get("description"),
        "environment": raw.get("environment"),
        "security": _security(site, issue),
        "attachment": [attachment_json(site, one) for one in site.attachments_of(issue.key)],
        "comment": _comments(site, viewer, issue),
        "issuelinks": _links(site, viewer, issue),
        "subtasks": _subtasks(site, viewer, issue),
    }
    parent = site.issues.get(raw.get("parent", ""))
    if parent is not None and access.may_browse(site, viewer, parent):
        named["parent"] = _brief(site, parent)
    customs = [name for name in site.jira["fields"] if name.startswith("customfield_")]
    return named | {name: _custom(site, name, raw.get(name)) for name in customs}


def _custom(site: Site, name: str, value: Any) -> Any:
    kind = site.jira["fields"][name]["schema"]["type"]
    if value is not None and kind == "option":
        number = str(10100 + sum(value.encode()) % 90)
        return {"self": f"{site.base_url}/rest/api/3/customFieldOption/{number}", "value": value, "id": number}
    return _person(site, value) if value is not None and kind == "user" else value


def _person(site: Site, handle: str) -> Json:
    account = next(one for one in site.accounts.values() if handle in (one.account_id, one.email.partition("@")[0]))
    return user_json(site, account)


def _type(site: Site, name: str) -> Json:
    one = site.jira["issuetypes"][name]
    return {
        "self": f"{site.base_url}/rest/api/3/issuetype/{one['id']}",
        "id": one["id"],
        "description": one["description"],
        "iconUrl": f"{site.base_url}/images/issuetype/{one['id']}.svg",
        "name": name,
        "subtask": one["level"] < 0,
        "avatarId": int(one["id"]) + 300,
        "hierarchyLevel": one["level"],
    }


def project_json(site: Site, key: str) -> Json:
    """Describe a project."""
    one = site.jira["projects"][key]
    return {
        "self": f"{site.base_url}/rest/api/3/project/{one['id']}",
        "id": one["id"],
        "key": key,
        "name": one["name"],
        "projectTypeKey": one["kind"],
        "simplified": False,
        "avatarUrls": dict.fromkeys(_SIZES, f"{site.base_url}/avatars/project.svg"),
    }


def _status(site: Site, name: str) -> Json:
    one = site.jira["statuses"][name]
    categories = {
        "new": (2, "blue-gray", "To Do"),
        "indeterminate": (4, "yellow", "In Progress"),
        "done": (3, "green", "Done"),
    }
    number, colour, label = categories[one["category"]]
    return {
        "self": f"{site.base_url}/rest/api/3/status/{one['id']}",
        "description": "",
        "iconUrl": f"{site.base_url}/images/status.png",
        "name": name,
        "id": one["id"],
        "statusCategory": {
            "self": f"{site.base_url}/rest/api/3/statuscategory/{number}",
            "id": number,
            "key": one["category"],
            "colorName": colour,
            "name": label,
        },
    }


def _named(site: Site, kind: str, name: str) -> Json:
    number = site.jira[kind][name]
    return {"self": f"{site.base_url}/rest/api/3/{kind}/{number}", "name": name, "id": number}


def _security(site: Site, issue: Issue) -> Json | None:
    if issue.security is None:
        return None
    level = site.jira["security"][issue.security]
    address = f"{site.base_url}/rest/api/3/securitylevel/{issue.security}"
    return {"self": address, "id": issue.security, "name": level["name"], "description": level["description"]}


def _comments(site: Site, viewer: Account | None, issue: Issue) -> Json:
    visible = [one for one in issue.comments if access.may_read_comment(site, viewer, one)]
    return {
        "comments": [comment_json(site, issue, one) for one in visible],
        "self": f"{site.base_url}/rest/api/3/issue/{issue.issue_id}/comment",
        "maxResults": len(visible),
        "total": len(visible),
        "startAt": 0,
    }


def _brief(site: Site, issue: Issue) -> Json:
    raw = issue.fields
    return {
        "id": issue.issue_id,
        "key": issue.key,
        "self": f"{site.base_url}/rest/api/3/issue/{issue.issue_id}",
        "fields": {
            "summary": raw["summary"],
            "status": _status(site, raw["status"]),
            "priority": _named(site, "priority", raw.get("priority", "Medium")),
            "issuetype": _type(site, raw["issuetype"]),
        },
    }


def _subtasks(site: Site, viewer: Account | None, issue: Issue) -> list[Json]:
    below = [one for one in site.issues.values() if one.fields.get("parent") == issue.key]
    tasks = [one for one in below if site.jira["issuetypes"][one.fields["issuetype"]]["level"] < 0]
    return [_brief(site, one) for one in tasks if access.may_browse(site, viewer, one)]


def _links(site: Site, viewer: Account | None, issue: Issue) -> list[Json]:
    """Shape the links both ways; those to issues the viewer may not browse are not there."""
    shaped: list[Json] = []
    for other in site.issues.values():
        if not access.may_browse(site, viewer, other):
            continue
        out = [link["type"] for link in issue.fields.get("links", []) if link["to"] == other.key]
        into = [link["type"] for link in other.fields.get("links", []) if link["to"] == issue.key]
        shaped += [_link(site, issue, other, name, "outwardIssue") for name in out]
        shaped += [_link(site, other, other, name, "inwardIssue") for name in into]
    return shaped


def _link(site: Site, source: Issue, other: Issue, name: str, side: str) -> Json:
    kind = site.jira["linktypes"][name]
    number = f"{source.issue_id}{other.issue_id[-2:]}"
    return {
        "id": number,
        "self": f"{site.base_url}/rest/api/3/issueLink/{number}",
        "type": {
            "id": kind["id"],
            "name": name,
            "inward": kind["inward"],
            "outward": kind["outward"],
            "self": f"{site.base_url}/rest/api/3/issueLinkType/{kind['id']}",
        },
        side: _brief(site, other),
    }
