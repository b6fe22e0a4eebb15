"""Jira Cloud's third interface, read only: issues, comments, files, fields, search, and who may do what."""

import base64
import json
import re
from typing import Any

from flask import Blueprint, Response, g, request

from simulator import access, jql
from simulator.answers import jira_error, reply, whole_number
from simulator.confluence import the_site
from simulator.jira_calls import caller, named_issue, words
from simulator.jira_shapes import (
    comment_json,
    field_schema,
    field_values,
    issue_json,
    project_json,
    user_json,
)
from simulator.media import serve, signed_address
from simulator.state import Account, Attachment, Issue, now
from simulator.thumbnails import USUAL, small

blueprint = Blueprint("jira", __name__)
PREFIX = "/rest/api/3"


def _caller(*, anonymous: bool = True) -> Account | None:
    return caller(anonymous=anonymous)


def _issue(key_or_id: str) -> Issue:
    return named_issue(key_or_id, _caller())


@blueprint.get(f"{PREFIX}/serverInfo")
def server_info() -> Response:
    site = the_site()
    _caller()
    return reply({"baseUrl": site.base_url, **site.jira["serverInfo"], "serverTime": now().replace("Z", "+0000")})


@blueprint.get(f"{PREFIX}/myself")
def myself() -> Response:
    account = _caller(anonymous=False)
    assert account is not None
    shaped = user_json(the_site(), account, full=True)
    shaped |= {"locale": "en_GB", "groups": _sized(len(account.groups)), "applicationRoles": _sized(1)}
    return reply(shaped | {"expand": "groups,applicationRoles"})


def _sized(count: int) -> dict[str, Any]:
    return {"size": count, "items": []}


@blueprint.get(f"{PREFIX}/issue/<key>")
def issue(key: str) -> Response:
    found = _issue(key)
    site, account = the_site(), g.caller.account
    values = field_values(site, account, found)
    return reply(issue_json(site, found, _chosen(values, words("fields") or ["*all"]), set(words("expand"))))


def _chosen(values: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "*all" in wanted or all(name.startswith("-") for name in wanted):
        shown = dict(values)
    elif "*navigable" in wanted:
        shown = {name: value for name, value in values.items() if name not in ("comment", "attachment")}
    shown |= {name: values[name] for name in wanted if name in values}
    return {name: value for name, value in shown.items() if f"-{name}" not in wanted}


@blueprint.get(f"{PREFIX}/issue/<key>/comment")
def comments(key: str) -> Response:
    found, site = _issue(key), the_site()
    order = request.args.get("orderBy", "created")
    if order.lstrip("+-") != "created":
        raise jira_error(400, f"The value '{order}' is not valid for orderBy.")
    visible = [one for one in found.comments if access.may_read_comment(site, g.caller.account, one)]
    visible.sort(key=lambda one: one.created, reverse=order.startswith("-"))
    start = whole_number("startAt", 0, 100_000)
    limit = whole_number("maxResults", 100, site.settings.page_limit)
    shown = [comment_json(site, found, one) for one in visible[start : start + limit]]
    return reply({"startAt": start, "maxResults": limit, "total": len(visible), "comments": shown})


def _attachment(identifier: str) -> Attachment:
    site = the_site()
    account = _caller()
    file = site.attachments.get(identifier)
    issue_of = site.issues.get(file.container_id) if file else None
    if file is None or issue_of is None or not access.may_browse(site, account, issue_of):
        raise jira_error(404, f"The attachment with id '{identifier}' does not exist")
    return file


@blueprint.get(f"{PREFIX}/attachment/content/<identifier>")
def attachment_content(identifier: str) -> Response:
    file = _attachment(identifier)
    if request.args.get("redirect", "true") == "false":
        asked = request.headers.get("Range")
        if asked is not None and not re.fullmatch(r"bytes=(\d+-\d*|-\d+)", asked):
            raise jira_error(400, "The Range header is malformed.")
        return serve(file.latest.content, file.media_type, file.filename)
    return Response(status=303, headers={"Location": signed_address(the_site(), file, file.latest)})


@blueprint.get(f"{PREFIX}/attachment/thumbnail/<identifier>")
def attachment_thumbnail(identifier: str) -> Response:
    file = _attachment(identifier)
    if not file.media_type.startswith("image/"):
        raise jira_error(404, "There is no thumbnail for this attachment.")
    box = whole_number("width", USUAL, 4_000), whole_number("height", USUAL, 4_000)
    if request.args.get("redirect", "true") == "false":
        return serve(small(file.latest.content, *box), file.media_type, file.filename)
    return Response(status=303, headers={"Location": signed_address(the_site(), file, file.latest, box)})


@blueprint.get(f"{PREFIX}/field")
def fields() -> Response:
    _caller()
    shaped = []
    for name, one in the_site().jira["fields"].items():
        known = {"id": name, "key": name, "name": one["name"], "custom": name.startswith("customfield_")}
        known |= {"orderable": True, "navigable": True, "searchable": True, "clauseNames": one.get("clauses", [name])}
        schema = field_schema(one)
        shaped.append(known | ({"schema": schema} if schema else {}))
    return reply(shaped)


@blueprint.get(f"{PREFIX}/user/bulk")
def users() -> Response:
    site = the_site()
    _caller(anonymous=False)
    wanted = request.args.getlist("accountId")
    if not wanted:
        raise jira_error(400, "The 'accountId' parameter must be provided.")
    start = whole_number("startAt", 0, 100_000)
    limit = max(1, whole_number("maxResults", 10, 200))
    known = [user_json(site, site.accounts[one]) for one in wanted if one in site.accounts]
    values, last = known[start : start + limit], start + limit >= len(known)
    return reply({"startAt": start, "maxResults": limit, "total": len(known), "isLast": last, "values": values})


@blueprint.get(f"{PREFIX}/user/viewissue/search")
def viewers() -> Response:
    """List who may browse an issue or a project among the people a query or an account id finds."""
    site, account = the_site(), _caller()
    query, wanted = request.args.get("query", ""), request.args.get("accountId")
    issue_key, project_key = request.args.get("issueKey"), request.args.get("projectKey")
    if not issue_key and not project_key:
        raise jira_error(400, "The issue key or the project key must be provided.")
    if not query and wanted is None:
        raise jira_error(400, "The 'query' or 'accountId' parameter needs to be provided.")
    if issue_key:
        about = [_issue(issue_key)]
    else:
        about = [one for one in site.issues.values() if one.key.startswith(f"{project_key}-") and not one.security][:1]
    if not about:
        raise jira_error(404, f"No project could be found with key '{project_key}'.")
    start = whole_number("startAt", 0, 100_000)
    limit = whole_number("maxResults", 50, 1000)
    window = list(site.accounts.values())[start : start + limit] if wanted is None else list(site.accounts.values())
    found = [
        user_json(site, one)
        for one in window
        if one.active and access.may_browse(site, one, about[0]) and _found(one, query, wanted)
    ]
    return reply(found if access.holds(site, account, "jira:browse-users") else [])


def _found(account: Account, query: str, wanted: str | None) -> bool:
    if wanted is not None:
        return account.account_id == wanted
    hay = [account.name, *account.name.split()] + ([account.email] if account.email_visible else [])
    return any(one.lower().startswith(query.lower()) for one in hay)


@blueprint.get(f"{PREFIX}/mypermissions")
def my_permissions() -> Response:
    site, account = the_site(), _caller()
    wanted, catalogue = words("permissions"), site.jira["permissions"]
    if not wanted:
        raise jira_error(400, "The 'permissions' query parameter is required.")
    unknown = [one for one in wanted if one not in catalogue]
    if unknown:
        raise jira_error(400, f"Unrecognized permission keys: {', '.join(unknown)}")
    about = _issue(request.args["issueKey"]) if "issueKey" in request.args else None
    project = about.key.partition("-")[0] if about else request.args.get("projectKey", "")
    if project and not access.holds(site, account, f"project:{project}"):
        raise jira_error(404, f"No project could be found with key '{project}'.")
    shaped = {}
    for key in wanted:
        one = catalogue[key]
        grant = one["grant"].replace("{project}", project or next(iter(site.jira["projects"])))
        shaped[key] = {
            "id": one["id"],
            "key": key,
            "name": one["name"],
            "type": one["type"],
            "description": one["description"],
            "havePermission": access.holds(site, account, grant),
        }
    return reply({"permissions": shaped})


@blueprint.get(f"{PREFIX}/project/search")
def projects() -> Response:
    """List the projects the caller may browse."""
    site, account = the_site(), _caller()
    held = [project_json(site, key) for key in site.jira["projects"] if access.holds(site, account, f"project:{key}")]
    start = whole_number("startAt", 0, 100_000)
    limit = max(1, whole_number("maxResults", 50, site.settings.page_limit))
    page = {"startAt": start, "maxResults": limit, "total": len(held), "isLast": start + limit >= len(held)}
    return reply(page | {"values": held[start : start + limit]})


@blueprint.get(f"{PREFIX}/search/jql")
def search() -> Response:
    site, account = the_site(), _caller()
    try:
        query = jql.parse(request.args.get("jql", ""))
    except jql.JqlError as error:
        raise jira_error(400, str(error)) from None
    limit = max(1, whole_number("maxResults", 50, site.settings.page_limit))
    rows = [one for one in site.issues.values() if access.may_browse(site, account, one) and query.matches(one)]
    rows.sort(key=query.order, reverse=query.descending)
    start = _token_start()
    wanted = words("fields") or ["id"]
    shown: list[dict[str, Any]] = []
    for one in rows[start : start + limit]:
        if wanted == ["id"]:
            shown.append({"id": one.issue_id})
        else:
            values = _chosen(field_values(site, account, one), wanted)
            shown.append(issue_json(site, one, values, set(words("expand"))))
    body: dict[str, Any] = {"issues": shown, "isLast": start + limit >= len(rows)}
    if not body["isLast"]:
        body["nextPageToken"] = base64.urlsafe_b64encode(json.dumps({"at": start + limit}).encode()).decode()
    return reply(body)


def _token_start() -> int:
    token = request.args.get("nextPageToken")
    if not token:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(token))["at"])
    except (ValueError, KeyError, TypeError):
        raise jira_error(400, "The provided next page token is invalid or expired.") from None


@blueprint.route("/rest/api/2/search", methods=["GET", "POST"])
@blueprint.route(f"{PREFIX}/search", methods=["GET", "POST"])
def removed_search() -> Response:
    """Answer for the search Atlassian took away in 2025."""
    raise jira_error(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
