"""The PDF of a link: the neutral one is made once by a worker and kept encrypted, each reader's own line is put in as it leaves.

A neutral PDF is named by the content it was made of, so it is never older than the page. An order is an unfinished copy
and a job; readers who ask meanwhile find the order.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from app.core import db
from app.core.crypto.keyring import KeyRingError
from app.core.errors import NotFound, Unavailable
from app.core.jobs import outbox
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.documents import paper as documents
from app.documents.addresses import SMALL
from app.documents.errors import DocumentError
from app.documents.paper import Manuscript, PaperFile
from app.documents.paper.personal import Marks
from app.documents.paper.process import INPUT_BYTES, Request, Work
from app.documents.words import Words
from app.features.share_links.gates.opening import Asked
from app.features.share_links.objects import Moved, ObjectKind
from app.features.share_links.paper import child as paper_child
from app.features.share_links.paper.child import NotMade
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import copies, filetypes, material, media, sheets
from app.features.share_links.reading.copies import CHUNK_BYTES, CopyKey, CopyKind, FoundCopy
from app.features.share_links.reading.media import OutOfRange
from app.features.share_links.reading.sheets import Sheet

#: Raised when the making changes, so that older PDFs are not found any more.
MAKING = 3
_STYLES = ("tokens.css", "reader.css", "reader-issue.css", "code-tokens.css", "paper.css")
_FOLDER = Path(__file__).resolve().parents[4] / "static" / "css"
_PDF = "application/pdf"
_MEDIA = "media/"


@dataclass(frozen=True)
class Paper:
    """An order that is done: the neutral PDF, or the sentence that says why there will be none."""

    found: FoundCopy
    refused: str | None


def key_of(sheet: Sheet) -> CopyKey:
    """Return what the neutral PDF of what a reader sees is found by."""
    target, said = sheet.target, sheet.comments.html if sheet.comments is not None else ""
    named = json.dumps([MAKING, sheet.content.html, said, target.title, target.object_key, _organisation().name])
    return CopyKey(target.id, CopyKind.PDF, hashlib.sha256(named.encode()).hexdigest()[:32], target.version)


def look(key: CopyKey) -> Paper | None:
    """Return what became of an order, or None while there is none or it is not done."""
    try:
        with db.reading() as session:
            found = copies.find(session, key)
    except KeyRingError:
        with db.transaction() as session:
            copies.delete_named(session, key)
        return None
    return None if found is None else Paper(found, found.extra.decode() if found.extra else None)


def order(key: CopyKey, public_id: str, page_id: str | None) -> None:
    """Have the neutral PDF of a page that a link shows made, unless somebody has ordered it already."""
    with db.transaction() as session:
        copy_id = copies.begin(session, key, _PDF)
        if copy_id is not None:
            outbox.enqueue(session, make, copy_id=copy_id, public_id=public_id, page_id=page_id, name=key.name)


@outbox.job("share_links.make_pdf")
def make(copy_id: int, public_id: str, page_id: str | None, name: str) -> None:
    """Make the neutral PDF that was ordered; a second run finds the order done or gone, and does nothing.

    What is shown is asked for anew: where it is something else by now, readers have to order that.
    """
    with db.reading() as session:
        if not copies.is_unfinished(session, copy_id):
            return
    try:
        shown = _Shown(public_id)
        sheet = shown.sheet(page_id)
        if sheet is None or key_of(sheet).name != name:
            raise Moved
        pdf = paper_child.make(_request(sheet, shown), beat=lambda: _beat(copy_id))
    except (DocumentError, NotMade) as error:
        with db.transaction() as session:
            copies.complete_without(session, copy_id, str(error).encode())
    except Moved:
        with db.transaction() as session:
            copies.discard(session, copy_id)
    else:
        for position in range(-(-len(pdf) // CHUNK_BYTES)):
            with db.transaction() as session:
                copies.add_chunk(session, copy_id, position, pdf[position * CHUNK_BYTES : (position + 1) * CHUNK_BYTES])
        with db.transaction() as session:
            copies.complete(session, copy_id, len(pdf))


def stamped(found: FoundCopy, marks: Marks) -> bytes:
    """Return the PDF for one reader. Raises NotMade, and Unavailable while too many are wanted."""
    try:
        neutral = b"".join(copies.read(found.id, 0, found.size))
    except (KeyRingError, LookupError) as error:
        raise Unavailable("pdf", retry_after=5) from error
    files = (PaperFile("neutral.pdf", _PDF, neutral),)
    return paper_child.stamp(Request(Work.STAMP, files=files, line=marks.line, watermark=marks.watermark))


def _beat(copy_id: int) -> None:
    with db.transaction() as session:
        copies.touch(session, copy_id)


def _organisation() -> OrganisationSettings:
    return registry.get(OrganisationSettings)


class _Shown:
    """What a link shows, asked for once a page: a page may show pictures of others that the link covers."""

    def __init__(self, public_id: str) -> None:
        self._look = partial(sheets.as_owner, Asked(public_id, None, None, None))
        self._sheets: dict[str | None, Sheet | None] = {}
        self.powers = Powers()

    def sheet(self, page_id: str | None) -> Sheet | None:
        """Return what the link's readers see of a page; None where they see nothing of it."""
        if page_id not in self._sheets:
            fresh = sheets.freshen(self._look, self._look(), page_id)
            ready, self._sheets[page_id] = sheets.with_content(self._look, fresh, page_id)
            if ready.visit is not None:
                self.powers = ready.visit.shown.powers
        return self._sheets[page_id]


def _request(sheet: Sheet, shown: _Shown) -> Request:
    said = sheet.comments.html if sheet.comments is not None else ""
    pictures = tuple(_pictures(sheet.content.html + said, shown))
    manuscript = Manuscript(
        title=sheet.target.title,
        kicker=sheet.target.object_key or "",
        cover=(str(_as_of(sheet.target)),),
        organisation=_organisation().name,
        missing_picture="Picture not available: {name}",
        picture="Picture",
        playable="Plays on screen only: {name}",
        language="en",
        html=sheet.content.html,
        after=f'<h2>Comments</h2><div class="doc-body">{said}</div>' if said else "",
    )
    html = documents.compose(manuscript, _STYLES, {one.name for one in pictures})
    return Request(Work.MAKE, html, (*_styles(), *pictures))


def _as_of(target: ObjectRow) -> Text:
    if target.kind is ObjectKind.PAGE:
        # Behind the number stands a digest of labels and files.
        return Text("Version %(version)s", version=target.version.partition("-")[0])
    return Text("As of %(at)s", at=Words(zone=material.reader_zone()).instant(target.checked_at))


@lru_cache(maxsize=1)
def _styles() -> tuple[PaperFile, ...]:
    return tuple(PaperFile(name, "text/css", (_FOLDER / name).read_bytes()) for name in _STYLES)


def _pictures(html: str, shown: _Shown) -> Iterator[PaperFile]:
    left = INPUT_BYTES // 2
    for name in documents.files_of(html):
        page_id, _, attachment_id = name.removeprefix(_MEDIA).rpartition("/")
        small = page_id == SMALL
        sheet = shown.sheet(None if small else page_id or None)
        file = media.shown(sheet.content, shown.powers, attachment_id, sheet.shows) if sheet is not None else None
        if sheet is None or file is None or not media.draws(file):
            continue
        if (media.SMALL_ENOUGH_BYTES if small else file.size) > min(left, media.KEPT_BYTES):
            continue
        try:
            opened = media.open_small(sheet.target, file) if small else media.open_file(sheet.target, file, None)
        except (NotFound, OutOfRange):
            continue
        try:
            data = b"".join(opened.chunks)
        finally:
            opened.close()
        if opened.media_type in filetypes.INLINE:
            left -= len(data)
            yield PaperFile(name, opened.media_type, data)
