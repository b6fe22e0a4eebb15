"""The rules of share links: pure functions over frozen facts and a time. `next_step` is asked by every endpoint.

`RULES` is the order of the gates: state → times → network → views left, or a live grant → sign-in → membership → address
→ second factor → password → terms → reason → open. Views are spent last.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.features.share_links.gates import networks
from app.features.share_links.gates.networks import Network

GRANT_LIFETIME = timedelta(hours=12)
#: How long a proven password and a stated reason wait for the gates after them.
PASSAGE_LIFETIME = timedelta(minutes=30)
#: How long before its end an open link is said to be expiring.
ENDS_SOON = timedelta(days=3)


class LinkState(StrEnum):
    """The state of a link as the API and the pages name it."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    #: Open still, and for less than `ENDS_SOON`.
    EXPIRING = "expiring"
    PAUSED = "paused"
    EXPIRED = "expired"
    USED_UP = "used_up"
    REVOKED = "revoked"
    CLOSED = "closed"


class ClosedBecause(StrEnum):
    """Why nothing is served; strangers are never told which."""

    REVOKED = "revoked"
    CLOSED = "closed"
    STOPPED = "stopped"
    SWITCHED_OFF = "switched_off"
    PAUSED = "paused"
    CREATOR_INACTIVE = "creator_inactive"
    CONNECTION_OFF = "connection_off"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    USED_UP = "used_up"


class PauseReason(StrEnum):
    """Who or what paused a link."""

    OWNER = "owner"
    RESTRICTION_CHANGED = "restriction_changed"
    #: A second person has not approved it, or has declined.
    APPROVAL = "approval"
    NO_SHARE_LABEL = "no_share_label"
    RIGHT_LOST = "right_lost"
    #: A later version holds what the rules of its place refuse to show.
    CONTENT = "content"


class CloseReason(StrEnum):
    """What Atlassian said when a link was closed."""

    NOT_READABLE = "not_readable"
    GONE = "gone"
    TRASHED = "trashed"
    ARCHIVED = "archived"


class Gate(StrEnum):
    """What is asked of a visitor next."""

    SIGN_IN = "sign_in"
    #: Signed in, but what the identity provider said of this person's groups is too old to count.
    RENEW = "renew"
    ADDRESS = "address"
    SECOND_FACTOR = "second_factor"
    PASSWORD = "password"  # noqa: S105 - names a gate
    TERMS = "terms"
    REASON = "reason"
    OPEN = "open"


class RefusedBecause(StrEnum):
    """Why a visitor is turned away from a link that opens for others."""

    WRONG_NETWORK = "wrong_network"
    OWN_VIEWS_SPENT = "own_views_spent"
    NOT_MEMBER = "not_member"


@dataclass(frozen=True)
class LinkFacts:
    """What is known of a link at one instant."""

    revoked: bool
    closed: bool
    paused: bool
    creator_active: bool
    connection_enabled: bool
    expires_at: datetime
    max_views: int | None
    views: int
    #: Whether membership in the link's groups is asked for.
    asks_for_groups: bool
    has_password: bool
    conditions_version: int
    #: Whether an emergency stop covers it, and whether sharing is switched off where it shows something.
    stopped: bool = False
    switched_off: bool = False
    opens_at: datetime | None = None
    #: None = from everywhere; empty = from nowhere.
    networks: tuple[Network, ...] | None = None
    max_views_each: int | None = None
    asks_sign_in: bool = False
    #: Name of the one way to sign in by, or None for any.
    sign_in_through: str | None = None
    #: Whether a code by mail is asked for.
    asks_for_address: bool = False
    asks_second_factor: bool = False
    terms_version: int | None = None
    asks_reason: bool = False

    @property
    def needs_person(self) -> bool:
        """Whether some condition is about a person who is signed in."""
        through = self.sign_in_through is not None
        return self.asks_sign_in or through or self.asks_for_groups or self.asks_second_factor


@dataclass(frozen=True)
class GrantFacts:
    """What is known of the newest grant of a browser for a link."""

    ends_at: datetime
    ended: bool
    conditions_version: int
    person_id: int | None


@dataclass(frozen=True)
class AddressFacts:
    """What is known of the address that a browser has proven for a link."""

    ends_at: datetime
    #: Whether it is among the addresses and domains of the link now and, at somebody's own link, theirs.
    allowed: bool


@dataclass(frozen=True)
class PassageFacts:
    """What a browser has passed of a link's gates so far."""

    conditions_version: int
    person_id: int | None
    password_at: datetime | None = None
    terms_version: int | None = None
    reason_at: datetime | None = None


@dataclass(frozen=True)
class VisitorFacts:
    """What is known of a visitor at one instant."""

    grant: GrantFacts | None = None
    #: The active person who is signed in, or None.
    person_id: int | None = None
    #: Whether that person is in the link's groups now, in as many as it asks for.
    is_member: bool = False
    #: Public id of the connection whose word on such a membership is too old, or None.
    renews_through: str | None = None
    #: Where the request comes from.
    network_address: str | None = None
    #: Names of the ways that the session was begun by.
    signed_in_through: frozenset[str] = field(default_factory=frozenset)
    address: AddressFacts | None = None
    #: Whether a second factor was proven in the session, recently enough.
    second_factor: bool = False
    passage: PassageFacts | None = None
    #: How often this reader has opened the link, where the link counts that.
    own_views: int = 0
    #: Whether this is the link's owner, or somebody who manages all links.
    manages: bool = False
    #: Whether this very request asks to open.
    opens: bool = False


@dataclass(frozen=True)
class Closed:
    """Nothing is served to anybody."""

    reason: ClosedBecause


@dataclass(frozen=True)
class Ask:
    """The visitor has to pass a gate."""

    gate: Gate


@dataclass(frozen=True)
class Refused:
    """The visitor is not meant."""

    reason: RefusedBecause


@dataclass(frozen=True)
class Admit:
    """Every gate is passed: the link opens for this browser, and that spends a view or does not."""

    spends: bool


@dataclass(frozen=True)
class Serve:
    """Content may be served, under a live grant."""


Step = Closed | Ask | Refused | Admit | Serve


class RuleName(StrEnum):
    """The rules on the way in."""

    STATE = "state"
    NETWORK = "network"
    VIEWS = "views"
    SIGN_IN = "sign_in"
    MEMBERSHIP = "membership"
    ADDRESS = "address"
    SECOND_FACTOR = "second_factor"
    PASSWORD = "password"  # noqa: S105 - names a rule
    TERMS = "terms"
    REASON = "reason"
    OPEN = "open"


class Verdict(NamedTuple):
    """What one rule says of a visitor: what stands in the way, or None."""

    rule: RuleName
    step: Step | None
    #: Whether a live grant spoke for it, so that it was not asked.
    settled: bool = False


@dataclass(frozen=True)
class Rule:
    """One rule on the way in: what stands in the visitor's way, or None."""

    name: RuleName
    check: Callable[[LinkFacts, VisitorFacts, datetime], Step | None]
    #: Whether a live grant speaks for it. All others are asked again at every request.
    settled_by_grant: bool = False


def next_step(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step:
    """Decide what a visitor gets at this instant; the only function that lets content out."""
    return next(one.step for one in verdicts(link, visitor, now) if one.step is not None)


def verdicts(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Iterator[Verdict]:
    """Yield what each rule says, in order, and last what follows where none objects.

    The first that says anything is the decision; whoever wants to know why goes on to the end.
    """
    granted = has_live_grant(link, visitor, now)
    for rule in RULES:
        settled = granted and rule.settled_by_grant
        yield Verdict(rule.name, None if settled else rule.check(link, visitor, now), settled)
    if granted:
        yield Verdict(RuleName.OPEN, Serve())
    elif visitor.opens:
        yield Verdict(RuleName.OPEN, Admit(spends=not visitor.manages))
    else:
        yield Verdict(RuleName.OPEN, Ask(Gate.OPEN))


def closed_because(link: LinkFacts, now: datetime) -> ClosedBecause | None:
    """Return why a link is closed to everybody whatever they hold, or None. The views are not looked at."""
    if link.revoked:
        return ClosedBecause.REVOKED
    if link.closed:
        return ClosedBecause.CLOSED
    if link.stopped:
        return ClosedBecause.STOPPED
    if link.switched_off:
        return ClosedBecause.SWITCHED_OFF
    if link.paused:
        return ClosedBecause.PAUSED
    if not link.creator_active:
        return ClosedBecause.CREATOR_INACTIVE
    if not link.connection_enabled:
        return ClosedBecause.CONNECTION_OFF
    if now >= link.expires_at:
        return ClosedBecause.EXPIRED
    if link.opens_at is not None and now < link.opens_at:
        return ClosedBecause.NOT_YET
    return None


def has_live_grant(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> bool:
    """Tell whether the visitor's grant still lets them read on."""
    grant = visitor.grant
    if grant is None or grant.ended or now >= grant.ends_at:
        return False
    if grant.conditions_version != link.conditions_version:
        return False
    # A grant given to somebody who was signed in works for nobody else on that browser, nor after signing out.
    if grant.person_id is not None:
        return grant.person_id == visitor.person_id
    return not link.needs_person


def state_of(link: LinkFacts, now: datetime) -> LinkState:
    """Return the state that owners see."""
    match closed_because(link, now):
        case ClosedBecause.REVOKED:
            return LinkState.REVOKED
        case ClosedBecause.CLOSED | ClosedBecause.CREATOR_INACTIVE | ClosedBecause.CONNECTION_OFF:
            return LinkState.CLOSED
        case ClosedBecause.PAUSED | ClosedBecause.STOPPED | ClosedBecause.SWITCHED_OFF:
            return LinkState.PAUSED
        case ClosedBecause.EXPIRED:
            return LinkState.EXPIRED
        case ClosedBecause.NOT_YET:
            return LinkState.SCHEDULED
        case _ if _used_up(link):
            return LinkState.USED_UP
        case _:
            return LinkState.EXPIRING if link.expires_at <= now + ENDS_SOON else LinkState.ACTIVE


def grant_ends_at(link: LinkFacts, now: datetime) -> datetime:
    """Return when a grant given now ends: after twelve hours, or with the link."""
    return min(now + GRANT_LIFETIME, link.expires_at)


def standing_passage(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> PassageFacts:
    """Return what of a visitor's passage still counts: for the same person and, but for the terms, the same conditions."""
    fresh = PassageFacts(link.conditions_version, visitor.person_id)
    found = visitor.passage
    if found is None or found.person_id != visitor.person_id:
        return fresh
    if found.conditions_version != link.conditions_version:
        return PassageFacts(link.conditions_version, visitor.person_id, terms_version=found.terms_version)
    return PassageFacts(
        found.conditions_version,
        found.person_id,
        found.password_at if _waits(found.password_at, now) else None,
        found.terms_version,
        found.reason_at if _waits(found.reason_at, now) else None,
    )


def _waits(since: datetime | None, now: datetime) -> bool:
    return since is not None and now < since + PASSAGE_LIFETIME


def _used_up(link: LinkFacts) -> bool:
    return link.max_views is not None and link.views >= link.max_views


def _open_to_anybody(link: LinkFacts, _visitor: VisitorFacts, now: datetime) -> Step | None:
    because = closed_because(link, now)
    return Closed(because) if because is not None else None


def _network(link: LinkFacts, visitor: VisitorFacts, _now: datetime) -> Step | None:
    if link.networks is None or networks.contain(link.networks, visitor.network_address):
        return None
    return Refused(RefusedBecause.WRONG_NETWORK)


def _views(link: LinkFacts, visitor: VisitorFacts, _now: datetime) -> Step | None:
    if _used_up(link):
        return Closed(ClosedBecause.USED_UP)
    if link.max_views_each is not None and visitor.own_views >= link.max_views_each:
        return Refused(RefusedBecause.OWN_VIEWS_SPENT)
    return None


def _sign_in(link: LinkFacts, visitor: VisitorFacts, _now: datetime) -> Step | None:
    if not link.needs_person:
        return None
    wrong_way = link.sign_in_through is not None and link.sign_in_through not in visitor.signed_in_through
    return Ask(Gate.SIGN_IN) if visitor.person_id is None or wrong_way else None


def _membership(link: LinkFacts, visitor: VisitorFacts, _now: datetime) -> Step | None:
    if not link.asks_for_groups or visitor.is_member:
        return None
    return Ask(Gate.RENEW) if visitor.renews_through is not None else Refused(RefusedBecause.NOT_MEMBER)


def _address(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step | None:
    proof = visitor.address
    if not link.asks_for_address or (proof is not None and proof.allowed and now < proof.ends_at):
        return None
    return Ask(Gate.ADDRESS)


def _second_factor(link: LinkFacts, visitor: VisitorFacts, _now: datetime) -> Step | None:
    return Ask(Gate.SECOND_FACTOR) if link.asks_second_factor and not visitor.second_factor else None


def _password(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step | None:
    if not link.has_password or standing_passage(link, visitor, now).password_at is not None:
        return None
    return Ask(Gate.PASSWORD)


def _terms(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step | None:
    if link.terms_version is None or standing_passage(link, visitor, now).terms_version == link.terms_version:
        return None
    return Ask(Gate.TERMS)


def _reason(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step | None:
    if not link.asks_reason or standing_passage(link, visitor, now).reason_at is not None:
        return None
    return Ask(Gate.REASON)


RULES = (
    Rule(RuleName.STATE, _open_to_anybody),
    Rule(RuleName.NETWORK, _network),
    Rule(RuleName.VIEWS, _views, settled_by_grant=True),
    Rule(RuleName.SIGN_IN, _sign_in),
    Rule(RuleName.MEMBERSHIP, _membership),
    Rule(RuleName.ADDRESS, _address),
    Rule(RuleName.SECOND_FACTOR, _second_factor),
    Rule(RuleName.PASSWORD, _password, settled_by_grant=True),
    Rule(RuleName.TERMS, _terms),
    Rule(RuleName.REASON, _reason, settled_by_grant=True),
)
