"""What the specification says of a visit, slowly and in its own words; shares nothing with `policy` but the names of facts.

The specification: docs/security/gates.md, "Opening a link".
"""

import ipaddress
from datetime import datetime, timedelta

from app.features.share_links.policy import (
    Admit,
    Ask,
    Closed,
    ClosedBecause,
    Gate,
    LinkFacts,
    Refused,
    RefusedBecause,
    Serve,
    Step,
    VisitorFacts,
)

HALF_AN_HOUR = timedelta(minutes=30)


def judge(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step:
    """Return the one answer that the specification allows: the first obstacle, in the order of the gates."""
    reading = _reads_on(link, visitor, now)
    away = link.networks is not None and not _from_there(link, visitor)
    unproven = link.asks_for_address and not _address(visitor, now)
    obstacles = [
        *_closed(link, now),
        *([Refused(RefusedBecause.WRONG_NETWORK)] if away else []),
        *([] if reading else _views(link, visitor)),
        *_person(link, visitor),
        *([Ask(Gate.ADDRESS)] if unproven else []),
        *([Ask(Gate.SECOND_FACTOR)] if link.asks_second_factor and not visitor.second_factor else []),
        *_answers(link, visitor, now, reading=reading),
    ]
    if obstacles:
        return obstacles[0]
    if reading:
        return Serve()
    if not visitor.opens:
        return Ask(Gate.OPEN)
    return Admit(spends=False) if visitor.manages else Admit(spends=True)


def _answers(link: LinkFacts, visitor: VisitorFacts, now: datetime, *, reading: bool) -> list[Step]:
    found: list[Step] = []
    if link.has_password and not reading and not _passed_lately(link, visitor, "password_at", now):
        found.append(Ask(Gate.PASSWORD))
    if link.terms_version is not None and not _accepted(link, visitor):
        found.append(Ask(Gate.TERMS))
    if link.asks_reason and not reading and not _passed_lately(link, visitor, "reason_at", now):
        found.append(Ask(Gate.REASON))
    return found


def _closed(link: LinkFacts, now: datetime) -> list[Step]:
    reasons = [
        (link.revoked, ClosedBecause.REVOKED),
        (link.closed, ClosedBecause.CLOSED),
        (link.stopped, ClosedBecause.STOPPED),
        (link.switched_off, ClosedBecause.SWITCHED_OFF),
        (link.paused, ClosedBecause.PAUSED),
        (link.creator_active is False, ClosedBecause.CREATOR_INACTIVE),
        (link.connection_enabled is False, ClosedBecause.CONNECTION_OFF),
        (link.expires_at <= now, ClosedBecause.EXPIRED),
        (link.opens_at is not None and link.opens_at > now, ClosedBecause.NOT_YET),
    ]
    return [Closed(reason) for holds, reason in reasons if holds]


def _from_there(link: LinkFacts, visitor: VisitorFacts) -> bool:
    try:
        number = ipaddress.ip_address(str(visitor.network_address))
    except ValueError:
        return False
    number = getattr(number, "ipv4_mapped", None) or number
    for network in link.networks or ():
        same_kind = network.version == number.version
        if same_kind and int(network.network_address) <= int(number) <= int(network.broadcast_address):
            return True
    return False


def _needs_somebody(link: LinkFacts) -> bool:
    return any((link.asks_sign_in, link.sign_in_through, link.asks_for_groups, link.asks_second_factor))


def _reads_on(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> bool:
    held = visitor.grant
    if held is None:
        return False
    return all(
        (
            held.ends_at > now,
            not held.ended,
            held.conditions_version == link.conditions_version,
            held.person_id in (None, visitor.person_id),
            held.person_id is not None or not _needs_somebody(link),
        )
    )


def _views(link: LinkFacts, visitor: VisitorFacts) -> list[Step]:
    found: list[Step] = []
    if link.max_views is not None and not link.max_views > link.views:
        found.append(Closed(ClosedBecause.USED_UP))
    if link.max_views_each is not None and not link.max_views_each > visitor.own_views:
        found.append(Refused(RefusedBecause.OWN_VIEWS_SPENT))
    return found


def _person(link: LinkFacts, visitor: VisitorFacts) -> list[Step]:
    found: list[Step] = []
    right_way = link.sign_in_through is None or link.sign_in_through in visitor.signed_in_through
    if _needs_somebody(link) and not (visitor.person_id is not None and right_way):
        found.append(Ask(Gate.SIGN_IN))
    if link.asks_for_groups and not visitor.is_member:
        stale = visitor.renews_through is not None
        found.append(Ask(Gate.RENEW) if stale else Refused(RefusedBecause.NOT_MEMBER))
    return found


def _address(visitor: VisitorFacts, now: datetime) -> bool:
    return visitor.address is not None and visitor.address.ends_at > now and visitor.address.allowed


def _passed_lately(link: LinkFacts, visitor: VisitorFacts, what: str, now: datetime) -> bool:
    passed = visitor.passage
    if passed is None or passed.person_id != visitor.person_id:
        return False
    at: datetime | None = getattr(passed, what)
    return passed.conditions_version == link.conditions_version and at is not None and now - at < HALF_AN_HOUR


def _accepted(link: LinkFacts, visitor: VisitorFacts) -> bool:
    passed = visitor.passage
    return passed is not None and passed.person_id == visitor.person_id and passed.terms_version == link.terms_version
