"""The pages below a shared page, as its last check found them, as far as some link of it shows child pages.

A page is kept only if it is current, has no view restriction of its own, is not labelled `no-share`, and stands below
the shared page through pages of which the same holds: so whoever may see the shared page may see it. So with folders
where Confluence says who may see them; what is below a whiteboard or a database is not kept.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.features.share_links import powers
from app.features.share_links.models import CoveredPage, SharedObject, ShareLink
from app.features.share_links.objects import ObjectKind
from app.features.share_links.reading import copies
from app.features.share_links.reading.coverage import Tree, TreePage
from app.features.share_links.reading.tree_reading import Below, FoundPage

#: A tree that could not be read again is believed for so long.
OLDEST = timedelta(minutes=10)
#: Long enough ago for a page that was never checked by itself, and for one that is to be checked again.
_NEVER = timedelta(days=365)
_TOO_OLD = timedelta(seconds=61)


def wanted_depth(session: Session, shared_object_id: int) -> int:
    """Return how deep some live link of an object shows child pages; 0 = none does."""
    query = select(ShareLink.powers).where(
        ShareLink.shared_object_id == shared_object_id,
        ShareLink.revoked_at.is_(None),
        ShareLink.closed_at.is_(None),
        ShareLink.expires_at > clock.now(),
    )
    children = [powers.load(one).children for one in session.scalars(query)]
    return max((one.depth for one in children if one is not None), default=0)


def write(session: Session, root: SharedObject, below: Below | None) -> None:
    """Make these the pages below a shared page; the caller has locked its row.

    None says that they could not be read: those of before stay for a while, and then there are none.
    """
    if below is None:
        if root.tree_read_at is not None and clock.now() - root.tree_read_at <= OLDEST:
            return
        below = Below()
    else:
        root.tree_read_at = clock.now()
    digest, pages = _digest(below), below.pages
    if digest == root.tree_digest:
        return
    root.tree_cut_at = below.cut_at
    before = set(session.scalars(select(CoveredPage.object_id).where(CoveredPage.root_id == root.id)))
    session.execute(delete(CoveredPage).where(CoveredPage.root_id == root.id))
    rows = {one.page_id: _object_row(session, root.connection_id, one) for one in pages}
    for one in pages:
        session.execute(
            insert(CoveredPage).values(
                root_id=root.id,
                object_id=rows[one.page_id],
                parent_id=one.parent_id,
                title=one.title,
                space_key=one.space_key,
                position=one.position,
                depth=one.depth,
                labels=list(one.labels),
                version=one.version,
                updated_at=one.updated_at,
                folders=list(one.folders),
            )
        )
    root.tree_digest = digest
    # Bodies tell of other pages: of their titles, and of what they include.
    copies.delete_bodies(session, {root.id, *before, *rows.values()})


def load(session: Session, root_id: int) -> Tree:
    """Return what is below a shared page as the last check wrote it down."""
    query = (
        select(CoveredPage, SharedObject.object_id.label("page_id"))
        .join(SharedObject, SharedObject.id == CoveredPage.object_id)
        .where(CoveredPage.root_id == root_id)
    )
    cut_at = session.scalar(select(SharedObject.tree_cut_at).where(SharedObject.id == root_id))
    pages = tuple(
        TreePage(
            page_id,
            row.object_id,
            row.parent_id,
            row.title,
            row.space_key,
            row.position,
            row.depth,
            tuple(row.labels),
            row.version,
            row.updated_at,
            tuple(row.folders),
        )
        for row, page_id in session.execute(query)
    )
    return Tree(pages, cut_at)


def unwritten(below: Below) -> Tree:
    """Return a tree as it was just read, of which nothing is written down yet."""
    pages = tuple(
        TreePage(
            one.page_id,
            0,
            one.parent_id,
            one.title,
            one.space_key,
            one.position,
            one.depth,
            one.labels,
            one.version,
            one.updated_at,
            one.folders,
        )
        for one in below.pages
    )
    return Tree(pages, below.cut_at)


def take_out(session: Session, object_row: int) -> None:
    """Take a page that may no longer be shown out of every tree it stands in, and have those checked again."""
    roots = list(session.scalars(select(CoveredPage.root_id).where(CoveredPage.object_id == object_row)))
    session.execute(delete(CoveredPage).where(CoveredPage.object_id == object_row))
    for root_id in roots:
        ask_again(session, root_id)
    copies.delete_bodies(session, roots)
    session.execute(
        update(SharedObject).where(SharedObject.id.in_(roots)).values(tree_digest=f"cut-{secrets.token_hex(8)}")
    )


def ask_again(session: Session, shared_object_id: int) -> None:
    """Make the next read check an object: more is shown than the last check looked at, or a link to it opens again."""
    too_old = clock.now() - _TOO_OLD
    session.execute(
        update(SharedObject)
        .where(SharedObject.id == shared_object_id, SharedObject.checked_at > too_old)
        .values(checked_at=too_old)
    )


def _object_row(session: Session, connection_id: int, page: FoundPage) -> int:
    make: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    seen = {"title": page.title, "container": page.space_key, "web_url": page.web_url}
    query = make(SharedObject).values(
        connection_id=connection_id,
        kind=ObjectKind.PAGE.value,
        object_id=page.page_id,
        version="",
        restriction_digest="",
        # Its files and restrictions are for a check of its own, when somebody reads it.
        checked_at=clock.now() - _NEVER,
        **seen,
    )
    query = query.on_conflict_do_update(index_elements=["connection_id", "object_id"], set_=seen)
    return int(session.execute(query.returning(SharedObject.id)).scalar_one())


def _digest(below: Below) -> str:
    lines = sorted(
        repr((
            one.page_id, one.parent_id, one.folders, one.title, one.position, one.depth, sorted(one.labels), one.version,
        ))
        for one in below.pages
    )  # fmt: skip
    lines += [f"cut at {below.cut_at}"] if below.cut_at is not None else []
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""
