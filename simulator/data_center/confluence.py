"""Confluence Data Center, read only: content with its relatives and restrictions, spaces, people, and files from the site itself."""

from typing import Any

from flask import Blueprint, Response, g, request

from simulator import access
from simulator.answers import Refusal, reply, v1_error, whole_number
from simulator.confluence import the_site
from simulator.confluence_v1 import BELOW
from simulator.data_center import CONFLUENCE
from simulator.data_center.confluence_shapes import (
    API,
    DEFAULT_EXPANDS,
    attachment_json,
    comment_json,
    label_json,
    listed,
    location,
    page_json,
    restriction_json,
    space_json,
)
from simulator.data_center.people import by_username, confluence_user, user_key
from simulator.media import serve
from simulator.state import Account, Attachment, Page

blueprint = Blueprint("data_center_confluence", __name__)


def _user() -> Account:
    """Return the caller's account: nobody may read without one, and not everybody may use Confluence."""
    account: Account | None = g.caller.account
    if account is None and the_site().settings.failed_sign_in == "anonymous":
        raise v1_error(403, "The anonymous user may not use Confluence.", authorised=False)
    if account is None:
        raise Refusal(
            reply({"message": "Client must be authenticated to access this resource.", "status-code": 401}, 401)
        )
    if not access.holds(the_site(), account, "confluence:use"):
        raise v1_error(403, "The user is not permitted to use Confluence.", authorised=False)
    return account


def _no_content(content_id: str) -> Refusal:
    wording = f"No content found with id: ContentId{{id={content_id}}}"
    shaped = reply(
        {
            "statusCode": 404,
            "data": {
                "authorized": False,
                "valid": True,
                "allowedInReadOnlyMode": True,
                "errors": [],
                "successful": False,
            },
            "message": wording,
            "reason": "Not Found",
        },
        404,
    )
    return Refusal(shaped)


def _page(page_id: str) -> Page:
    account = _user()
    page = the_site().pages.get(page_id)
    if page is None or not access.may_view_page(the_site(), account, page):
        raise _no_content(page_id)
    return page


def _expand(default: str = "") -> set[str]:
    return {one.strip() for one in request.args.get("expand", default).split(",") if one.strip()}


def _statuses() -> set[str]:
    """Read the statuses asked for; `any` means current ones and those in the trash, as published."""
    asked = {one for text in request.args.getlist("status") for one in text.split(",")} or {"current"}
    return asked | {"current", "trashed"} if "any" in asked else asked


def _list(rows: list[dict[str, Any]], default: int = 25) -> Response:
    start = whole_number("start", 0, 100_000)
    limit = max(1, whole_number("limit", default, the_site().settings.page_limit))
    return reply(listed(the_site(), rows, start, limit, request.path))


@blueprint.get(f"{API}/user/current")
def current_user() -> Response:
    return reply(confluence_user(the_site(), _user()))


@blueprint.get(f"{API}/user")
def user() -> Response:
    site = the_site()
    _user()
    key, name = request.args.get("key"), request.args.get("username")
    if name is not None:
        found = by_username(site, name)
    else:
        found = next((one for one in site.accounts.values() if user_key(one) == key), None)
    if found is None:
        raise v1_error(404, f"No user found with {'username' if name is not None else 'key'} : {name or key}")
    return reply(confluence_user(site, found))


@blueprint.get(f"{API}/content")
def contents() -> Response:
    site, account = the_site(), _user()
    space, title, statuses = request.args.get("spaceKey"), request.args.get("title"), _statuses()
    rows = [
        page_json(site, one, _expand(DEFAULT_EXPANDS))
        for one in site.pages.values()
        if access.may_view_page(site, account, one)
        and one.status in statuses
        and space in (None, site.spaces[one.space_id].key)
        and (title is None or one.latest.title.lower() == title.lower())
        and request.args.get("type", "page") == "page"
    ]
    return _list(rows)


@blueprint.get(f"{API}/content/search")
def search() -> Response:
    """Find the pages below one, which is all of the query language that is simulated."""
    site, account = the_site(), _user()
    found = BELOW.fullmatch(request.args.get("cql", ""))
    if found is None:
        raise v1_error(400, "Could not parse cql, or it is not simulated.")
    return _list(
        [
            page_json(site, one, _expand(DEFAULT_EXPANDS))
            for one in site.pages.values()
            if one.status == "current"
            and found[1] in (above.page_id for above in site.ancestors(one))
            and access.may_view_page(site, account, one)
        ]
    )


@blueprint.get(f"{API}/content/<content_id>")
def content(content_id: str) -> Response:
    """Answer with a page, a file or a comment: all kinds of content have addresses of this form."""
    site = the_site()
    _user()
    expand = _expand(DEFAULT_EXPANDS)
    if (file := site.attachments.get(content_id)) is not None and file.container_id in site.pages:
        _page(file.container_id)
        return reply(attachment_json(site, file, expand))
    for page in site.pages.values():
        for comment in page.comments:
            if comment.comment_id == content_id:
                return reply(comment_json(site, _page(page.page_id), comment, expand))
    found = _page(content_id)
    if found.status not in _statuses():
        raise _no_content(content_id)
    return reply(page_json(site, found, expand, whole=True))


@blueprint.get(f"{API}/content/<page_id>/child/attachment")
def attachments(page_id: str) -> Response:
    page, site = _page(page_id), the_site()
    name = request.args.get("filename")
    files = [one for one in site.attachments_of(page.page_id) if name in (None, one.filename)]
    return _list([attachment_json(site, one, _expand()) for one in files], 50)


@blueprint.get(f"{API}/content/<page_id>/child/page")
def children(page_id: str) -> Response:
    page, site = _page(page_id), the_site()
    seen = [one for one in site.children(page.page_id) if access.may_view_page(site, g.caller.account, one)]
    return _list([page_json(site, one, _expand()) for one in seen if one.status == "current"])


@blueprint.get(f"{API}/content/<page_id>/child/comment")
def comments(page_id: str) -> Response:
    page, site = _page(page_id), the_site()
    locations = request.args.getlist("location") or ["footer", "inline", "resolved"]
    whole = request.args.get("depth") == "all"
    shown = [one for one in page.comments if location(one) in locations and (whole or one.parent_id is None)]
    return _list([comment_json(site, page, one, _expand()) for one in shown])


@blueprint.get(f"{API}/content/<page_id>/label")
def labels(page_id: str) -> Response:
    return _list([label_json(one) for one in _page(page_id).labels], 200)


@blueprint.get(f"{API}/content/<page_id>/restriction/byOperation/<operation>")
def restriction(page_id: str, operation: str) -> Response:
    page, site = _page(page_id), the_site()
    if operation not in ("read", "update"):
        raise v1_error(400, f"Unknown operation: {operation}")
    kinds = {one.rpartition(".")[2] for one in _expand("restrictions.group")}
    start, limit = whole_number("start", 0, 100_000), whole_number("limit", 100, site.settings.page_limit)
    return reply(restriction_json(site, page, operation, kinds, start, limit))


@blueprint.get(f"{API}/content/<page_id>/restriction/relevantViewRestrictions")
def relevant_restrictions(page_id: str) -> Response:
    """List the view restrictions of the page and of those above it, each with the page it is of."""
    page, site = _page(page_id), the_site()
    limit = max(1, whole_number("limit", 50, min(50, site.settings.page_limit)))
    start = whole_number("start", 0, 100_000)
    restricted = [one for one in (page, *reversed(site.ancestors(page))) if one.restricted]
    rows = [restriction_json(site, one, "read", {"user", "group"}, 0, 100) for one in restricted]
    shown = rows[start : start + limit]
    return reply(
        {
            "viewContentRestrictions": {"results": shown, "start": start, "limit": limit, "size": len(shown)},
            "_links": {"self": f"{site.base_url}{request.path}", "base": f"{site.base_url}{CONFLUENCE}"},
        }
    )


@blueprint.get(f"{API}/space/<key>")
def space(key: str) -> Response:
    site, account = the_site(), _user()
    found = next((one for one in site.spaces.values() if one.key == key), None)
    if found is None or not access.may_read_space(site, account, found.space_id):
        raise v1_error(404, f"No space found with key : {key}")
    return reply(space_json(site, found))


@blueprint.get(f"{CONFLUENCE}/download/attachments/<page_id>/<path:filename>")
def download(page_id: str, filename: str) -> Response:
    """Serve a file, or send whoever is not signed in to the form for that, as pages for people do."""
    site, account = the_site(), g.caller.account
    if account is None:
        return Response(
            status=302, headers={"Location": f"{site.base_url}{CONFLUENCE}/login.action?os_destination=%2F"}
        )
    page = site.pages.get(page_id)
    if page is None or not access.may_view_page(site, account, page):
        return _page_for_people()
    file = next((one for one in site.attachments_of(page_id) if one.filename == filename), None)
    return _served(file) if file is not None else _page_for_people()


def _served(file: Attachment) -> Response:
    number = whole_number("version", file.latest.number, 10_000)
    version = next((one for one in file.versions if one.number == number), None)
    return serve(version.content, file.media_type, file.filename) if version is not None else _page_for_people()


def _page_for_people() -> Response:
    return Response("<!DOCTYPE html><title>Page Not Found</title>", status=404, content_type="text/html;charset=UTF-8")
