"""Confluence Data Center, the first interface: pages, their files and who may read them.

Two things differ from Cloud. Every kind of content answers under the same address, so that what is no page is refused here. And nobody can
be asked what somebody else may view: a person's right is proven by their own token only.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any
from urllib.parse import quote

from app.integrations.atlassian import summaries
from app.integrations.atlassian.contents import ConfluenceSite, checked_attachment_id, checked_page_id
from app.integrations.atlassian.data_center import page_comments, page_tree, restrictions
from app.integrations.atlassian.data_center.lists import API, LIST_LIMIT, entries
from app.integrations.atlassian.errors import Forbidden, NotAuthorised, NotFound, Unreachable
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

#: Accounts that are looked up for one page: there is no call for many.
MAX_ACCOUNTS = 50
PROBE_PAGES = 5

_SPACE_KEY = re.compile(r"~?[A-Za-z0-9._@-]{1,255}", re.ASCII)
_PAGE_EXPANDS = "space,version,history,metadata.labels"
_ONLY_OWN = "Confluence Data Center does not say what others may view: people prove it with their own tokens."


class ConfluenceDataCenter(ConfluenceSite):
    """Reads one Confluence Data Center site."""

    def myself(self) -> Account:
        """Return the account of the token; an anonymous answer is NotAuthorised."""
        data = mapping(self._transport.get(f"{API}/user/current"), "the account")
        if data.get("type") == "anonymous" or not optional_text(data, "userKey"):
            raise NotAuthorised("Confluence took the token for nobody's.")
        return _account(data)

    def account(self, account_id: str) -> Account:
        """Return the account of a user key. Raises NotFound where the site knows none."""
        return _account(mapping(self._transport.get(f"{API}/user", {"key": account_id}), "the account"))

    def accounts(self, account_ids: Collection[str]) -> list[Account]:
        """Return the accounts of many user keys, the first 50 of them; those the site does not know are not among them."""
        found = []
        with self._transport.operation():
            for one in islice(dict.fromkeys(account_ids), MAX_ACCOUNTS):
                with suppress(NotFound):
                    found.append(self.account(one))
        return found

    def find_account(self, entered: str) -> Account:
        """Return the account of a username. Raises NotFound where the site knows none."""
        return _account(mapping(self._transport.get(f"{API}/user", {"username": entered}), "the account"))

    def page(self, page_id: str, *, with_body: bool = True) -> Page:
        """Return the page in its current version, with its labels, and its storage format if `with_body`."""
        expand = f"{_PAGE_EXPANDS},body.storage" if with_body else _PAGE_EXPANDS
        with self._transport.operation():
            data = self._content(page_id, expand)
            return self._page(data, self._labels(page_id, data), with_body=with_body)

    def find_page(self, space_key: str, title: str) -> str:
        """Return the id of the page with this title in a space. Raises NotFound where there is none to be seen."""
        params: Params = {"spaceKey": space_key, "title": title, "type": "page", "limit": 2}
        found = items(mapping(self._transport.get(f"{API}/content", params), "the pages"), "results")
        # A title names one page of its space; the comparison is left to Confluence, which ignores case.
        if len(found) != 1 or found[0].get("type") != "page":
            raise NotFound("The space has no page with this title, or the token may not see it.", 404)
        return checked_page_id(identifier(found[0], "id"))

    def attachments(self, page_id: str) -> list[Attachment]:
        """Return the page's current attachments."""
        path = f"{API}/content/{checked_page_id(page_id)}/child/attachment"
        with self._transport.operation():
            listed = entries(self._transport, path, {"expand": "version,container"})
            found = [_attachment(one, page_id) for one in listed if one.get("status", "current") == "current"]
        return [one for one in found if one.container_id == page_id]

    def descendants(self, page_id: str, *, depth: int = 1, limit: int = 200) -> list[Descendant]:
        """Return the pages below a page down to `depth` (1 to 10), parents before children; the first `limit`."""
        return page_tree.descendants(self._transport, checked_page_id(page_id), depth, limit)

    def summaries_below(self, page_id: str, *, limit: int = 200) -> list[PageSummary]:
        """Return what a search tells of the first `limit` pages below a page."""
        params: Params = summaries.question(checked_page_id(page_id))
        with self._transport.operation():
            found = entries(self._transport, f"{API}/{summaries.PATH}", params)
            return summaries.read(islice(found, max(0, limit)), self._web_url)

    def footer_comments(self, page_id: str, *, limit: int = 100) -> list[PageComment]:
        """Return the comments under a page, each thread's first before its replies; the oldest `limit` threads."""
        return page_comments.footer(self._transport, checked_page_id(page_id), limit)

    def inline_comments(self, page_id: str, *, limit: int = 100) -> list[PageComment]:
        """Return the comments on text of a page like `footer_comments`, the resolved ones too."""
        return page_comments.inline(self._transport, checked_page_id(page_id), limit)

    def ancestors(self, page_id: str) -> list[str]:
        """Return the ids of the pages above the page, the highest first."""
        with self._transport.operation():
            return [
                checked_page_id(identifier(one, "id"))
                for one in items(self._content(page_id, "ancestors"), "ancestors")
            ]

    def view_restrictions(self, page_id: str) -> Restriction:
        """Return who may read the page by its own restrictions; `restriction_path` has the inherited ones too."""
        return restrictions.own(self._transport, page_id)

    def restriction_path(self, page_id: str) -> tuple[Restriction, ...]:
        """Return every restriction that bears on the page, its own last; those that restrict nothing are left out."""
        return restrictions.path(self._transport, page_id, self.ancestors)

    def may_view(self, page_id: str, account_id: str) -> bool:
        """Refuse: this edition cannot be asked about others."""
        raise Forbidden(_ONLY_OWN)

    def download(
        self, page_id: str, attachment_id: str, *, version: int | None = None, range_header: str | None = None
    ) -> Download:
        """Return an attachment's bytes as a stream, in its current version unless `version` is given."""
        path = f"{API}/content/{checked_attachment_id(attachment_id)}"
        with self._transport.operation():
            data = mapping(self._transport.get(path, {"expand": "version,container"}), "the attachment")
            container = part(data, "container") if data.get("type") == "attachment" else {}
            if container.get("id") != checked_page_id(page_id):
                raise NotFound("The page has no such attachment.", 404)
            file = _attachment(data, page_id)
            wanted = file.version if version is None else version
            path = f"/download/attachments/{page_id}/{quote(file.filename, safe='')}"
            found = self._transport.stream_here(path, {"version": wanted}, range_header=range_header)
        if found.status == 200 and wanted == file.version and found.content_length not in (None, file.size):
            # A page for people, such as a form to sign in, must not pass for the file.
            found.close()
            raise Unreachable("Confluence answered with something else than the file.")
        return found

    def space(self, space_id: str) -> Space:
        """Return a space by its key, which is what names it here."""
        if not _SPACE_KEY.fullmatch(space_id):
            raise NotFound("This is not the key of a space.", 404)
        data = mapping(self._transport.get(f"{API}/space/{quote(space_id, safe='~')}"), "the space")
        return Space(identifier(data, "key"), identifier(data, "key"), text(data, "name"))

    def _abilities(self) -> Iterator[Capability]:
        yield attempt(Ability.READ, lambda: f"Sees pages, such as {self._sample()[0]}.")
        yield attempt(Ability.READ_RESTRICTIONS, self._probe_restrictions)
        yield attempt(Ability.DOWNLOAD, self._probe_download)
        yield Capability(Ability.CHECK_OTHERS, False, _ONLY_OWN)

    def _sample(self) -> list[str]:
        params: Params = {"type": "page", "limit": PROBE_PAGES}
        found = items(mapping(self._transport.get(f"{API}/content", params), "the pages"), "results")
        if not found:
            raise NotTried("The token sees no page at all. Give its account access to a space.")
        return [checked_page_id(identifier(one, "id")) for one in found[:PROBE_PAGES]]

    def _probe_restrictions(self) -> str:
        self.restriction_path(self._sample()[0])
        return "May read who a page is restricted to."

    def _probe_download(self) -> str:
        for page_id in self._sample():
            if found := self.attachments(page_id):
                self.download(page_id, found[0].id, range_header="bytes=0-0").close()
                return "May download attachments."
        raise NotTried("Could not be tried: the first pages have no attachment.")

    def _content(self, page_id: str, expand: str) -> Mapping[str, Any]:
        # Without a status only current pages are found, and one in the trash would pass for one that is gone.
        params: Params = {"expand": expand, "status": "any"}
        data = mapping(self._transport.get(f"{API}/content/{checked_page_id(page_id)}", params), "the page")
        if identifier(data, "id") != page_id:
            raise nonsense("it is about another page")
        if data.get("type") != "page":
            raise NotFound("This is the id of something else than a page.", 404)
        return data

    def _labels(self, page_id: str, data: Mapping[str, Any]) -> tuple[str, ...]:
        listed = part(part(data, "metadata"), "labels")
        path = f"{API}/content/{page_id}/label"
        found = by_start(
            lambda more: mapping(self._transport.get(path, dict(more)), "the labels"),
            first=listed or None,
            page_size=LIST_LIMIT,
        )
        return tuple(sorted({text(one, "name") for one in found}))

    def _page(self, data: Mapping[str, Any], labels: tuple[str, ...], *, with_body: bool) -> Page:
        version, history, space = part(data, "version"), part(data, "history"), part(data, "space")
        page_id = identifier(data, "id")
        return Page(
            id=page_id,
            title=text(data, "title"),
            status=text(data, "status"),
            version=count(version, "number"),
            space_id=identifier(space, "key"),
            space_key=identifier(space, "key"),
            author_id=optional_text(part(history, "createdBy"), "userKey") or "",
            created_at=parse_instant(history.get("createdDate")),
            updated_at=parse_instant(version.get("when")),
            labels=labels,
            storage=text(part(part(data, "body"), "storage"), "value") if with_body else None,
            web_url=self._web_url(part(data, "_links"), page_id),
        )

    def _web_url(self, links: Mapping[str, Any], page_id: str) -> str:
        webui = optional_text(links, "webui") or ""
        path = webui if webui.startswith("/") else f"/pages/viewpage.action?pageId={page_id}"
        return self._site_url + path


def _account(data: Mapping[str, Any]) -> Account:
    return Account(
        identifier(data, "userKey"),
        optional_text(data, "displayName") or optional_text(data, "username") or "",
        optional_text(data, "email"),
        active=data.get("type") == "known",
    )


def _attachment(data: Mapping[str, Any], page_id: str) -> Attachment:
    extensions = part(data, "extensions")
    container = part(data, "container")
    return Attachment(
        id=identifier(data, "id"),
        filename=text(data, "title"),
        media_type=optional_text(extensions, "mediaType") or "application/octet-stream",
        size=count(extensions, "fileSize"),
        version=count(part(data, "version"), "number"),
        file_id=None,
        container_id=identifier(container, "id") if container else page_id,
        created_at=parse_instant(part(data, "version").get("when")),
    )
