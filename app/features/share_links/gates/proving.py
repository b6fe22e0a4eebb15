"""Proving a link's password, with no transaction open: first counted, then compared."""

from dataclasses import dataclass
from enum import StrEnum

from app.core import db
from app.core.crypto import passwords
from app.core.errors import Unavailable
from app.features.share_links.gates import limits, records
from app.features.share_links.policy import Gate
from app.features.share_links.queries import Visit


class Refusal(StrEnum):
    """Why a password proves nothing."""

    WRONG = "wrong"
    LIMITED = "limited"


@dataclass(frozen=True)
class Proof:
    """The outcome; `proven_hash` is the hash that the password matched."""

    proven_hash: str | None
    refusal: Refusal | None = None
    #: Seconds, only where the visitor's own limit was reached.
    retry_after: int | None = None


def prove(visit: Visit, password: str, browser_digest: str | None) -> Proof:
    """Count the attempt, then compare. Raises Unavailable while too many passwords are being compared."""
    # First a place: whoever is told to come back has cost nothing that is written.
    with passwords.Place() as place:
        with db.transaction() as session:
            taken = limits.take(session, limits.PASSWORD, visit, browser_digest)
        if not taken.allowed:
            return Proof(None, Refusal.LIMITED, limits.told_wait(limits.PASSWORD, taken))
        stored = visit.shown.password_hash
        try:
            matches = place.verify(password, stored)
        except Unavailable:
            # Nothing was compared, so nothing was tried: whoever comes back is not held to it.
            with db.transaction() as session:
                limits.give_back(session, limits.PASSWORD, visit, browser_digest)
            raise
    if not matches:
        with db.transaction() as session:
            records.refused(session, visit, browser_digest, Gate.PASSWORD.value, Refusal.WRONG.value)
        return Proof(None, Refusal.WRONG)
    with db.transaction() as session:
        limits.give_back(session, limits.PASSWORD, visit, browser_digest)
    return Proof(stored)
