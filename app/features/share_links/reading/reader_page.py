"""The reader page itself: finished pages are kept by everything that their bytes depend on."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response, render_template
from markupsafe import Markup

from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.documents.sizes import with_sizes
from app.features.share_links.objects import ObjectKind
from app.features.share_links.queries import ObjectRow, Visit
from app.features.share_links.reading import frames, page_content, picture_sizes, sheets
from app.features.share_links.reading.content import File, Section, outline
from app.features.share_links.reading.coverage import Coverage, TreePage, address_of
from app.features.share_links.reading.page_cache import Kept
from app.features.share_links.reading.sheets import Approach, Sheet
from app.features.share_links.settings import ShareLinkSettings
from app.web.headers import READER_POLICY
from app.web.theme import Theme

CONTENT_TYPE = "text/html; charset=utf-8"
_PAGES: Kept[bytes] = Kept(32 * 1024 * 1024, len)


@dataclass(frozen=True)
class Look:
    """What the browser asks of any page, and not of this one."""

    theme: Theme
    language: str


@dataclass(frozen=True)
class Branch:
    """A page or folder in the tree beside the content, with those below it."""

    title: str
    #: Empty for a folder, which is a heading and leads nowhere.
    address: str
    #: Whether it is the page that is shown.
    current: bool
    below: "tuple[Branch, ...]"


@dataclass(frozen=True)
class Paper:
    """What the reader template prints around the content."""

    visit: Visit
    sheet: Sheet
    html: Markup
    comments: Markup
    contents: tuple[Section, ...]
    files: tuple[File, ...]
    #: What stands before the id of a file in its address.
    files_at: str
    #: The pages that the link covers, the one it names on top; None where that is the only one.
    tree: Branch | None
    stale_since: object | None
    #: Whether this is the owner's view of it.
    preview: bool

    @property
    def elsewhere(self) -> bool:
        """Whether the reader is told of an opening in another browser."""
        return self.visit.elsewhere and not self.preview

    @property
    def is_below(self) -> bool:
        """Whether this is not the page that the link names."""
        return self.sheet.target.id != self.visit.shown.object.id


def page(visit: Visit, sheet: Sheet, stale_since: object | None, *, preview: bool = False) -> bytes:
    """Return the page of what is shown."""
    powers, target = visit.shown.powers, sheet.target
    body, spoken = sheet.content.html, sheet.comments.html if sheet.comments else ""
    sizes = picture_sizes.of(target, visit.shown.object, sheet.coverage, body + spoken)
    # Bodies were sanitised when they were rendered; nothing else is marked safe.
    html, said = Markup(with_sizes(body, sizes)), Markup(with_sizes(spoken, sizes))  # noqa: S704
    # An issue lists its files itself, where Jira has them.
    listed = powers.attachments and target.kind is ObjectKind.PAGE
    files = tuple(sorted(sheet.content.files.values(), key=lambda file: file.filename)) if listed else ()
    below = target.id != visit.shown.object.id
    paper = Paper(
        visit,
        sheet,
        html,
        said,
        outline(sheet.content.headings),
        files,
        f"files/{target.object_id}/" if below else "files/",
        tree_of(sheet.coverage, target),
        stale_since,
        preview,
    )
    printed = render_template("share_links/public/reader.html", paper=paper, shown=visit.shown, powers=powers)
    return printed.encode()


def kept(fresh: Approach, look: Look) -> bytes | None:
    """Return the finished page of what was made fresh, if this process has it."""
    key = _key(fresh, look)
    return _PAGES.get(key) if key is not None else None


def keep(ready: Approach, look: Look, page: bytes) -> None:
    """Keep a finished page, unless it says how old it is."""
    key = _key(ready, look)
    if key is not None:
        _PAGES.put(key, page)


def forget() -> None:
    """Drop what this process keeps."""
    _PAGES.clear()


def tree_of(coverage: Coverage, target: ObjectRow) -> Branch | None:
    """Return the tree beside a page, or None where there is nothing to go to."""
    if not coverage.pages:
        return None

    hanging: dict[str, list[TreePage]] = defaultdict(list)
    for one in coverage.pages:
        hanging[one.parent_id].append(one)

    def within(pages: Iterable[TreePage], level: int) -> Iterable[Branch]:
        """Yield the pages that lie in `level` folders, then a heading for each folder that holds others."""
        folders: dict[str, list[TreePage]] = defaultdict(list)
        for one in pages:
            if len(one.folders) > level:
                folders[one.folders[level]].append(one)
            else:
                here = one.page_id == target.object_id
                yield Branch(one.title, address_of(one.page_id), here, tuple(within(hanging[one.page_id], 0)))
        for title, inside in folders.items():
            yield Branch(title, "", False, tuple(within(inside, level + 1)))

    root_id, current = coverage.root_id, target.object_id == coverage.root_id
    return Branch(coverage.root_title, page_content.ROOT_ADDRESS, current, tuple(within(hanging[root_id], 0)))


def content_policy() -> str:
    """Return the Content-Security-Policy of the page."""
    return READER_POLICY + frames.policy(registry.get(ShareLinkSettings).framed)


def answer(page: bytes) -> Response:
    """Return the answer that carries a finished page."""
    return Response(page, headers=[("Content-Security-Policy", content_policy())], content_type=CONTENT_TYPE)


def _key(ready: Approach, look: Look) -> object | None:
    if ready.served is None or ready.stale_since is not None or ready.target is None:
        return None
    visit, target = ready.served, ready.target
    shown = visit.shown
    comments = sheets.comments_of(ready)
    return (
        shown.public_id,
        shown.version,
        # What was kept was looked through under the rules of then.
        shown.ruled,
        shown.owner_name,
        visit.elsewhere,
        (shown.object.id, shown.object.title, shown.object.tree_digest, shown.object.sizes_known),
        (target.id, target.version, target.title, target.sizes_known),
        comments.digest if comments is not None else None,
        (look, registry.get(OrganisationSettings), registry.get(ShareLinkSettings).framed),
    )
