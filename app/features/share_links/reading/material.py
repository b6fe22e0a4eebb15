"""What every rendering is handed besides the content: words, files, and how people are called."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.documents.types import Material, MediaFile, Rendered
from app.documents.words import Words
from app.features.share_links.powers import Powers
from app.features.share_links.reading import names
from app.features.share_links.reading.names import Names
from app.features.share_links.settings import ShareLinkSettings
from app.integrations.atlassian.interfaces import ConfluenceReader, JiraReader
from app.integrations.atlassian.types import Attachment

#: People that one rendering asks Atlassian about; the rest are “someone”.
MOST_PEOPLE = 250


@dataclass(frozen=True)
class Made:
    """A rendering, the version it was made of, and the files that readers may have."""

    version: str
    rendered: Rendered
    files: tuple[Attachment, ...]


def words() -> Words:
    """Return the words of a rendering, in the organisation's zone."""
    return Words(zone=reader_zone())


def media_file(file: Attachment, object_id: str = "") -> MediaFile:
    """Return an attachment as renderers know it; `object_id` where it is not one of the page that the link names."""
    return MediaFile(file.id, file.filename, file.media_type, file.size, object_id)


def by_name(files: Iterable[MediaFile]) -> Mapping[str, MediaFile]:
    """Return files by name in NFC."""
    return {unicodedata.normalize("NFC", one.filename): one for one in files}


def basis(site: Site, object_id: str, files: Iterable[Attachment], powers: Powers, *, below: bool = False) -> Material:
    """Return the material of an object with its own files; `below` says that it is not the one that the link names."""
    known = [(one, media_file(one, object_id if below else "")) for one in files]
    return Material(
        attachments=by_name(media for _, media in known),
        by_file_id={one.file_id: media for one, media in known if one.file_id},
        object_id=object_id,
        internal_hosts=site.hosts,
        hidden_hosts=clients.hosts_of_all() - site.hosts,
        show_assignees=powers.names is not Names.NONE,
        frame_hosts=registry.get(ShareLinkSettings).framed,
        link_files=powers.download,
        words=words(),
    )


def people(client: ConfluenceReader | JiraReader, wanted: Collection[str], shown: Names) -> Mapping[str, str]:
    """Return what to call the people of some ids, as far as a link lets them be named. Raises AtlassianError."""
    asked = [one for one in dict.fromkeys(wanted) if one][:MOST_PEOPLE]
    if not asked or shown is Names.NONE:
        return {}
    return names.people(client.accounts(asked), shown)


def reader_zone() -> ZoneInfo:
    """Return the zone in which visitors are told times."""
    try:
        return ZoneInfo(registry.get(OrganisationSettings).time_zone)
    except (KeyError, ValueError):
        return ZoneInfo("UTC")
