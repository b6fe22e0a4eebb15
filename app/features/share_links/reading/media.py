"""Files of a shared page or issue: which of them a link lets out, and where their bytes come from.

Every request is authorised as (link, object, attachment). A file up to 25 MB is fetched once for each version and kept
encrypted; a larger one is streamed through and never kept.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.core import db
from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.crypto.keyring import KeyRingError
from app.core.errors import NotFound, Unavailable
from app.features.share_links.objects import ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import copies, filetypes, picture_sizes, places
from app.features.share_links.reading.content import Content, File
from app.features.share_links.reading.copies import CHUNK_BYTES, CopyKey, CopyKind, FoundCopy
from app.features.share_links.reading.picture_headers import size_of
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.errors import NotFound as MissingThere
from app.integrations.atlassian.types import Download

#: Larger files are streamed through.
KEPT_BYTES = 25_000_000
#: Where Jira has no small picture of a picture, one of at most this size stands for itself.
SMALL_ENOUGH_BYTES = 2_000_000
#: Pixels that a small picture is asked for in: twice what it is shown in.
SMALL_PIXELS = 320
_WAIT_SECONDS = 15.0
_POLL_SECONDS = 0.1
_ATTACHMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True)
class Span:
    """The bytes from `start` up to `stop` that are asked for; None = to the end."""

    start: int
    stop: int | None


@dataclass(frozen=True)
class Opened:
    """A file on its way: bytes `start` up to `stop` of `size`. `close` has to be called in every case."""

    media_type: str
    size: int
    start: int
    stop: int
    chunks: Iterator[bytes] = field(repr=False)
    close: Callable[[], None] = field(repr=False)


class OutOfRange(Exception):
    """Nothing of the file lies in the range; `size` is its length in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class _TooLarge(Exception):
    """A file is larger than Atlassian said."""


def shown(content: Content, powers: Powers, attachment_id: str, said: frozenset[str] = frozenset()) -> File | None:
    """Return an attachment that a link lets its readers see: in the body, in the comments (`said`), or listed; else None."""
    if not _ATTACHMENT_ID.fullmatch(attachment_id):
        return None
    file = content.files.get(attachment_id)
    return file if file is not None and (file.embedded or powers.attachments or file.id in said) else None


def draws(file: File) -> bool:
    """Tell whether a browser may draw a file in the page."""
    return file.media_type.partition(";")[0].strip().lower() in filetypes.INLINE


def has_small(target: ObjectRow, file: File) -> bool:
    """Tell whether a file may be shown as a small picture: only Jira makes them."""
    kind = file.media_type.partition(";")[0].strip().lower()
    return target.kind is ObjectKind.ISSUE and kind in filetypes.PICTURES


def etag(target: ObjectRow, file: File, kind: CopyKind = CopyKind.MEDIA) -> str:
    """Return the strong validator of a file (without quotes): versions of attachments never change."""
    named = f"{target.connection_id}:{target.object_id}:{file.id}:{file.version}"
    if kind is not CopyKind.MEDIA:
        named += f":{kind}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def open_file(target: ObjectRow, file: File, span: Span | None) -> Opened:
    """Open a file for reading. Raises OutOfRange, NotFound where Atlassian has it no more, Unavailable."""
    if file.size <= KEPT_BYTES:
        try:
            return _open_copy(_copy(target, file, CopyKind.MEDIA), span)
        except _TooLarge:
            return _open_stream(target, file, span)
    return _open_stream(target, file, span)


def read_whole(target: ObjectRow, file: File, most: int) -> bytes | None:
    """Return all of a file of at most so many bytes, kept as a copy; None where it is larger or gone. Raises Unavailable."""
    try:
        opened = open_file(target, file, None)
    except NotFound:
        return None
    try:
        return b"".join(opened.chunks) if opened.size <= most else None
    finally:
        opened.close()


def read_unkept(target: ObjectRow, file: File, most: int) -> bytes | None:
    """Return all of a file as Atlassian has it, of which nothing is kept; None where it is larger, gone or not to be had."""
    found = bytearray()
    try:
        with _download(target, file, None) as download:
            for chunk in download.chunks:
                found += chunk
                if len(found) > most:
                    return None
    except (AtlassianError, Unavailable):
        return None
    return bytes(found)


def open_small(target: ObjectRow, file: File) -> Opened:
    """Open the small picture of a file. Raises NotFound where there is none, Unavailable."""
    try:
        return _open_copy(_copy(target, file, CopyKind.SMALL), None)
    except _TooLarge:
        raise NotFound from None


def _open_copy(found: FoundCopy, span: Span | None) -> Opened:
    start, stop = _bounds(span, found.size)
    return Opened(found.media_type, found.size, start, stop, copies.read(found.id, start, stop), lambda: None)


def _bounds(span: Span | None, size: int) -> tuple[int, int]:
    if span is None:
        return 0, size
    start = max(0, size + span.start) if span.start < 0 else span.start
    stop = size if span.stop is None else min(span.stop, size)
    if start >= stop:
        raise OutOfRange(size)
    return start, stop


def _copy(target: ObjectRow, file: File, kind: CopyKind) -> FoundCopy:
    key = CopyKey(target.id, kind, file.id, file.version)
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        with db.reading() as session:
            found = copies.find(session, key)
        if found is not None:
            if _readable(found):
                return found
            with db.transaction() as session:
                copies.discard(session, found.id)
        with db.transaction() as session:
            copy_id = copies.begin(session, key, file.media_type)
        if copy_id is not None:
            _fill(target, file, kind, copy_id)
            continue
        # Somebody else, perhaps another process, is fetching it.
        if time.monotonic() > end:
            raise Unavailable("Atlassian", retry_after=5)
        time.sleep(_POLL_SECONDS)


def _readable(found: FoundCopy) -> bool:
    try:
        next(copies.read(found.id, 0, min(1, found.size)), b"")
    except (KeyRingError, LookupError):
        return False
    return True


def _fill(target: ObjectRow, file: File, kind: CopyKind, copy_id: int) -> None:
    small = kind is CopyKind.SMALL
    try:
        with (
            places.incoming().take(),
            _download_small(target, file) if small else _download(target, file, None) as download,
        ):
            size, beginning = 0, b""
            for position, chunk in enumerate(_in_chunks(download.chunks)):
                beginning = beginning or chunk
                size += len(chunk)
                if size > KEPT_BYTES:
                    raise _TooLarge
                with db.transaction() as session:
                    copies.add_chunk(session, copy_id, position, chunk)
        if download.content_length is not None and size != download.content_length:
            raise Unavailable("Atlassian")
        # A small picture may be of another type than the picture.
        declared = download.content_type if small else file.media_type
        media_type = filetypes.drawn_as(declared, beginning) or filetypes.sent_as(declared)
        if media_type in filetypes.INLINE and not filetypes.drawn_as(media_type, beginning):
            media_type = filetypes.NEUTRAL
        pixels = size_of(beginning) if kind is CopyKind.MEDIA and media_type in filetypes.PICTURES else None
        with db.transaction() as session:
            copies.complete(session, copy_id, size, media_type, pixels)
    except BaseException as error:
        with db.transaction() as session:
            copies.discard(session, copy_id)
        if isinstance(error, AtlassianError):
            raise _refused(target, error) from error
        raise
    if pixels is not None:
        picture_sizes.note(target.id)


def _in_chunks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    pending = bytearray()
    for piece in pieces:
        pending += piece
        while len(pending) >= CHUNK_BYTES:
            yield bytes(pending[:CHUNK_BYTES])
            del pending[:CHUNK_BYTES]
    if pending:
        yield bytes(pending)


def _open_stream(target: ObjectRow, file: File, span: Span | None) -> Opened:
    start, stop = _bounds(span, file.size)
    header = f"bytes={start}-{stop - 1}" if span is not None else None
    try:
        download = _download(target, file, header)
    except AtlassianError as error:
        raise _refused(target, error) from error
    if download.status == 416 or (header is not None and download.status != 206):
        download.close()
        raise OutOfRange(file.size)
    media_type = filetypes.sent_as(file.media_type)
    return Opened(media_type, file.size, start, stop, _exactly(download, stop - start), download.close)


def _exactly(download: Download, length: int) -> Iterator[bytes]:
    """Pass on as many bytes as were promised; fewer end the connection, so that the reader notices."""
    left = length
    for chunk in download.chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return
    raise Unavailable("Atlassian")


def _download(target: ObjectRow, file: File, range_header: str | None) -> Download:
    site = _site(target)
    if target.kind is ObjectKind.ISSUE:
        return clients.jira(site).download(file.id, range_header=range_header)
    version = int(file.version) if file.version.isdigit() else None
    return clients.confluence(site).download(target.object_id, file.id, version=version, range_header=range_header)


def _download_small(target: ObjectRow, file: File) -> Download:
    client = clients.jira(_site(target))
    try:
        return client.thumbnail(file.id, width=SMALL_PIXELS, height=SMALL_PIXELS)
    except MissingThere:
        if file.size > SMALL_ENOUGH_BYTES:
            raise
        return client.download(file.id)


def _site(target: ObjectRow) -> Site:
    with db.reading() as session:
        site = clients.site(session, target.connection_id)
    if site is None or site.disabled:
        raise Unavailable("Atlassian")
    return site


def _refused(target: ObjectRow, error: AtlassianError) -> NotFound | Unavailable:
    if not error.is_down:
        return NotFound()
    clients.note_error(_site(target), error)
    return Unavailable("Atlassian")
