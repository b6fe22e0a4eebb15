"""Confluence Cloud: pages by the v2 interface, and what is left of v1 for restrictions, permission checks and downloads.

v2 has no restrictions and no bytes; v1 no longer has pages. Where v2 offers a download link it leads to a path that refuses API tokens, so
attachments come by v1's redirect.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from app.integrations.atlassian import summaries
from app.integrations.atlassian.cloud import page_comments, page_tree
from app.integrations.atlassian.cloud.adf import document
from app.integrations.atlassian.cloud.lists import LIST_LIMIT, V2, entries, searched
from app.integrations.atlassian.contents import ConfluenceSite, checked_attachment_id, checked_page_id
from app.integrations.atlassian.errors import Forbidden, Gone, NotAuthorised, NotFound, Refused, Unreachable
from app.integrations.atlassian.pages import by_start
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
from app.integrations.atlassian.transport import Params
from app.integrations.atlassian.types import (
    Ability,
    Account,
    Attachment,
    Capability,
    Descendant,
    Download,
    Page,
    PageComment,
    PageSummary,
    Restriction,
    Space,
)

V1 = "/wiki/rest/api"

MAX_DEPTH = 1000
PROBE_PAGES = 5
#: The most a search gives at once.
SEARCH_LIMIT = 100

_SPACE_IN_PATH = re.compile(r"/spaces/([^/]{1,255})/")


class ConfluenceCloud(ConfluenceSite):
    """Reads one Confluence Cloud site."""

    def myself(self) -> Account:
        """Return the account of the credential; an anonymous answer is NotAuthorised."""
        data = mapping(self._transport.get(f"{V1}/user/current"), "the account")
        if data.get("type") == "anonymous" or not optional_text(data, "accountId"):
            raise NotAuthorised("Confluence took the credential for nobody's.")
        return _account(data)

    def account(self, account_id: str) -> Account:
        """Return the account of an id. Raises NotFound where the site knows none."""
        return _account(mapping(self._transport.get(f"{V1}/user", {"accountId": account_id}), "the account"))

    def accounts(self, account_ids: Collection[str]) -> list[Account]:
        """Return the accounts of many ids; those the site does not know are not among them."""
        wanted, found = list(dict.fromkeys(account_ids)), []
        with self._transport.operation():
            for start in range(0, len(wanted), LIST_LIMIT):
                body = {"accountIds": wanted[start : start + LIST_LIMIT]}
                data = mapping(self._transport.post(f"{V2}/users-bulk", body, repeatable=True), "the accounts")
                found += [_account(one) for one in items(data, "results")]
        return found

    def find_account(self, entered: str) -> Account:
        """Return the account of an id, which is what administrators enter for Cloud."""
        return self.account(entered)

    def page(self, page_id: str, *, with_body: bool = True) -> Page:
        """Return the page in its current version, with its labels, and if `with_body` its storage format.

        A page that has none comes as ADF; an answer holds one format only, so that it is asked for again.
        """
        with self._transport.operation():
            data = self._page_data(page_id, "storage" if with_body else None)
            if with_body and not _storage(data):
                data = self._page_data(page_id, "atlas_doc_format")
            return self._page(data, self._labels(page_id, data), with_body=with_body)

    def find_page(self, space_key: str, title: str) -> str:
        """Return the id of the page with this title in a space. Raises NotFound where there is none to be seen."""
        with self._transport.operation():
            spaces = mapping(self._transport.get(f"{V2}/spaces", {"keys": space_key}), "the spaces")
            of_key = [identifier(one, "id") for one in items(spaces, "results") if one.get("key") == space_key]
            params: Params = {"space-id": of_key[:1], "title": title, "status": "current"}
            found = items(mapping(self._transport.get(f"{V2}/pages", params), "the pages"), "results") if of_key else []
        if len(found) != 1 or found[0].get("title") != title:
            raise NotFound("The space has no page with this title, or the credential may not see it.", 404)
        return checked_page_id(identifier(found[0], "id"))

    def attachments(self, page_id: str) -> list[Attachment]:
        """Return the page's current attachments."""
        path = f"{V2}/pages/{checked_page_id(page_id)}/attachments"
        with self._transport.operation():
            found = [_attachment(one, page_id) for one in self._list(path, {"status": "current", "limit": LIST_LIMIT})]
        return [one for one in found if one.container_id == page_id]

    def descendants(self, page_id: str, *, depth: int = 1, limit: int = 200) -> list[Descendant]:
        """Return what is below a page down to `depth` (1 to 10), parents before children; the first `limit`."""
        return page_tree.descendants(self._transport, checked_page_id(page_id), depth, limit)

    def summaries_below(self, page_id: str, *, limit: int = 200) -> list[PageSummary]:
        """Return what a search tells of the first `limit` pages below a page."""
        params: Params = {**summaries.question(checked_page_id(page_id)), "limit": SEARCH_LIMIT}
        with self._transport.operation():
            found = searched(self._transport, f"{V1}/{summaries.PATH}", params)
            return summaries.read(islice(found, max(0, limit)), self._web_url)

    def footer_comments(self, page_id: str, *, limit: int = 100) -> list[PageComment]:
        """Return the comments under a page, each thread's first before its replies; the oldest `limit` threads."""
        return page_comments.footer(self._transport, checked_page_id(page_id), limit)

    def inline_comments(self, page_id: str, *, limit: int = 100) -> list[PageComment]:
        """Return the comments on text of a page like `footer_comments`, the resolved ones too."""
        return page_comments.inline(self._transport, checked_page_id(page_id), limit)

    def ancestors(self, page_id: str) -> list[str]:
        """Return the ids of everything above the page (folders too), the highest first."""
        return [one for one, _ in self._ancestors(page_id)]

    def view_restrictions(self, page_id: str) -> Restriction:
        """Return who may read the page by its own restrictions; Cloud has no call that includes inherited ones."""
        path = f"{V1}/content/{checked_page_id(page_id)}/restriction/byOperation/read"

        def envelope(kind: str, params: Mapping[str, str | int]) -> Mapping[str, Any]:
            query: Params = {"expand": "restrictions.user,restrictions.group", **params}
            return _subjects(self._transport.get(path, query), kind)

        with self._transport.operation():
            first = self._transport.get(
                path, {"expand": "restrictions.user,restrictions.group", "start": 0, "limit": 100}
            )
            users = by_start(lambda params: envelope("user", params), first=_subjects(first, "user"))
            groups = by_start(lambda params: envelope("group", params), first=_subjects(first, "group"))
            return Restriction(
                page_id,
                frozenset(identifier(one, "accountId") for one in users),
                frozenset(identifier(one, "id") for one in groups),
            )

    def restriction_path(self, page_id: str) -> tuple[Restriction, ...]:
        """Return every restriction that bears on the page, the highest ancestor's first; those that restrict nothing are left out."""
        with self._transport.operation():
            above = [self._ancestor_restrictions(*one) for one in self._ancestors(page_id)]
            return tuple(one for one in (*above, self.view_restrictions(page_id)) if one.restricts)

    def may_view(self, page_id: str, account_id: str) -> bool:
        """Say whether an account may view the page.

        For another account than the credential's this needs a Confluence administrator's credential, else Forbidden is raised.
        """
        body = {"subject": {"type": "user", "identifier": account_id}, "operation": "read"}
        path = f"{V1}/content/{checked_page_id(page_id)}/permission/check"
        data = mapping(self._transport.post(path, body, repeatable=True), "the permission check")
        if not isinstance(data.get("hasPermission"), bool):
            raise nonsense("hasPermission is not yes or no")
        return data["hasPermission"] is True

    def download(
        self, page_id: str, attachment_id: str, *, version: int | None = None, range_header: str | None = None
    ) -> Download:
        """Return an attachment's bytes as a stream, in its current version unless `version` is given."""
        params = {} if version is None else {"version": version}
        return self._transport.stream(_download_path(page_id, attachment_id), params, range_header=range_header)

    def space(self, space_id: str) -> Space:
        """Return a space by its id."""
        data = mapping(self._transport.get(f"{V2}/spaces/{checked_page_id(space_id)}"), "the space")
        return Space(identifier(data, "id"), identifier(data, "key"), text(data, "name"))

    def _abilities(self) -> Iterator[Capability]:
        yield attempt(Ability.READ, lambda: f"Sees pages, such as {self._sample()[0][0]}.")
        yield attempt(Ability.READ_RESTRICTIONS, self._probe_restrictions)
        yield attempt(Ability.DOWNLOAD, self._probe_download)
        yield attempt(Ability.CHECK_OTHERS, self._probe_check)

    def _sample(self) -> list[tuple[str, str]]:
        """Return (page id, its author's account id) of a few pages that the credential sees."""
        data = mapping(self._transport.get(f"{V2}/pages", {"limit": PROBE_PAGES}), "the list of pages")
        found = [
            (checked_page_id(identifier(one, "id")), optional_text(one, "authorId") or "")
            for one in items(data, "results")
        ]
        if not found:
            raise NotTried("The credential sees no page at all. Give its account access to a space.")
        return found[:PROBE_PAGES]

    def _probe_restrictions(self) -> str:
        self.view_restrictions(self._sample()[0][0])
        return "May read who a page is restricted to."

    def _probe_download(self) -> str:
        for page_id, _ in self._sample():
            if found := self.attachments(page_id):
                self._transport.redirects(_download_path(page_id, found[0].id))
                return "May download attachments."
        raise NotTried("Could not be tried: the first pages have no attachment.")

    def _probe_check(self) -> str:
        me = self.myself().account_id
        for page_id, author in self._sample():
            if author and author != me:
                self.may_view(page_id, author)
                return "May check what other accounts may view."
        raise NotTried("Could not be tried: the first pages have no other author.")

    def _list(self, path: str, params: Params) -> list[Mapping[str, Any]]:
        return list(entries(self._transport, path, params))

    def _labels(self, page_id: str, data: Mapping[str, Any]) -> tuple[str, ...]:
        labels = part(data, "labels")
        if not labels or part(labels, "meta").get("hasMore") is True:
            found = self._list(f"{V2}/pages/{page_id}/labels", {"limit": LIST_LIMIT})
        else:
            found = items(labels, "results")
        return tuple(sorted({text(one, "name") for one in found}))

    def _page_data(self, page_id: str, body_format: str | None) -> Mapping[str, Any]:
        params = {"include-labels": "true"} | ({"body-format": body_format} if body_format else {})
        data = mapping(self._transport.get(f"{V2}/pages/{checked_page_id(page_id)}", params), "the page")
        if identifier(data, "id") != page_id:
            raise nonsense("it is about another page")
        return data

    def _page(self, data: Mapping[str, Any], labels: tuple[str, ...], *, with_body: bool) -> Page:
        version, links = part(data, "version"), part(data, "_links")
        storage = _storage(data) if with_body else None
        webui = optional_text(links, "webui") or ""
        space = _SPACE_IN_PATH.search(webui)
        return Page(
            id=identifier(data, "id"),
            title=text(data, "title"),
            status=text(data, "status"),
            version=count(version, "number"),
            space_id=identifier(data, "spaceId"),
            space_key=space.group(1) if space else None,
            author_id=optional_text(data, "authorId") or "",
            created_at=parse_instant(data.get("createdAt")),
            updated_at=parse_instant(version.get("createdAt")),
            labels=labels,
            storage=storage,
            adf=document(part(data, "body"), "the body of the page") if with_body and storage is None else None,
            web_url=self._web_url(links, identifier(data, "id")),
        )

    def _web_url(self, links: Mapping[str, Any], page_id: str) -> str:
        base, webui = optional_text(links, "base") or "", optional_text(links, "webui") or ""
        # Behind the gateway only the answer knows the site's own address.
        if not base.startswith(("https://", "http://")):
            base = f"{self._transport.base_url}/wiki"
        path = webui if webui.startswith("/") else f"/pages/viewpage.action?pageId={page_id}"
        return base.rstrip("/") + path.removeprefix("/wiki")

    def _ancestors(self, page_id: str) -> list[tuple[str, str]]:
        """Return (id, type), the highest first. There is no cursor: a full answer is continued from its highest entry."""
        found: list[tuple[str, str]] = []
        highest = checked_page_id(page_id)
        with self._transport.operation():
            while len(found) < MAX_DEPTH:
                path = f"{V2}/pages/{highest}/ancestors" if not found else _ancestors_of(*found[0])
                data = mapping(self._transport.get(path, {"limit": LIST_LIMIT}), "the ancestors")
                above = [
                    (checked_page_id(identifier(one, "id")), optional_text(one, "type") or "page")
                    for one in items(data, "results")
                ]
                found = above + found
                if len(above) < LIST_LIMIT:
                    return found
        raise nonsense("the page lies deeper than any page can")

    def _ancestor_restrictions(self, ancestor_id: str, kind: str) -> Restriction:
        try:
            return self.view_restrictions(ancestor_id)
        except (NotFound, Forbidden, Gone, Refused):
            if kind != "page":
                # v1 does not know folders and the like; who may read them follows from the space and from the pages.
                return Restriction(ancestor_id, frozenset(), frozenset())
        # The page is visible, so its ancestors are: an answer that contradicts this is no fact about the page.
        raise Unreachable("Confluence did not say who may read a page above this one.")


def _account(data: Mapping[str, Any]) -> Account:
    name = optional_text(data, "displayName") or optional_text(data, "publicName") or ""
    active = data.get("accountStatus", "active") == "active"
    return Account(identifier(data, "accountId"), name, optional_text(data, "email"), active)


def _storage(data: Mapping[str, Any]) -> str | None:
    return optional_text(part(part(data, "body"), "storage"), "value")


def _ancestors_of(ancestor_id: str, kind: str) -> str:
    plural = {
        "page": "pages",
        "folder": "folders",
        "whiteboard": "whiteboards",
        "database": "databases",
        "embed": "embeds",
    }
    if kind not in plural:
        raise nonsense("an ancestor is of an unknown kind")
    return f"{V2}/{plural[kind]}/{ancestor_id}/ancestors"


def _download_path(page_id: str, attachment_id: str) -> str:
    file = checked_attachment_id(attachment_id)
    return f"{V1}/content/{checked_page_id(page_id)}/child/attachment/{file}/download"


def _subjects(data: Any, kind: str) -> Mapping[str, Any]:
    found = part(mapping(data, "the restriction"), "restrictions")
    # A missing list must not read as "nobody is kept out".
    return mapping(found.get(kind), f"the restriction by {kind}")


def _attachment(data: Mapping[str, Any], page_id: str) -> Attachment:
    return Attachment(
        id=identifier(data, "id"),
        filename=text(data, "title"),
        media_type=optional_text(data, "mediaType") or "application/octet-stream",
        size=count(data, "fileSize"),
        version=count(part(data, "version"), "number"),
        file_id=optional_text(data, "fileId"),
        container_id=identifier(data, "pageId") if data.get("pageId") is not None else page_id,
        created_at=parse_instant(data.get("createdAt")),
    )
