"""What goes into a rendering and what comes out of it: frozen dataclasses, shared by all source formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.documents.words import Words

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One attachment: `id` stands in its address, `size` is in bytes."""

    id: str
    filename: str
    media_type: str
    size: int
    #: The covered page it belongs to; empty for a file of the object that is rendered. Its address is
    #: `media/<id>`, or `media/<object id>/<id>`: all reader pages of a link are in one directory.
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class CoveredPage:
    """Another page that the link covers; `address` is relative to every reader page of the link."""

    id: str
    title: str
    address: str
    #: The page it stands below; None where that is not covered.
    parent_id: str | None = None
    #: Where it stands among the children of its parent.
    position: int = 0
    #: Its body in storage format, for pages that include it; None where it was not read.
    storage: str | None = None
    #: Its attachments by file name in NFC, each with this page's id.
    attachments: Mapping[str, MediaFile] = field(default_factory=lambda: MappingProxyType({}))
    updated: datetime | None = None
    #: Its body as ADF, where it has no storage format.
    adf: Mapping[str, object] | None = None
    #: Its attachments by the file id that ADF `media` nodes carry.
    by_file_id: Mapping[str, MediaFile] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Material:
    """All a rendering may use besides the content itself; what is not in here is not shown."""

    #: The shared object's own attachments, by file name in NFC.
    attachments: Mapping[str, MediaFile] = field(default_factory=lambda: MappingProxyType({}))
    #: The same attachments by the file id that ADF `media` nodes carry.
    by_file_id: Mapping[str, MediaFile] = field(default_factory=lambda: MappingProxyType({}))
    #: Page or issue id; only attachments of this object are ever shown.
    object_id: str = ""
    #: Target → address in this share, relative to the reader page. A target is an absolute address as written in
    #: the content, `page:<space key>:<title>` (space empty: the page's own) or `issue:<key>`.
    links: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    #: Host names whose addresses are internal (atlassian.net always is); links to them become text.
    internal_hosts: frozenset[str] = frozenset()
    #: Hosts of the organisation's other sites; what lies there is none of the share, and its address is never shown.
    hidden_hosts: frozenset[str] = frozenset()
    #: Other pages that the link covers, by `page:<space key>:<title>` (space empty: the page's own) and `id:<page id>`.
    pages: Mapping[str, CoveredPage] = field(default_factory=lambda: MappingProxyType({}))
    #: What the link covers below the shared page, parents before their children, siblings in their order.
    tree: tuple[CoveredPage, ...] = ()
    #: Account id or user key → the name to show, as far as the link's privacy setting lets it be shown.
    people: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    #: Whether tasks say whose they are.
    show_assignees: bool = True
    #: Host names that an administrator listed: their pages may be framed, in a sandbox.
    frame_hosts: frozenset[str] = frozenset()
    #: Whether file cards carry a link to the file.
    link_files: bool = False
    words: Words = field(default_factory=Words)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much content is read before it is refused."""

    max_characters: int = 2_000_000
    max_depth: int = 200
    max_cells: int = 20_000
    #: Nodes of an ADF document.
    max_nodes: int = 200_000
    #: Characters of one code block, and of all together, that are coloured; the rest is shown plain
    #: (Pygments takes about 1 ms for a kilobyte, and some of its lexers far longer on hostile text).
    max_coloured_block: int = 20_000
    max_coloured: int = 100_000
    #: Lines of code that are numbered.
    max_numbered_lines: int = 20_000
    #: Pages that are read into this one, and their characters together.
    max_includes: int = 50
    max_included_characters: int = 2_000_000
    #: Pages and pictures in the lists and galleries of one document.
    max_listed: int = 5_000


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading: its level in the document (1 to 6), the id of its anchor and its text."""

    level: int
    id: str
    text: str


class Reason(StrEnum):
    """Why something is not shown."""

    #: It belongs to something that the link does not cover.
    NOT_COVERED = "not_covered"
    #: It would have to run, or to be loaded from another site.
    ACTIVE = "active"
    #: It is not there, or is not what the page says it is.
    MISSING = "missing"
    #: It is more than is read, or would never end.
    BOUNDED = "bounded"
    #: Nothing here knows how to show it.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A kind of content that is not shown, by the name a reader sees, how often, and why."""

    name: str
    count: int
    reason: Reason = Reason.UNKNOWN


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML with what its page needs to know about it.

    `media_ids` are the files the HTML points at, as they stand behind `media/`: `<id>` or `<object id>/<id>`.
    """

    html: str
    headings: tuple[Heading, ...]
    media_ids: frozenset[str]
    left_out: tuple[LeftOut, ...]
