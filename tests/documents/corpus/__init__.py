"""The project's own corpus: every page and issue of the simulated company, and the HTML that is expected of each.

The sources are the simulator's content, so that there is one company and not two. `python -m tests.documents.corpus`
writes the expected HTML anew; what changed is then read as a difference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.documents.adf import render_adf
from app.documents.issue import issue_view, render_issue
from app.documents.storage import render_storage
from app.documents.types import CoveredPage, Material, MediaFile, Rendered
from simulator import jira_shapes
from simulator.data_center import jira_shapes as data_center
from simulator.loading import load
from simulator.state import Issue, Page

SITE = load()
SITE.base_url = "https://acme.example"
EXPECTED = Path(__file__).parent
#: The space whose pages cover one another; a page of another space stands alone.
SHARED_SPACE = "TRM"
_HOSTS = frozenset({"acme.example", "acme.atlassian.net"})
_PEOPLE = MappingProxyType(
    {account.account_id: account.name for account in SITE.accounts.values()}
    | {account.email.partition("@")[0]: account.name for account in SITE.accounts.values()}
)
_BLOCK = re.compile(r"(?=<(?:p|h[2-6]|table|tr|ul|ol|li|dl|div|figure|details|blockquote|pre|hr)\b)")


@dataclass(frozen=True)
class Piece:
    """One page or issue of the corpus, by the name that its expected HTML has."""

    name: str
    title: str
    rendered: Rendered


def corpus() -> list[Piece]:
    """Return all of the corpus, rendered."""
    return [*_pages(), *_issues()]


def lines(html: str) -> str:
    """Break HTML before its blocks, so that a difference can be read."""
    return _BLOCK.sub("\n", html).strip() + "\n"


def files_of(container_id: str, object_id: str = "") -> dict[str, MediaFile]:
    """Return the files of a page or issue by name."""
    return {
        one.filename: MediaFile(
            one.attachment_id, one.filename, one.media_type, one.latest.content.size, object_id=object_id
        )
        for one in SITE.attachments_of(container_id)
    }


def content_of(path: str) -> tuple[str, bytes]:
    """Return kind and content of the file that stands behind `media/`."""
    file = SITE.attachments[path.rpartition("/")[2]]
    return file.media_type, b"".join(file.latest.content.read(0, file.latest.content.size))


def _pages() -> Iterator[Piece]:
    for page in SITE.pages.values():
        given, adf = _material(page), page.latest.adf
        rendered = render_storage(page.latest.body, given) if adf is None else render_adf(adf, given)
        yield Piece(f"page-{page.page_id}", page.latest.title, rendered)


def _material(page: Page) -> Material:
    covered = [_covered(one) for one in SITE.pages.values() if _space(one) == SHARED_SPACE]
    if _space(page) != SHARED_SPACE:
        covered = []
    by_target = {f"id:{one.id}": one for one in covered}
    by_target |= {f"page:{space}:{one.title}": one for one in covered for space in ("", SHARED_SPACE)}
    return Material(
        attachments=(files := files_of(page.page_id)),
        by_file_id={one.file_id: files[one.filename] for one in SITE.attachments_of(page.page_id)},
        object_id=page.page_id,
        internal_hosts=_HOSTS,
        pages=by_target,
        tree=tuple(one for one in covered if one.parent_id is not None),
        people=_PEOPLE,
    )


def _covered(page: Page) -> CoveredPage:
    return CoveredPage(
        page.page_id,
        page.latest.title,
        f"page-{page.page_id}",
        parent_id=next((one.page_id for one in reversed(SITE.ancestors(page))), None),
        position=page.position,
        storage=page.latest.body,
        attachments=files_of(page.page_id, page.page_id),
    )


def _space(page: Page) -> str:
    return SITE.spaces[page.space_id].key


def _issues() -> Iterator[Piece]:
    viewer = SITE.account_by_email("tomas@acme.example")
    for issue in SITE.issues.values():
        cloud = jira_shapes.field_values(SITE, viewer, issue)
        yield Piece(issue.key, f"{issue.key} {cloud['summary']}", _issue(issue, cloud))
        server = data_center.in_other_words(SITE, issue, data_center.field_values(SITE, viewer, issue))
        yield Piece(f"{issue.key}-wiki", f"{issue.key} {cloud['summary']} (Data Center)", _issue(issue, server))


def _issue(issue: Issue, values: dict[str, Any]) -> Rendered:
    files = files_of(issue.key)
    names = {name: one["name"] for name, one in SITE.jira["fields"].items()}
    schema = {name: one.get("schema") for name, one in SITE.jira["fields"].items()}
    comments = values["comment"]["comments"]
    for one, raw in zip(comments, issue.comments, strict=False):
        # On Data Center it stands in a property that has to be asked for.
        one.setdefault("jsdPublic", raw.public)
    material = Material(
        attachments=files,
        by_file_id={one.file_id: files[one.filename] for one in SITE.attachments_of(issue.key)},
        object_id=issue.issue_id,
        internal_hosts=_HOSTS,
        people=_PEOPLE,
    )
    shown = frozenset(values) - {"project"} | {"comment", "attachment"}
    view = issue_view(issue.key, values, names, schema, shown, comments=comments, files=tuple(files.values()))
    return render_issue(view, material)
