"""Fetches files as a bounded stream: on Cloud through the redirect to a signed media address, without our credentials; on Data Center
from the site itself.

The signed address is a secret of its own for as long as it lives. It stays in this module: not in results, errors or logs. What the media
host answers says nothing about rights to the page or issue, so a refusal there is "unreachable", never "forbidden" or "not found".
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from app.integrations.atlassian.answers import Answer
from app.integrations.atlassian.errors import AtlassianError, RateLimited, Unreachable
from app.integrations.atlassian.types import Download
from app.integrations.http.connections import Deadline
from app.integrations.http.hosts import Origin, PublicHosts
from app.integrations.http.pools import discard, explain

MAX_HOPS = 4
CHUNK_BYTES = 64 * 1024
#: Each chunk must be here within this time: a peer slower than about 3 kB/s is as good as silent.
CHUNK_SECONDS = 20.0
#: Beyond this a file is not passed on; Atlassian's own highest upload limit is below it.
MAX_FILE_BYTES = 4 * 1024 * 1024 * 1024
#: Signed addresses are long; this is several times the longest that was seen.
MAX_ADDRESS_LENGTH = 16_000

_ONE_RANGE = re.compile(r"bytes=(?:\d{1,18}-\d{0,18}|-\d{1,18})", re.ASCII)
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,120}")
_CONTENT_RANGE = re.compile(r"bytes (?:\d{1,18}-\d{1,18}|\*)/(?:\d{1,18}|\*)", re.ASCII)


@dataclass(frozen=True)
class Opened:
    """A response with its body unread, and the place it holds at its host."""

    origin: Origin
    response: BaseHTTPResponse = field(repr=False)
    give_back: Callable[[], None] = field(repr=False)

    def close(self) -> None:
        """Drop the connection and give the place back."""
        try:
            discard(self.response)
        finally:
            self.give_back()


class Wire(Protocol):
    """What a transport offers here."""

    policy: PublicHosts
    read_timeout: float

    @property
    def base_url(self) -> str:
        """The base address."""

    def time_left(self) -> float:
        """Return the seconds until the present operation ends."""

    def open_base(self, target: str, headers: Mapping[str, str], deadline: Deadline) -> Opened:
        """Send a GET with credentials to the base address."""

    def open_elsewhere(self, origin: Origin, target: str, headers: Mapping[str, str], deadline: Deadline) -> Opened:
        """Send a GET without credentials to a host that passed the policy."""

    def failure(self, answer: Answer) -> AtlassianError:
        """Return the error for an answer of the base address."""


def download(wire: Wire, target: str, range_header: str | None) -> Download:
    """Return the file behind `target`, a path at the transport's base.

    `range_header` is passed on when it asks for one range of bytes and otherwise ignored, as RFC 9110 §14.2 allows. Raises AtlassianError.
    """
    # Content codings would make lengths and ranges those of something else than the file.
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Portico"}
    deadline = Deadline(wire.time_left(), wire.read_timeout)
    opened = wire.open_base(target, headers, deadline)
    url = f"{wire.base_url.partition('://')[0]}://{opened.origin.key}{target}"
    # The routes used here only ever redirect; what a site shows with status 200 instead is a page for people.
    finals: tuple[int, ...] = ()
    for _ in range(MAX_HOPS):
        with ExitStack() as unless_handed_on:
            unless_handed_on.callback(opened.close)
            status = opened.response.status
            if status in finals:
                found = _as_download(opened, deadline)
                unless_handed_on.pop_all()
                return found
            if status not in (301, 302, 303, 307, 308):
                raise _failure(wire, opened, at_base=not finals)
            origin, target, url = _next(wire, url, opened.response.headers.get("Location"))
        if range_header and _ONE_RANGE.fullmatch(range_header):
            headers["Range"] = range_header
        finals = (200, 206, 416)
        opened = wire.open_elsewhere(origin, target, headers, deadline)
    opened.close()
    raise Unreachable("The file is behind too many redirects.")


def download_here(wire: Wire, target: str, range_header: str | None) -> Download:
    """Return the file that the base address itself serves at `target`.

    A redirect is an error: it leads to a form to sign in, and no credential of ours follows one. Raises AtlassianError.
    """
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Portico"}
    if range_header and _ONE_RANGE.fullmatch(range_header):
        headers["Range"] = range_header
    deadline = Deadline(wire.time_left(), wire.read_timeout)
    opened = wire.open_base(target, headers, deadline)
    with ExitStack() as unless_handed_on:
        unless_handed_on.callback(opened.close)
        if opened.response.status not in (200, 206, 416):
            raise _failure(wire, opened, at_base=True)
        found = _as_download(opened, deadline)
        unless_handed_on.pop_all()
        return found


def _next(wire: Wire, url: str, location: str | None) -> tuple[Origin, str, str]:
    following = _joined(url, location)
    if following is None:
        raise Unreachable("Atlassian sent a redirect that leads nowhere.")
    origin = wire.policy.origin(following)
    # A site that sends us to another page of its own shows a sign-in form, which must not pass for the file.
    if origin == wire.policy.origin(wire.base_url):
        raise Unreachable("Atlassian sent a redirect to itself instead of to the file.")
    parts = urlsplit(following)
    return origin, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), following


def _joined(url: str, location: str | None) -> str | None:
    try:
        following = urljoin(url, (location or "").strip())
    except ValueError:
        return None
    return following if location and len(following) <= MAX_ADDRESS_LENGTH else None


def _failure(wire: Wire, opened: Opened, *, at_base: bool) -> AtlassianError:
    response = opened.response
    if at_base:
        try:
            body = response.read(16 * 1024)
        except (HTTPError, OSError, ValueError):
            body = b""
        return wire.failure(Answer(response.status, response.headers, body))
    if response.status == 429:
        return RateLimited("The media host asks to slow down.", retry_after=None)
    return Unreachable(f"The media host answered with status {response.status}.", response.status)


def _as_download(opened: Opened, deadline: Deadline) -> Download:
    headers, status = opened.response.headers, opened.response.status
    if headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise Unreachable("The file came in a coding that was not asked for.")
    kind = headers.get("Content-Type", "").partition(";")[0].strip()
    length, content_range = headers.get("Content-Length", ""), headers.get("Content-Range", "")
    chunks: Iterator[bytes] = _Chunks(opened, deadline)
    if status == 416:
        # Only its Content-Range is of use; what else it holds is an error page of the media host.
        opened.close()
        chunks, length = iter(()), "0"
    return Download(
        status=status,
        content_type=kind.lower() if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream",
        content_length=int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None,
        content_range=content_range if _CONTENT_RANGE.fullmatch(content_range) else None,
        chunks=chunks,
        release=opened.close,
    )


class _Chunks(Iterator[bytes]):
    """The body piece by piece. It gives its place back at the end, on failure and when it is forgotten."""

    def __init__(self, opened: Opened, deadline: Deadline) -> None:
        self._opened = opened
        self._deadline = deadline
        self._left = MAX_FILE_BYTES

    def __next__(self) -> bytes:
        response = self._opened.response
        if response.closed:
            raise StopIteration
        # The time between two reads belongs to whoever we pass the file on to.
        self._deadline.restart(CHUNK_SECONDS)
        failure: AtlassianError | None = None
        try:
            chunk = response.read(CHUNK_BYTES, decode_content=False)
        except (HTTPError, OSError, ValueError) as error:
            chunk, failure = b"", explain(error, self._opened.origin.host)
        self._left -= len(chunk)
        if self._left < 0:
            failure = Unreachable("The file is larger than may be passed on.")
        if failure is not None or not chunk:
            self._opened.close()
            if failure is not None:
                raise failure
            raise StopIteration
        return chunk

    def __del__(self) -> None:
        self._opened.close()
