"""Recurring work of share links."""

from datetime import timedelta

from sqlalchemy import delete, or_

from app.core import clock, db
from app.core.jobs import schedule
from app.features.share_links.lists import figures
from app.features.share_links.models import AddressCode, AddressProof, Grant, Passage
from app.features.share_links.reading import copies

_MOST_AT_ONCE = 50
#: Visitors who held a grant are told why a link is closed; after this long they are strangers.
KEEP_ENDED = timedelta(days=30)


@schedule.every(300, "share_links.delete_copies")
def delete_copies() -> None:
    """Delete copies that no live link covers or that were not confirmed for a day; safe to run twice."""
    for _ in range(_MOST_AT_ONCE):
        with db.transaction() as session:
            if copies.delete_superfluous(session) == 0:
                return


@schedule.every(600, "share_links.count")
def count() -> None:
    """Count what the risk board shows; safe to run twice."""
    with db.reading() as session:
        values = figures.count(session)
    with db.transaction() as session:
        figures.keep(session, values)


@schedule.every(86_400, "share_links.delete_grants")
def delete_grants() -> None:
    """Delete grants that ended a month ago; the openings stay in the audit trail. Safe to run twice."""
    before = clock.now() - KEEP_ENDED
    with db.transaction() as session:
        session.execute(delete(Grant).where(or_(Grant.ended_at < before, Grant.ends_at < before)))


@schedule.every(3_600, "share_links.delete_proofs")
def delete_proofs() -> None:
    """Delete codes and proven addresses that are over, and passages that nobody went on with; safe to run twice."""
    now = clock.now()
    with db.transaction() as session:
        session.execute(delete(AddressCode).where(AddressCode.ends_at < now))
        session.execute(delete(AddressProof).where(AddressProof.ends_at < now))
        # Accepted terms stay with them for as long as grants do.
        session.execute(delete(Passage).where(Passage.changed_at < now - KEEP_ENDED))
