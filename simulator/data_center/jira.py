"""Jira Data Center's second interface, read only: issues, comments, files, fields, search, and who may do what."""

from typing import Any

from flask import Blueprint, Response, g, request

from simulator import access, jql
from simulator.answers import jira_error, reply, whole_number
from simulator.confluence import the_site
from simulator.data_center import JIRA
from simulator.data_center.jira_shapes import API, attachment_json, comment_json, field_values, issue_json
from simulator.data_center.people import by_username, jira_key, jira_user, username
from simulator.jira_calls import caller, named_issue, words
from simulator.jira_shapes import field_schema, project_json
from simulator.media import serve
from simulator.state import Account, Attachment, Issue, now
from simulator.thumbnails import small

blueprint = Blueprint("data_center_jira", __name__)


def _caller(*, anonymous: bool = True) -> Account | None:
    return caller(anonymous=anonymous, at=JIRA)


def _issue(key_or_id: str) -> Issue:
    return named_issue(key_or_id, _caller())


@blueprint.get(f"{API}/serverInfo")
def server_info() -> Response:
    site = the_site()
    return reply(
        {
            "baseUrl": f"{site.base_url}{JIRA}",
            "version": "10.3.24",
            "versionNumbers": [10, 3, 24],
            "deploymentType": "Server",
            "buildNumber": 10030024,
            "buildDate": "2026-07-06T00:00:00.000+0000",
            "serverTime": now().replace("Z", "+0000"),
            "scmInfo": "0b1f5d9",
            "serverTitle": site.title,
        }
    )


@blueprint.get(f"{API}/myself")
def myself() -> Response:
    account = _caller(anonymous=False)
    assert account is not None
    shaped = jira_user(the_site(), account)
    counted = {"size": len(account.groups), "items": []}
    return reply(shaped | {"locale": "en_GB", "groups": counted, "expand": "groups,applicationRoles"})


@blueprint.get(f"{API}/user")
def user() -> Response:
    site, caller = the_site(), _caller(anonymous=False)
    if not access.holds(site, caller, "jira:browse-users"):
        raise jira_error(403, "The caller may not browse users.")
    key, name = request.args.get("key"), request.args.get("username")
    if name is not None:
        found = by_username(site, name)
    else:
        found = next((one for one in site.accounts.values() if jira_key(site, one) == key), None)
    if found is None:
        raise jira_error(404, f"The user named '{name or key}' does not exist")
    return reply(jira_user(site, found))


@blueprint.get(f"{API}/issue/<key>")
def issue(key: str) -> Response:
    found, site = _issue(key), the_site()
    values = field_values(site, g.caller.account, found)
    return reply(issue_json(site, found, _chosen(values, words("fields") or ["*all"]), set(words("expand"))))


def _chosen(values: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "*all" in wanted or all(name.startswith("-") for name in wanted):
        shown = dict(values)
    elif "*navigable" in wanted:
        shown = {name: value for name, value in values.items() if name not in ("comment", "attachment")}
    shown |= {name: values[name] for name in wanted if name in values}
    return {name: value for name, value in shown.items() if f"-{name}" not in wanted}


@blueprint.get(f"{API}/issue/<key>/comment")
def comments(key: str) -> Response:
    found, site = _issue(key), the_site()
    visible = [one for one in found.comments if access.may_read_comment(site, g.caller.account, one)]
    visible.sort(key=lambda one: one.created, reverse=request.args.get("orderBy", "").startswith("-"))
    start = whole_number("startAt", 0, 100_000)
    # Without a limit all are given.
    limit = whole_number("maxResults", len(visible), max(site.settings.page_limit, 1))
    expand = set(words("expand"))
    shown = [comment_json(site, found, one, expand) for one in visible[start : start + limit]]
    return reply({"startAt": start, "maxResults": limit, "total": len(visible), "comments": shown})


def _attachment(identifier: str) -> Attachment:
    site, account = the_site(), _caller()
    file = site.attachments.get(identifier)
    issue_of = site.issues.get(file.container_id) if file else None
    if file is None or issue_of is None:
        raise jira_error(404, f"The attachment with id '{identifier}' does not exist")
    if not access.may_browse(site, account, issue_of):
        raise jira_error(403, f"You do not have permission to view attachment with id: {identifier}")
    return file


@blueprint.get(f"{API}/attachment/<identifier>")
def attachment(identifier: str) -> Response:
    return reply(
        {name: value for name, value in attachment_json(the_site(), _attachment(identifier)).items() if name != "id"}
    )


@blueprint.get(f"{JIRA}/secure/attachment/<identifier>/<filename>")
@blueprint.get(f"{JIRA}/secure/thumbnail/<identifier>/<filename>")
def file_of_issue(identifier: str, filename: str) -> Response:
    """Serve a file, or send whoever is not signed in to the form for that, as pages for people do."""
    site = the_site()
    if g.caller.account is None:
        return Response(status=302, headers={"Location": f"{site.base_url}{JIRA}/login.jsp?os_destination=%2F"})
    file, is_small = _attachment(identifier), "/thumbnail/" in request.path
    if file.filename != filename or (is_small and not file.media_type.startswith("image/")):
        return Response("<!DOCTYPE html><title>Not found</title>", status=404, content_type="text/html;charset=UTF-8")
    content = small(file.latest.content) if is_small else file.latest.content
    return serve(content, file.media_type, file.filename)


@blueprint.get(f"{API}/field")
def fields() -> Response:
    _caller()
    shaped = []
    for name, one in the_site().jira["fields"].items():
        known = {"id": name, "name": one["name"], "custom": name.startswith("customfield_")}
        known |= {"orderable": True, "navigable": True, "searchable": True, "clauseNames": one.get("clauses", [name])}
        schema = field_schema(one)
        shaped.append(known | ({"schema": schema} if schema else {}))
    return reply(shaped)


@blueprint.get(f"{API}/user/viewissue/search")
def viewers() -> Response:
    """List the first hundred people whose names begin as asked and who may browse an issue."""
    site, account = the_site(), _caller(anonymous=False)
    query, issue_key, project = (
        request.args.get("username", ""),
        request.args.get("issueKey"),
        request.args.get("projectKey"),
    )
    if not issue_key and not project:
        raise jira_error(400, "The issue key or the project key must be provided.")
    about = _issue(issue_key) if issue_key else next(iter(site.issues.values()))
    if not query or not access.holds(site, account, "jira:browse-users"):
        return reply([])
    found = [
        one
        for one in site.accounts.values()
        if one.active and access.may_browse(site, one, about) and _begins(one, query)
    ]
    limit = whole_number("maxResults", 50, 100)
    return reply([jira_user(site, one) for one in found[:limit]])


def _begins(account: Account, query: str) -> bool:
    hay = [username(account), account.email, account.name, *account.name.split()]
    return any(one.lower().startswith(query.lower()) for one in hay)


@blueprint.get(f"{API}/mypermissions")
def my_permissions() -> Response:
    """Say of every permission whether the caller has it; this edition takes no list of those asked for."""
    site, account = the_site(), _caller(anonymous=False)
    about = _issue(request.args["issueKey"]) if "issueKey" in request.args else None
    project = (
        about.key.partition("-")[0] if about else request.args.get("projectKey", next(iter(site.jira["projects"])))
    )
    shaped = {}
    for key, one in site.jira["permissions"].items():
        held = access.holds(site, account, one["grant"].replace("{project}", project))
        known = {name: one[name] for name in ("id", "name", "type", "description")}
        shaped[key] = {"key": key, **known, "havePermission": held}
    return reply({"permissions": shaped})


@blueprint.get(f"{API}/project")
def projects() -> Response:
    """List the projects the caller may browse."""
    site, account = the_site(), _caller()
    held = [project_json(site, key) for key in site.jira["projects"] if access.holds(site, account, f"project:{key}")]
    known = ("id", "key", "name", "avatarUrls", "projectTypeKey")
    address = f"{site.base_url}{API}/project/"
    shown = [{name: one[name] for name in known} | {"self": address + one["id"], "archived": False} for one in held]
    return reply(shown)


@blueprint.get(f"{API}/search")
def search() -> Response:
    site, account = the_site(), _caller()
    try:
        query = jql.parse(request.args.get("jql", ""))
    except jql.JqlError as error:
        raise jira_error(400, str(error)) from None
    start = whole_number("startAt", 0, 100_000)
    limit = max(1, whole_number("maxResults", 50, site.settings.page_limit))
    rows = [one for one in site.issues.values() if access.may_browse(site, account, one) and query.matches(one)]
    rows.sort(key=query.order, reverse=query.descending)
    wanted, expand = words("fields") or ["*navigable"], set(words("expand"))
    shown = [
        issue_json(site, one, _chosen(field_values(site, account, one), wanted), set())
        for one in rows[start : start + limit]
    ]
    body: dict[str, Any] = {"expand": "names,schema", "startAt": start, "maxResults": limit, "total": len(rows)}
    named = {name for one in shown for name in one["fields"]}
    definitions = site.jira["fields"]
    if "names" in expand:
        body["names"] = {name: definitions[name]["name"] for name in sorted(named)}
    if "schema" in expand:
        schemas = {name: field_schema(definitions[name]) for name in sorted(named)}
        body["schema"] = {name: schema for name, schema in schemas.items() if schema}
    return reply(body | {"issues": shown})
