"""What is left of Confluence Cloud's first interface, and addresses people see: downloads, view restrictions,
permission checks, users; and the two paths Atlassian closed.
"""

import json
import re
from typing import Any

from flask import Blueprint, Response, request

from simulator import access
from simulator.answers import Refusal, cursor_list, reply, v1_error, whole_number
from simulator.confluence import labels_json, page_links, signed_in, the_site
from simulator.media import signed_address
from simulator.state import Account, Folder, Group, Page

blueprint = Blueprint("confluence_v1", __name__)
PREFIX = "/wiki/rest/api"
#: The query that both editions answer here.
BELOW = re.compile(r"type ?= ?page and ancestor ?= ?(\d{1,19})")


def _user() -> Account:
    account = signed_in()
    if not access.holds(the_site(), account, "confluence:use"):
        raise v1_error(403, "Request rejected because the caller cannot access Confluence", authorised=False)
    return account


def _page(page_id: str) -> Page:
    page = the_site().pages.get(page_id)
    if page is None or not access.may_view_page(the_site(), _user(), page):
        raise _no_content(page_id)
    return page


def _no_content(page_id: str) -> Refusal:
    wording = f"NotFoundException: No content found with id : ContentId{{id={page_id}}}"
    return v1_error(404, f"com.atlassian.confluence.api.service.exceptions.{wording}", authorised=False)


@blueprint.get(f"{PREFIX}/content/<page_id>/child/attachment/<attachment_id>/download")
def download(page_id: str, attachment_id: str) -> Response:
    page = _page(page_id)
    file = the_site().attachments.get(attachment_id)
    if file is None or file.container_id != page.page_id:
        raise _no_content(attachment_id)
    number = whole_number("version", file.latest.number, 10_000)
    version = next((one for one in file.versions if one.number == number), None)
    if version is None:
        raise v1_error(400, f"Attachment {attachment_id} has no version {number}.")
    return Response(status=302, headers={"Location": signed_address(the_site(), file, version)})


@blueprint.get(f"{PREFIX}/content/<page_id>/restriction/byOperation/<operation>")
def restriction(page_id: str, operation: str) -> Response:
    site = the_site()
    folder = site.folders.get(page_id)
    if folder is not None and not access.may_view_folder(site, _user(), folder):
        raise _no_content(page_id)
    found = folder or _page(page_id)
    if operation not in ("read", "update"):
        raise v1_error(400, f"Unknown operation: {operation}")
    start, limit = whole_number("start", 0, 100_000), whole_number("limit", 100, site.settings.page_limit)
    shaped = restriction_json(page_id, found if operation == "read" else None, operation, start, limit)
    return reply(shaped | {"_links": shaped["_links"] | {"base": f"{site.base_url}/wiki", "context": "/wiki"}})


def restriction_json(
    content_id: str, restricting: Page | Folder | None, operation: str, start: int, limit: int
) -> dict[str, Any]:
    """Shape who may do something with a page or folder; without one, everybody who sees it."""
    site = the_site()
    users = [user_json(site.accounts[one]) for one in restricting.users] if restricting else []
    groups = [_group_json(site.groups[one]) for one in restricting.groups] if restricting else []
    return {
        "operation": operation,
        "restrictions": {
            "user": _listed(users, start, limit),
            "group": _listed(groups, start, limit),
            "_expandable": {},
        },
        "_expandable": {"content": f"/rest/api/content/{content_id}"},
        "_links": {"self": f"{site.base_url}{PREFIX}/content/{content_id}/restriction/byOperation/{operation}"},
    }


@blueprint.get(f"{PREFIX}/content/search")
def search() -> Response:
    """Find the pages below one, which is all of the query language that is simulated; `expand` is taken as given."""
    site, account = the_site(), _user()
    found = BELOW.fullmatch(request.args.get("cql", ""))
    if found is None:
        raise v1_error(400, "Could not parse cql, or it is not simulated.")
    rows = [
        _content_json(one)
        for one in site.pages.values()
        if one.status == "current"
        and found[1] in (above.page_id for above in site.ancestors(one))
        and access.may_view_page(site, account, one)
    ]
    answer = cursor_list(rows, site.base_url, 25, site.settings.page_limit)
    shaped = json.loads(answer.get_data())
    links = {"base": f"{site.base_url}/wiki", "context": "/wiki"}
    if "next" in shaped["_links"]:
        links["next"] = shaped["_links"]["next"].removeprefix("/wiki")
    return reply(shaped | {"size": len(shaped["results"]), "_links": links})


def _content_json(page: Page) -> dict[str, Any]:
    """Shape a page as a search finds it, with its space, version, labels and view restriction."""
    site = the_site()
    space, latest = site.spaces[page.space_id], page.latest
    labels = labels_json(page)
    return {
        "id": page.page_id,
        "type": "page",
        "status": page.status,
        "title": latest.title,
        "space": {
            "id": int(space.space_id),
            "key": space.key,
            "name": space.name,
            "type": "global",
            "status": "current",
            "_expandable": {},
            "_links": {"webui": f"/spaces/{space.key}"},
        },
        "version": {
            "by": user_json(site.accounts[latest.author_id]),
            "when": latest.created_at,
            "message": latest.message,
            "number": latest.number,
            "minorEdit": False,
        },
        "metadata": {
            "labels": {
                "results": [one | {"label": one["name"]} for one in labels],
                "start": 0,
                "limit": 200,
                "size": len(labels),
                "_links": {},
            }
        },
        "restrictions": {"read": restriction_json(page.page_id, page, "read", 0, 100)},
        "_expandable": {"body": "", "children": "", "ancestors": ""},
        "_links": page_links(page) | {"self": f"{site.base_url}{PREFIX}/content/{page.page_id}"},
    }


def _listed(rows: list[dict[str, Any]], start: int, limit: int) -> dict[str, Any]:
    shown = rows[start : start + limit]
    return {"results": shown, "start": start, "limit": limit, "size": len(shown)}


def _group_json(group: Group) -> dict[str, Any]:
    address = f"{the_site().base_url}{PREFIX}/group/by-id?id={group.group_id}"
    return {"type": "group", "name": group.name, "id": group.group_id, "_links": {"self": address}}


def user_json(account: Account) -> dict[str, Any]:
    """Shape a person as the first interface does."""
    return {
        "type": "known",
        "accountId": account.account_id,
        "accountType": "atlassian",
        "email": account.email if account.email_visible else "",
        "publicName": account.name,
        "profilePicture": {"path": "/wiki/aa-avatar/default.png", "width": 48, "height": 48, "isDefault": True},
        "displayName": account.name,
        "isExternalCollaborator": False,
        "_expandable": {"operations": "", "personalSpace": ""},
        "_links": {"self": f"{the_site().base_url}{PREFIX}/user?accountId={account.account_id}"},
    }


@blueprint.post(f"{PREFIX}/content/<page_id>/permission/check")
def permission_check(page_id: str) -> Response:
    site, account = the_site(), _user()
    sent = request.get_json(silent=True)
    subject = sent.get("subject") if isinstance(sent, dict) else None
    operation = sent.get("operation") if isinstance(sent, dict) else None
    if not isinstance(subject, dict) or operation not in ("read", "update", "delete"):
        raise v1_error(400, "The subject and the operation are required.")
    page = site.pages.get(page_id)
    if page is None:
        raise _no_content(page_id)
    about_self = subject.get("type") == "user" and subject.get("identifier") == account.account_id
    if not about_self and not access.holds(site, account, "confluence:administer"):
        raise v1_error(403, "Only Confluence administrators may check the permissions of others.", authorised=False)
    errors = _why_not(page, str(subject.get("type")), str(subject.get("identifier")))
    shaped = [{"translation": text, "args": []} for text in errors]
    return reply({"hasPermission": not errors, "errors": shaped, "_links": {"base": f"{site.base_url}/wiki"}})


def _why_not(page: Page, kind: str, identifier: str) -> list[str]:
    site = the_site()
    if kind == "group":
        group = site.groups.get(identifier)
        space = site.spaces[page.space_id].key
        if group is None or f"space:{space}" not in group.grants:
            return ["Group does not have permission to the space"]
        chain = [*site.ancestors(page), page]
        open_to_group = all(not one.restricted or identifier in one.groups for one in chain)
        return [] if open_to_group else ["Group does not have permission to the content"]
    account = site.accounts.get(identifier)
    if not access.holds(site, account, "confluence:use"):
        return ["User is not allowed to use Confluence"]
    if not access.may_read_space(site, account, page.space_id):
        return ["User does not have permission to the space"]
    if not access.may_view_page(site, account, page):
        return ["User does not have permission to the content"]
    return []


@blueprint.get(f"{PREFIX}/user/current")
def current_user() -> Response:
    return reply(user_json(_user()))


@blueprint.get(f"{PREFIX}/user")
def user() -> Response:
    _user()
    found = the_site().accounts.get(request.args.get("accountId", ""))
    if found is None:
        raise v1_error(404, f"No user found with account id : {request.args.get('accountId', '')}")
    return reply(user_json(found))


@blueprint.get("/wiki/download/<path:rest>")
def closed_download(**_: str) -> Response:
    """Answer as Atlassian does since API tokens no longer open this path, however valid they are."""
    response = Response("", status=401)
    response.headers["WWW-Authenticate"] = f'OAuth realm="{the_site().base_url}"'
    return response


@blueprint.get(f"{PREFIX}/content")
@blueprint.get(f"{PREFIX}/content/<page_id>")
@blueprint.get(f"{PREFIX}/content/<page_id>/child/<kind>")
@blueprint.get(f"{PREFIX}/content/<page_id>/label")
@blueprint.get(f"{PREFIX}/space")
@blueprint.get(f"{PREFIX}/space/<key>")
def removed(**_: str) -> Response:
    """Answer for the reads that moved to the second interface."""
    raise v1_error(410, "This deprecated endpoint has been removed.")
