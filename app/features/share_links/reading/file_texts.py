"""What stands in files that a link lets out, as far as they are text: looked through like the page, before anybody has them.

A file's name is looked through where files are listed, its text where it can be downloaded. Formats that have to be taken
apart, such as PDF and office documents, are not looked into.
"""

import codecs
import posixpath
from collections.abc import Callable, Iterable
from functools import partial

from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import media
from app.features.share_links.reading.content import Content, File
from app.features.share_links.reading.page_cache import Kept
from app.features.share_links.rules import content_check
from app.features.share_links.rules.content_check import NOT_LOOKED, Scan
from app.features.share_links.rules.patterns import OwnPattern

#: Files of one page or issue, and bytes of each, that are looked through; more count as not looked through.
MOST_FILES = 20
MOST_BYTES = 500_000
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
    ]
)
_TYPES = ("text/", "application/json", "application/xml", "application/x-yaml", "application/toml", "application/sql")
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: What was found in a version of a file; never its text.
_known: Kept[Scan] = Kept(512 * 1024, lambda scan: 300 + 200 * len(scan.findings))

#: Reads a file whole; None where it is gone, or larger than it was said to be.
Read = Callable[[File], bytes | None]


def of_shown(
    target: ObjectRow, content: Content, powers: Powers, own: frozenset[OwnPattern], said: frozenset[str] = frozenset()
) -> Scan:
    """Look through the files that readers of some content may have; `said` are those that its comments show.

    Raises Unavailable where one can be had neither from a copy nor from Atlassian.
    """

    def once(file: File, found: Callable[[], Scan]) -> Scan:
        key = (target.connection_id, target.object_id, file.id, file.version, own)
        known = _known.get(key)
        if known is None:
            known = found()
            _known.put(key, known)
        return known

    files = [one for one in content.files.values() if media.shown(content, powers, one.id, said) is not None]
    return scan(files, powers, own, lambda file: media.read_whole(target, file, MOST_BYTES), once)


def scan(
    files: Iterable[File],
    powers: Powers,
    own: frozenset[OwnPattern],
    read: Read,
    once: Callable[[File, Callable[[], Scan]], Scan] = lambda _file, found: found(),
) -> Scan:
    """Look through names of files, and the text of those that are text; what was found stands below the file's name."""
    every = sorted(files, key=lambda one: one.id)
    found = [content_check.scan([(one.filename, one.filename) for one in every], own)] if powers.attachments else []
    if powers.download:
        texts = [one for one in every if is_text(one)]
        found += [once(one, partial(_of_file, one, own, read)) for one in texts[:MOST_FILES]]
        found += [NOT_LOOKED] if len(texts) > MOST_FILES else []
    return content_check.together(found)


def is_text(file: File) -> bool:
    """Tell whether a file is read as text, by the end of its name or by its type."""
    ending = posixpath.splitext(file.filename.lower())[1] or f".{file.filename.lower().rpartition('.')[2]}"
    return ending in _ENDINGS or file.media_type.lower().startswith(_TYPES)


def forget() -> None:
    """Drop what this process knows of files."""
    _known.clear()


def _of_file(file: File, own: frozenset[OwnPattern], read: Read) -> Scan:
    if file.size > MOST_BYTES:
        return NOT_LOOKED
    content = read(file)
    if content is None:
        return NOT_LOOKED
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8-sig")
    lines = content.decode(encoding, "replace").splitlines()
    return content_check.scan([(file.filename[:120], line) for line in lines if line.strip()], own)
