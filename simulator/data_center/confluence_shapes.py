"""Pages, files, comments and spaces as Confluence Data Center writes them, with what `expand` asks for."""

from typing import Any
from urllib.parse import quote, quote_plus

from simulator.data_center import CONFLUENCE
from simulator.data_center.people import confluence_user, user_key
from simulator.state import Attachment, Page, PageComment, Site, Space
from simulator.tiny import tiny_code

API = f"{CONFLUENCE}/rest/api"
DEFAULT_EXPANDS = "history,space,version"

Json = dict[str, Any]


def listed(site: Site, rows: list[Json], start: int, limit: int, path: str) -> Json:
    """Shape one page of a list; `next` is there while there is more."""
    shown = rows[start : start + limit]
    links = _base(site) | {"self": f"{site.base_url}{path}"}
    if start + limit < len(rows):
        links["next"] = f"{path.removeprefix(CONFLUENCE)}?limit={limit}&start={start + limit}"
    return {"results": shown, "start": start, "limit": limit, "size": len(shown), "_links": links}


def page_json(site: Site, page: Page, expand: set[str], *, whole: bool = False) -> Json:
    """Shape a page; what is not expanded is named under `_expandable`. `whole`: the answer is this page alone."""
    latest, first = page.latest, page.versions[0]
    shaped: Json = {
        "id": page.page_id,
        "type": "page",
        "status": page.status,
        "title": latest.title,
        "position": page.position,
        "extensions": {"position": page.position},
        "_links": _page_links(site, page) | (_base(site) if whole else {}),
    }
    above = [page_json(site, one, set()) for one in site.ancestors(page)] if "ancestors" in expand else []
    parts: Json = {
        "space": space_json(site, site.spaces[page.space_id]),
        "version": _version(site, latest.author_id, latest.created_at, latest.number, latest.message),
        "history": _history(site, page, first.author_id, first.created_at),
        "ancestors": above,
        "body": {"storage": {"value": body_of(site, latest.body), "representation": "storage", "_expandable": {}}},
        "metadata": {"labels": _labels(site, page), "_expandable": {"currentuser": "", "properties": ""}},
        "restrictions": {"read": restriction_json(site, page, "read", _kinds(expand), 0, 100), "_expandable": {}},
    }
    own = f"/rest/api/content/{page.page_id}"
    return _expanded(
        shaped,
        parts,
        expand,
        {
            "children": f"{own}/child",
            "descendants": f"{own}/descendant",
            "operations": "",
        },
    )


def attachment_json(site: Site, file: Attachment, expand: set[str]) -> Json:
    """Shape a file of a page."""
    latest = file.latest
    name = quote(file.filename, safe="")
    download = f"/download/attachments/{file.container_id}/{name}?version={latest.number}&api=v2"
    container = site.pages[file.container_id]
    shaped: Json = {
        "id": file.attachment_id,
        "type": "attachment",
        "status": "current",
        "title": file.filename,
        "metadata": {"mediaType": file.media_type, "comment": file.comment},
        "extensions": {"mediaType": file.media_type, "fileSize": latest.content.size, "comment": file.comment},
        "_links": {
            "webui": f"/pages/viewpage.action?pageId={file.container_id}&preview=/{file.container_id}/{name}",
            "download": download,
            "self": f"{site.base_url}{API}/content/{file.attachment_id}",
        },
    }
    parts: Json = {
        "version": _version(site, latest.author_id, latest.created_at, latest.number, ""),
        "container": page_json(site, container, set()),
        "space": space_json(site, site.spaces[container.space_id]),
    }
    return _expanded(shaped, parts, expand, {"ancestors": "", "body": "", "history": ""})


def comment_json(site: Site, page: Page, comment: PageComment, expand: set[str]) -> Json:
    """Shape a comment on a page; `ancestors` are the comments it replies to."""
    identifier = comment.comment_id
    address = f"/pages/viewpage.action?pageId={page.page_id}&focusedCommentId={identifier}"
    extensions: Json = {"location": location(comment)}
    if "extensions.resolution" in expand and comment.inline:
        extensions["resolution"] = {"status": comment.resolution}
    if "extensions.inlineProperties" in expand and comment.inline:
        extensions["inlineProperties"] = {"originalSelection": comment.anchor, "markerRef": f"marker-{identifier}"}
    shaped: Json = {
        "id": identifier,
        "type": "comment",
        "status": "current",
        "title": f"Re: {page.latest.title}",
        "extensions": extensions,
        "_links": {
            "webui": f"{address}#comment-{identifier}",
            "self": f"{site.base_url}{API}/content/{identifier}",
        },
    }
    above = [one for one in page.comments if one.comment_id == comment.parent_id]
    number = 2 if comment.edited else 1
    parts: Json = {
        "version": _version(site, comment.author_id, comment.edited or comment.created, number, ""),
        "history": _history(site, page, comment.author_id, comment.created),
        "container": page_json(site, page, set()),
        "ancestors": [comment_json(site, page, one, set()) for one in above],
        "body": {
            "storage": {"value": body_of(site, comment.body), "representation": "storage", "_expandable": {}},
        },
    }
    return _expanded(shaped, parts, expand, {"children": f"/rest/api/content/{identifier}/child"})


def location(comment: PageComment) -> str:
    """Say where a comment stands: under the page, on its text, or put away."""
    if not comment.inline:
        return "footer"
    return "resolved" if comment.resolution in ("resolved", "dangling") else "inline"


def label_json(name: str) -> Json:
    """Shape a label; its identifier follows from its name."""
    return {"prefix": "global", "name": name, "id": str(900_000 + sum(name.encode())), "label": name}


def space_json(site: Site, space: Space) -> Json:
    """Shape a space."""
    return {
        "id": int(space.space_id),
        "key": space.key,
        "name": space.name,
        "status": "CURRENT",
        "type": "global",
        "_links": {"webui": f"/display/{space.key}", "self": f"{site.base_url}{API}/space/{space.key}"},
        "_expandable": {
            "metadata": "",
            "icon": "",
            "description": "",
            "homepage": f"/rest/api/content/{space.homepage_id}",
        },
    }


def restriction_json(site: Site, page: Page, operation: str, kinds: set[str], start: int, limit: int) -> Json:
    """Shape who may do something with a page, as far as `kinds` (user, group) are asked for."""
    reads = operation == "read"
    users = [confluence_user(site, site.accounts[one]) for one in page.users] if reads else []
    groups = [_group(site, site.groups[one].name) for one in page.groups] if reads else []
    rows = {"user": users, "group": groups}
    shown: Json = {
        kind: {
            "results": rows[kind][start : start + limit],
            "start": start,
            "limit": limit,
            "size": len(rows[kind][start : start + limit]),
        }
        for kind in ("user", "group")
        if kind in kinds
    }
    own = f"/rest/api/content/{page.page_id}"
    return {
        "operation": operation,
        "restrictions": shown | {"_expandable": {kind: "" for kind in rows if kind not in kinds}},
        "_links": {"self": f"{site.base_url}{CONFLUENCE}{own}/restriction/byOperation/{operation}"},
        "_expandable": {"content": own},
    }


def body_of(site: Site, storage: str) -> str:
    """Return a body as it would be here: people by the keys of this product."""
    for account in site.accounts.values():
        storage = storage.replace(f'ri:account-id="{account.account_id}"', f'ri:userkey="{user_key(account)}"')
    return storage


def _expanded(shaped: Json, parts: Json, expand: set[str], never: dict[str, str]) -> Json:
    wanted = {one.partition(".")[0] for one in expand}
    shaped |= {name: value for name, value in parts.items() if name in wanted}
    return shaped | {"_expandable": {name: "" for name in parts if name not in wanted} | never}


def _kinds(expand: set[str]) -> set[str]:
    return {kind for kind in ("user", "group") if f"restrictions.read.restrictions.{kind}" in expand}


def _page_links(site: Site, page: Page) -> dict[str, str]:
    space = site.spaces[page.space_id].key
    return {
        "webui": f"/spaces/{space}/pages/{page.page_id}/{quote_plus(page.latest.title)}",
        "edit": f"/pages/resumedraft.action?draftId={page.page_id}",
        "tinyui": f"/x/{tiny_code(int(page.page_id))}",
        "self": f"{site.base_url}{API}/content/{page.page_id}",
    }


def _base(site: Site) -> dict[str, str]:
    return {"base": f"{site.base_url}{CONFLUENCE}", "context": CONFLUENCE}


def _version(site: Site, author: str, when: str, number: int, message: str) -> Json:
    return {
        "by": confluence_user(site, site.accounts[author]),
        "when": when,
        "message": message,
        "number": number,
        "minorEdit": False,
        "hidden": False,
        "_links": {},
        "_expandable": {"content": ""},
    }


def _history(site: Site, page: Page, author: str, created: str) -> Json:
    return {
        "latest": True,
        "createdBy": confluence_user(site, site.accounts[author]),
        "createdDate": created,
        "_links": {"self": f"{site.base_url}{API}/content/{page.page_id}/history"},
        "_expandable": {"lastUpdated": "", "previousVersion": "", "contributors": "", "nextVersion": ""},
    }


def _labels(site: Site, page: Page) -> Json:
    rows = [label_json(one) for one in page.labels]
    limit = min(200, site.settings.page_limit)
    links = {"self": f"{site.base_url}{API}/content/{page.page_id}/label"}
    if len(rows) > limit:
        links["next"] = f"/rest/api/content/{page.page_id}/label?limit={limit}&start={limit}"
    return {"results": rows[:limit], "start": 0, "limit": limit, "size": len(rows[:limit]), "_links": links}


def _group(site: Site, name: str) -> Json:
    return {"type": "group", "name": name, "_links": {"self": f"{site.base_url}{API}/group/{quote(name)}"}}
