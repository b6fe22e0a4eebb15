"""What a creator is told before a link is made: which fields an issue has to choose from, and what readers will not see.

Asked only about what the creator has proven to see, and about what readers of it may be shown besides; no transaction is
open here, and nothing is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core import clock
from app.core.connections import clients
from app.core.connections.clients import Site
from app.documents.errors import DocumentError
from app.documents.issue import FieldChoice, available_fields
from app.documents.types import LeftOut
from app.features.share_links.objects import Moved, ObjectFacts, ObjectKind
from app.features.share_links.powers import MAXIMUM_DEPTH, Children, Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import comments, coverage, draft, issue_content, page_content, tree, tree_reading
from app.features.share_links.reading.coverage import ALONE, Coverage
from app.features.share_links.reading.draft import UNKNOWN, Draft
from app.features.share_links.rules.content_check import Scan
from app.features.share_links.rules.rulebook import CheckMode, Rules, mode_of
from app.integrations.atlassian.errors import AtlassianError

#: Pages below that are looked at for what will be left out of them, and seconds for those and the comments together.
MOST_BELOW = 8
SECONDS = 4.0


@dataclass(frozen=True)
class Outlook:
    """What is not shown of a page or issue by itself; None where that could not be found out."""

    left_out: tuple[LeftOut, ...] | None
    #: What a content check found in it, and in what is shown besides.
    draft: Draft = UNKNOWN

    @property
    def scan(self) -> Scan:
        """What the rules of its place decide about."""
        return self.draft.scan


@dataclass(frozen=True)
class Part:
    """Something that a link may show besides its page or issue, and what is not shown of it."""

    #: Title of a page below; empty where it belongs to the page or issue itself.
    title: str
    #: Whether it is the comments.
    comments: bool
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Besides:
    """The parts of which something is not shown; `partly` says that others were not looked at."""

    parts: tuple[Part, ...]
    partly: bool


def besides(site: Site, found: ObjectFacts, powers: Powers) -> Besides:
    """Find out what readers will not see of comments and pages below, whether or not they are chosen yet.

    A few pages are looked at, and a few seconds are spent; what is beyond is said to be unknown.
    """
    client = clients.confluence(site) if found.kind is ObjectKind.PAGE else clients.jira(site)
    parts: list[Part] = []
    with client.within(SECONDS):
        try:
            target = _row(site, found)
            parts.append(Part("", True, comments.render(site, target, powers, ALONE).left_out))
            covered, partly = _below(site, found) if found.kind is ObjectKind.PAGE else (ALONE, False)
            for one in covered.pages:
                made = page_content.render(site, one.page_id, powers, covered)
                parts.append(Part(one.title, False, made.rendered.left_out))
                said = comments.render(site, replace(target, object_id=one.page_id), powers, covered)
                parts.append(Part(one.title, True, said.left_out))
        except (AtlassianError, DocumentError, Moved):
            partly = True
    return Besides(tuple(one for one in parts if one.left_out), partly)


def _below(site: Site, found: ObjectFacts) -> tuple[Coverage, bool]:
    """Return the first pages that some link to a page may cover, and whether there are more. Raises Moved after too long."""
    below = tree_reading.read(clients.confluence(site), found.object_id, MAXIMUM_DEPTH, most=MOST_BELOW)
    if below is None:
        raise Moved
    covered = coverage.covered(tree.unwritten(below), found.object_id, found.title, Children(MAXIMUM_DEPTH))
    return covered, covered.cut


def left_out(site: Site, found: ObjectFacts, powers: Powers, rules: Rules) -> Outlook:
    """Find out what readers will not see and what should not leave, by rendering what they will."""
    target = _row(site, found)
    try:
        if found.kind is ObjectKind.PAGE:
            made = page_content.render(site, found.object_id, powers, ALONE, version=found.version)
        else:
            made = issue_content.render(site, target, powers)
    except (AtlassianError, DocumentError, Moved):
        return Outlook(None)
    if mode_of(rules) is CheckMode.OFF:
        return Outlook(made.rendered.left_out)
    return Outlook(made.rendered.left_out, draft.look_through(site, target, made, powers, rules.patterns))


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


def _row(site: Site, found: ObjectFacts) -> ObjectRow:
    """Return what was found as if it had a row: nothing of this is written down."""
    return ObjectRow(
        id=0,
        connection_id=site.id,
        kind=found.kind,
        object_id=found.object_id,
        object_key=found.object_key,
        title=found.title,
        version=found.version,
        restriction_digest=found.restriction_digest,
        tree_digest="",
        sizes_known=0,
        checked_at=clock.now(),
        check_lease_until=None,
        down_since=None,
    )


def _holds(values: Mapping[str, Any], name: str) -> bool:
    return values.get(name) not in (None, "", [], {})
