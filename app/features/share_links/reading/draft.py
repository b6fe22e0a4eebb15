"""The content check of a draft: what a link to be made would show is looked through, and a creator told where it was found.

Child pages and comments are looked through as far as a number and a few seconds go. What is beyond lets nothing out: like
every later version it is looked through when it is shown, and the creator is told so. No transaction is open here.
"""

import time
from dataclasses import dataclass, replace

from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.errors import Unavailable
from app.documents.errors import DocumentError
from app.documents.types import Rendered
from app.features.share_links.objects import Moved, ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import comments, coverage, file_texts, page_content, tree, tree_reading
from app.features.share_links.reading.content import of_rendered
from app.features.share_links.reading.coverage import ALONE, Coverage
from app.features.share_links.reading.material import Made
from app.features.share_links.rules import content_check
from app.features.share_links.rules.content_check import NOT_LOOKED, Scan
from app.features.share_links.rules.patterns import OwnPattern
from app.integrations.atlassian.errors import AtlassianError

#: Child pages that are looked through before a link is made, and seconds for those and all comments together.
MOST_CHILDREN = 20
SECONDS = 8.0
_SILENT = Rendered("", (), frozenset(), ())
_NOT_SHOWN = (AtlassianError, DocumentError, Moved, Unavailable)


@dataclass(frozen=True)
class Draft:
    """What was found in what a link would show."""

    scan: Scan
    #: Child pages that are looked through when they are shown.
    later: int = 0
    #: Whether there may be more of them, or comments, that Atlassian did not tell of in time.
    unsure: bool = False


#: Nothing was looked through.
UNKNOWN = Draft(NOT_LOOKED)


def look_through(site: Site, target: ObjectRow, made: Made, powers: Powers, own: frozenset[OwnPattern]) -> Draft:
    """Look through a page or issue as it was made, and through what the powers show besides."""
    said, covered, unsure, later = _SILENT, ALONE, False, 0
    below: list[Scan] = []
    client = clients.confluence(site) if target.kind is ObjectKind.PAGE else clients.jira(site)
    end = time.monotonic() + SECONDS
    with client.within(SECONDS):
        try:
            said = comments.render(site, target, powers, ALONE) if powers.comments else _SILENT
            covered = _covered(site, target, powers)
        except _NOT_SHOWN:
            unsure = True
        for page in covered.pages[:MOST_CHILDREN]:
            child = replace(target, object_id=page.page_id, title=page.title)
            found = _child(site, child, powers, covered, own, end) if time.monotonic() < end else None
            later += found is None or not found.finished
            below.append(content_check.in_child(found or content_check.NOTHING, page.title))
    later += max(0, len(covered.pages) - MOST_CHILDREN)
    whole = [_sheet(target, made, said, powers, own), *(replace(one, finished=True) for one in below)]
    return Draft(content_check.together(whole), later, unsure or covered.cut)


def _covered(site: Site, target: ObjectRow, powers: Powers) -> Coverage:
    """Return the pages that a link with these powers would cover. Raises Moved where Atlassian did not tell in time."""
    if powers.children is None or target.kind is not ObjectKind.PAGE:
        return ALONE
    below = tree_reading.read(clients.confluence(site), target.object_id, powers.children.depth)
    if below is None:
        raise Moved
    return coverage.covered(tree.unwritten(below), target.object_id, target.title, powers.children)


def _child(
    site: Site, child: ObjectRow, powers: Powers, covered: Coverage, own: frozenset[OwnPattern], end: float
) -> Scan | None:
    """Look through one child page; None where it could not be had, and unfinished where there was no time for its files."""
    try:
        made = page_content.render(site, child.object_id, powers, covered)
        said = comments.render(site, child, powers, covered) if powers.comments else _SILENT
        found = _sheet(child, made, said, powers, own, max(0.0, end - time.monotonic()))
    except _NOT_SHOWN:
        return None
    # What was not handed out because the time was over is no reason to keep the link.
    return found if time.monotonic() < end or not found.unread else replace(found, unread=(), finished=False)


def _sheet(
    target: ObjectRow,
    made: Made,
    said: Rendered,
    powers: Powers,
    own: frozenset[OwnPattern],
    seconds: float | None = None,
) -> Scan:
    shown = frozenset(one.rpartition("/")[2] for one in said.media_ids)
    files = file_texts.of_sharing(target, of_rendered(made.rendered, made.files), powers, own, shown, seconds)
    texts = (content_check.of_html(made.rendered.html, own), content_check.of_comments(said.html, own))
    return content_check.together([*texts, files])
