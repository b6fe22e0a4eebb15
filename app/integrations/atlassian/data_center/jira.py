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
from app.integrations.atlassian.issues import JiraSite, checked_attachment_id, checked_key, joined
from app.integrations.atlassian.pages import by_start_at
from app.integrations.atlassian.shapes import (
    count,
    identifier,
    mapping,
    nonsense,
    optional_text,
    part,
    text,
)
from app.integrations.atlassian.transport import Params
from app.integrations.atlassian.types import (
    Account,
    Download,
    Issue,
)

API = "/rest/api/2"

#: Accounts that are looked up for one issue: there is no call for many.
MAX_ACCOUNTS = 50
#: `user/viewissue/search` finds this many users at most.
USER_RANGE = 100


class JiraDataCenter(JiraSite):
    """Reads one Jira Data Center site."""

    api = API

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

    def comments(self, id_or_key: str, *, limit: int = 200) -> list[Mapping[str, Any]]:
        """Return the first `limit` comments as Jira sends them, the oldest first, restricted and internal ones too."""
        path = f"{API}/issue/{checked_key(id_or_key)}/comment"

        def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
            # A service desk's internal notes are told from others by a property only.
            asked: Params = {"orderBy": "created", "expand": "properties", **params}
            return mapping(self._transport.get(path, asked), "the comments")

        with self._transport.operation():
            found = by_start_at(fetch, key="comments", page_size=100)
            return list(islice(found, max(0, limit)))

    def search(self, jql: str, fields: Sequence[str], *, limit: int = 50) -> list[Issue]:
        """Return the first `limit` issues a query finds."""
        asked: dict[str, str | int] = {"jql": jql, "fields": joined(fields), "expand": "names,schema"}
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
            key = checked_key(issue_key)
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

    def _project_keys(self) -> list[str]:
        data = self._transport.get(f"{API}/project")
        if not isinstance(data, list):
            raise nonsense("the projects are not a list")
        return [identifier(mapping(one, "a project"), "key") for one in data[:20]]

    def _permissions(self, key: str) -> Mapping[str, Any]:
        return mapping(self._transport.get(f"{API}/mypermissions"), "the permissions")

    def _user(self, user_key: str) -> Mapping[str, Any]:
        data = mapping(self._transport.get(f"{API}/user", {"key": user_key}), "the account")
        if identifier(data, "key") != user_key:
            raise nonsense("it is about another account")
        return data

    def _attachment(self, attachment_id: str) -> Mapping[str, Any]:
        path = f"{API}/attachment/{checked_attachment_id(attachment_id)}"
        return mapping(self._transport.get(path), "the attachment")


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
