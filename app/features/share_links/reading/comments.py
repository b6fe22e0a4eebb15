"""Comments on a shared page or issue as safe HTML, with an age of their own.

A comment changes no version of its page, so comments are read anew once a minute while somebody reads, and shown from
the copy where Atlassian is down, like everything else for as long as the settings say.
"""

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core import clock, db
from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.crypto.keyring import KeyRingError
from app.core.settings import registry
from app.documents.bodies import Body, Format
from app.documents.comments import CommentView, render_comments
from app.documents.errors import DocumentError
from app.documents.issue import named_people
from app.documents.issue.read import comment_views
from app.documents.types import Material, Rendered
from app.features.share_links.objects import ISSUE_FIELDS, ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import content, copies, issue_content, material, page_content
from app.features.share_links.reading.copies import CopyKey, CopyKind
from app.features.share_links.reading.coverage import Coverage
from app.features.share_links.reading.freshness import BACK_OFF, FRESH
from app.features.share_links.reading.page_cache import Kept
from app.features.share_links.settings import ShareLinkSettings
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.types import PageComment, Resolution

#: Threads under a page, and as many on its text.
MOST_THREADS = 50
_KEPT_BYTES = 16 * 1024 * 1024
_HTML = "text/html"
#: There is one copy for each set of options: comments have no versions.
_LATEST = "latest"
#: Not shown on the page by Confluence either; the text they were made on may be gone, and stands beside them.
_OVER = frozenset({Resolution.RESOLVED, Resolution.DANGLING})


@dataclass(frozen=True)
class Comments:
    """Comments as readers get them; `html` is empty where there are none."""

    html: str
    media_ids: frozenset[str]
    read_at: datetime

    @property
    def digest(self) -> str:
        """What a finished page is named by."""
        return hashlib.sha256(self.html.encode()).hexdigest()[:32]


_kept: Kept[Comments] = Kept(_KEPT_BYTES, lambda comments: len(comments.html) * 2 + 1_000)
_tried: dict[CopyKey, datetime] = {}
_reading: dict[int, threading.Lock] = defaultdict(threading.Lock)


def of(target: ObjectRow, powers: Powers, coverage: Coverage, *, ask: bool = True) -> Comments | None:
    """Return the comments on an object, at most a minute old or, without `ask`, as they were last read.

    None where there is nothing that may be shown; a page is shown without its comments rather than not at all.
    """
    key = CopyKey(target.id, CopyKind.COMMENTS, content.options_digest(powers, coverage), _LATEST)
    kept = _kept.get(key)
    if kept is not None and _age(kept) <= FRESH:
        return kept
    with _reading[target.id % 64]:
        # One thread of this process reads, the others get what it read.
        kept = _kept.get(key) or _stored(key)
        if ask and (kept is None or _age(kept) > FRESH) and not _failed_lately(key):
            kept = _read(target, powers, coverage, key) or kept
        if kept is not None:
            _kept.put(key, kept)
    return kept if kept is not None and _age(kept) <= _longest() else None


def render(site: Site, target: ObjectRow, powers: Powers, coverage: Coverage) -> Rendered:
    """Return the comments on an object as Atlassian has them now. Raises AtlassianError, DocumentError."""
    is_page = target.kind is ObjectKind.PAGE
    return _of_page(site, target, powers, coverage) if is_page else _of_issue(site, target, powers)


def forget() -> None:
    """Drop what this process keeps."""
    _kept.clear()
    _tried.clear()


def _age(comments: Comments) -> timedelta:
    age = clock.now() - comments.read_at
    # What another machine's clock dates a little ahead is new; what is dated far ahead is worth nothing.
    return age if age >= -clock.TOLERANCE else timedelta.max


def _longest() -> timedelta:
    return max(FRESH, timedelta(hours=registry.get(ShareLinkSettings).stale_hours))


def _failed_lately(key: CopyKey) -> bool:
    at = _tried.get(key)
    return at is not None and timedelta() <= clock.now() - at < BACK_OFF


def _stored(key: CopyKey) -> Comments | None:
    try:
        with db.reading() as session:
            found = copies.find(session, key)
        if found is None or found.extra is None:
            return None
        told = json.loads(found.extra)
        html = b"".join(copies.read(found.id, 0, found.size)).decode()
        return Comments(html, frozenset(told["media_ids"]), datetime.fromisoformat(told["read_at"]))
    except (KeyRingError, LookupError):
        return None


def _read(target: ObjectRow, powers: Powers, coverage: Coverage, key: CopyKey) -> Comments | None:
    with db.reading() as session:
        site = clients.site(session, target.connection_id)
    if site is None or site.disabled:
        return None
    read_at = clock.now()
    try:
        found = render(site, target, powers, coverage)
    except AtlassianError as error:
        if len(_tried) > 1_000:
            _tried.clear()
        _tried[key] = clock.now()
        if error.is_down:
            clients.note_error(site, error)
        return None
    except DocumentError:
        return Comments("", frozenset(), read_at)
    made = Comments(found.html, found.media_ids, read_at)
    extra = json.dumps({"media_ids": sorted(made.media_ids), "read_at": read_at.isoformat()}).encode()
    with db.transaction() as session:
        copies.delete_named(session, key)
        copies.write(session, key, _HTML, made.html.encode(), extra)
    return made


def _of_page(site: Site, target: ObjectRow, powers: Powers, coverage: Coverage) -> Rendered:
    client = clients.confluence(site)
    footer = client.footer_comments(target.object_id, limit=MOST_THREADS)
    inline = client.inline_comments(target.object_id, limit=MOST_THREADS)
    found = [*footer, *(one for one in inline if one.resolution not in _OVER)]
    files = client.attachments(target.object_id) if found else []
    below = page_content.is_below(target.object_id, coverage)
    basis = material.basis(site, target.object_id, files, powers, below=below)
    bodies = [one.body.value for one in found]
    wanted = [
        *(one.author_id for one in found),
        *page_content.people_in(bodies),
    ]
    handed_in = replace(
        basis, pages=page_content.places(coverage), people=material.people(client, wanted, powers.names)
    )
    return _rendered(threads(found), handed_in)


def _of_issue(site: Site, target: ObjectRow, powers: Powers) -> Rendered:
    client = clients.jira(site)
    found = client.comments(target.object_id, limit=issue_content.MOST_COMMENTS)
    issue = client.issue(target.object_id, ISSUE_FIELDS)
    files = issue_content.files_of(client, target, issue, found)
    views = comment_views(found)
    wanted = [*(one.author for one in _all(views)), *named_people([one.body.content for one in _all(views)])]
    basis = issue_content.basis(site, issue.key, target, files, powers)
    return _rendered(views, replace(basis, people=material.people(client, wanted, powers.names)))


def _rendered(views: tuple[CommentView, ...], handed_in: Material) -> Rendered:
    return render_comments(views, handed_in) if views else Rendered("", (), frozenset(), ())


def threads(found: Iterable[PageComment]) -> tuple[CommentView, ...]:
    """Return comments as threads, in their order; a reply to what is not there is not there either."""
    below: dict[str | None, list[PageComment]] = defaultdict(list)
    for one in found:
        below[one.parent_id].append(one)

    def view(one: PageComment) -> CommentView:
        # Taken out, so that ids which stand there twice do not multiply the answers.
        return CommentView(
            author=one.author_id,
            at=one.created_at or one.edited_at,
            body=Body(Format(one.body.format.value), one.body.value),
            edited=one.edited_at is not None,
            replies=tuple(view(reply) for reply in below.pop(one.id, [])),
            anchor=one.anchor if one.parent_id is None else "",
        )

    return tuple(view(one) for one in below.pop(None, []))


def _all(views: Iterable[CommentView]) -> list[CommentView]:
    waiting, found = list(views), []
    while waiting:
        found.append(one := waiting.pop())
        waiting += one.replies
    return found
