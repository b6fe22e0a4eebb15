"""What the adapters hand out: frozen facts, with raw values only where a renderer needs them.

Ids are strings even where Atlassian sends numbers, because they are names and nobody calculates with them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Self


class Product(StrEnum):
    """The products a connection can be for."""

    CONFLUENCE = "confluence"
    JIRA = "jira"


class Deployment(StrEnum):
    """Where a site runs: at Atlassian, or on a company's own machines."""

    CLOUD = "cloud"
    DATA_CENTER = "data_center"


@dataclass(frozen=True)
class Account:
    """An Atlassian account; `email` is None where its owner hides it.

    On Data Center `account_id` is the user's key, which stays when the username changes.
    """

    account_id: str
    display_name: str
    email: str | None
    active: bool


@dataclass(frozen=True)
class Space:
    """A Confluence space."""

    id: str
    key: str
    name: str


@dataclass(frozen=True)
class Page:
    """One Confluence page in its current version; `storage` is None unless the body was asked for and comes in that format.

    `adf` is the body of a page of Cloud that has no storage format.
    `status` is Atlassian's word: current, archived, trashed, draft, deleted, historical.
    """

    id: str
    title: str
    status: str
    version: int
    space_id: str
    space_key: str | None
    author_id: str
    created_at: datetime | None
    updated_at: datetime | None
    labels: tuple[str, ...]
    storage: str | None = field(repr=False)
    web_url: str
    adf: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Attachment:
    """A file on a page or an issue; `file_id` is the id that ADF media nodes use, where Atlassian says it."""

    id: str
    filename: str
    media_type: str
    size: int
    version: int | str
    file_id: str | None
    container_id: str
    created_at: datetime | None


@dataclass(frozen=True)
class Restriction:
    """Who may read one page, as account ids and group ids; both empty means that the page itself restricts nothing."""

    page_id: str
    users: frozenset[str]
    groups: frozenset[str]

    @property
    def restricts(self) -> bool:
        """Say whether the page keeps anybody out."""
        return bool(self.users or self.groups)


@dataclass(frozen=True)
class PageSummary:
    """What a tree has to know of a page: `restricted` says that its own view restriction keeps somebody out."""

    id: str
    title: str
    status: str
    version: int
    space_key: str | None
    updated_at: datetime | None
    labels: tuple[str, ...]
    web_url: str
    restricted: bool


@dataclass(frozen=True)
class Descendant:
    """Something below a page: `kind` is Atlassian's word (page, folder, whiteboard, database, embed), `depth` 1 for a child.

    `position` orders it among the children of `parent_id`; None where Atlassian does not say.
    """

    id: str
    parent_id: str
    kind: str
    title: str
    status: str
    depth: int
    position: int | None
    #: Whether what is below it was not asked for, though it is not too deep: that would have been too many questions.
    unasked: bool = False


class BodyFormat(StrEnum):
    """What a body is written in; ADF bodies are JSON objects, the others text."""

    STORAGE = "storage"
    ADF = "adf"
    WIKI = "wiki"


@dataclass(frozen=True)
class Body:
    """A body as it came, in the format it was available in."""

    format: BodyFormat
    value: str | Mapping[str, Any] = field(repr=False)


class Resolution(StrEnum):
    """What became of a comment in the text of a page; dangling: the text it was made on is gone."""

    OPEN = "open"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    DANGLING = "dangling"


@dataclass(frozen=True)
class PageComment:
    """A comment on a page; `parent_id` is None for the first of a thread, `inline` says that it was made on text of the page.

    `author_id` is an account id, on Data Center a user key. Cloud says either when it was written or, of an edited one, when that was;
    the other is None. `anchor` is the text it was made on, empty where it is not inline or not said.
    """

    id: str
    parent_id: str | None
    author_id: str
    body: Body = field(repr=False)
    created_at: datetime | None
    edited_at: datetime | None
    version: int
    inline: bool = False
    resolution: Resolution | None = None
    anchor: str = field(default="", repr=False)


@dataclass(frozen=True)
class Issue:
    """One Jira issue: `fields` are raw values of exactly the requested fields, `names` and `schema` describe them."""

    id: str
    key: str
    summary: str
    updated: str
    project_key: str
    fields: Mapping[str, Any] = field(repr=False)
    names: Mapping[str, str] = field(repr=False)
    schema: Mapping[str, Any] = field(repr=False)
    attachments: tuple[Attachment, ...]
    web_url: str


class Ability(StrEnum):
    """What a credential may be able to do, as the connection test reports it."""

    SIGN_IN = "sign_in"
    READ = "read"
    READ_RESTRICTIONS = "read_restrictions"
    DOWNLOAD = "download"
    CHECK_OTHERS = "check_others"
    ADMINISTER = "administer"


@dataclass(frozen=True)
class Capability:
    """One line of a connection test; `detail` says in a sentence what was seen."""

    name: Ability
    allowed: bool
    detail: str


@dataclass(frozen=True)
class RateLimitState:
    """What Atlassian last said about its limits, for display; None where it said nothing."""

    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    near_limit: bool
    reason: str | None
    retry_after: float | None
    observed_at: datetime


@dataclass(frozen=True)
class Download:
    """A file as it arrives: status 200, 206 or 416. Close it in every case: until then it holds one of the host's few places."""

    status: int
    content_type: str
    content_length: int | None
    content_range: str | None
    chunks: Iterator[bytes] = field(repr=False)
    release: Callable[[], None] = field(repr=False)

    def close(self) -> None:
        """Give the connection and the place back; may be called more than once."""
        self.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
