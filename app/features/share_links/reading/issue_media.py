"""Which attachment a picture in the text of an issue is.

Rich text names files by ids of the media service; Jira lists attachments by ids of its own, and says how they belong
together only in where the address of a file leads. It is asked once for each file, and only where a text has files.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.features.share_links.reading.page_cache import Kept
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.interfaces import JiraReader
from app.integrations.atlassian.types import Attachment, Issue

#: Files of an issue that are asked about; the rest keeps its place holder.
MOST = 40
_MOST_NODES = 50_000
#: What was found out, by connection and attachment: a file keeps its id for as long as it is there.
_known: Kept[str] = Kept(1024 * 1024, lambda file_id: len(file_id) + 100)


def with_media_ids(client: JiraReader, connection_id: int, issue: Issue, bodies: Iterable[Any]) -> Issue:
    """Return the issue with the media id of each attachment that some of the bodies may show."""
    wanted = {found for body in bodies for found in _media_ids(body)}
    found = []
    for position, attachment in enumerate(issue.attachments):
        file_id = _media_id(client, connection_id, attachment) if wanted and position < MOST else None
        wanted.discard(file_id or "")
        found.append(replace(attachment, file_id=file_id))
    return replace(issue, attachments=tuple(found))


def _media_id(client: JiraReader, connection_id: int, attachment: Attachment) -> str | None:
    key = (connection_id, attachment.id)
    if (known := _known.get(key)) is not None:
        return known
    try:
        found = client.media_id(attachment.id)
    except AtlassianError as error:
        if error.is_down:
            raise
        # A file that is gone or kept from us is a place holder in the text, and no reason to show none of it.
        return None
    if found is not None:
        _known.put(key, found)
    return found


def _media_ids(document: Any) -> Iterator[str]:
    waiting, seen = [document], 0
    while waiting and seen < _MOST_NODES:
        node, seen = waiting.pop(), seen + 1
        if not isinstance(node, Mapping):
            continue
        attributes = node.get("attrs")
        if node.get("type") in ("media", "mediaInline") and isinstance(attributes, Mapping):
            yield str(attributes.get("id", ""))
        children = node.get("content")
        if isinstance(children, list):
            waiting += children
