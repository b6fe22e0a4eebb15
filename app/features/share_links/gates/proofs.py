"""The address that a browser has proven: at one link, which it then passes, or for itself. Takes an open transaction."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock
from app.features.share_links.gates import recipients
from app.features.share_links.models import AddressProof, Passage

#: How long a browser passes by what it has proven.
LIFETIME = timedelta(hours=24)


def keep(
    session: Session, link_id: int | None, browser_digest: str, address: str, ends_at: datetime | None = None
) -> None:
    """Let a browser stand for an address, in the place of the one before; for a day, or until `ends_at`."""
    of_browser = AddressProof.browser_digest == browser_digest
    which = (AddressProof.link_id.is_not_distinct_from(link_id), of_browser)
    before = session.scalar(select(AddressProof.address).where(*which))
    session.execute(delete(AddressProof).where(*which))
    now = clock.now()
    session.add(
        AddressProof(
            link_id=link_id,
            browser_digest=browser_digest,
            address=address,
            domain=recipients.domain_of(address),
            proven_at=now,
            ends_at=ends_at or now + LIFETIME,
        )
    )
    if link_id is not None and before != address:
        # Terms and reasons were another reader's.
        passed = (Passage.link_id == link_id, Passage.browser_digest == browser_digest)
        session.execute(delete(Passage).where(*passed))
    session.flush()
