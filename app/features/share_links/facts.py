"""From rows to the facts that `policy` decides by."""

from sqlalchemy import ColumnElement, and_, or_

from app.core import clock
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.features.share_links.gates import networks
from app.features.share_links.life import halts
from app.features.share_links.life.halts import HaltKind
from app.features.share_links.models import ShareLink
from app.features.share_links.policy import ENDS_SOON, LinkFacts, LinkState


def link_facts(
    link: ShareLink,
    *,
    creator_active: bool,
    connection_enabled: bool,
    asks_for_groups: bool,
    asks_for_address: bool,
    halted: HaltKind | None = None,
) -> LinkFacts:
    """Return what is known of a link at this instant."""
    return LinkFacts(
        revoked=link.revoked_at is not None,
        closed=link.closed_at is not None,
        paused=link.paused_at is not None,
        creator_active=creator_active,
        connection_enabled=connection_enabled,
        stopped=halted is HaltKind.STOP,
        switched_off=halted is HaltKind.OFF,
        opens_at=link.opens_at,
        expires_at=link.expires_at,
        networks=networks.load(link.networks),
        max_views=link.max_views,
        views=link.views,
        max_views_each=link.max_views_each,
        asks_sign_in=link.asks_sign_in,
        sign_in_through=link.sign_in_through,
        asks_for_groups=asks_for_groups,
        asks_for_address=asks_for_address,
        asks_second_factor=link.asks_second_factor,
        has_password=link.password_hash is not None,
        terms_version=link.terms_version,
        asks_reason=link.asks_reason,
        conditions_version=link.conditions_version,
    )


def in_state(state: LinkState) -> ColumnElement[bool]:
    """Return the condition for links in a state: `policy.state_of` in SQL, for queries that join people and connections.

    The query has `ShareLink`, what it shows, its creator as `Person` and its `Connection` in its FROM.
    """
    revoked, gone, paused, off, expired, early, used_up = _parts()
    soon = ShareLink.expires_at <= clock.now() + ENDS_SOON
    match state:
        case LinkState.REVOKED:
            return revoked
        case LinkState.CLOSED:
            return and_(~revoked, or_(gone, and_(~paused, off)))
        case LinkState.PAUSED:
            return and_(~revoked, ~gone, paused)
        case LinkState.EXPIRED:
            return and_(~revoked, ~gone, ~paused, ~off, expired)
        case LinkState.USED_UP:
            return and_(~revoked, ~gone, ~paused, ~off, ~expired, ~early, used_up)
        case LinkState.SCHEDULED:
            return and_(~revoked, ~gone, ~paused, ~off, ~expired, early)
        case LinkState.EXPIRING:
            return and_(open_now(), soon)
        case LinkState.ACTIVE:
            return and_(open_now(), ~soon)


def open_now() -> ColumnElement[bool]:
    """Return the condition for links that open for their readers now, soon to end or not, in the same queries."""
    return and_(*(~one for one in _parts()))


def _parts() -> tuple[ColumnElement[bool], ...]:
    """Return what can shut a link: revoked, closed, paused, off with its creator or connection, over, too early, used up."""
    now = clock.now()
    return (
        ShareLink.revoked_at.is_not(None),
        ShareLink.closed_at.is_not(None),
        or_(ShareLink.paused_at.is_not(None), halts.in_force().is_not(None)),
        or_(Person.deactivated_at.is_not(None), Connection.disabled_at.is_not(None)),
        ShareLink.expires_at <= now,
        and_(ShareLink.opens_at.is_not(None), ShareLink.opens_at > now),
        and_(ShareLink.max_views.is_not(None), ShareLink.views >= ShareLink.max_views),
    )
