"""Everything the site knows while it runs; nothing is written anywhere.

All of it is plain data that the control interface may change; what somebody may see is worked out in `access`.
"""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulator.files import Content


@dataclass
class Account:
    """One person or integration with the tokens it signs in by: on Cloud, and on Data Center."""

    account_id: str
    email: str
    name: str
    token: str
    access_token: str
    groups: list[str]
    grants: list[str]
    active: bool = True
    token_valid: bool = True
    email_visible: bool = False
    time_zone: str = "Europe/Stockholm"


@dataclass
class Group:
    """A group; whatever it is granted, its members are."""

    group_id: str
    name: str
    grants: list[str]


@dataclass
class Space:
    """A space; `homepage_id` is the page all its others are below."""

    space_id: str
    key: str
    name: str
    homepage_id: str
    author_id: str
    created_at: str


@dataclass
class Version:
    """One version of a page: `body` in storage format, empty where it was only ever written as `adf`."""

    number: int
    created_at: str
    author_id: str
    title: str
    body: str
    message: str = ""
    adf: dict[str, Any] | None = None


@dataclass
class FileVersion:
    """One version of a file."""

    number: int
    created_at: str
    author_id: str
    content: Content


@dataclass
class Attachment:
    """A file on a page (`att…`) or an issue (a number); `file_id` is the identifier media nodes use."""

    attachment_id: str
    file_id: str
    container_id: str
    filename: str
    media_type: str
    versions: list[FileVersion]
    comment: str = ""

    @property
    def latest(self) -> FileVersion:
        return self.versions[-1]


@dataclass
class PageComment:
    """A comment on a page, or a reply to one; `anchor` is the text an inline one was made on."""

    comment_id: str
    author_id: str
    created: str
    #: Storage format.
    body: str
    edited: str | None = None
    parent_id: str | None = None
    inline: bool = False
    resolution: str = "open"
    anchor: str = ""


@dataclass
class Page:
    """A page with all its versions, the latest last."""

    page_id: str
    space_id: str
    parent_id: str | None
    status: str
    position: int
    labels: list[str]
    #: Account ids and group ids that may view it; both empty means no restriction of its own.
    users: list[str]
    groups: list[str]
    versions: list[Version]
    comments: list[PageComment] = field(default_factory=list)

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    @property
    def restricted(self) -> bool:
        return bool(self.users or self.groups)


@dataclass
class Folder:
    """A folder below a page or another folder; Cloud alone has them."""

    folder_id: str
    parent_id: str
    position: int
    title: str
    #: Account ids and group ids that may view it and what is in it; both empty means no restriction of its own.
    users: list[str]
    groups: list[str]

    @property
    def restricted(self) -> bool:
        return bool(self.users or self.groups)


@dataclass
class Comment:
    """A comment on an issue; `visibility` names a role or group, `public` is false for service-desk notes."""

    comment_id: str
    author_id: str
    body: dict[str, Any]
    created: str
    updated: str
    public: bool = True
    visibility: dict[str, str] | None = None


@dataclass
class Issue:
    """An issue with its comments in the order they were written."""

    issue_id: str
    key: str
    #: Compact values as in the content's JSON; `jira_shapes` expands them.
    fields: dict[str, Any]
    comments: list[Comment]
    #: Identifier of a security level, or nothing.
    security: str | None = None
    #: The description in wiki notation, where somebody wrote it; otherwise Data Center's half makes it of the document.
    wiki: str = ""


@dataclass
class Settings:
    """Switches of the whole site that the control interface may turn."""

    page_limit: int = 100
    media_seconds: float = 60.0
    failed_sign_in: str = "refused"
    near_limit: bool = False


@dataclass
class LoggedRequest:
    """One answered request; `violation` says what the client should never have sent."""

    number: int
    server: str
    method: str
    path: str
    query: str
    account: str | None
    status: int
    violation: str | None = None


@dataclass
class Site:
    """The state of one running simulator; take `lock` to change anything."""

    title: str
    cloud_id: str
    accounts: dict[str, Account] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    jira: dict[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    failures: list[Any] = field(default_factory=list)
    requests: list[LoggedRequest] = field(default_factory=list)
    media_key: bytes = b""
    base_url: str = ""
    media_url: str = ""
    counter: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def account_by_email(self, email: str) -> Account | None:
        """Find an account by address, ignoring case."""
        return next((one for one in self.accounts.values() if one.email.lower() == email.lower()), None)

    def attachments_of(self, container_id: str) -> list[Attachment]:
        """List the files of a page or issue, in the order they were added."""
        return [one for one in self.attachments.values() if one.container_id == container_id]

    def above(self, one: Page | Folder) -> list[Page | Folder]:
        """List the pages and folders above a page or folder, the highest first."""
        found: list[Page | Folder] = []
        parent = self.node(one.parent_id)
        while parent is not None:
            found.insert(0, parent)
            parent = self.node(parent.parent_id)
        return found

    def node(self, node_id: str | None) -> Page | Folder | None:
        """Return what has this id in the tree."""
        return (self.pages.get(node_id) or self.folders.get(node_id)) if node_id else None

    def ancestors(self, page: Page) -> list[Page]:
        """List the pages above one page, the highest first."""
        return [one for one in self.above(page) if isinstance(one, Page)]

    def children(self, page_id: str) -> list[Page]:
        """List the pages below one page by position, as if there were no folders between."""
        below = [
            one for one in self.pages.values() if [above.page_id for above in self.ancestors(one)[-1:]] == [page_id]
        ]
        return sorted(below, key=lambda one: one.position)

    def nodes_below(self, node_id: str) -> list[Page | Folder]:
        """List the pages and folders directly below one by position."""
        nodes: list[Page | Folder] = [*self.pages.values(), *self.folders.values()]
        return sorted((one for one in nodes if one.parent_id == node_id), key=lambda one: one.position)

    def log(self, entry: dict[str, Any]) -> None:
        """Remember one answered request, without any secret."""
        with self.lock:
            self.counter += 1
            self.requests.append(LoggedRequest(number=self.counter, **entry))


def now() -> str:
    """Return this instant as Atlassian writes it: UTC with milliseconds and a Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
