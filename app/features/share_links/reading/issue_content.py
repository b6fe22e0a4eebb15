"""An issue of Jira to safe HTML: the fields that were chosen are asked for, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.core.connections import clients
from app.core.connections.clients import Site
from app.documents.issue import DEFAULT_FIELDS, issue_view, named_people, public_files, render_issue
from app.documents.types import Material
from app.features.share_links import objects
from app.features.share_links.objects import ISSUE_FIELDS
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import issue_media, material
from app.features.share_links.reading.material import Made
from app.features.share_links.reading.page_content import ROOT_ADDRESS
from app.integrations.atlassian.interfaces import JiraReader
from app.integrations.atlassian.types import Attachment, Issue

#: Comments that are looked at for who may see them; of an issue with more, no file is shown.
MOST_COMMENTS = 1_000
#: Shown by powers of their own, however fields were chosen.
_BY_POWER = frozenset({"comment", "attachment"})


def render(site: Site, target: ObjectRow, powers: Powers) -> Made:
    """Return an issue. Raises AtlassianError, DocumentError."""
    client = clients.jira(site)
    # The summary is the title of the page around it.
    shown = shown_fields(powers) - {"summary"}
    issue = client.issue(target.object_id, (*sorted(shown), *ISSUE_FIELDS))
    fields = {name: value for name, value in issue.fields.items() if name in shown}
    comments = client.comments(issue.id, limit=MOST_COMMENTS) if issue.attachments else []
    files = files_of(client, target, issue, comments, fields.values())
    handed_in = replace(
        basis(site, issue.key, target, files, powers),
        people=material.people(client, named_people(fields), powers.names),
    )
    if powers.attachments:
        shown |= {"attachment"}
    listed = [material.media_file(one) for one in files]
    view = issue_view(issue.key, fields, issue.names, issue.schema, shown, files=listed)
    return Made(objects.facts_of_issue(issue).version, render_issue(view, handed_in), files)


def shown_fields(powers: Powers) -> frozenset[str]:
    """Return the ids of the fields that a link shows."""
    return (frozenset(powers.jira_fields) or DEFAULT_FIELDS) - _BY_POWER


def basis(site: Site, key: str, target: ObjectRow, files: Iterable[Attachment], powers: Powers) -> Material:
    """Return the material of an issue, in which it can be led to by its key."""
    return replace(material.basis(site, target.object_id, files, powers), links={f"issue:{key}": ROOT_ADDRESS})


def files_of(
    client: JiraReader,
    target: ObjectRow,
    issue: Issue,
    comments: Sequence[Mapping[str, Any]],
    shown: Iterable[Any] = (),
) -> tuple[Attachment, ...]:
    """Return the attachments that readers may have: none that only an internal comment speaks of. Raises AtlassianError.

    `comments` are all that there are; `shown` are the values of the fields that are shown.
    """
    shown = list(shown)
    if not issue.attachments or len(comments) >= MOST_COMMENTS:
        return ()
    bodies = [*shown, *(one.get("body") for one in comments)]
    known = issue_media.with_media_ids(client, target.connection_id, issue, bodies)
    return public_files(known.attachments, comments, shown)
