"""Reads the content folder into a `Site`.

People are named in the data by the part of their address before the @, so that the files stay readable.
"""

import hashlib
import json
import secrets
import uuid
from pathlib import Path
from typing import Any

from simulator.files import from_recipe
from simulator.state import (
    Account,
    Attachment,
    Comment,
    FileVersion,
    Folder,
    Group,
    Issue,
    Page,
    PageComment,
    Site,
    Space,
    Version,
)

CONTENT = Path(__file__).parent / "content"


def load(folder: Path = CONTENT) -> Site:
    """Read `site.json`, `confluence.json`, `pages/`, `jira.json` and `issues.json` of a folder."""
    data = _read(folder / "site.json")
    site = Site(title=data["title"], cloud_id=data["cloudId"], media_key=secrets.token_bytes(32))
    site.groups = {one["id"]: Group(one["id"], one["name"], one["grants"]) for one in data["groups"]}
    for one in data["accounts"]:
        site.accounts[one["accountId"]] = _account(one, data["domain"])
    _load_pages(site, folder)
    _load_issues(site, folder)
    return site


def refill(site: Site, folder: Path = CONTENT) -> None:
    """Put everything back as the folder says, keeping addresses, the lock and the media key."""
    fresh = load(folder)
    with site.lock:
        kept = {name: getattr(site, name) for name in ("base_url", "media_url", "lock", "media_key")}
        site.__dict__.update(fresh.__dict__)
        site.__dict__.update(kept)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _account(one: dict[str, Any], domain: str) -> Account:
    return Account(
        account_id=one["accountId"],
        email=f"{one['handle']}@{domain}",
        name=one["name"],
        token=f"token-{one['handle']}",
        access_token=f"pat-{one['handle']}",
        groups=list(one.get("groups", [])),
        grants=list(one.get("grants", [])),
        active=one.get("active", True),
        email_visible=one.get("emailVisible", False),
    )


def person(site: Site, handle: str) -> str:
    """Turn a handle (`ines`), address or account id into an account id; KeyError when there is no such person."""
    if handle in site.accounts:
        return handle
    for account in site.accounts.values():
        if handle in (account.email, account.email.partition("@")[0]):
            return account.account_id
    raise KeyError(handle)


def file_identifier(container_id: str, filename: str) -> str:
    """Return the media identifier a file always gets, so that documents can refer to it."""
    return str(uuid.UUID(hashlib.sha256(f"{container_id}/{filename}".encode()).hexdigest()[:32], version=4))


def _load_pages(site: Site, folder: Path) -> None:
    data = _read(folder / "confluence.json")
    for one in data["spaces"]:
        author = person(site, one["author"])
        site.spaces[one["id"]] = Space(one["id"], one["key"], one["name"], one["homepage"], author, one["created"])
    keys = {space.key: space.space_id for space in site.spaces.values()}
    for one in data["folders"]:
        site.folders[one["id"]] = Folder(one["id"], one["parent"], len(data["pages"]), one["title"], [], [])
    for position, one in enumerate(data["pages"]):
        written = folder / "pages" / one["file"]
        # A page whose file is JSON was only ever written as ADF: it has no storage format.
        adf = _placed(_read(written), one["id"]) if written.suffix == ".json" else None
        body = "" if adf is not None else written.read_text(encoding="utf-8")
        restrict = one.get("restrict", {})
        site.pages[one["id"]] = Page(
            page_id=one["id"],
            space_id=keys[one["space"]],
            parent_id=one.get("parent"),
            status=one.get("status", "current"),
            position=position,
            labels=list(one.get("labels", [])),
            users=[person(site, name) for name in restrict.get("users", [])],
            groups=list(restrict.get("groups", [])),
            versions=_versions(site, one, body, adf),
            comments=[_page_comment(site, note) for note in one.get("comments", [])],
        )
        for number, file in enumerate(one.get("attachments", [])):
            identifier = f"att{one['id']}{number:02d}"
            _attach(site, folder, identifier, one["id"], one["author"], file)


def _page_comment(site: Site, note: dict[str, Any]) -> PageComment:
    return PageComment(
        comment_id=note["id"],
        author_id=person(site, note["author"]),
        created=note["created"],
        body=note["body"],
        edited=note.get("edited"),
        parent_id=note.get("parent"),
        inline=note.get("inline", False),
        resolution=note.get("resolution", "open"),
        anchor=note.get("anchor", ""),
    )


def _versions(site: Site, one: dict[str, Any], body: str, adf: dict[str, Any] | None) -> list[Version]:
    author = person(site, one["author"])
    first, last, count = one["created"], one.get("updated", one["created"]), one.get("version", 1)
    versions = [Version(1, first, author, one["title"], body if count == 1 else "<p>First draft.</p>")]
    for number in range(2, count + 1):
        text = body if number == count else f"<p>Draft {number}.</p>"
        versions.append(Version(number, last, author, one["title"], text, one.get("message", "")))
    versions[-1].adf = adf
    return versions


def _attach(site: Site, folder: Path, identifier: str, container: str, author: str, file: dict[str, Any]) -> None:
    content = from_recipe(file["content"], folder / "files")
    version = FileVersion(1, file["created"], person(site, file.get("author", author)), content)
    site.attachments[identifier] = Attachment(
        attachment_id=identifier,
        file_id=file_identifier(container, file["name"]),
        container_id=container,
        filename=file["name"],
        media_type=file["type"],
        versions=[version],
        comment=file.get("comment", ""),
    )


def _load_issues(site: Site, folder: Path) -> None:
    site.jira = _read(folder / "jira.json")
    for one in _read(folder / "issues.json"):
        project, _, digits = one["key"].partition("-")
        number = site.jira["projects"][project]["first"] + int(digits)
        issue_id = str(10200 + number)
        comments = [
            _comment(site, one["key"], str(20000 + number * 20 + index), note)
            for index, note in enumerate(one.get("comments", []))
        ]
        fields = {name: _placed(value, one["key"]) for name, value in one["fields"].items()}
        site.issues[one["key"]] = Issue(
            issue_id, one["key"], fields, comments, one.get("security"), one.get("wiki", "")
        )
        for index, file in enumerate(one.get("attachments", [])):
            _attach(site, folder, str(30000 + number * 20 + index), one["key"], one["fields"]["reporter"], file)


def _comment(site: Site, key: str, identifier: str, note: dict[str, Any]) -> Comment:
    return Comment(
        comment_id=identifier,
        author_id=person(site, note["author"]),
        body=_placed(note["body"], key),
        created=note["created"],
        updated=note.get("updated", note["created"]),
        public=note.get("public", True),
        visibility=note.get("visibility"),
    )


def _placed(value: Any, container: str) -> Any:
    """Replace `file:<name>` in media nodes by the identifier that file has."""
    if isinstance(value, dict):
        return {name: _placed(inner, container) for name, inner in value.items()}
    if isinstance(value, list):
        return [_placed(inner, container) for inner in value]
    if isinstance(value, str) and value.startswith("file:"):
        return file_identifier(container, value.removeprefix("file:"))
    return value
