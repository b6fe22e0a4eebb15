"""The word to owners that a link ends soon: once for each end, so that extending it brings another."""

from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.core.jobs import schedule
from app.core.settings import registry
from app.features.share_links import facts
from app.features.share_links.life.notices import NoticeCode, tell_owner
from app.features.share_links.models import OwnerNotice, SharedObject, ShareLink
from app.features.share_links.settings import ShareLinkSettings

_BATCH = 100
_MOST_BATCHES = 20


@schedule.every(3_600, "share_links.remind_owners")
def remind_owners() -> None:
    """Tell owners of active links that end within the days of the setting; safe to run twice."""
    for _ in range(_MOST_BATCHES):
        with db.transaction() as session:
            if _remind(session) == 0:
                return


def _remind(session: Session) -> int:
    days = registry.read(session, ShareLinkSettings).owner_reminder_days
    ahead = timedelta(days=days)
    # A notice of the last so many days is about this end; an earlier one was about an end that was moved since.
    told = exists().where(
        OwnerNotice.link_id == ShareLink.id,
        OwnerNotice.code == NoticeCode.ENDS_SOON.value,
        OwnerNotice.at > clock.now() - ahead,
    )
    query = (
        select(ShareLink)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Connection, Connection.id == SharedObject.connection_id)
        .join(Person, Person.id == ShareLink.created_by_id)
        .where(ShareLink.expires_at <= clock.now() + ahead, facts.open_now(), ~told)
        # Whoever made a link this late knows its end already.
        .where(ShareLink.created_at < clock.now() - ahead)
        .order_by(ShareLink.id)
        .limit(_BATCH)
        .with_for_update(of=ShareLink)
    )
    found = session.scalars(query).all() if days else []
    for link in found:
        tell_owner(session, link, NoticeCode.ENDS_SOON)
    return len(found)
