"""Why somebody could open a link or could not: what each rule of `policy` says of them, as they would stand at the gates.

It is the decision itself, followed to its end. They are taken to have signed in and proven their address, as far as
they can, and to have entered no password yet.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_address

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries as accounts
from app.core.accounts import second_factor
from app.core.accounts.actor import Actor
from app.core.accounts.models import Membership, Person
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.features.share_links import policy, queries, rights, rows
from app.features.share_links.gates import recipients
from app.features.share_links.models import LinkGroup, ReaderViews, ShareLink
from app.features.share_links.policy import (
    AddressFacts,
    Ask,
    Closed,
    Gate,
    LinkFacts,
    Refused,
    RuleName,
    Step,
    Verdict,
    VisitorFacts,
)

NOT_AN_IP = Text("Enter one IP address such as 192.0.2.17 or 2001:db8::17.")
NOT_AN_ADDRESS = Text("Enter an email address such as anna@example.org.")
#: Gates that anybody passes who is told what to enter, or agrees.
_TELLABLE = (Gate.PASSWORD, Gate.TERMS, Gate.REASON, Gate.OPEN)


@dataclass(frozen=True)
class Somebody:
    """Whom is asked about."""

    #: Address of a person who has an account, or of anybody; None = whoever has the link.
    address: str | None = None
    #: IP address that they come from; None = not known.
    network: str | None = None


def somebody(address: str | None, network: str | None) -> Somebody:
    """Return whom is asked about. Raises Invalid for a network that is no IP address."""
    found = (network or "").strip()
    try:
        return Somebody((address or "").strip() or None, str(ip_address(found)) if found else None)
    except ValueError as error:
        raise Invalid("network", NOT_AN_IP) from error


@dataclass(frozen=True)
class Explained:
    """What would happen to somebody."""

    link: LinkFacts
    verdicts: tuple[Verdict, ...]
    #: What `policy.next_step` answers them.
    step: Step
    #: Whether they have an active account here.
    has_account: bool

    @property
    def decides(self) -> RuleName | None:
        """The rule that keeps them out for good, whatever they enter; None where they could open the link."""
        return next((one.rule for one in self.verdicts if _keeps_out(one.step)), None)

    @property
    def opens(self) -> bool:
        """Whether they could open the link."""
        return self.decides is None


def asks(link: LinkFacts, rule: RuleName) -> bool:
    """Tell whether a link asks anything by a rule; its state and the opening itself count always."""
    match rule:
        case RuleName.NETWORK:
            return link.networks is not None
        case RuleName.VIEWS:
            return link.max_views is not None or link.max_views_each is not None
        case RuleName.SIGN_IN:
            return link.needs_person
        case RuleName.MEMBERSHIP:
            return link.asks_for_groups
        case RuleName.ADDRESS:
            return link.asks_for_address
        case RuleName.SECOND_FACTOR:
            return link.asks_second_factor
        case RuleName.PASSWORD:
            return link.has_password
        case RuleName.TERMS:
            return link.terms_version is not None
        case RuleName.REASON:
            return link.asks_reason
    return True


def explain(session: Session, actor: Actor, public_id: str, somebody: Somebody) -> Explained:
    """Follow the decision for somebody.

    Raises NotFound where the actor may not know of the link, Invalid for an address that is none and nobody's here.
    """
    if not rights.could_be_id(public_id):
        raise NotFound
    now = clock.now()
    visit = queries.visit(session, public_id, None, browser_digest=None, session_digest=None, now=now)
    if visit is None or not rights.may_see(actor, visit.shown.owner_id):
        raise NotFound
    person = accounts.person_by_email(session, somebody.address) if somebody.address else None
    if somebody.address and person is None and recipients.address(somebody.address) is None:
        raise Invalid("address", NOT_AN_ADDRESS)
    if person is not None and not person.active:
        person = None
    visitor = _standing(session, visit.shown.link_id, visit.link, somebody, person)
    found = tuple(policy.verdicts(visit.link, visitor, now))
    return Explained(visit.link, found, policy.next_step(visit.link, visitor, now), person is not None)


def _standing(
    session: Session, link_id: int, link: LinkFacts, somebody: Somebody, person: Person | None
) -> VisitorFacts:
    visitor, reader = VisitorFacts(network_address=somebody.network), None
    address = recipients.address(somebody.address) if somebody.address else None
    if address is not None:
        named = rows.recipients_of_link(session, link_id)
        allowed = address in named or recipients.domain_of(address) in named
        visitor = replace(visitor, address=AddressFacts(clock.now() + timedelta(days=1), allowed))
        reader = f"address:{address}"
    if person is not None:
        reader = f"person:{person.id}"
        visitor = replace(
            visitor,
            person_id=person.id,
            is_member=_is_member(session, link_id, person.id),
            renews_through=_renews_through(session, link_id, person.id),
            signed_in_through=frozenset({link.sign_in_through}) if link.sign_in_through else frozenset[str](),
            # Whoever can be asked for one is taken to prove it; where nobody can, nobody passes.
            second_factor=second_factor.is_offered(),
        )
    opened = select(ReaderViews.views).where(ReaderViews.link_id == link_id, ReaderViews.reader == reader)
    return replace(visitor, own_views=session.scalar(opened) or 0) if reader is not None else visitor


def _renews_through(session: Session, link_id: int, person_id: int) -> str | None:
    """Return the connection whose word on a membership that counts for the link has become too old."""
    return session.scalar(
        select(func.min(Membership.origin))
        .join(LinkGroup, LinkGroup.group_id == Membership.group_id)
        .where(
            LinkGroup.link_id == link_id,
            Membership.person_id == person_id,
            Membership.valid_until <= clock.now(),
            Membership.origin != "",
        )
    )


def _is_member(session: Session, link_id: int, person_id: int) -> bool:
    asked = set(rows.groups_of_link(session, link_id))
    mine = accounts.groups_of(session, person_id)
    every = session.scalar(select(ShareLink.all_groups).where(ShareLink.id == link_id))
    return asked <= mine if every else bool(asked & mine)


def _keeps_out(step: Step | None) -> bool:
    match step:
        case Closed() | Refused():
            return True
        case Ask(gate):
            return gate not in _TELLABLE
    return False
