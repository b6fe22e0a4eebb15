"""What goes into a rendering and what comes out of it: frozen dataclasses, shared by all source formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.documents.words import Words

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One attachment of the shared object; `id` is what stands behind `media/` in addresses, `size` is in bytes."""

    id: str
    filename: str
    media_type: str
    size: int


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
    #: Account id or user key → the name to show.
    people: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
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


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading: its level in the document (1 to 6), the id of its anchor and its text."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A kind of content that is not shown, by the name a reader sees, and how often."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML with what its page needs to know about it; `media_ids` are the files the HTML points at."""

    html: str
    headings: tuple[Heading, ...]
    media_ids: frozenset[str]
    left_out: tuple[LeftOut, ...]
