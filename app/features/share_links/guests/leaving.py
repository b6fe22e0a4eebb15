"""Being done with a link: whoever reads it gives their access up themselves. Takes an open transaction."""

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import grants, records
from app.features.share_links.guests.models import Invitation
from app.features.share_links.models import AddressCode, AddressProof, Grant, Passage
from app.features.share_links.queries import Visit


def leave(session: Session, visit: Visit, browser_digest: str) -> int:
    """End what this reader holds of the link, on every browser: grants, pass, own link; return how many grants ended."""
    link_id, person_id = visit.shown.link_id, visit.visitor.person_id
    records.note(session, ShareLinkEvent.LEFT, visit, browser_digest, **records.invited_by(visit))
    passes = [AddressProof.browser_digest == browser_digest]
    if visit.proven_address is not None:
        passes.append(AddressProof.address == visit.proven_address)
    theirs = select(AddressProof.browser_digest).where(AddressProof.link_id == link_id, or_(*passes))
    which = [Grant.browser_digest == browser_digest, Grant.browser_digest.in_(theirs)]
    if person_id is not None:
        which.append(Grant.person_id == person_id)
    if visit.invited is not None:
        which.append(Grant.invitation_id == visit.invited.id)
        session.execute(update(Invitation).where(Invitation.id == visit.invited.id).values(left_at=clock.now()))
    actor = records.who(session, person_id, browser_digest)
    ended = grants.end_of_reader(session, actor, link_id, or_(*which), "left")
    session.execute(delete(AddressProof).where(AddressProof.link_id == link_id, or_(*passes)))
    for table in (AddressCode, Passage):
        session.execute(delete(table).where(table.link_id == link_id, table.browser_digest == browser_digest))
    return ended
