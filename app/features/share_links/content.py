"""The body of a shared page or issue as safe HTML, from a copy or from Atlassian, with what belongs to it.

One rendering serves every link with the same options: the addresses inside are relative and name no token.
"""

import hashlib
import json
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app.core import clock, db
from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.crypto.keyring import KeyRingError
from app.core.errors import Unavailable
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.documents.errors import DocumentError
from app.documents.issue import DEFAULT_FIELDS, issue_view, render_issue
from app.documents.storage import render_storage
from app.documents.types import Heading, LeftOut, Material, MediaFile, Rendered
from app.documents.words import Words
from app.features.share_links import copies, issue_media, objects
from app.features.share_links.copies import CopyKey, CopyKind
from app.features.share_links.objects import ISSUE_FIELDS, ObjectFacts, ObjectKind
from app.features.share_links.page_cache import Kept
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.types import Attachment

#: Raised when rendering changes, so that older copies are not found any more.
RENDERING = 1
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


class Moved(Exception):
    """Atlassian has another version than our tables; check first, then ask again."""


_kept: Kept[Content] = Kept(_KEPT_BYTES, lambda content: len(content.html) * 2 + 2_000)
_rendering: dict[int, threading.Lock] = defaultdict(threading.Lock)


def content_of(target: ObjectRow, powers: Powers) -> Content:
    """Return the content of an object in the version that our tables name.

    Raises Moved, and Unavailable where there is no copy and Atlassian does not answer.
    """
    key = CopyKey(target.id, CopyKind.BODY, options_digest(powers), target.version)
    kept = _kept.get(key)
    if kept is None:
        # One thread fetches and renders, the others of this process get what it made.
        with _rendering[target.id % 64]:
            kept = _kept.get(key) or _stored(key) or _fetched(target, powers, key)
            _kept.put(key, kept)
    return kept


def options_digest(powers: Powers) -> str:
    """Return what a rendering is named by: all that changes its bytes besides the version."""
    options = {
        "rendering": RENDERING,
        "zone": registry.get(OrganisationSettings).time_zone,
        "files": powers.download,
        "fields": sorted(powers.jira_fields),
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


def _fetched(target: ObjectRow, powers: Powers, key: CopyKey) -> Content:
    with db.reading() as session:
        site = clients.site(session, target.connection_id)
    if site is None or site.disabled:
        raise Unavailable("Atlassian")
    try:
        facts, rendered = (
            _page(site, target, powers) if target.kind is ObjectKind.PAGE else _issue(site, target, powers)
        )
    except AtlassianError as error:
        # Whether it is gone for good is for a check to say.
        if not error.is_down:
            raise Moved from error
        clients.note_error(site, error)
        raise Unavailable(site.name) from error
    except DocumentError as error:
        raise Unavailable("rendering", Text("%(reason)s", reason=str(error)), retry_after=3_600) from error
    if facts.version != target.version:
        raise Moved
    made = _content(rendered, facts.attachments)
    with db.transaction() as session:
        copies.write(session, key, _HTML, made.html.encode(), _dump(made))
    return made


def _page(site: Site, target: ObjectRow, powers: Powers) -> tuple[ObjectFacts, Rendered]:
    client = clients.confluence(site)
    page = client.page(target.object_id)
    files = client.attachments(target.object_id)
    facts = objects.facts_of_page(page, (), files, clock.now())
    if facts.version != target.version or facts.status != objects.CURRENT:
        raise Moved
    return facts, render_storage(page.storage or "", _material(site, target, files, powers))


def _issue(site: Site, target: ObjectRow, powers: Powers) -> tuple[ObjectFacts, Rendered]:
    client = clients.jira(site)
    issue = issue_media.with_media_ids(client, client.issue(target.object_id, ISSUE_FIELDS))
    # The summary is the title of the page around it.
    view = issue_view(issue.key, issue.fields, issue.names, issue.schema, DEFAULT_FIELDS - {"summary"})
    return objects.facts_of_issue(issue), render_issue(view, _material(site, target, issue.attachments, powers))


def _material(site: Site, target: ObjectRow, files: Iterable[Attachment], powers: Powers) -> Material:
    known = [(one, MediaFile(one.id, one.filename, one.media_type, one.size)) for one in files]
    return Material(
        attachments={unicodedata.normalize("NFC", one.filename): media for one, media in known},
        by_file_id={one.file_id: media for one, media in known if one.file_id},
        object_id=target.object_id,
        internal_hosts=frozenset({site.site_host.partition(":")[0]}),
        link_files=powers.download,
        words=Words(zone=reader_zone()),
    )


def reader_zone() -> ZoneInfo:
    """Return the zone in which visitors are told times."""
    try:
        return ZoneInfo(registry.get(OrganisationSettings).time_zone)
    except (KeyError, ValueError):
        return ZoneInfo("UTC")


def _content(rendered: Rendered, attachments: Iterable[Attachment]) -> Content:
    files = {
        one.id: File(one.id, one.filename, one.media_type, one.size, str(one.version), one.id in rendered.media_ids)
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
