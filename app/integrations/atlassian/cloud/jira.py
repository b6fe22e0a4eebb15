"""Jira Cloud, platform interface v3: issues with rich text as ADF, searches by token, files by redirect."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from app.integrations.atlassian.issues import JiraSite, checked_attachment_id, checked_key, joined
from app.integrations.atlassian.pages import by_page_token, by_start_at
from app.integrations.atlassian.shapes import (
    identifier,
    mapping,
    nonsense,
    optional_text,
    part,
)
from app.integrations.atlassian.transport import Params
from app.integrations.atlassian.types import (
    Account,
    Download,
    Issue,
)

V3 = "/rest/api/3"

#: Ids that `user/bulk` takes at once, which go into the address.
ACCOUNTS_AT_ONCE = 50
#: `user/viewissue/search` looks at this many users at most, before it filters.
USER_RANGE = 1000


class JiraCloud(JiraSite):
    """Reads one Jira Cloud site. `site_url` is its own address where the base address is the gateway's."""

    api = V3

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

    def comments(self, id_or_key: str, *, limit: int = 200) -> list[Mapping[str, Any]]:
        """Return the first `limit` comments as Jira sends them, the oldest first, restricted and internal ones too."""
        path, params = f"{V3}/issue/{checked_key(id_or_key)}/comment", {"orderBy": "created"}
        with self._transport.operation():
            found = self._listed(path, params, key="comments", page_size=100)
            return list(islice(found, max(0, limit)))

    def search(self, jql: str, fields: Sequence[str], *, limit: int = 50) -> list[Issue]:
        """Return the first `limit` issues a query finds. The query must restrict something, or Jira refuses it."""
        asked: dict[str, str | int] = {"jql": jql, "fields": joined(fields), "expand": "names,schema"}
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
        params: Params = {"issueKey": checked_key(issue_key), "accountId": account_id, "maxResults": USER_RANGE}
        data = self._transport.get(f"{V3}/user/viewissue/search", params)
        if not isinstance(data, list):
            raise nonsense("the users are not a list")
        return any(mapping(one, "a user").get("accountId") == account_id and one.get("active") is True for one in data)

    def download(self, attachment_id: str, *, range_header: str | None = None) -> Download:
        """Return an attachment's bytes as a stream."""
        path = f"{V3}/attachment/content/{checked_attachment_id(attachment_id)}"
        return self._transport.stream(path, {"redirect": "true"}, range_header=range_header)

    def media_id(self, attachment_id: str) -> str | None:
        """Return the id that rich text uses for an attachment; Jira says it only in where the file's address leads."""
        path = f"{V3}/attachment/content/{checked_attachment_id(attachment_id)}"
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
        path = f"{V3}/attachment/thumbnail/{checked_attachment_id(attachment_id)}"
        return self._transport.stream(path, params, range_header=range_header)

    def _project_keys(self) -> list[str]:
        self._probe_permission("BROWSE_PROJECTS", "browse projects")
        return [identifier(one, "key") for one in islice(self._listed(f"{V3}/project/search", {}), 20)]

    def _permissions(self, key: str) -> Mapping[str, Any]:
        return mapping(self._transport.get(f"{V3}/mypermissions", {"permissions": key}), "the permissions")

    def _listed(
        self, path: str, asked: Params, *, key: str = "values", page_size: int = 50
    ) -> Iterator[Mapping[str, Any]]:
        def fetch(params: Mapping[str, str | int]) -> Mapping[str, Any]:
            return mapping(self._transport.get(path, {**asked, **params}), "the list")

        return by_start_at(fetch, key=key, page_size=page_size)


def _account(data: Mapping[str, Any]) -> Account:
    return Account(
        identifier(data, "accountId"),
        optional_text(data, "displayName") or "",
        optional_text(data, "emailAddress"),
        active=data.get("active") is True,
    )
