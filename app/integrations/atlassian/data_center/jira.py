"""Jira Data Center, platform interface v2: issues with rich text as wiki markup, files from the site itself.

People have a key, which stays, and a username, which may change; accounts are known by the key here.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from app.integrations.atlassian.errors import NotFound, Unreachable
from app.integrations.atlassian.pages import by_start_at
from app.integrations.atlassian.probing import NotTried, attempt
from app.integrations.atlassian.shapes import (
    count,
    identifier,
    items,
    mapping,
    nonsense,
    optional_text,
    parse_instant,
    part,
    text,
)
from app.integrations.atlassian.transport import Params, Transport
from app.integrations.atlassian.types import (
    Ability,
    Account,
    Attachment,
    Capability,
    Download,
    Issue,
    RateLimitState,
)

API = "/rest/api/2"

#: Accounts that are looked up for one issue: there is no call for many.
MAX_ACCOUNTS = 50
#: `user/viewissue/search` finds this many users at most.
USER_RANGE = 100
PROBE_SECONDS = 30.0

_ISSUE = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]{0,254}-)?[1-9][0-9]{0,18}", re.ASCII)
_ATTACHMENT_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
# What an Issue always needs, asked for besides the caller's fields.
_OWN_FIELDS = ("summary", "updated", "project", "attachment")


class JiraDataCenter:
    """Reads one Jira Data Center site with one token. Every method raises AtlassianError.

    `site_url` is where people find the site, if that differs from the base address.
    """

    def __init__(self, transport: Transport, *, site_url: str | None = None) -> None:
        self._transport = transport
        self._site_url = (site_url or transport.base_url).rstrip("/")

    def close(self) -> None:
        """Close idle connections; for a client that was made for one question."""
        self._transport.close()

    @property
    def rate_limit(self) -> RateLimitState | None:
        """What the site last said about its limits, or None."""
        return self._transport.rate_limit

    def myself(self) -> Account:
        """Return the account of the token."""
        return _account(mapping(self._transport.get(f"{API}/myself"), "the account"))

    def account(self, account_id: str) -> Account:
        """Return the account of a user key. Raises NotFound where the site knows none, or the token may not browse users."""
        return _account(self._user(account_id))

    def accounts(self, account_ids: Collection[str]) -> list[Account]:
        """Return the accounts of usernames, as issues name people; `account_id` is what was asked for, and not the key.

        At most the first 50 are looked up; those the site does not know are not among them.
        """
        found = []
        with self._transport.operation():
            for one in islice(dict.fromkeys(account_ids), MAX_ACCOUNTS):
                with suppress(NotFound):
                    found.append(replace(self.find_account(one), account_id=one))
        return found

    def find_account(self, entered: str) -> Account:
        """Return the account of a username. Raises NotFound where the site knows none."""
        return _account(mapping(self._transport.get(f"{API}/user", {"username": entered}), "the account"))

    def issue(self, id_or_key: str, fields: Sequence[str]) -> Issue:
        """Return the issue with the requested fields (ids such as `summary` or `customfield_10010`); a moved one has its new key."""
        params = {"fields": _joined(fields), "expand": "names,schema", "updateHistory": "false"}
        data = mapping(self._transport.get(f"{API}/issue/{_issue(id_or_key)}", params), "the issue")
        return self._issue(data, fields, part(data, "names"), part(data, "schema"))

    def whole_issue(self, id_or_key: str) -> Issue:
        """Return the issue with every field, for choosing among them; readers get what `issue` was asked for."""
        params = {"fields": "*all,-comment", "expand": "names,schema", "updateHistory": "false"}
        data = mapping(self._transport.get(f"{API}/issue/{_issue(id_or_key)}", params), "the issue")
        return self._issue(data, tuple(part(data, "fields")), part(data, "names"), part(data, "schema"))

    def comments(self, id_or_key: str, *, limit: int = 200) -> list[Mapping[str, Any]]:
        """Return the first `limit` comments as Jira sends them, the oldest first, restricted and internal ones too."""
        path = f"{API}/issue/{_issue(id_or_key)}/comment"

        def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
            # A service desk's internal notes are told from others by a property only.
            asked: Params = {"orderBy": "created", "expand": "properties", **params}
            return mapping(self._transport.get(path, asked), "the comments")

        with self._transport.operation():
            found = by_start_at(fetch, key="comments", page_size=100)
            return list(islice(found, max(0, limit)))

    def search(self, jql: str, fields: Sequence[str], *, limit: int = 50) -> list[Issue]:
        """Return the first `limit` issues a query finds."""
        asked: dict[str, str | int] = {"jql": jql, "fields": _joined(fields), "expand": "names,schema"}
        names: dict[str, Any] = {}
        schema: dict[str, Any] = {}

        def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
            data = mapping(self._transport.get(f"{API}/search", {**asked, **params}), "the search")
            names.update(part(data, "names"))
            schema.update(part(data, "schema"))
            return data

        with self._transport.operation():
            found = list(islice(by_start_at(fetch, key="issues", page_size=min(limit, 100)), limit))
            return [self._issue(one, fields, names, schema) for one in found]

    def may_view(self, issue_key: str, account_id: str) -> bool:
        """Say whether the account of a user key may browse the issue.

        Jira finds people by how their names begin and gives a hundred: an account that is not among them reads as no, and so does every
        account where the token may not browse users. Raises NotFound for an unknown issue.
        """
        with self._transport.operation():
            key = _issue(issue_key)
            if "-" not in key:
                key = self.issue(key, ()).key
            try:
                username = text(self._user(account_id), "name")
            except NotFound:
                return False
            params: Params = {"issueKey": key, "username": username, "maxResults": USER_RANGE}
            data = self._transport.get(f"{API}/user/viewissue/search", params)
            if not isinstance(data, list):
                raise nonsense("the users are not a list")
            found = [mapping(one, "a user") for one in data]
            return any(one.get("key") == account_id and one.get("active") is True for one in found)

    def download(self, attachment_id: str, *, range_header: str | None = None) -> Download:
        """Return an attachment's bytes as a stream."""
        with self._transport.operation():
            data = self._attachment(attachment_id)
            path = _file_path(data, "content", "/secure/attachment/", attachment_id)
            found = self._transport.stream_here(path, range_header=range_header)
        if found.status == 200 and found.content_length not in (None, count(data, "size")):
            # A page for people, such as a form to sign in, must not pass for the file.
            found.close()
            raise Unreachable("Jira answered with something else than the file.")
        return found

    def media_id(self, attachment_id: str) -> str | None:
        """Return None: wiki markup names files by their names."""
        return None

    def thumbnail(
        self,
        attachment_id: str,
        *,
        width: int | None = None,
        height: int | None = None,
        range_header: str | None = None,
    ) -> Download:
        """Return a small picture of an attachment as a stream, in the one size there is. Raises NotFound where there is none."""
        with self._transport.operation():
            data = self._attachment(attachment_id)
            if optional_text(data, "thumbnail") is None:
                raise NotFound("The attachment has no small picture.", 404)
            path = _file_path(data, "thumbnail", "/secure/thumbnail/", attachment_id)
            found = self._transport.stream_here(path, range_header=range_header)
        if found.status != 416 and not found.content_type.startswith("image/"):
            found.close()
            raise Unreachable("Jira answered with something else than a picture.")
        return found

    def probe(self) -> list[Capability]:
        """Return what the token may do, as far as can be tried without changing anything."""
        with self._transport.operation(PROBE_SECONDS):
            first = attempt(Ability.SIGN_IN, lambda: f"Signed in as {self.myself().display_name}.")
            if not first.allowed:
                return [first]
            return [
                first,
                attempt(Ability.READ, self._probe_projects),
                attempt(
                    Ability.CHECK_OTHERS, lambda: self._probe_permission("USER_PICKER", "check what others may view")
                ),
                attempt(Ability.ADMINISTER, lambda: self._probe_permission("ADMINISTER", "administer Jira")),
            ]

    def _probe_projects(self) -> str:
        data = self._transport.get(f"{API}/project")
        if not isinstance(data, list):
            raise nonsense("the projects are not a list")
        keys = [identifier(mapping(one, "a project"), "key") for one in data[:20]]
        if not keys:
            raise NotTried("The token sees no project. Give its account the permission to browse one.")
        return f"Sees {', '.join(keys)}."

    def _probe_permission(self, key: str, words: str) -> str:
        data = mapping(self._transport.get(f"{API}/mypermissions"), "the permissions")
        if part(part(data, "permissions"), key).get("havePermission") is not True:
            raise NotTried(f"May not {words}.")
        return f"May {words}."

    def _user(self, user_key: str) -> Mapping[str, Any]:
        data = mapping(self._transport.get(f"{API}/user", {"key": user_key}), "the account")
        if identifier(data, "key") != user_key:
            raise nonsense("it is about another account")
        return data

    def _attachment(self, attachment_id: str) -> Mapping[str, Any]:
        if not _ATTACHMENT_ID.fullmatch(attachment_id):
            raise NotFound("This is not the id of an attachment.", 404)
        return mapping(self._transport.get(f"{API}/attachment/{attachment_id}"), "the attachment")

    def _issue(
        self, data: Mapping[str, Any], asked: Sequence[str], names: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Issue:
        fields = part(data, "fields")
        key, wanted = identifier(data, "key"), set(asked)
        # Absent where a project hides the field.
        files = items(fields, "attachment") if fields.get("attachment") is not None else []
        return Issue(
            id=identifier(data, "id"),
            key=key,
            summary=text(fields, "summary"),
            updated=text(fields, "updated"),
            project_key=identifier(part(fields, "project"), "key"),
            fields={name: value for name, value in fields.items() if name in wanted},
            names={name: value for name, value in names.items() if name in wanted and isinstance(value, str)},
            schema={name: value for name, value in schema.items() if name in wanted},
            attachments=tuple(_attachment(one, identifier(data, "id")) for one in files),
            web_url=f"{self._site_url}/browse/{key}",
        )


def _joined(fields: Sequence[str]) -> str:
    # Words such as *all or -comment would widen what is asked for beyond what the caller shows.
    return ",".join(dict.fromkeys(one for one in (*fields, *_OWN_FIELDS) if _FIELD.fullmatch(one)))


def _issue(id_or_key: str) -> str:
    if not _ISSUE.fullmatch(id_or_key):
        raise NotFound("This is not the key of an issue.", 404)
    return id_or_key


def _file_path(data: Mapping[str, Any], name: str, below: str, attachment_id: str) -> str:
    """Return the path of a file below our base, whatever host its address names.

    Only the part from `/secure/…` on is used, so that no answer can send our token anywhere else.
    """
    try:
        path = urlsplit(text(data, name)).path
    except ValueError:
        raise nonsense("the address of a file cannot be read") from None
    at = path.find(f"{below}{attachment_id}/")
    if at < 0 or not re.fullmatch(r"[^/\s\\]{1,1000}", path[at + len(below) + len(attachment_id) + 1 :]):
        raise nonsense("the address of a file leads elsewhere")
    if not path.isascii() or not path.isprintable() or "/../" in path:
        raise nonsense("the address of a file cannot be read")
    return path[at:]


def _account(data: Mapping[str, Any]) -> Account:
    return Account(
        identifier(data, "key"),
        optional_text(data, "displayName") or optional_text(data, "name") or "",
        optional_text(data, "emailAddress"),
        active=data.get("active") is True,
    )


def _attachment(data: Mapping[str, Any], issue_id: str) -> Attachment:
    return Attachment(
        id=identifier(data, "id"),
        filename=text(data, "filename"),
        media_type=optional_text(data, "mimeType") or "application/octet-stream",
        size=count(data, "size"),
        version=1,
        file_id=None,
        container_id=issue_id,
        created_at=parse_instant(data.get("created")),
    )
