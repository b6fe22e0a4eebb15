"""Confluence Cloud's second interface, read only: pages, their files, labels, relatives and comments; spaces; users."""

import json
from typing import Any
from urllib.parse import quote, quote_plus

from flask import Blueprint, Response, current_app, g, request

from simulator import access
from simulator.adf import from_storage
from simulator.answers import Refusal, cursor_list, error_refusal, reply, v2_error, v2_not_found, whole_number
from simulator.state import Account, Attachment, Folder, Page, Site, Space, Version
from simulator.tiny import tiny_code

blueprint = Blueprint("confluence", __name__)
PREFIX = "/wiki/api/v2"


def the_site() -> Site:
    """Return the state of the program that is serving this request."""
    site: Site = current_app.config["SITE"]
    return site


def signed_in() -> Account:
    """Return the caller's account, or refuse as Confluence does."""
    account: Account | None = g.caller.account
    if account is None:
        raise Refusal(reply({"code": 401, "message": "Unauthorized"}, 401))
    return account


def page_for_caller(page_id: str) -> Page:
    """Return a page the caller may view; absent and hidden are the same."""
    account = signed_in()
    if not page_id.isdigit():
        request_path_error(page_id)
    page = the_site().pages.get(page_id)
    if page is None or not access.may_view_page(the_site(), account, page):
        raise v2_not_found()
    return page


def request_path_error(text: str) -> None:
    """Refuse an identifier that is not a number."""
    raise error_refusal("id", text)


def version_json(version: Version) -> dict[str, Any]:
    """Shape a page's version."""
    return {
        "number": version.number,
        "message": version.message,
        "minorEdit": False,
        "authorId": version.author_id,
        "createdAt": version.created_at,
    }


def page_links(page: Page) -> dict[str, str]:
    """Return the addresses of a page below the product's base."""
    site = the_site()
    key = site.spaces[page.space_id].key
    title = quote_plus(page.latest.title)
    return {
        "webui": f"/spaces/{key}/pages/{page.page_id}/{title}",
        "editui": f"/pages/resumedraft.action?draftId={page.page_id}",
        "tinyui": f"/x/{tiny_code(int(page.page_id))}",
    }


def page_json(page: Page, version: Version, body_format: str | None) -> dict[str, Any]:
    """Shape a page at one version, with its body if a representation is asked for."""
    shaped = {
        "id": page.page_id,
        "status": page.status if version is page.latest else "historical",
        "title": version.title,
        "spaceId": page.space_id,
        "position": page.position,
        "authorId": page.versions[0].author_id,
        "ownerId": page.versions[0].author_id,
        "lastOwnerId": None,
        "createdAt": page.versions[0].created_at,
        "version": version_json(version),
        "body": body_json(version, body_format),
        "_links": page_links(page),
    }
    if page.parent_id:
        kind = "folder" if page.parent_id in the_site().folders else "page"
        shaped |= {"parentId": page.parent_id, "parentType": kind}
    return shaped


def body_json(version: Version, body_format: str | None) -> dict[str, Any]:
    """Shape a body in the representation that is asked for."""
    if body_format is None:
        return {}
    if body_format == "storage":
        return {"storage": {"representation": "storage", "value": version.body}}
    if body_format == "atlas_doc_format":
        value = json.dumps(version.adf or from_storage(version.body), ensure_ascii=False)
        return {"atlas_doc_format": {"representation": "atlas_doc_format", "value": value}}
    raise v2_error(400, "INVALID_REQUEST_PARAMETER", f"The body format '{body_format}' is not simulated.", "")


@blueprint.get(f"{PREFIX}/pages/<page_id>")
def page(page_id: str) -> Response:
    found = page_for_caller(page_id)
    wanted = request.args.getlist("status") or ["current", "archived", "trashed"]
    if found.status not in [one for text in wanted for one in text.split(",")]:
        raise v2_not_found()
    number = whole_number("version", found.latest.number, 10_000)
    version = next((one for one in found.versions if one.number == number), None)
    if version is None:
        raise v2_not_found()
    shaped = page_json(found, version, request.args.get("body-format"))
    if request.args.get("include-labels") == "true":
        shaped["labels"] = {
            "results": labels_json(found),
            "meta": {"hasMore": False, "cursor": ""},
            "_links": {"self": f"{PREFIX}/pages/{page_id}/labels"},
        }
    shaped["_links"]["base"] = f"{the_site().base_url}/wiki"
    return reply(shaped)


def labels_json(found: Page) -> list[dict[str, str]]:
    """Shape the labels of a page; their identifiers follow from their names."""
    return [{"id": str(900_000 + sum(name.encode())), "name": name, "prefix": "global"} for name in found.labels]


@blueprint.get(f"{PREFIX}/pages")
def pages() -> Response:
    site, account = the_site(), signed_in()
    identifiers = [one for text in request.args.getlist("id") for one in text.split(",") if one]
    if len(identifiers) > 250:
        raise v2_error(400, "INVALID_REQUEST_PARAMETER", "At most 250 ids may be given.", "")
    spaces = [one for text in request.args.getlist("space-id") for one in text.split(",") if one]
    states = [one for text in request.args.getlist("status") for one in text.split(",") if one]
    title = request.args.get("title")
    rows = [
        page_json(one, one.latest, request.args.get("body-format"))
        for one in site.pages.values()
        if access.may_view_page(site, account, one)
        and (not identifiers or one.page_id in identifiers)
        and (not spaces or one.space_id in spaces)
        and one.status in (states or ["current", "archived"])
        and title in (None, one.latest.title)
    ]
    return listed(rows, 25)


def listed(rows: list[Any], default: int) -> Response:
    """Answer with one page of rows by cursor."""
    site = the_site()
    return cursor_list(rows, site.base_url, default, site.settings.page_limit)


@blueprint.get(f"{PREFIX}/pages/<page_id>/labels")
def labels(page_id: str) -> Response:
    return listed(labels_json(page_for_caller(page_id)), 25)


@blueprint.get(f"{PREFIX}/pages/<page_id>/attachments")
def attachments(page_id: str) -> Response:
    found = page_for_caller(page_id)
    name, media_type = request.args.get("filename"), request.args.get("mediaType")
    rows = [
        attachment_json(one)
        for one in the_site().attachments_of(found.page_id)
        if name in (None, one.filename) and media_type in (None, one.media_type)
    ]
    return listed(rows, 50)


@blueprint.get(f"{PREFIX}/attachments/<attachment_id>")
def attachment(attachment_id: str) -> Response:
    signed_in()
    found = the_site().attachments.get(attachment_id)
    if found is None or found.container_id not in the_site().pages:
        raise v2_not_found()
    page_for_caller(found.container_id)
    shaped = attachment_json(found)
    shaped["_links"]["base"] = f"{the_site().base_url}/wiki"
    return reply(shaped)


def attachment_json(file: Attachment) -> dict[str, Any]:
    """Shape a file; its download link is the published one, which leads to the closed path."""
    latest, name = file.latest, quote(file.filename, safe="")
    preview = f"/pages/viewpageattachments.action?pageId={file.container_id}&preview=%2F{file.container_id}%2F{name}"
    download = f"/download/attachments/{file.container_id}/{name}?version={latest.number}&api=v2"
    return {
        "id": file.attachment_id,
        "status": "current",
        "title": file.filename,
        "createdAt": file.versions[0].created_at,
        "pageId": file.container_id,
        "mediaType": file.media_type,
        "mediaTypeDescription": file.media_type.partition("/")[2].upper(),
        "comment": file.comment,
        "fileId": file.file_id,
        "fileSize": latest.content.size,
        "webuiLink": preview,
        "downloadLink": download,
        "version": {
            "number": latest.number,
            "message": "",
            "minorEdit": False,
            "authorId": latest.author_id,
            "createdAt": latest.created_at,
        },
        "_links": {"webui": preview, "download": download},
    }


@blueprint.get(f"{PREFIX}/pages/<page_id>/ancestors")
@blueprint.get(f"{PREFIX}/folders/<page_id>/ancestors")
def ancestors(page_id: str) -> Response:
    site = the_site()
    # Published as needing site access only, but an unknown or hidden page answers 404 like the others.
    found = node_for_caller(page_id)
    limit = max(1, whole_number("limit", 25, min(250, site.settings.page_limit)))
    chain = [{"id": _node_id(one), "type": _kind(one)} for one in site.above(found)]
    # The nearest ones are given; the rest is asked for with the highest one's own address.
    links = {"_links": {"base": f"{site.base_url}/wiki"}} if isinstance(found, Page) else {}
    return reply({"results": chain[-limit:]} | links)


def node_for_caller(node_id: str) -> Page | Folder:
    """Return a page or, by the address of a folder, a folder that the caller may view."""
    if not request.path.startswith(f"{PREFIX}/folders/"):
        return page_for_caller(node_id)
    account = signed_in()
    if not node_id.isdigit():
        request_path_error(node_id)
    folder = the_site().folders.get(node_id)
    if folder is None or not access.may_view_folder(the_site(), account, folder):
        raise v2_not_found()
    return folder


def _node_id(one: Page | Folder) -> str:
    return one.page_id if isinstance(one, Page) else one.folder_id


def _kind(one: Page | Folder) -> str:
    return "page" if isinstance(one, Page) else "folder"


def _seen(one: Page | Folder) -> bool:
    site, account = the_site(), signed_in()
    if isinstance(one, Folder):
        return access.may_view_folder(site, account, one)
    return one.status in ("current", "archived") and access.may_view_page(site, account, one)


def _node_json(one: Page | Folder) -> dict[str, Any]:
    return {
        "id": _node_id(one),
        "status": one.status if isinstance(one, Page) else "current",
        "title": one.latest.title if isinstance(one, Page) else one.title,
        "type": _kind(one),
        "childPosition": one.position,
    }


@blueprint.get(f"{PREFIX}/pages/<page_id>/direct-children")
def direct_children(page_id: str) -> Response:
    found = page_for_caller(page_id)
    below = the_site().nodes_below(found.page_id)
    return listed([_node_json(one) | {"spaceId": found.space_id} for one in below if _seen(one)], 25)


@blueprint.get(f"{PREFIX}/pages/<page_id>/descendants")
def descendants(page_id: str) -> Response:
    site = the_site()
    found = page_for_caller(page_id)
    depth = max(1, whole_number("depth", 2, 10))
    rows: list[dict[str, Any]] = []
    level = [found.page_id]
    for below in range(1, depth + 1):
        children = [one for parent in level for one in site.nodes_below(parent)]
        rows += [_node_json(one) | {"parentId": one.parent_id, "depth": below} for one in children if _seen(one)]
        level = [_node_id(one) for one in children]
    return listed(rows, 25)


def _space_json(space: Space) -> dict[str, Any]:
    return {
        "id": space.space_id,
        "key": space.key,
        "name": space.name,
        "type": "global",
        "status": "current",
        "authorId": space.author_id,
        "currentActiveAlias": space.key,
        "createdAt": space.created_at,
        "homepageId": space.homepage_id,
        "_links": {"webui": f"/spaces/{space.key}"},
    }


@blueprint.get(f"{PREFIX}/spaces")
def spaces() -> Response:
    site, account = the_site(), signed_in()
    keys = [one for text in request.args.getlist("keys") for one in text.split(",") if one]
    identifiers = [one for text in request.args.getlist("ids") for one in text.split(",") if one]
    rows = [
        _space_json(one)
        for one in site.spaces.values()
        if access.may_read_space(site, account, one.space_id)
        and (not keys or one.key in keys)
        and (not identifiers or one.space_id in identifiers)
    ]
    return listed(rows, 25)


@blueprint.get(f"{PREFIX}/spaces/<space_id>")
def space(space_id: str) -> Response:
    site, account = the_site(), signed_in()
    if not space_id.isdigit():
        request_path_error(space_id)
    found = site.spaces.get(space_id)
    if found is None or not access.may_read_space(site, account, space_id):
        raise v2_not_found()
    shaped = _space_json(found)
    shaped.pop("currentActiveAlias")
    shaped["_links"]["base"] = f"{site.base_url}/wiki"
    return reply(shaped)


@blueprint.post(f"{PREFIX}/users-bulk")
def users_bulk() -> Response:
    site, account = the_site(), signed_in()
    if not access.holds(site, account, "confluence:use"):
        raise v2_not_found()
    wanted = (request.get_json(silent=True) or {}).get("accountIds")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 250:
        raise v2_error(400, "INVALID_REQUEST_PARAMETER", "accountIds must hold 1 to 250 identifiers.", "")
    rows = [_user_json(site.accounts[one]) for one in wanted if one in site.accounts]
    return reply({"results": rows, "_links": {"base": f"{site.base_url}/wiki"}})


def _user_json(person: Account) -> dict[str, Any]:
    return {
        "displayName": person.name,
        "timeZone": person.time_zone,
        "isExternalCollaborator": False,
        "accountStatus": "active" if person.active else "inactive",
        "accountId": person.account_id,
        "email": person.email if person.email_visible else "",
        "accountType": "atlassian",
        "publicName": person.name,
        "profilePicture": {"path": "/wiki/aa-avatar/default.png", "isDefault": True},
    }
