"""The sweep: what nobody visits is checked once a day all the same, a few objects a minute.

An object's own lease keeps two checks of it apart, whoever began them. What is swept is chosen by how long ago it was
checked, so a sweep that was killed goes on where it ended.
"""

import time
from datetime import timedelta

from sqlalchemy import exists, or_, select

from app.core import clock, db
from app.core.errors import Unavailable
from app.core.jobs import schedule
from app.features.share_links import queries
from app.features.share_links.life import standing
from app.features.share_links.life_models import ProvenRight
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.reading import freshness

#: Each object with an open link is checked as often as that.
EVERY = timedelta(days=1)
#: Objects of one pass, and seconds after which it begins no other: what one minute may ask of Atlassian.
MOST_AT_ONCE = 20
_SECONDS = 40.0


@schedule.every(60, "share_links.sweep")
def sweep() -> None:
    """Check objects whose last check, or the last question about whose owner, is a day old; safe to run twice."""
    end = time.monotonic() + _SECONDS
    unreachable: set[int] = set()
    for object_id, connection_id in due():
        if connection_id in unreachable or time.monotonic() > end:
            continue
        with db.reading() as session:
            target = queries.object_row(session, object_id)
        try:
            freshness.check_anew(target)
        except Unavailable:
            unreachable.add(connection_id)


def due() -> list[tuple[int, int]]:
    """Return the objects to check next, with their connections; those that wait longest first."""
    now = clock.now()
    unasked = (
        select(ShareLink.id)
        .outerjoin(
            ProvenRight,
            (ProvenRight.shared_object_id == ShareLink.shared_object_id)
            & (ProvenRight.person_id == ShareLink.created_by_id),
        )
        .where(ShareLink.shared_object_id == SharedObject.id, standing.is_open(), standing.not_asked_since(EVERY))
    )
    query = (
        select(SharedObject.id, SharedObject.connection_id)
        .where(exists().where(ShareLink.shared_object_id == SharedObject.id, standing.is_open()))
        .where(or_(SharedObject.checked_at < now - EVERY, unasked.exists()))
        .where(freshness.is_free(now))
        .order_by(SharedObject.down_since.is_not(None), SharedObject.checked_at, SharedObject.id)
        .limit(MOST_AT_ONCE)
    )
    with db.reading() as session:
        return [(row.id, row.connection_id) for row in session.execute(query)]
