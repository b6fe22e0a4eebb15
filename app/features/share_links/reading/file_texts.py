"""What stands in files that a link lets out: looked through like the page, before anybody has them.

A file's name is looked through where files are listed, its text where it can be downloaded. PDFs, office documents and archives are
taken apart by a child process with limits. Pictures, sound and film have no words that are looked for; any other file
that cannot be looked through is named.
"""

import posixpath
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from app.core.errors import Unavailable
from app.documents import attached
from app.features.share_links.paper import child
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import media
from app.features.share_links.reading.content import Content, File
from app.features.share_links.reading.page_cache import Kept
from app.features.share_links.rules import content_check
from app.features.share_links.rules.content_check import Scan, Why
from app.features.share_links.rules.patterns import OwnPattern

#: Files of one page or issue that are looked through, and seconds for them together; more count as not looked through.
MOST_FILES = 20
SECONDS = 20.0
#: Bytes of a text, and of a document that is taken apart.
MOST_BYTES = 500_000
MOST_DOCUMENT_BYTES = 10_000_000
_DOCUMENTS = frozenset(
    [
        ".pdf",
        *(".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".xltx", ".pptx", ".pptm", ".potx", ".ppsx"),
        *(".odt", ".ott", ".ods", ".ots", ".odp", ".otp", ".odg"),
        ".zip",
    ]
)
_DOCUMENT_TYPES = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.oasis.opendocument.",
    "application/zip",
    "application/x-zip",
)
_WORDLESS = ("image/", "audio/", "video/")
#: What ends like this is text, whatever Atlassian says of its type.
_ENDINGS = frozenset(
    [
        ".txt",
        ".text",
        ".log",
        ".md",
        ".rst",
        ".adoc",
        ".csv",
        ".tsv",
        ".json",
        ".jsonl",
        ".xml",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".cfg",
        ".conf",
        ".config",
        ".properties",
        ".env",
        ".sql",
        ".sh",
        ".bash",
        ".ps1",
        ".bat",
        ".py",
        ".rb",
        ".php",
        ".pl",
        ".js",
        ".ts",
        ".java",
        ".kt",
        ".cs",
        ".c",
        ".h",
        ".cpp",
        ".go",
        ".rs",
        ".swift",
        ".tf",
        ".html",
        ".htm",
        ".css",
        ".pem",
        ".key",
        ".crt",
        ".eml",
        ".ics",
        ".vcf",
        ".svg",
    ]
)
_TYPES = (
    "text/",
    "application/json",
    "application/xml",
    "application/x-yaml",
    "application/toml",
    "application/sql",
    "image/svg",
)
#: What was found in a version of a file; never its text.
_known: Kept[Scan] = Kept(512 * 1024, lambda scan: 300 + 200 * (len(scan.findings) + len(scan.unread)))

#: Reads a file of at most so many bytes whole; None where it is gone, or larger than it was said to be.
Read = Callable[[File, int], bytes | None]


def of_shown(
    target: ObjectRow, content: Content, powers: Powers, own: frozenset[OwnPattern], said: frozenset[str] = frozenset()
) -> Scan:
    """Look through the files that readers of some content may have; `said` are those that its comments show.

    Raises Unavailable where one can be had neither from a copy nor from Atlassian, and where there was no time for all:
    what was looked through is remembered, so that the next request goes on.
    """
    found = scan(
        shown(content, powers, said), powers, own, lambda file, most: media.read_whole(target, file, most), target
    )
    if any(one.why is Why.TOO_LONG for one in found.unread):
        raise Unavailable("files", child.FILES_WAIT, retry_after=5)
    return found


def of_sharing(
    target: ObjectRow,
    content: Content,
    powers: Powers,
    own: frozenset[OwnPattern],
    said: frozenset[str] = frozenset(),
    seconds: float | None = None,
) -> Scan:
    """Look through the files that readers of a link to be made would have. Raises Unavailable while many are read."""

    def read(file: File, most: int) -> bytes | None:
        # There is no link yet that a copy could belong to.
        return media.read_unkept(target, file, most)

    return scan(shown(content, powers, said), powers, own, read, target, seconds)


def shown(content: Content, powers: Powers, said: frozenset[str] = frozenset()) -> list[File]:
    """Return the files that readers of some content may have."""
    return [one for one in content.files.values() if media.shown(content, powers, one.id, said) is not None]


def scan(
    files: Iterable[File],
    powers: Powers,
    own: frozenset[OwnPattern],
    read: Read,
    target: ObjectRow | None = None,
    seconds: float | None = None,
) -> Scan:
    """Look through names of files, and the text of those that have one; what is known of a file of `target` is not asked again."""
    every = sorted(files, key=lambda one: one.id)
    found = [content_check.in_file(content_check.scan([("", one.filename)], own), one.filename) for one in every]
    if not powers.attachments:
        found.clear()
    if powers.download:
        until = time.monotonic() + (SECONDS if seconds is None else seconds)
        read_through = [one for one in every if not _is_wordless(one)]
        found += [_once(one, own, read, target, until) for one in read_through[:MOST_FILES]]
        found += [_not_read(one, Why.TOO_MANY) for one in read_through[MOST_FILES:]]
    return content_check.together(found)


def is_text(file: File) -> bool:
    """Tell whether a file is read as text, by the end of its name or by its type."""
    return _ending(file) in _ENDINGS or (file.media_type.lower().startswith(_TYPES) and _ending(file) not in _DOCUMENTS)


def is_document(file: File) -> bool:
    """Tell whether a file is taken apart, by the end of its name or by its type."""
    return _ending(file) in _DOCUMENTS or file.media_type.lower().startswith(_DOCUMENT_TYPES)


def forget() -> None:
    """Drop what this process knows of files."""
    _known.clear()


def _ending(file: File) -> str:
    name = file.filename.lower()
    return posixpath.splitext(name)[1] or f".{name.rpartition('.')[2]}"


def _is_wordless(file: File) -> bool:
    return file.media_type.lower().startswith(_WORDLESS) and not is_text(file) and not is_document(file)


def _once(file: File, own: frozenset[OwnPattern], read: Read, target: ObjectRow | None, until: float) -> Scan:
    key = (target.connection_id, target.object_id, file.id, file.version, own) if target is not None else None
    known = _known.get(key) if key is not None else None
    if known is not None:
        return known
    if time.monotonic() > until:
        return _not_read(file, Why.TOO_LONG)
    found = _of_file(file, own, read)
    if key is not None and not any(one.why is Why.NOT_HAD for one in found.unread):
        _known.put(key, found)
    return found


def _of_file(file: File, own: frozenset[OwnPattern], read: Read) -> Scan:
    text = is_text(file)
    if not text and not is_document(file):
        return _not_read(file, Why.UNKNOWN_KIND)
    most = MOST_BYTES if text else MOST_DOCUMENT_BYTES
    if file.size > most:
        return _not_read(file, Why.TOO_LARGE)
    content = read(file, most)
    if content is None:
        return _not_read(file, Why.NOT_HAD)
    if not text or attached.is_document(content):
        return _of_document(file, content, own)
    said = attached.decoded(content)
    if said is None:
        return _not_read(file, Why.BROKEN)
    return _of_lines(file, [("", line) for line in said.splitlines() if line.strip()], own)


def _of_document(file: File, content: bytes, own: frozenset[OwnPattern]) -> Scan:
    words = child.read(content)
    found = _of_lines(file, words.lines, own)
    return content_check.together([found, *(_not_read(file, Why(one.value)) for one in sorted(words.left))])


def _of_lines(file: File, lines: list[tuple[str, str]], own: frozenset[OwnPattern]) -> Scan:
    found = content_check.in_file(content_check.scan(lines, own), file.filename)
    return found if found.finished else replace(found, finished=True, unread=_not_read(file, Why.TOO_MUCH).unread)


def _not_read(file: File, why: Why) -> Scan:
    return content_check.not_read(file.filename, why, f"{file.id}:{file.version}")
