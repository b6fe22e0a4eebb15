"""Jira Cloud, platform interface v3: issues with rich text as ADF, searches by token, files by redirect.

Attachments never change in Jira, so that their version is always 1.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from app.integrations.atlassian.errors import NotFound
from app.integrations.atlassian.pages import by_page_token, by_start_at
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

V3 = "/rest/api/3"

#: Ids that `user/bulk` takes at once, which go into the address.
ACCOUNTS_AT_ONCE = 50
#: `user/viewissue/search` looks at this many users at most, before it filters.
USER_RANGE = 1000
PROBE_SECONDS = 30.0

_ISSUE = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]{0,254}-)?[1-9][0-9]{0,18}", re.ASCII)
_ATTACHMENT_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
# What an Issue always needs, asked for besides the caller's fields.
_OWN_FIELDS = ("summary", "updated", "project", "attachment")


class JiraCloud:
    """Reads one Jira Cloud site with one credential. Every method raises AtlassianError.

    `site_url` is the site's own address for links to people where the base address is the gateway's.
    """

    def __init__(self, transport: Transport, *, site_url: str | None = None) -> None:
        self._transport = transport
        self._site_url = (site_url or transport.base_url).rstrip("/")

    def close(self) -> None:
        """Close idle connections; for a client that was made for one question."""
        self._transport.close()

    @property
    def rate_limit(self) -> RateLimitState | None:
        """What Atlassian last said about its limits, or None."""
        return self._transport.rate_limit

    def myself(self) -> Account:
        """Return the account of the credential."""
        return _account(mapping(self._transport.get(f"{V3}/myself"), "the account"))

    def account(self, account_id: str) -> Account:
        """Return the account of an id. Raises NotFound where the site knows none, or the credential may not browse users."""
        return _account(mapping(self._transport.get(f"{V3}/user", {"accountId": account_id}), "the account"))

    def accounts(self, account_ids: Collection[str]) -> list[Account]:
        """Return the accounts of many ids; those the site does not know are not among them."""
        wanted, found = list(dict.fromkeys(account_ids)), []
        with self._transport.operation():
            for start in range(0, len(wanted), ACCOUNTS_AT_ONCE):
                asked = wanted[start : start + ACCOUNTS_AT_ONCE]
                found += [_account(one) for one in self._listed(f"{V3}/user/bulk", {"accountId": asked})]
        return found

    def find_account(self, entered: str) -> Account:
        """Return the account of an id, which is what administrators enter for Cloud."""
        return self.account(entered)

    def issue(self, id_or_key: str, fields: Sequence[str]) -> Issue:
        """Return the issue with the requested fields (ids such as `summary` or `customfield_10010`); a moved one has its new key."""
        params = {"fields": _joined(fields), "expand": "names,schema", "updateHistory": "false"}
        data = mapping(self._transport.get(f"{V3}/issue/{_issue(id_or_key)}", params), "the issue")
        return self._issue(data, fields, part(data, "names"), part(data, "schema"))

    def whole_issue(self, id_or_key: str) -> Issue:
        """Return the issue with every field, for choosing among them; readers get what `issue` was asked for."""
        params = {"fields": "*all,-comment", "expand": "names,schema", "updateHistory": "false"}
        data = mapping(self._transport.get(f"{V3}/issue/{_issue(id_or_key)}", params), "the issue")
        return self._issue(data, tuple(part(data, "fields")), part(data, "names"), part(data, "schema"))

    def comments(self, id_or_key: str, *, limit: int = 200) -> list[Mapping[str, Any]]:
        """Return the first `limit` comments as Jira sends them, the oldest first, restricted and internal ones too."""
        path, params = f"{V3}/issue/{_issue(id_or_key)}/comment", {"orderBy": "created"}
        with self._transport.operation():
            found = self._listed(path, params, key="comments", page_size=100)
            return list(islice(found, max(0, limit)))

    def search(self, jql: str, fields: Sequence[str], *, limit: int = 50) -> list[Issue]:
        """Return the first `limit` issues a query finds. The query must restrict something, or Jira refuses it."""
        asked: dict[str, str | int] = {"jql": jql, "fields": _joined(fields), "expand": "names,schema"}
        names: dict[str, Any] = {}
        schema: dict[str, Any] = {}

        def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
            data = mapping(self._transport.get(f"{V3}/search/jql", {**asked, **params}), "the search")
            names.update(part(data, "names"))
            schema.update(part(data, "schema"))
            return data

        with self._transport.operation():
            found = list(islice(by_page_token(fetch, page_size=min(limit, 100)), limit))
            return [
                self._issue(one, fields, {**names, **part(one, "names")}, {**schema, **part(one, "schema")})
                for one in found
            ]

    def may_view(self, issue_key: str, account_id: str) -> bool:
        """Say whether an account may browse the issue.

        Without the global permission to browse users Jira answers with an empty list, which reads as no. Raises NotFound for an unknown issue.
        """
        # Jira first takes the range of users and filters then: a narrow range would miss the account.
        params: Params = {"issueKey": _issue(issue_key), "accountId": account_id, "maxResults": USER_RANGE}
        data = self._transport.get(f"{V3}/user/viewissue/search", params)
        if not isinstance(data, list):
            raise nonsense("the users are not a list")
        return any(mapping(one, "a user").get("accountId") == account_id and one.get("active") is True for one in data)

    def download(self, attachment_id: str, *, range_header: str | None = None) -> Download:
        """Return an attachment's bytes as a stream."""
        path = f"{V3}/attachment/content/{_attachment_id(attachment_id)}"
        return self._transport.stream(path, {"redirect": "true"}, range_header=range_header)

    def media_id(self, attachment_id: str) -> str | None:
        """Return the id that rich text uses for an attachment; Jira says it only in where the file's address leads."""
        path = f"{V3}/attachment/content/{_attachment_id(attachment_id)}"
        return self._transport.redirected_file(path, {"redirect": "true"})

    def thumbnail(
        self,
        attachment_id: str,
        *,
        width: int | None = None,
        height: int | None = None,
        range_header: str | None = None,
    ) -> Download:
        """Return a small picture of an attachment as a stream. Raises NotFound where there is none."""
        params: dict[str, str | int] = {"redirect": "true", "fallbackToDefault": "false"}
        params |= {name: size for name, size in (("width", width), ("height", height)) if size is not None}
        path = f"{V3}/attachment/thumbnail/{_attachment_id(attachment_id)}"
        return self._transport.stream(path, params, range_header=range_header)

    def probe(self) -> list[Capability]:
        """Return what the credential may do, as far as can be tried without changing anything."""
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
        self._probe_permission("BROWSE_PROJECTS", "browse projects")
        keys = [identifier(one, "key") for one in islice(self._listed(f"{V3}/project/search", {}), 20)]
        if not keys:
            raise NotTried("The credential sees no project. Give its account the permission to browse one.")
        return f"Sees {', '.join(keys)}."

    def _probe_permission(self, key: str, words: str) -> str:
        data = mapping(self._transport.get(f"{V3}/mypermissions", {"permissions": key}), "the permissions")
        if part(part(data, "permissions"), key).get("havePermission") is not True:
            raise NotTried(f"May not {words}.")
        return f"May {words}."

    def _listed(
        self, path: str, asked: Params, *, key: str = "values", page_size: int = 50
    ) -> Iterator[Mapping[str, Any]]:
        def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
            return mapping(self._transport.get(path, {**asked, **params}), "the list")

        return by_start_at(fetch, key=key, page_size=page_size)

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
    names = [one for one in (*fields, *_OWN_FIELDS) if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", one)]
    return ",".join(dict.fromkeys(names))


def _issue(id_or_key: str) -> str:
    if not _ISSUE.fullmatch(id_or_key):
        raise NotFound("This is not the key of an issue.", 404)
    return id_or_key


def _account(data: Mapping[str, Any]) -> Account:
    return Account(
        identifier(data, "accountId"),
        optional_text(data, "displayName") or "",
        optional_text(data, "emailAddress"),
        active=data.get("active") is True,
    )


def _attachment_id(attachment_id: str) -> str:
    if not _ATTACHMENT_ID.fullmatch(attachment_id):
        raise NotFound("This is not the id of an attachment.", 404)
    return attachment_id


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
