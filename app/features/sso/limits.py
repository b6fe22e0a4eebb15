"""How often one network may go to a provider and come back; whole offices share an address."""

from sqlalchemy.orm import Session

from app.core import context, ratelimit
from app.core.ratelimit import Limit, Taken

STARTS = Limit("sso-start", 120, 60)
ANSWERS = Limit("sso-answer", 120, 60)

__all__ = ["ANSWERS", "STARTS", "Limit", "take"]


def take(session: Session, limit: Limit) -> Taken:
    """Count one request of the caller's network."""
    return ratelimit.take(session, (limit, ratelimit.network_of(context.current().address)))
