"""Which pages a link covers besides the one it names: a pure choice among the facts that the last check wrote down.

What may not be covered by any link – restricted, archived, not to be shared, or below such a page – is not among these
facts; a link chooses among the rest by depth and labels.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.features.share_links.powers import Children


@dataclass(frozen=True)
class TreePage:
    """One page below a shared page, as the last check of that page found it."""

    page_id: str
    #: Row id of the page's own facts, which are checked when it is read.
    object_row: int
    #: Atlassian's id of the page above it; in what a link covers, the nearest one that it covers too.
    parent_id: str
    title: str
    space_key: str | None
    #: Order among the pages of one parent.
    position: int
    depth: int
    labels: tuple[str, ...]
    #: Number of its version.
    version: int
    updated_at: datetime | None
    #: Titles of the folders between it and the page above, the highest first.
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tree:
    """What is below a shared page; from the depth `cut_at` on there is more than was looked at."""

    pages: tuple[TreePage, ...]
    cut_at: int | None = None


@dataclass(frozen=True)
class Coverage:
    """The pages a link covers below the one it names, parents before children; `digest` is another one if any differs."""

    root_id: str = ""
    root_title: str = ""
    pages: tuple[TreePage, ...] = ()
    digest: str = ""
    #: Whether there are more, as deep as the link goes, than are looked at.
    cut: bool = False

    def page(self, page_id: str) -> TreePage | None:
        """Return a covered page by Atlassian's id, or None."""
        return next((one for one in self.pages if one.page_id == page_id), None)


#: What a link covers that shows its page alone.
ALONE = Coverage()


def covered(tree: Tree, root_id: str, root_title: str, children: Children | None) -> Coverage:
    """Return the pages that a link with these children covers.

    Where a page's parent is not covered, for want of a label, it stands below the nearest page above that is.
    """
    if children is None:
        return ALONE
    above: dict[str, str] = {}
    chosen: list[TreePage] = []
    taken = {root_id}
    for one in sorted(tree.pages, key=lambda page: (page.depth, page.position, page.page_id)):
        above[one.page_id] = one.parent_id
        wanted = not children.labels or not set(children.labels).isdisjoint(one.labels)
        if one.depth <= children.depth and wanted:
            taken.add(one.page_id)
            chosen.append(replace(one, parent_id=_nearest(one.parent_id, above, taken, root_id)))
    cut = tree.cut_at is not None and tree.cut_at <= children.depth
    return Coverage(root_id, root_title, tuple(chosen), _digest(root_id, root_title, chosen), cut)


def address_of(page_id: str) -> str:
    """Return the address of a covered page, relative to every reader page of the link."""
    return f"page-{page_id}"


def _nearest(parent_id: str, above: dict[str, str], taken: set[str], root_id: str) -> str:
    for _ in range(len(above) + 1):
        if parent_id in taken:
            return parent_id
        parent_id = above.get(parent_id, root_id)
    return root_id


def _digest(root_id: str, root_title: str, pages: Iterable[TreePage]) -> str:
    lines = [
        [root_id, root_title],
        *([one.page_id, one.parent_id, one.title, one.position, one.version] for one in pages),
    ]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:32]
