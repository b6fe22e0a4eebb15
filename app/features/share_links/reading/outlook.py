"""What a creator is told before a link is made: which fields an issue has to choose from, and what readers will not see.

Asked only about what the creator has proven to see; no transaction is open here, and nothing is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core import clock
from app.core.connections import clients
from app.core.connections.clients import Site
from app.documents.errors import DocumentError
from app.documents.issue import FieldChoice, available_fields
from app.documents.types import LeftOut
from app.features.share_links.objects import Moved, ObjectFacts, ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import issue_content, page_content
from app.features.share_links.reading.coverage import ALONE
from app.features.share_links.rules import content_check
from app.features.share_links.rules.content_check import NOT_LOOKED, Scan
from app.features.share_links.rules.rulebook import CheckMode, Rules, mode_of
from app.integrations.atlassian.errors import AtlassianError


@dataclass(frozen=True)
class Outlook:
    """What is not shown of a page or issue by itself; None where that could not be found out."""

    left_out: tuple[LeftOut, ...] | None
    #: What a content check found in it.
    scan: Scan = NOT_LOOKED


def left_out(site: Site, found: ObjectFacts, powers: Powers, rules: Rules) -> Outlook:
    """Find out what readers will not see and what should not leave, by rendering what they will."""
    target = ObjectRow(
        id=0,
        connection_id=site.id,
        kind=found.kind,
        object_id=found.object_id,
        object_key=found.object_key,
        title=found.title,
        version=found.version,
        restriction_digest=found.restriction_digest,
        tree_digest="",
        checked_at=clock.now(),
        check_lease_until=None,
        down_since=None,
    )
    try:
        if found.kind is ObjectKind.PAGE:
            made = page_content.render(site, target, powers, ALONE)
        else:
            made = issue_content.render(site, target, powers)
    except (AtlassianError, DocumentError, Moved):
        return Outlook(None)
    if mode_of(rules) is CheckMode.OFF:
        return Outlook(made.rendered.left_out)
    return Outlook(made.rendered.left_out, content_check.of_html(made.rendered.html, rules.patterns))


def fields(site: Site, kind: ObjectKind, object_id: str) -> tuple[FieldChoice, ...] | None:
    """Return the fields that an issue has and a link may show; None for pages, and where Jira does not say."""
    if kind is not ObjectKind.ISSUE:
        return None
    try:
        issue = clients.jira(site).whole_issue(object_id)
    except AtlassianError:
        return None
    present = {name: label for name, label in issue.names.items() if _holds(issue.fields, name)}
    return available_fields(present, issue.schema)


def _holds(values: Mapping[str, Any], name: str) -> bool:
    return values.get(name) not in (None, "", [], {})
