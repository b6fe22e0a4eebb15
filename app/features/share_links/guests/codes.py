"""A code by mail for the list of what is shared with an address, and what a browser has proven by one.

As at the gate of a link (`gates.codes`), the worker alone looks whether anything is shared with the address. The proof opens
nothing: it shows the list, and is carried to a link that names the address when somebody opens it from there.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock, context, db, ratelimit
from app.core.accounts import own
from app.core.accounts.actor import visitor
from app.core.audit import trail
from app.core.jobs import outbox
from app.core.mail import delivery
from app.core.ratelimit import Limit, Taken
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import mailed_codes, proofs, recipients
from app.features.share_links.gates.mailed_codes import Outcome, Refusal, Waiting
from app.features.share_links.guests import shared
from app.features.share_links.guests.models import GuestCode
from app.features.share_links.models import AddressProof, ShareLink

#: Each pair: a network, then everybody. The second is taken only where the first allows.
ASKING = (Limit("shared-asking-visitor", 20, 600), Limit("shared-asking-all", 300, 60))
TRYING = (Limit("shared-code-visitor", 10, 60), Limit("shared-code-all", 300, 60))
#: Mails to one address: nobody's mailbox is filled through us.
PER_ADDRESS = Limit("shared-code-mail", 5, 3_600)
#: How often a reached limit is written into the trail for each visitor.
RECORDED = Limit("shared-limit-recorded", 1, 60)
_PURPOSE = "list-code"


@dataclass(frozen=True)
class Proven:
    """The address that a browser has proven for itself."""

    address: str
    ends_at: datetime


def waiting(session: Session, browser_digest: str | None) -> Waiting | None:
    """Return what a browser has asked for and may still try, or None."""
    return mailed_codes.waiting(mailed_codes.find(session, GuestCode, _key(browser_digest)))


def proven(session: Session, browser_digest: str | None) -> Proven | None:
    """Return the address that a browser has proven here, as long as that counts."""
    query = select(AddressProof).where(
        AddressProof.link_id.is_(None),
        AddressProof.browser_digest == (browser_digest or ""),
        AddressProof.ends_at > clock.now(),
    )
    row = session.scalars(query.order_by(AddressProof.id.desc()).limit(1)).one_or_none()
    return Proven(row.address, row.ends_at) if row is not None else None


def ask(entered: str, browser_digest: str) -> Outcome:
    """Have a code sent to an address, if anything is shared with it; nobody learns here whether anything is."""
    address = recipients.address(entered)
    if address is None:
        return Outcome(Refusal.NOT_AN_ADDRESS)
    key = _key(browser_digest)
    with db.transaction() as session:
        wait = mailed_codes.too_soon(mailed_codes.find(session, GuestCode, key))
        refused = wait or _take(session, ASKING, browser_digest)
        if refused is not None:
            return refused
        attempt = mailed_codes.begin(session, GuestCode, key, address)
        _record(session, ShareLinkEvent.LIST_CODE_ASKED, browser_digest, email=address)
        outbox.enqueue(session, send_list_code, **key, attempt=attempt)
    return Outcome()


@outbox.job("share_links.send_list_code")
def send_list_code(browser_digest: str, attempt: str) -> None:
    """Make a code and mail it, where something is shared with the address. A second run finds that decided."""
    with db.transaction() as session:
        row = mailed_codes.undecided(session, GuestCode, _key(browser_digest), attempt)
        if row is None:
            return
        if not shared.anything(session, row.address):
            _record(session, ShareLinkEvent.LIST_FAILED, browser_digest, reason="nothing_shared", email=row.address)
            return
        if not ratelimit.take(session, (PER_ADDRESS, row.address)).allowed:
            _record(session, ShareLinkEvent.LIST_FAILED, browser_digest, reason="limited", email=row.address)
            return
        delivery.send(
            session,
            to=row.address,
            subject=Text("Your code for seeing what is shared with you"),
            body=Text(
                "The code for seeing what is shared with you at %(organisation)s is\n\n    %(code)s\n\n"
                "Enter it within ten minutes, in the browser in which you asked for it. It works once.\n\n"
                "If you did not ask for a code, somebody has entered your address. Without the code they see "
                "nothing; you need not do anything.\n",
                organisation=registry.read(session, OrganisationSettings).name,
                code=mailed_codes.make(row, _PURPOSE),
            ),
        )


def prove(entered: str, browser_digest: str | None, person_id: int | None = None) -> Outcome:
    """Count a try, then compare; the right code lets this browser see the list of that address.

    `person_id` is who is signed in.
    """
    digest = browser_digest or ""
    with db.transaction() as session:
        refused = _take(session, TRYING, digest)
    if refused is not None:
        return refused
    with db.transaction() as session:
        used = mailed_codes.use(session, GuestCode, _key(digest), _PURPOSE, entered)
        if isinstance(used, GuestCode):
            proofs.keep(session, None, digest, used.address)
            own.prove_address(session, person_id, used.address)
            _record(session, ShareLinkEvent.LIST_PROVEN, digest, email=used.address)
            return Outcome()
        if used is Refusal.WRONG:
            _record(session, ShareLinkEvent.LIST_FAILED, digest, reason="wrong_code")
    return Outcome(used)


def carry(session: Session, public_id: str, browser_digest: str) -> None:
    """Let the address that was proven here pass at a link that asks for one, for as long as it counts here."""
    known = proven(session, browser_digest)
    link_id = session.scalar(select(ShareLink.id).where(ShareLink.public_id == public_id).with_for_update())
    if known is None or link_id is None:
        return
    which = (AddressProof.link_id == link_id, AddressProof.browser_digest == browser_digest)
    before = session.scalars(select(AddressProof).where(*which)).one_or_none()
    if before is not None and before.address == known.address and before.ends_at >= known.ends_at:
        return
    proofs.keep(session, link_id, browser_digest, known.address, known.ends_at)
    trail.record(
        session,
        ShareLinkEvent.ADDRESS_PROVEN,
        subject=("link", public_id),
        actor=visitor(browser_digest),
        email=known.address,
    )


def forget(session: Session, browser_digest: str) -> None:
    """Let a browser no longer stand for the address it proved, here and at the links it was carried to."""
    known = proven(session, browser_digest)
    which = [AddressProof.browser_digest == browser_digest]
    if known is not None:
        which.append(AddressProof.address == known.address)
    session.execute(delete(AddressProof).where(*which))
    session.execute(delete(GuestCode).where(GuestCode.browser_digest == browser_digest))


def _key(browser_digest: str | None) -> dict[str, Any]:
    return {"browser_digest": browser_digest or ""}


def _take(session: Session, limits: tuple[Limit, Limit], browser_digest: str) -> Outcome | None:
    network = ratelimit.network_of(context.current().address)
    taken: Taken = ratelimit.take(session, (limits[0], network))
    own = not taken.allowed
    if taken.allowed:
        taken = ratelimit.take(session, (limits[1], "all"))
    if taken.allowed:
        return None
    # A flood must not become a flood of entries that are kept for ever.
    if ratelimit.take(session, (RECORDED, f"{taken.scope}|{network}")).allowed:
        _record(session, ShareLinkEvent.LIST_FAILED, browser_digest, reason=f"limited:{taken.scope}")
    return Outcome(Refusal.LIMITED, taken.retry_after if own else None)


def _record(session: Session, event: ShareLinkEvent, browser_digest: str, **details: str) -> None:
    trail.record(session, event, subject=None, actor=visitor(browser_digest), **details)
