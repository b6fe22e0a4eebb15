"""What is shared with somebody: links that name an address of theirs, or groups they are in. Never more than a gate says.

An address counts only where it was proven: by a code in this browser, or by the account's own code or an administrator. What
an identity provider merely asserts of an address lists nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.core import clock, paging
from app.core.accounts.models import Membership, Person
from app.core.accounts.queries import membership_counts
from app.core.connections.models import Connection
from app.core.paging import Page
from app.features.share_links import facts
from app.features.share_links.gates import recipients
from app.features.share_links.guests.models import Invitation, ReaderOpening
from app.features.share_links.models import Grant, LinkGroup, LinkRecipient, SharedObject, ShareLink

PAGE_SIZE = 25
#: What does not open any more is told of to who opened it: so many, and until so long after its end.
MOST_ENDED = 10
ENDED_KEPT = timedelta(days=30)
MAXIMUM_SEARCH = 100
ORDERS = paging.Orders(ShareLink.id, ends=ShareLink.expires_at)
#: The own link that leads there.
_OWN = aliased(Invitation)
#: Who vouches for the address of an account, other than whoever signs people in with it.
_VOUCHED = ("administrator", "code")


@dataclass(frozen=True)
class Guest:
    """Somebody who looks at what is shared with them."""

    #: Lower case; proven.
    addresses: tuple[str, ...]
    person_id: int | None = None
    #: The one of the addresses that was proven in this browser.
    proven: str | None = None
    #: Digest of the id of this browser.
    browser: str | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known of them."""
        return bool(self.addresses) or self.person_id is not None


@dataclass(frozen=True)
class SharedRow:
    """One link as it is listed for somebody it is for."""

    public_id: str
    sharer: str
    kind: str
    expires_at: datetime
    #: None where it is not theirs to know yet.
    title: str | None
    #: The invitation whose own link leads there; None = the address of the link.
    invitation_id: str | None
    #: Whether an address that was proven is carried over.
    asks_for_address: bool
    generation: int
    #: Whether it was opened as them in another browser since they opened it in this one.
    elsewhere: bool


def guest(session: Session, proven: str | None, person_id: int | None, browser: str | None = None) -> Guest:
    """Return who somebody is known to be, by what they proved in this browser and their sign-in."""
    found = [proven] if proven is not None else []
    person = session.get(Person, person_id) if person_id is not None else None
    if person is not None and person.email_verified_by in _VOUCHED:
        own = recipients.address(person.email)
        found += [own] if own is not None and own not in found else []
    return Guest(tuple(found), person_id, proven, browser)


def page(
    session: Session, known: Guest, search: str = "", after: str | None = None, *, titles: bool = False
) -> Page[SharedRow]:
    """Return one page of what is shared with somebody and opens now, what ends first before the rest."""
    query = _open(known, titles)
    words = search.replace("\0", "").strip()[:MAXIMUM_SEARCH]
    if words:
        title = and_(_shows_title(known, titles), SharedObject.title.icontains(words, autoescape=True))
        query = query.where(or_(Person.display_name.icontains(words, autoescape=True), title))
    found = paging.page(session, query, ORDERS.chosen(""), after, PAGE_SIZE)
    return Page(tuple(_row(row) for row in found.rows), found.next)


def one(session: Session, known: Guest, public_id: str) -> SharedRow | None:
    """Return one link if it is shared with somebody, or None."""
    row = session.execute(_open(known, False).where(ShareLink.public_id == public_id)).one_or_none()
    return _row(row) if row is not None else None


def ended(session: Session, known: Guest) -> list[SharedRow]:
    """Return what somebody opened and cannot open now, by its end; without titles, which may have changed since."""
    query = (
        _listed(known, False)
        .where(~facts.open_now(), _was_opened(known), ShareLink.expires_at > clock.now() - ENDED_KEPT)
        .order_by(ShareLink.expires_at.desc(), ShareLink.id.desc())
        .limit(MOST_ENDED)
    )
    return [_row(row) for row in session.execute(query)]


def anything(session: Session, address: str) -> bool:
    """Tell whether anything is shared with an address now."""
    return session.execute(_open(Guest((address,)), False).limit(1)).first() is not None


def _open(known: Guest, titles: bool) -> Select[Any]:
    return _listed(known, titles).where(facts.open_now())


def _listed(known: Guest, titles: bool) -> Select[Any]:
    own = (
        select(func.max(Invitation.id))
        .where(
            Invitation.link_id == ShareLink.id,
            Invitation.address.in_(known.addresses),
            Invitation.revoked_at.is_(None),
            Invitation.left_at.is_(None),
        )
        .correlate(ShareLink)
        .scalar_subquery()
    )
    over = exists().where(
        Invitation.link_id == ShareLink.id,
        Invitation.address.in_(known.addresses),
        or_(Invitation.revoked_at.is_not(None), Invitation.left_at.is_not(None)),
    )
    query: Any = (
        select(
            ShareLink.public_id,
            ShareLink.generation,
            ShareLink.expires_at,
            SharedObject.kind,
            Person.display_name,
            _OWN.public_id.label("invitation_id"),
            case((_shows_title(known, titles), SharedObject.title), else_=None).label("title"),
            exists().where(LinkRecipient.link_id == ShareLink.id).label("asks_for_address"),
            _elsewhere(known).label("elsewhere"),
        )
        .select_from(ShareLink)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Connection, Connection.id == SharedObject.connection_id)
        .join(Person, Person.id == ShareLink.created_by_id)
        .outerjoin(_OWN, _OWN.id == own)
        .where(ShareLink.id.in_(_theirs(known)))
        # Who gave it up, or had it taken back, is not led there again.
        .where(or_(_OWN.id.is_not(None), ~over))
    )
    found: Select[Any] = query
    return found


def _theirs(known: Guest) -> Any:
    named = {*known.addresses, *(recipients.domain_of(one) for one in known.addresses)}
    by_address = select(LinkRecipient.link_id).where(LinkRecipient.value.in_(named))
    by_mail = select(Invitation.link_id).where(Invitation.address.in_(known.addresses))
    ways: list[Any] = [by_address, by_mail]
    if known.person_id is not None:
        of_group = and_(Membership.group_id == LinkGroup.group_id, Membership.person_id == known.person_id)
        # A link that asks for all of its groups lists for who is in one: the gate says the rest.
        ways.append(select(LinkGroup.link_id).join(Membership, and_(of_group, membership_counts())))
    return ways[0].union(*ways[1:])


def _shows_title(known: Guest, titles: bool) -> ColumnElement[bool]:
    return literal(True) if titles else _was_opened(known)


def _was_opened(known: Guest) -> ColumnElement[bool]:
    readers = [f"address:{one}" for one in known.addresses]
    if known.person_id is not None:
        readers.append(f"person:{known.person_id}")
    if not readers:
        return false()
    mine = select(Invitation.id).where(Invitation.link_id == ShareLink.id, Invitation.address.in_(known.addresses))
    return exists().where(
        ReaderOpening.link_id == ShareLink.id,
        or_(ReaderOpening.reader.in_(readers), ReaderOpening.invitation_id.in_(mine.correlate(ShareLink))),
    )


def _elsewhere(known: Guest) -> ColumnElement[bool]:
    if known.browser is None:
        return false()
    newest = (
        select(Grant.elsewhere_at)
        .where(Grant.link_id == ShareLink.id, Grant.browser_digest == known.browser)
        .order_by(Grant.id.desc())
        .limit(1)
        .correlate(ShareLink)
        .scalar_subquery()
    )
    return newest.is_not(None)


def _row(row: Any) -> SharedRow:
    return SharedRow(
        public_id=row.public_id,
        sharer=row.display_name,
        kind=row.kind,
        expires_at=row.expires_at,
        title=row.title,
        invitation_id=row.invitation_id,
        asks_for_address=bool(row.asks_for_address),
        generation=row.generation,
        elsewhere=bool(row.elsewhere),
    )
