"""Which attachment a picture in the text of an issue is.

Rich text names files by ids of the media service; Jira lists attachments by ids of its own, and says how they belong
together only in where the address of a file leads. It is asked once for each version, and only where the text has files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.interfaces import JiraReader
from app.integrations.atlassian.types import Attachment, Issue

#: Files of an issue that are asked about; the rest keeps its place holder.
MOST = 40
_MOST_NODES = 50_000


def with_media_ids(client: JiraReader, issue: Issue) -> Issue:
    """Return the issue with the media id of each attachment that its description may show."""
    wanted = set(_media_ids(issue.fields.get("description")))
    found = []
    for position, attachment in enumerate(issue.attachments):
        file_id = _media_id(client, attachment) if wanted and position < MOST else None
        wanted.discard(file_id or "")
        found.append(replace(attachment, file_id=file_id))
    return replace(issue, attachments=tuple(found))


def _media_id(client: JiraReader, attachment: Attachment) -> str | None:
    try:
        return client.media_id(attachment.id)
    except AtlassianError as error:
        if error.is_down:
            raise
        # A file that is gone or kept from us is a place holder in the text, and no reason to show none of it.
        return None


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
