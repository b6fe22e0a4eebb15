"""Proving an address at the gate of a link, by a code that the worker makes and mails (`mailed_codes`).

A code is for a recipient of the link; at somebody's own link it is for the address alone that the link was sent to.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, db, ratelimit
from app.core.accounts import own
from app.core.jobs import outbox
from app.core.mail import delivery
from app.core.ratelimit import Limit
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.features.share_links import policy, queries, rows
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import limits, mailed_codes, proofs, recipients, records
from app.features.share_links.gates.mailed_codes import Outcome, Refusal, Waiting
from app.features.share_links.guests.models import Invitation
from app.features.share_links.models import AddressCode, ShareLink
from app.features.share_links.policy import Gate
from app.features.share_links.queries import Visit

#: Mails of one link to one address: nobody's mailbox is filled through us.
PER_ADDRESS = Limit("link-code-mail", 10, 3_600)


def waiting(session: Session, visit: Visit, browser_digest: str | None) -> Waiting | None:
    """Return what a browser has asked for here and may still try, or None."""
    row = mailed_codes.find(session, AddressCode, _key(visit, browser_digest))
    # What was asked for at another own link under the same share proves nothing here.
    return mailed_codes.waiting(row) if row is not None and row.invitation_id == _own(visit) else None


def ask(visit: Visit, entered: str, browser_digest: str) -> Outcome:
    """Have a code sent to an address, if the link is for it; nobody learns here whether it is."""
    address = recipients.address(entered)
    if address is None:
        return Outcome(Refusal.NOT_AN_ADDRESS)
    key = _key(visit, browser_digest)
    with db.transaction() as session:
        session.execute(select(ShareLink.id).where(ShareLink.id == visit.shown.link_id).with_for_update())
        wait = mailed_codes.too_soon(mailed_codes.find(session, AddressCode, key))
        if wait is not None:
            return wait
        taken = limits.take(session, limits.ASKING, visit, browser_digest)
        if not taken.allowed:
            return Outcome(Refusal.LIMITED, limits.told_wait(limits.ASKING, taken))
        attempt = mailed_codes.begin(session, AddressCode, key, address, invitation_id=_own(visit))
        records.note(session, ShareLinkEvent.CODE_ASKED, visit, browser_digest, email=address)
        outbox.enqueue(session, send_code, **key, attempt=attempt)
    return Outcome()


@outbox.job("share_links.send_code")
def send_code(link_id: int, browser_digest: str, attempt: str) -> None:
    """Make a code and mail it, where the link is for the address. A second run finds that decided and does nothing."""
    key = {"link_id": link_id, "browser_digest": browser_digest}
    with db.transaction() as session:
        row = mailed_codes.undecided(session, AddressCode, key, attempt)
        visit = _visit(session, row) if row is not None else None
        if row is None or visit is None or policy.closed_because(visit.link, clock.now()) is not None:
            return
        why_not = _why_not(session, visit, row.address)
        if why_not is not None:
            records.refused(session, visit, browser_digest, Gate.ADDRESS.value, why_not, email=row.address)
            return
        owner = visit.shown.owner_name
        delivery.send(
            session,
            to=row.address,
            subject=Text("Your code for what %(owner)s shares with you", owner=owner),
            body=Text(
                "%(owner)s (%(organisation)s) shares something with you. The code for opening it is\n\n    %(code)s\n\n"
                "Enter it within ten minutes, in the browser in which you asked for it. It works once.\n\n"
                "If you did not ask for a code, somebody has entered your address. Without the code they cannot open "
                "anything; you need not do anything.\n",
                owner=owner,
                organisation=registry.read(session, OrganisationSettings).name,
                code=mailed_codes.make(row, _purpose(visit)),
            ),
        )


def prove(visit: Visit, entered: str, browser_digest: str | None) -> Outcome:
    """Count a try, then compare; the right code is a pass of this browser for this link."""
    with db.transaction() as session:
        taken = limits.take(session, limits.CODE, visit, browser_digest)
    if not taken.allowed:
        return Outcome(Refusal.LIMITED, limits.told_wait(limits.CODE, taken))
    with db.transaction() as session:
        used = mailed_codes.use(session, AddressCode, _key(visit, browser_digest), _purpose(visit), entered)
        if isinstance(used, AddressCode):
            limits.give_back(session, limits.CODE, visit, browser_digest)
            proofs.keep(session, used.link_id, used.browser_digest, used.address)
            own.prove_address(session, visit.visitor.person_id, used.address)
            records.note(session, ShareLinkEvent.ADDRESS_PROVEN, visit, browser_digest, email=used.address)
            return Outcome()
        if used is Refusal.WRONG:
            records.refused(session, visit, browser_digest, Gate.ADDRESS.value, "wrong_code")
    return Outcome(used)


def _key(visit: Visit, browser_digest: str | None) -> dict[str, Any]:
    return {"link_id": visit.shown.link_id, "browser_digest": browser_digest or ""}


def _own(visit: Visit) -> int | None:
    return visit.invited.id if visit.invited is not None else None


def _purpose(visit: Visit) -> str:
    return f"address-code:{visit.shown.public_id}"


def _visit(session: Session, row: AddressCode) -> Visit | None:
    """Return the visit that a code was asked for on, or None where the link, or the own link, is no longer there."""
    own = session.get(Invitation, row.invitation_id) if row.invitation_id is not None else None
    named = own if own is not None else session.get_one(ShareLink, row.link_id)
    return queries.visit(
        session,
        named.public_id,
        None,
        browser_digest=row.browser_digest,
        session_digest=None,
        now=clock.now(),
    )


def _why_not(session: Session, visit: Visit, address: str) -> str | None:
    """Return why an address gets no code, or None."""
    if visit.invited is not None and visit.invited.address != address:
        return "not_invited"
    link_id = visit.shown.link_id
    named = rows.recipients_of_link(session, link_id)
    if address not in named and recipients.domain_of(address) not in named:
        return "not_recipient"
    taken = ratelimit.take(session, (PER_ADDRESS, f"{link_id}|{address}"))
    return None if taken.allowed else f"limited:{PER_ADDRESS.scope}"
