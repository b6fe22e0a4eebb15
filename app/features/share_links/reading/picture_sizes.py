"""The sizes of the pictures that a page shows, as far as they were fetched before."""

from collections.abc import Mapping

from sqlalchemy import select, update

from app.core import db
from app.documents.sizes import Size
from app.features.share_links.models import Copy, CoveredPage, SharedObject
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading.copies import CopyKind
from app.features.share_links.reading.coverage import Coverage


def note(shared_object_id: int) -> None:
    """Say that the size of a picture of an object has become known: pages that may show it are made anew."""
    with db.reading() as session:
        roots = list(session.scalars(select(CoveredPage.root_id).where(CoveredPage.object_id == shared_object_id)))
    # One row at a time: a check holds a shared page while it goes through those below it.
    for row in (shared_object_id, *roots):
        with db.transaction() as session:
            session.execute(
                update(SharedObject)
                .where(SharedObject.id == row)
                .values(sizes_known=SharedObject.sizes_known + 1)
                .execution_options(synchronize_session=False)
            )


def of(target: ObjectRow, root: ObjectRow, coverage: Coverage, html: str) -> Mapping[str, Size]:
    """Return the sizes of pictures by the addresses that lead to them from a page under a link that names `root`."""
    if '<img src="media/' not in html:
        return {}
    rows = {target.id, root.id, *(one.object_row for one in coverage.pages)}
    query = (
        select(Copy.shared_object_id, SharedObject.object_id, Copy.name, Copy.width, Copy.height)
        .join(SharedObject, SharedObject.id == Copy.shared_object_id)
        .where(
            Copy.shared_object_id.in_(rows),
            Copy.kind == CopyKind.MEDIA.value,
            Copy.complete,
        )
        # Of two versions of a file the newer one counts.
        .order_by(Copy.id)
    )
    found: dict[str, Size] = {}
    with db.reading() as session:
        for row, object_id, attachment_id, width, height in session.execute(query):
            if width is None or height is None:
                continue
            found[f"media/{object_id}/{attachment_id}"] = width, height
            if row == root.id == target.id:
                found[f"media/{attachment_id}"] = width, height
    return found
