"""The body of a shared page or issue as safe HTML, from a copy or from Atlassian, with what belongs to it.

One rendering serves every link with the same options: the addresses inside are relative and name no token.
"""

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.core import db
from app.core.connections import clients
from app.core.crypto.keyring import KeyRingError
from app.core.errors import Unavailable
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.documents.errors import DocumentError
from app.documents.types import Heading, LeftOut, Rendered
from app.features.share_links.objects import Moved, ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import copies, issue_content, page_content
from app.features.share_links.reading.copies import CopyKey, CopyKind
from app.features.share_links.reading.coverage import ALONE, Coverage
from app.features.share_links.reading.page_cache import Kept
from app.features.share_links.settings import ShareLinkSettings
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.types import Attachment

#: Raised when rendering changes, so that older copies are not found any more.
RENDERING = 5
_KEPT_BYTES = 32 * 1024 * 1024
_HTML = "text/html"


@dataclass(frozen=True)
class File:
    """One attachment of the shared object."""

    id: str
    filename: str
    media_type: str
    #: Bytes, as Atlassian says.
    size: int
    version: str
    #: Whether the body shows or links it.
    embedded: bool


@dataclass(frozen=True)
class Content:
    """What readers get."""

    html: str
    headings: tuple[Heading, ...]
    left_out: tuple[LeftOut, ...]
    files: Mapping[str, File]


@dataclass(frozen=True)
class Section:
    """An entry of the table of contents with those below it."""

    heading: Heading
    below: tuple[Heading, ...]


def outline(headings: tuple[Heading, ...]) -> tuple[Section, ...]:
    """Return a table of contents of two levels: the highest that the text has, and the rest below."""
    top = min((heading.level for heading in headings), default=1)
    sections: list[tuple[Heading, list[Heading]]] = []
    for heading in headings:
        if heading.level == top or not sections:
            sections.append((heading, []))
        else:
            sections[-1][1].append(heading)
    return tuple(Section(heading, tuple(below)) for heading, below in sections)


_kept: Kept[Content] = Kept(_KEPT_BYTES, lambda content: len(content.html) * 2 + 2_000)
_rendering: dict[int, threading.Lock] = defaultdict(threading.Lock)


def content_of(target: ObjectRow, powers: Powers, coverage: Coverage = ALONE) -> Content:
    """Return the content of an object in the version that our tables name, with what a link covers besides.

    Raises Moved, and Unavailable where there is no copy and Atlassian does not answer.
    """
    key = CopyKey(target.id, CopyKind.BODY, options_digest(powers, coverage), target.version)
    kept = _kept.get(key)
    if kept is None:
        # One thread fetches and renders, the others of this process get what it made.
        with _rendering[target.id % 64]:
            kept = _kept.get(key) or _stored(key) or _fetched(target, powers, coverage, key)
            _kept.put(key, kept)
    return kept


def options_digest(powers: Powers, coverage: Coverage = ALONE) -> str:
    """Return what a rendering is named by: all that changes its bytes besides the version."""
    options = {
        "rendering": RENDERING,
        "zone": registry.get(OrganisationSettings).time_zone,
        "files": [powers.attachments, powers.download],
        "fields": sorted(powers.jira_fields),
        "names": powers.names.value,
        "frames": sorted(registry.get(ShareLinkSettings).framed),
        "coverage": coverage.digest,
    }
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:32]


def forget() -> None:
    """Drop what this process keeps."""
    _kept.clear()


def _stored(key: CopyKey) -> Content | None:
    try:
        with db.reading() as session:
            found = copies.find(session, key)
        if found is None or found.extra is None:
            return None
        return _load(b"".join(copies.read(found.id, 0, found.size)).decode(), found.extra)
    except (KeyRingError, LookupError):
        # Its key was removed, or it was deleted while we read: make it again.
        with db.transaction() as session:
            copies.delete_named(session, key)
        return None


def _fetched(target: ObjectRow, powers: Powers, coverage: Coverage, key: CopyKey) -> Content:
    with db.reading() as session:
        site = clients.site(session, target.connection_id)
    if site is None or site.disabled:
        raise Unavailable("Atlassian")
    try:
        if target.kind is ObjectKind.PAGE:
            made = page_content.render(site, target.object_id, powers, coverage, version=target.version)
        else:
            made = issue_content.render(site, target, powers)
    except AtlassianError as error:
        # Whether it is gone for good is for a check to say.
        if not error.is_down:
            raise Moved from error
        clients.note_error(site, error)
        raise Unavailable(site.name) from error
    except DocumentError as error:
        raise Unavailable("rendering", Text("%(reason)s", reason=str(error)), retry_after=3_600) from error
    if made.version != target.version:
        raise Moved
    content = of_rendered(made.rendered, made.files)
    with db.transaction() as session:
        copies.write(session, key, _HTML, content.html.encode(), _dump(content))
    return content


def of_rendered(rendered: Rendered, attachments: Iterable[Attachment]) -> Content:
    """Return a rendering with the files that belong to it."""
    files = {
        one.id: File(
            one.id,
            one.filename,
            one.media_type,
            one.size,
            str(one.version),
            not rendered.media_ids.isdisjoint((one.id, f"{one.container_id}/{one.id}")),
        )
        for one in attachments
    }
    return Content(rendered.html, rendered.headings, rendered.left_out, files)


def _dump(content: Content) -> bytes:
    extra: dict[str, Any] = {
        "headings": [asdict(one) for one in content.headings],
        "left_out": [asdict(one) for one in content.left_out],
        "files": [asdict(one) for one in content.files.values()],
    }
    return json.dumps(extra).encode()


def _load(html: str, extra: bytes) -> Content:
    read = json.loads(extra)
    return Content(
        html,
        tuple(Heading(**one) for one in read["headings"]),
        tuple(LeftOut(**one) for one in read["left_out"]),
        {one["id"]: File(**one) for one in read["files"]},
    )
