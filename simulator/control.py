"""The control interface under /_simulator: everything a test wants to be different is changed here, as data.

It asks for no credentials; the simulator listens on loopback only.
"""

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request

from simulator import loading
from simulator.answers import Refusal, reply
from simulator.confluence import the_site
from simulator.failures import Failure, Mode
from simulator.files import Endless, Held
from simulator.state import Account, Attachment, Comment, FileVersion, Folder, Page, Site, Version, now

blueprint = Blueprint("control", __name__, url_prefix="/_simulator")


def _sent() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise _wrong("Send a JSON object.")
    return body


def _wrong(message: str, status: int = 400) -> Refusal:
    return Refusal(reply({"simulator": message}, status))


def _person(handle: str) -> Account:
    site = the_site()
    try:
        return site.accounts[loading.person(site, handle)]
    except KeyError:
        raise _wrong(f"There is no account {handle}.", 404) from None


def _only(body: dict[str, Any], *known: str) -> None:
    unknown = set(body) - set(known)
    if unknown:
        raise _wrong(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(known)}.")


@blueprint.get("/")
def overview() -> Response:
    site = the_site()
    return reply(
        {
            "title": site.title,
            "base_url": site.base_url,
            "media_url": site.media_url,
            "accounts": {one.email: _account_json(one) for one in site.accounts.values()},
            "groups": {one.group_id: asdict(one) for one in site.groups.values()},
            "pages": {one.page_id: one.latest.title for one in site.pages.values()},
            "issues": {one.key: one.fields["summary"] for one in site.issues.values()},
            "settings": asdict(site.settings),
            "failures": [one.as_json() for one in site.failures],
        }
    )


@blueprint.post("/reset")
def reset() -> Response:
    site = the_site()
    loading.refill(site, _folder())
    return reply({"reset": True})


def _folder() -> Path:
    folder: Path = current_app.config["CONTENT"]
    return folder


@blueprint.patch("/settings")
def settings() -> Response:
    site, body = the_site(), _sent()
    _only(body, *asdict(site.settings))
    for name, value in body.items():
        setattr(site.settings, name, value)
    return reply(asdict(site.settings))


@blueprint.post("/failures")
def add_failure() -> Response:
    site, body = the_site(), _sent()
    _only(body, *(name for name in Failure(Mode.STATUS).as_json() if name != "number"))
    try:
        failure = Failure(**(body | {"mode": Mode(body.get("mode", ""))}))
    except (ValueError, TypeError):
        raise _wrong(f"mode must be one of {', '.join(Mode)}.") from None
    with site.lock:
        site.counter += 1
        failure.number = site.counter
        site.failures.append(failure)
    return reply(failure.as_json(), 201)


@blueprint.delete("/failures")
def clear_failures() -> Response:
    with the_site().lock:
        the_site().failures.clear()
    return Response(status=204)


@blueprint.get("/requests")
def requests() -> Response:
    after = int(request.args.get("after", "0"))
    return reply([asdict(one) for one in the_site().requests if one.number > after])


@blueprint.delete("/requests")
def clear_requests() -> Response:
    with the_site().lock:
        the_site().requests.clear()
    return Response(status=204)


@blueprint.get("/violations")
def violations() -> Response:
    return reply([asdict(one) for one in the_site().requests if one.violation])


@blueprint.get("/accounts/<handle>")
def account(handle: str) -> Response:
    return reply(_account_json(_person(handle)))


def _account_json(one: Account) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name not in ("token", "access_token")}


@blueprint.patch("/accounts/<handle>")
def change_account(handle: str) -> Response:
    found, body = _person(handle), _sent()
    _only(body, "name", "token", "access_token", "token_valid", "active", "groups", "grants", "email_visible")
    unknown = [name for name in body.get("groups", []) if name not in the_site().groups]
    if unknown:
        raise _wrong(f"There is no group {unknown[0]}.", 404)
    with the_site().lock:
        for name, value in body.items():
            setattr(found, name, value)
    return reply(_account_json(found))


def _page(page_id: str) -> Page:
    page = the_site().pages.get(page_id)
    if page is None:
        raise _wrong(f"There is no page {page_id}.", 404)
    return page


def _page_json(page: Page) -> dict[str, Any]:
    return {
        "id": page.page_id,
        "title": page.latest.title,
        "version": page.latest.number,
        "status": page.status,
        "parent": page.parent_id,
        "labels": page.labels,
        "restrict": {"users": page.users, "groups": page.groups},
        "attachments": {
            one.filename: {"id": one.attachment_id, "file_id": one.file_id, "version": one.latest.number}
            for one in the_site().attachments_of(page.page_id)
        },
    }


@blueprint.get("/pages/<page_id>")
def page(page_id: str) -> Response:
    return reply(_page_json(_page(page_id)))


@blueprint.patch("/pages/<page_id>")
def change_page(page_id: str) -> Response:
    """Change a page; a new title or body makes a new version, the rest does not."""
    found, body = _page(page_id), _sent()
    _only(body, "title", "body", "message", "author", "status", "labels", "parent", "restrict")
    restrict = body.get("restrict")
    users = [_person(name).account_id for name in restrict.get("users", [])] if restrict is not None else found.users
    groups = list(restrict.get("groups", [])) if restrict is not None else found.groups
    if set(groups) - set(the_site().groups):
        raise _wrong("There is no such group.", 404)
    author = _person(body["author"]).account_id if "author" in body else found.latest.author_id
    with the_site().lock:
        if {"title", "body", "message"} & set(body):
            latest = found.latest
            title, text = body.get("title", latest.title), body.get("body", latest.body)
            found.versions.append(Version(latest.number + 1, now(), author, title, text, body.get("message", "")))
        found.status = body.get("status", found.status)
        found.labels = list(body.get("labels", found.labels))
        found.parent_id = body.get("parent", found.parent_id)
        found.users, found.groups = users, groups
    return reply(_page_json(found))


@blueprint.post("/pages")
def add_page() -> Response:
    site, body = the_site(), _sent()
    _only(body, "id", "space", "parent", "title", "body", "author", "labels")
    space = next((one for one in site.spaces.values() if one.key == body.get("space", "OPS")), None)
    if space is None or "title" not in body:
        raise _wrong("A page needs a title and a space that exists.")
    author = _person(body.get("author", "ines")).account_id
    with site.lock:
        site.counter += 1
        page_id = str(body.get("id", 990_000 + site.counter))
        first = Version(1, now(), author, body["title"], body.get("body", "<p />"))
        made = Page(
            page_id,
            space.space_id,
            body.get("parent", space.homepage_id),
            "current",
            len(site.pages),
            [],
            [],
            [],
            [first],
        )
        made.labels = list(body.get("labels", []))
        site.pages[page_id] = made
    return reply(_page_json(made), 201)


@blueprint.post("/folders")
def add_folder() -> Response:
    """Add a folder below a page or another folder, restricted as pages are."""
    site, body = the_site(), _sent()
    _only(body, "id", "parent", "title", "restrict")
    if site.node(body.get("parent")) is None or "title" not in body:
        raise _wrong("A folder needs a title and a parent that exists.")
    restrict = body.get("restrict", {})
    users = [_person(name).account_id for name in restrict.get("users", [])]
    with site.lock:
        site.counter += 1
        folder_id = str(body.get("id", 980_000 + site.counter))
        position = len(site.pages) + len(site.folders)
        site.folders[folder_id] = Folder(
            folder_id, body["parent"], position, body["title"], users, list(restrict.get("groups", []))
        )
    return reply({"id": folder_id}, 201)


@blueprint.delete("/pages/<page_id>")
def delete_page(page_id: str) -> Response:
    """Remove a page for good, as purging it from the trash does."""
    _page(page_id)
    with the_site().lock:
        del the_site().pages[page_id]
    return Response(status=204)


@blueprint.put("/attachments/<container>/<filename>")
def put_attachment(container: str, filename: str) -> Response:
    """Add a file to a page or issue, or a version to the one of that name.

    The body is `{"text": …}`, `{"base64": …}` or `{"large": bytes}`, with `media_type` where it is new.
    """
    site, body = the_site(), _sent()
    _only(body, "text", "base64", "large", "media_type", "author")
    owner = site.pages.get(container) or site.issues.get(container)
    if owner is None:
        raise _wrong(f"There is no page or issue {container}.", 404)
    if "large" in body:
        content: Held | Endless = Endless(filename, int(body["large"]))
    else:
        content = Held(base64.b64decode(body["base64"]) if "base64" in body else str(body.get("text", "")).encode())
    author = _person(body.get("author", "ines")).account_id
    with site.lock:
        file = next((one for one in site.attachments_of(container) if one.filename == filename), None)
        if file is None:
            file = _new_attachment(site, container, filename, body.get("media_type", "application/octet-stream"))
        file.media_type = body.get("media_type", file.media_type)
        file.versions.append(FileVersion(len(file.versions) + 1, now(), author, content))
    return reply({"id": file.attachment_id, "file_id": file.file_id, "version": file.latest.number}, 201)


def _new_attachment(site: Site, container: str, filename: str, media_type: str) -> Attachment:
    site.counter += 1
    identifier = f"{'att' if container in site.pages else ''}{770_000 + site.counter}"
    file_id = loading.file_identifier(container, filename)
    site.attachments[identifier] = Attachment(identifier, file_id, container, filename, media_type, [])
    return site.attachments[identifier]


@blueprint.delete("/attachments/<attachment_id>")
def delete_attachment(attachment_id: str) -> Response:
    with the_site().lock:
        if the_site().attachments.pop(attachment_id, None) is None:
            raise _wrong(f"There is no attachment {attachment_id}.", 404)
    return Response(status=204)


@blueprint.patch("/issues/<key>")
def change_issue(key: str) -> Response:
    """Change compact field values, as in the content's JSON, and the security level; `updated` follows."""
    site, body = the_site(), _sent()
    found = site.issues.get(key)
    if found is None:
        raise _wrong(f"There is no issue {key}.", 404)
    _only(body, "fields", "security")
    with site.lock:
        found.fields |= body.get("fields", {})
        found.fields["updated"] = body.get("fields", {}).get("updated", now().replace("Z", "+0000"))
        found.security = body.get("security", found.security)
    return reply({"key": key, "updated": found.fields["updated"], "security": found.security})


@blueprint.post("/issues/<key>/comments")
def add_comment(key: str) -> Response:
    site, body = the_site(), _sent()
    found = site.issues.get(key)
    if found is None:
        raise _wrong(f"There is no issue {key}.", 404)
    _only(body, "author", "text", "public", "visibility")
    when = now().replace("Z", "+0000")
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": body["text"]}]}
    document = {"version": 1, "type": "doc", "content": [paragraph]}
    with site.lock:
        site.counter += 1
        author = _person(body.get("author", "ines")).account_id
        note = Comment(str(29_000 + site.counter), author, document, when, when, body.get("public", True))
        note.visibility = body.get("visibility")
        found.comments.append(note)
        found.fields["updated"] = when
    return reply({"id": note.comment_id}, 201)


@blueprint.delete("/issues/<key>")
def delete_issue(key: str) -> Response:
    with the_site().lock:
        if the_site().issues.pop(key, None) is None:
            raise _wrong(f"There is no issue {key}.", 404)
    return Response(status=204)
