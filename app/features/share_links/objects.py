"""What Atlassian says about a page or issue at one instant, read with the connection's reading credential.

Runs with no transaction open. Creating a link and checking a copy read the same facts, so that both mean the same by a
version and by a restriction.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core import clock
from app.core.connections import clients
from app.core.connections.clients import Site
from app.integrations.atlassian.addresses import Address, Kind
from app.integrations.atlassian.types import Attachment, Issue, Page, Product, Restriction

#: Fields of an issue that its facts need.
ISSUE_FIELDS = ("summary", "security")
#: The one status in which a page or issue is shown; everything else Atlassian says closes its links.
CURRENT = "current"
_MAXIMUM_TITLE = 500


class Moved(Exception):
    """Atlassian has another version than our tables; check first, then ask again."""


class ObjectKind(StrEnum):
    """What can be shared."""

    PAGE = "page"
    ISSUE = "issue"


@dataclass(frozen=True)
class ObjectFacts:
    """A page or issue as the reading credential saw it at `read_at`."""

    kind: ObjectKind
    #: Atlassian's id, which survives renaming and moving.
    object_id: str
    #: Key of an issue; None for pages.
    object_key: str | None
    title: str
    #: Key of the space or project.
    container: str | None
    web_url: str
    #: Another one means that what readers see may have changed, files included.
    version: str
    #: Digest of who may see it; empty = nothing restricts it.
    restriction_digest: str
    read_at: datetime
    #: Atlassian's word: current, archived, trashed, …
    status: str
    labels: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


def describe(site: Site, address: Address) -> ObjectFacts:
    """Read what an address names. Raises AtlassianError; a status other than `current` is the caller's to refuse."""
    if site.product is Product.JIRA:
        return look(site, ObjectKind.ISSUE, address.id_or_key)
    page_id = address.id_or_key
    if address.kind is Kind.SHORT:
        page_id = clients.confluence(site).resolve_short(address.id_or_key)
    return look(site, ObjectKind.PAGE, page_id)


def look(site: Site, kind: ObjectKind, object_id: str) -> ObjectFacts:
    """Read an object by Atlassian's id, without its body. Raises AtlassianError."""
    if kind is ObjectKind.ISSUE:
        return facts_of_issue(clients.jira(site).issue(object_id, ISSUE_FIELDS))
    client = clients.confluence(site)
    # The oldest answer is the one that counts: a change while we read shows at the next check.
    read_at = clock.now()
    page = client.page(object_id, with_body=False)
    if page.status != CURRENT:
        return facts_of_page(page, (), (), read_at)
    return facts_of_page(page, client.restriction_path(object_id), client.attachments(object_id), read_at)


def facts_of_page(
    page: Page, restrictions: Iterable[Restriction], attachments: Iterable[Attachment], read_at: datetime
) -> ObjectFacts:
    """Return the facts of a page with its restrictions and files."""
    files = tuple(attachments)
    return ObjectFacts(
        kind=ObjectKind.PAGE,
        object_id=page.id,
        object_key=None,
        title=page.title[:_MAXIMUM_TITLE],
        container=page.space_key,
        web_url=page.web_url,
        version=_page_version(page.version, files),
        restriction_digest=restriction_digest(restrictions),
        read_at=read_at,
        status=page.status,
        labels=page.labels,
        attachments=files,
    )


def facts_of_issue(issue: Issue) -> ObjectFacts:
    """Return the facts of an issue; its security level stands for its restrictions."""
    return ObjectFacts(
        kind=ObjectKind.ISSUE,
        object_id=issue.id,
        object_key=issue.key,
        title=issue.summary[:_MAXIMUM_TITLE],
        container=issue.project_key,
        web_url=issue.web_url,
        version=issue.updated,
        restriction_digest=_security_digest(issue),
        read_at=clock.now(),
        status=CURRENT,
        attachments=issue.attachments,
    )


def restriction_digest(restrictions: Iterable[Restriction]) -> str:
    """Return one digest (hex) of the restricting pages and their subjects, or an empty string where there are none."""
    lines = sorted(
        "\n".join(
            [one.page_id, *(f"u:{user}" for user in sorted(one.users)), *(f"g:{group}" for group in sorted(one.groups))]
        )
        for one in restrictions
        if one.restricts
    )
    return hashlib.sha256("\n\n".join(lines).encode()).hexdigest() if lines else ""


def _page_version(number: int, attachments: tuple[Attachment, ...]) -> str:
    # Replacing or deleting a file leaves the number of the page as it is.
    lines = sorted(f"{one.id} {one.version} {one.filename} {one.media_type} {one.size}" for one in attachments)
    return f"{number}-{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"


def _security_digest(issue: Issue) -> str:
    level = issue.fields.get("security")
    if not isinstance(level, dict) or not level.get("id"):
        return ""
    return hashlib.sha256(f"security:{level['id']}".encode()).hexdigest()
