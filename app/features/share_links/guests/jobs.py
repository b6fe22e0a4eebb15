"""Recurring work of guests."""

from sqlalchemy import delete

from app.core import clock, db
from app.core.jobs import schedule
from app.features.share_links.guests.models import GuestCode, ReaderOpening
from app.features.share_links.guests.openings import KEPT


@schedule.every(3_600, "share_links.delete_guest_codes")
def delete_guest_codes() -> None:
    """Delete codes that are over, and openings that readers are no longer told of; safe to run twice."""
    now = clock.now()
    with db.transaction() as session:
        session.execute(delete(GuestCode).where(GuestCode.ends_at < now))
        session.execute(delete(ReaderOpening).where(ReaderOpening.at < now - KEPT))
