"""What the rest of Portico may ask of Confluence and of Jira, whichever edition answers.

An adapter for another edition satisfies these; callers name these types and not an adapter. All methods raise AtlassianError.
"""

from collections.abc import Sequence
from typing import Protocol

from app.integrations.atlassian.types import (
    Account,
    Attachment,
    Capability,
    Download,
    Issue,
    Page,
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

    def myself(self) -> Account:
        """Return the account of the credential."""

    def account(self, account_id: str) -> Account:
        """Return the account of an id. Raises NotFound where the site knows none."""

    def page(self, page_id: str, *, with_body: bool = True) -> Page:
        """Return the page in its current version."""

    def attachments(self, page_id: str) -> list[Attachment]:
        """Return the page's present attachments."""

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

    def myself(self) -> Account:
        """Return the account of the credential."""

    def account(self, account_id: str) -> Account:
        """Return the account of an id. Raises NotFound where the site knows none."""

    def issue(self, id_or_key: str, fields: Sequence[str]) -> Issue:
        """Return the issue with the requested fields; a moved one comes with its new key."""

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
