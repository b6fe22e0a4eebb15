"""Proving an address by a code: asked for here, made and mailed by the worker, and tried here.

Whether an address is among a link's recipients is looked at by the worker alone, so that neither the answer nor the time it
takes tells: the request writes the same rows whatever was entered. The code is six digits from the system's random source.
It is kept as a keyed digest bound to the link, the address and the one sending it belongs to, and works in the browser that
asked for it, for ten minutes, for five tries, once.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock, db, ratelimit
from app.core.crypto import ring, tokens
from app.core.jobs import outbox
from app.core.mail import delivery
from app.core.ratelimit import Limit
from app.core.text import Text
from app.features.share_links import policy, queries
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import limits, records
from app.features.share_links.gates import recipients as addresses
from app.features.share_links.models import AddressCode, AddressProof, LinkRecipient, Passage, ShareLink
from app.features.share_links.policy import Gate
from app.features.share_links.queries import Visit

DIGITS = 6
LIFETIME = timedelta(minutes=10)
TRIES = 5
RESEND_AFTER = timedelta(seconds=30)
#: How long a browser passes by what it has proven.
PASS_LIFETIME = timedelta(hours=24)
#: Mails of one link to one address: nobody's mailbox is filled through us.
PER_ADDRESS = Limit("link-code-mail", 10, 3_600)
#: Stands where a code would, once the worker has decided that none is sent.
NO_CODE = ""


class Refusal(StrEnum):
    """Why no code is sent, or why one proves nothing. None depends on who the link is for."""

    NOT_AN_ADDRESS = "not_an_address"
    TOO_SOON = "too_soon"
    LIMITED = "limited"
    WRONG = "wrong"
    #: Used, too old, tried too often, or never asked for.
    OVER = "over"


@dataclass(frozen=True)
class Outcome:
    """What came of asking or trying; without a refusal it went well."""

    refusal: Refusal | None = None
    #: Seconds, where it helps to wait.
    retry_after: int | None = None


@dataclass(frozen=True)
class Waiting:
    """A code that this browser has asked for and not used yet."""

    address: str
    ends_at: datetime


def waiting(session: Session, visit: Visit, browser_digest: str | None) -> Waiting | None:
    """Return what a browser has asked for and may still try, or None."""
    row = _row(session, visit.shown.link_id, browser_digest)
    if row is None or row.used_at is not None or row.tries >= TRIES or row.ends_at <= clock.now():
        return None
    return Waiting(row.address, row.ends_at)


def ask(visit: Visit, entered: str, browser_digest: str) -> Outcome:
    """Have a code sent to an address, if the link is for it; nobody learns here whether it is."""
    address = addresses.address(entered)
    if address is None:
        return Outcome(Refusal.NOT_AN_ADDRESS)
    now, link_id = clock.now(), visit.shown.link_id
    with db.transaction() as session:
        session.execute(select(ShareLink.id).where(ShareLink.id == link_id).with_for_update())
        row = _row(session, link_id, browser_digest)
        if row is not None and row.used_at is None and now < row.asked_at + RESEND_AFTER:
            wait = row.asked_at + RESEND_AFTER - now
            return Outcome(Refusal.TOO_SOON, max(1, int(wait.total_seconds()) + 1))
        taken = limits.take(session, limits.ASKING, visit, browser_digest)
        if not taken.allowed:
            return Outcome(Refusal.LIMITED, limits.told_wait(limits.ASKING, taken))
        if row is None:
            row = AddressCode(link_id=link_id, browser_digest=browser_digest)
            session.add(row)
        row.address, row.attempt, row.code_digest = address, tokens.new_public_id(), None
        row.asked_at, row.ends_at, row.tries, row.used_at = now, now + LIFETIME, 0, None
        session.flush()
        records.note(session, ShareLinkEvent.CODE_ASKED, visit, browser_digest, email=address)
        outbox.enqueue(session, send_code, code_id=row.id, attempt=row.attempt)
    return Outcome()


@outbox.job("share_links.send_code")
def send_code(code_id: int, attempt: str) -> None:
    """Make a code and mail it, where the link is for the address. A second run finds that decided and does nothing."""
    with db.transaction() as session:
        row = session.get(AddressCode, code_id, with_for_update=True)
        if row is None or row.attempt != attempt or row.code_digest is not None or row.ends_at <= clock.now():
            return
        public_id = session.scalar(select(ShareLink.public_id).where(ShareLink.id == row.link_id)) or ""
        visit = queries.visit(
            session, public_id, None, browser_digest=row.browser_digest, session_digest=None, now=clock.now()
        )
        row.code_digest = NO_CODE
        if visit is None or policy.closed_because(visit.link, clock.now()) is not None:
            return
        why_not = _why_not(session, row)
        if why_not is not None:
            records.refused(session, visit, row.browser_digest, Gate.ADDRESS.value, why_not, email=row.address)
            return
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        row.code_digest = _digest(visit, row, code)
        delivery.send(
            session,
            to=row.address,
            subject=Text("Your code for opening a page"),
            body=Text(
                "%(owner)s shares a page with you. The code for opening it is\n\n    %(code)s\n\n"
                "Enter it within ten minutes, in the browser in which you asked for it. It works once.\n\n"
                "If you did not ask for a code, somebody has entered your address. Without the code they cannot open "
                "anything; you need not do anything.\n",
                owner=visit.shown.owner_name,
                code=code,
            ),
        )


def prove(visit: Visit, entered: str, browser_digest: str | None) -> Outcome:
    """Count a try, then compare; the right code is a pass of this browser for this link."""
    with db.transaction() as session:
        taken = limits.take(session, limits.CODE, visit, browser_digest)
    if not taken.allowed:
        return Outcome(Refusal.LIMITED, limits.told_wait(limits.CODE, taken))
    with db.transaction() as session:
        refusal = _try(session, visit, "".join(entered.split()), browser_digest)
        if refusal is None:
            limits.give_back(session, limits.CODE, visit, browser_digest)
        elif refusal is Refusal.WRONG:
            records.refused(session, visit, browser_digest, Gate.ADDRESS.value, "wrong_code")
    return Outcome(refusal)


def _try(session: Session, visit: Visit, code: str, browser_digest: str | None) -> Refusal | None:
    now = clock.now()
    row = _row(session, visit.shown.link_id, browser_digest)
    # The row counts decide: of many tries at once five are looked at, and one of them at most is right.
    usable = (AddressCode.used_at.is_(None), AddressCode.ends_at > now)
    if row is None or not _changed(session, row, AddressCode.tries < TRIES, *usable, tries=AddressCode.tries + 1):
        return Refusal.OVER
    # Compared also where no code was made, at the same cost.
    if not hmac.compare_digest(row.code_digest or NO_CODE, _digest(visit, row, code)):
        return Refusal.WRONG
    if not _changed(session, row, *usable, used_at=now):
        return Refusal.OVER
    _pass(session, visit, row, now)
    return None


def _pass(session: Session, visit: Visit, row: AddressCode, now: datetime) -> None:
    which = (AddressProof.link_id == row.link_id, AddressProof.browser_digest == row.browser_digest)
    session.execute(delete(AddressProof).where(*which))
    session.add(
        AddressProof(
            link_id=row.link_id,
            browser_digest=row.browser_digest,
            address=row.address,
            domain=addresses.domain_of(row.address),
            proven_at=now,
            ends_at=now + PASS_LIFETIME,
        )
    )
    if visit.proven_address != row.address:
        # Terms and reasons were another reader's.
        passed = (Passage.link_id == row.link_id, Passage.browser_digest == row.browser_digest)
        session.execute(delete(Passage).where(*passed))
    session.flush()
    records.note(session, ShareLinkEvent.ADDRESS_PROVEN, visit, row.browser_digest, email=row.address)


def _row(session: Session, link_id: int, browser_digest: str | None) -> AddressCode | None:
    which = (AddressCode.link_id == link_id, AddressCode.browser_digest == (browser_digest or ""))
    return session.scalars(select(AddressCode).where(*which)).one_or_none()


def _changed(session: Session, row: AddressCode, *where: Any, **values: Any) -> bool:
    query = update(AddressCode).where(AddressCode.id == row.id, AddressCode.attempt == row.attempt, *where)
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        query.values(**values).execution_options(synchronize_session=False)
    )
    return result.rowcount == 1


def _why_not(session: Session, row: AddressCode) -> str | None:
    """Return why an address gets no code, or None."""
    among = or_(LinkRecipient.value == row.address, LinkRecipient.value == addresses.domain_of(row.address))
    if (
        session.scalar(select(LinkRecipient.link_id).where(LinkRecipient.link_id == row.link_id, among).limit(1))
        is None
    ):
        return "not_recipient"
    taken = ratelimit.take(session, (PER_ADDRESS, f"{row.link_id}|{row.address}"))
    return None if taken.allowed else f"limited:{PER_ADDRESS.scope}"


def _digest(visit: Visit, row: AddressCode, code: str) -> str:
    bound = f"{visit.shown.public_id}|{row.address}|{row.attempt}"
    return ring.current().digest(code, context=f"address-code:{bound}")
