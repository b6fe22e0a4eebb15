"""How far a browser has come through the gates of a link: kept between two gates, settled when the link opens."""

from sqlalchemy.orm import Session

from app.core import clock
from app.features.share_links.models import Passage
from app.features.share_links.policy import PassageFacts
from app.features.share_links.queries import Visit


def keep(session: Session, visit: Visit, browser_digest: str, passed: PassageFacts, reason: str | None) -> None:
    """Remember what was passed, where there is anything to remember; `reason` is what this request stated, if it did."""
    row = session.get(Passage, (visit.shown.link_id, browser_digest))
    if row is None:
        if (passed.password_at, passed.terms_version, passed.reason_at) == (None, None, None):
            return
        row = Passage(link_id=visit.shown.link_id, browser_digest=browser_digest)
        session.add(row)
    row.person_id = passed.person_id
    row.conditions_version = passed.conditions_version
    row.password_at, row.terms_version, row.reason_at = passed.password_at, passed.terms_version, passed.reason_at
    if passed.reason_at is None:
        row.reason = None
    elif reason is not None:
        row.reason = reason
    row.changed_at = clock.now()
    session.flush()


def settle(session: Session, visit: Visit, browser_digest: str, passed: PassageFacts) -> str | None:
    """Use up what was passed for one opening and return the reason that was kept; only accepted terms stay."""
    row = session.get(Passage, (visit.shown.link_id, browser_digest))
    kept = row.reason if row is not None and passed.reason_at is not None else None
    left = PassageFacts(passed.conditions_version, passed.person_id, terms_version=passed.terms_version)
    keep(session, visit, browser_digest, left, None)
    return kept
