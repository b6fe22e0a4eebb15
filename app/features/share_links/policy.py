"""The rules of share links: pure functions over frozen facts and a time. `next_step` is asked by every endpoint.

Order of the gates: state → times → views left, or a live grant → sign-in where groups are asked for → membership →
password → open. Views are spent last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GRANT_LIFETIME = timedelta(hours=12)


class LinkState(StrEnum):
    """The state of a link as the API and the pages name it."""

    ACTIVE = "active"
    PAUSED = "paused"
    EXPIRED = "expired"
    USED_UP = "used_up"
    REVOKED = "revoked"
    CLOSED = "closed"


class ClosedBecause(StrEnum):
    """Why nothing is served; strangers are never told which."""

    REVOKED = "revoked"
    CLOSED = "closed"
    PAUSED = "paused"
    CREATOR_INACTIVE = "creator_inactive"
    CONNECTION_OFF = "connection_off"
    EXPIRED = "expired"
    USED_UP = "used_up"


class PauseReason(StrEnum):
    """Who or what paused a link."""

    OWNER = "owner"
    RESTRICTION_CHANGED = "restriction_changed"


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
    PASSWORD = "password"  # noqa: S105 - names a gate
    OPEN = "open"


class RefusedBecause(StrEnum):
    """Why a known visitor is turned away."""

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
    #: Whether membership in one of the link's groups is asked for.
    asks_for_groups: bool
    has_password: bool
    conditions_version: int


@dataclass(frozen=True)
class GrantFacts:
    """What is known of the newest grant of a browser for a link."""

    ends_at: datetime
    ended: bool
    conditions_version: int
    person_id: int | None


@dataclass(frozen=True)
class VisitorFacts:
    """What is known of a visitor at one instant."""

    grant: GrantFacts | None = None
    #: The active person who is signed in, or None.
    person_id: int | None = None
    #: Whether that person is in one of the link's groups now.
    is_member: bool = False
    #: Public id of the connection whose word on such a membership is too old, or None.
    renews_through: str | None = None
    #: Whether this very request proved the link's password.
    password_proven: bool = False
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
    """The visitor is known and not meant."""

    reason: RefusedBecause


@dataclass(frozen=True)
class Serve:
    """Content may be served. `spends` is True where this is an opening, not a repeat under a live grant."""

    spends: bool


Step = Closed | Ask | Refused | Serve


def next_step(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step:
    """Decide what a visitor gets at this instant; the only function that lets content out."""
    state = closed_because(link, now)
    if state is not None:
        return Closed(state)
    granted = has_live_grant(link, visitor, now)
    if not granted and link.max_views is not None and link.views >= link.max_views:
        return Closed(ClosedBecause.USED_UP)
    if link.asks_for_groups:
        if visitor.person_id is None:
            return Ask(Gate.SIGN_IN)
        if not visitor.is_member and visitor.renews_through is not None:
            return Ask(Gate.RENEW)
        if not visitor.is_member:
            return Refused(RefusedBecause.NOT_MEMBER)
    if granted:
        return Serve(spends=False)
    if link.has_password and not visitor.password_proven:
        return Ask(Gate.PASSWORD)
    return Serve(spends=True) if visitor.opens else Ask(Gate.OPEN)


def closed_because(link: LinkFacts, now: datetime) -> ClosedBecause | None:
    """Return why a link is closed to everybody whatever they hold, or None. The views are not looked at."""
    if link.revoked:
        return ClosedBecause.REVOKED
    if link.closed:
        return ClosedBecause.CLOSED
    if link.paused:
        return ClosedBecause.PAUSED
    if not link.creator_active:
        return ClosedBecause.CREATOR_INACTIVE
    if not link.connection_enabled:
        return ClosedBecause.CONNECTION_OFF
    if now >= link.expires_at:
        return ClosedBecause.EXPIRED
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
    return not link.asks_for_groups


def state_of(link: LinkFacts, now: datetime) -> LinkState:
    """Return the state that owners see."""
    match closed_because(link, now):
        case ClosedBecause.REVOKED:
            return LinkState.REVOKED
        case ClosedBecause.CLOSED | ClosedBecause.CREATOR_INACTIVE | ClosedBecause.CONNECTION_OFF:
            return LinkState.CLOSED
        case ClosedBecause.PAUSED:
            return LinkState.PAUSED
        case ClosedBecause.EXPIRED:
            return LinkState.EXPIRED
        case _:
            used_up = link.max_views is not None and link.views >= link.max_views
            return LinkState.USED_UP if used_up else LinkState.ACTIVE


def grant_ends_at(link: LinkFacts, now: datetime) -> datetime:
    """Return when a grant given now ends: after twelve hours, or with the link."""
    return min(now + GRANT_LIFETIME, link.expires_at)
