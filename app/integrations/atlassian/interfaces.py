"""What the rest of Portico may ask of Confluence and of Jira, whichever edition answers.

An adapter for another edition satisfies these; callers name these types and not an adapter. All methods raise AtlassianError.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from app.integrations.atlassian.types import (
    Account,
    Attachment,
    Capability,
    Descendant,
    Download,
    Issue,
    Page,
    PageComment,
    PageSummary,
    RateLimitState,
    Restriction,
    Space,
)


class ConfluenceReader(Protocol):
    """Reads pages with one credential."""

    @property
    def rate_limit(self) -> RateLimitState | None:
        """What Atlassian last said about its limits, or None."""

    def close(self) -> None:
        """Close idle connections."""

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Bound all calls inside together; what takes longer is Unreachable."""

    def myself(self) -> Account:
        """Return the account of the credential."""

    def account(self, account_id: str) -> Account:
        """Return the account of an id. Raises NotFound where the site knows none."""

    def find_account(self, entered: str) -> Account:
        """Return the account that an administrator means: by its id on Cloud, by its username on Data Center."""

    def page(self, page_id: str, *, with_body: bool = True) -> Page:
        """Return the page in its current version."""

    def find_page(self, space_key: str, title: str) -> str:
        """Return the id of the page with this title in a space. Raises NotFound where there is none to be seen."""

    def attachments(self, page_id: str) -> list[Attachment]:
        """Return the page's present attachments."""

    def accounts(self, account_ids: Collection[str]) -> list[Account]:
        """Return the accounts of many ids, as content names people; those the site does not know are not among them."""

    def descendants(self, page_id: str, *, depth: int = 1, limit: int = 200) -> list[Descendant]:
        """Return what is below a page down to `depth` (1 to 10), parents before children; the first `limit`, and no bodies."""

    def summaries_below(self, page_id: str, *, limit: int = 200) -> list[PageSummary]:
        """Return what a search tells of the first `limit` pages below a page, at whatever depth.

        Its index lags behind: a page that it does not know yet, or does not tell all of, is not among them.
        """

    def footer_comments(self, page_id: str, *, limit: int = 100) -> list[PageComment]:
        """Return the comments under a page with their replies, each thread's first before its replies; the oldest `limit` threads."""

    def inline_comments(self, page_id: str, *, limit: int = 100) -> list[PageComment]:
        """Return the comments on text of a page like `footer_comments`, the resolved ones too."""

    def ancestors(self, page_id: str) -> list[str]:
        """Return the ids above the page, the highest first."""

    def view_restrictions(self, page_id: str) -> Restriction:
        """Return who may read the page by its own restrictions; those of ancestors are not in it."""

    def restriction_path(self, page_id: str) -> tuple[Restriction, ...]:
        """Return the restrictions that bear on the page, its ancestors' first; only those that keep somebody out."""

    def may_view(self, page_id: str, account_id: str) -> bool:
        """Say whether an account may view the page; needs a credential that may check others."""

    def resolve_short(self, code: str) -> str:
        """Return the page id of a short address's code."""

    def download(
        self, page_id: str, attachment_id: str, *, version: int | None = None, range_header: str | None = None
    ) -> Download:
        """Return an attachment's bytes as a stream."""

    def space(self, space_id: str) -> Space:
        """Return a space by its id."""

    def probe(self) -> list[Capability]:
        """Return what the credential may do."""


class JiraReader(Protocol):
    """Reads issues with one credential."""

    @property
    def rate_limit(self) -> RateLimitState | None:
        """What Atlassian last said about its limits, or None."""

    def close(self) -> None:
        """Close idle connections."""

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Bound all calls inside together; what takes longer is Unreachable."""

    def myself(self) -> Account:
        """Return the account of the credential."""

    def account(self, account_id: str) -> Account:
        """Return the account of an id. Raises NotFound where the site knows none."""

    def accounts(self, account_ids: Collection[str]) -> list[Account]:
        """Return the accounts of many ids, as content names people; those the site does not know are not among them."""

    def find_account(self, entered: str) -> Account:
        """Return the account that an administrator means: by its id on Cloud, by its username on Data Center."""

    def issue(self, id_or_key: str, fields: Sequence[str]) -> Issue:
        """Return the issue with the requested fields; a moved one comes with its new key."""

    def whole_issue(self, id_or_key: str) -> Issue:
        """Return the issue with every field, for choosing among them; readers get what `issue` was asked for."""

    def comments(self, id_or_key: str, *, limit: int = 200) -> list[Mapping[str, Any]]:
        """Return the first `limit` comments as Jira sends them, the oldest first.

        All that the credential sees are among them, restricted and internal ones too: who may be shown which is the caller's to decide by
        `visibility`, `jsdPublic` and `properties`.
        """

    def search(self, jql: str, fields: Sequence[str], *, limit: int = 50) -> list[Issue]:
        """Return the first issues that a bounded JQL query finds."""

    def may_view(self, issue_key: str, account_id: str) -> bool:
        """Say whether an account may view the issue."""

    def download(self, attachment_id: str, *, range_header: str | None = None) -> Download:
        """Return an attachment's bytes as a stream."""

    def media_id(self, attachment_id: str) -> str | None:
        """Return the id that rich text uses for an attachment, or None."""

    def thumbnail(
        self,
        attachment_id: str,
        *,
        width: int | None = None,
        height: int | None = None,
        range_header: str | None = None,
    ) -> Download:
        """Return a small picture of an attachment as a stream."""

    def probe(self) -> list[Capability]:
        """Return what the credential may do."""
