"""The gates: a table of what people would expect, and an independent oracle over all combinations."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.features.share_links.policy import (
    GRANT_LIFETIME,
    Ask,
    Closed,
    ClosedBecause,
    Gate,
    GrantFacts,
    LinkFacts,
    LinkState,
    Refused,
    RefusedBecause,
    Serve,
    Step,
    VisitorFacts,
    grant_ends_at,
    next_step,
    state_of,
)
from tests.conftest import NOW

ANNA, BO = 1, 2
OPEN_LINK = LinkFacts(
    revoked=False,
    closed=False,
    paused=False,
    creator_active=True,
    connection_enabled=True,
    expires_at=NOW + timedelta(days=1),
    max_views=None,
    views=0,
    asks_for_groups=False,
    has_password=False,
    conditions_version=1,
)
STRANGER = VisitorFacts()
GRANT = GrantFacts(ends_at=NOW + timedelta(hours=1), ended=False, conditions_version=1, person_id=None)
HOLDER = VisitorFacts(grant=GRANT)
PROTECTED = replace(OPEN_LINK, has_password=True)
FOR_GROUP = replace(OPEN_LINK, asks_for_groups=True)
LAST_VIEW_SPENT = replace(OPEN_LINK, max_views=3, views=3)


@pytest.mark.parametrize(
    ("link", "visitor", "expected"),
    [
        (OPEN_LINK, STRANGER, Ask(Gate.OPEN)),
        (OPEN_LINK, replace(STRANGER, opens=True), Serve(spends=True)),
        (OPEN_LINK, HOLDER, Serve(spends=False)),
        (PROTECTED, STRANGER, Ask(Gate.PASSWORD)),
        (PROTECTED, replace(STRANGER, opens=True), Ask(Gate.PASSWORD)),
        (PROTECTED, replace(STRANGER, password_proven=True), Ask(Gate.OPEN)),
        (PROTECTED, replace(STRANGER, password_proven=True, opens=True), Serve(spends=True)),
        (PROTECTED, HOLDER, Serve(spends=False)),
        (FOR_GROUP, STRANGER, Ask(Gate.SIGN_IN)),
        (FOR_GROUP, HOLDER, Ask(Gate.SIGN_IN)),
        (FOR_GROUP, VisitorFacts(person_id=ANNA), Refused(RefusedBecause.NOT_MEMBER)),
        (FOR_GROUP, VisitorFacts(person_id=ANNA, is_member=True), Ask(Gate.OPEN)),
        (FOR_GROUP, VisitorFacts(person_id=ANNA, renews_through="acme"), Ask(Gate.RENEW)),
        (FOR_GROUP, VisitorFacts(person_id=ANNA, renews_through="acme", opens=True), Ask(Gate.RENEW)),
        (FOR_GROUP, VisitorFacts(person_id=ANNA, is_member=True, renews_through="acme"), Ask(Gate.OPEN)),
        (FOR_GROUP, VisitorFacts(renews_through="acme"), Ask(Gate.SIGN_IN)),
        (OPEN_LINK, VisitorFacts(person_id=ANNA, renews_through="acme"), Ask(Gate.OPEN)),
        (
            FOR_GROUP,
            VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=ANNA, renews_through="acme"),
            Ask(Gate.RENEW),
        ),
        (replace(FOR_GROUP, has_password=True), VisitorFacts(person_id=ANNA, is_member=True), Ask(Gate.PASSWORD)),
        (replace(FOR_GROUP, has_password=True), STRANGER, Ask(Gate.SIGN_IN)),
        (LAST_VIEW_SPENT, STRANGER, Closed(ClosedBecause.USED_UP)),
        (LAST_VIEW_SPENT, HOLDER, Serve(spends=False)),
        (replace(OPEN_LINK, max_views=3, views=2), STRANGER, Ask(Gate.OPEN)),
        (replace(OPEN_LINK, expires_at=NOW), HOLDER, Closed(ClosedBecause.EXPIRED)),
        (replace(OPEN_LINK, expires_at=NOW + timedelta(microseconds=1)), HOLDER, Serve(spends=False)),
        (replace(OPEN_LINK, revoked=True, paused=True), HOLDER, Closed(ClosedBecause.REVOKED)),
        (replace(OPEN_LINK, paused=True), HOLDER, Closed(ClosedBecause.PAUSED)),
        (replace(OPEN_LINK, creator_active=False), HOLDER, Closed(ClosedBecause.CREATOR_INACTIVE)),
        (replace(OPEN_LINK, connection_enabled=False), HOLDER, Closed(ClosedBecause.CONNECTION_OFF)),
        (replace(OPEN_LINK, conditions_version=2), HOLDER, Ask(Gate.OPEN)),
        (OPEN_LINK, replace(HOLDER, grant=replace(GRANT, ended=True)), Ask(Gate.OPEN)),
        (OPEN_LINK, replace(HOLDER, grant=replace(GRANT, ends_at=NOW)), Ask(Gate.OPEN)),
        (OPEN_LINK, VisitorFacts(grant=replace(GRANT, person_id=ANNA)), Ask(Gate.OPEN)),
        (OPEN_LINK, VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=BO), Ask(Gate.OPEN)),
        (OPEN_LINK, VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=ANNA), Serve(spends=False)),
        (FOR_GROUP, VisitorFacts(grant=GRANT, person_id=ANNA, is_member=True), Ask(Gate.OPEN)),
        (
            FOR_GROUP,
            VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=ANNA),
            Refused(RefusedBecause.NOT_MEMBER),
        ),
        (
            FOR_GROUP,
            VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=ANNA, is_member=True),
            Serve(spends=False),
        ),
    ],
)
def test_the_next_step(link: LinkFacts, visitor: VisitorFacts, expected: Step) -> None:
    assert next_step(link, visitor, NOW) == expected


def _links() -> Iterator[LinkFacts]:
    truth = (False, True)
    for revoked, closed, paused, gone, off in itertools.product(truth, repeat=5):
        for expires in (NOW - timedelta(1), NOW, NOW + timedelta(1)):
            for most, views in ((None, 9), (2, 1), (2, 2), (2, 3)):
                for groups, password in itertools.product(truth, repeat=2):
                    yield LinkFacts(
                        revoked, closed, paused, not gone, not off, expires, most, views, groups, password, 4
                    )


def _visitors() -> Iterator[VisitorFacts]:
    truth = (False, True)
    grants: list[GrantFacts | None] = [None]
    for ends in (NOW, NOW + timedelta(hours=1)):
        for ended, version, person in itertools.product(truth, (3, 4), (None, ANNA)):
            grants.append(GrantFacts(ends, ended, version, person))
    for grant in grants:
        for person, member in ((None, False), (ANNA, False), (ANNA, True), (BO, False), (BO, True)):
            for renews, proven, opens in itertools.product((None, "acme"), truth, truth):
                yield VisitorFacts(grant, person, member, renews, proven, opens)


def _oracle(link: LinkFacts, visitor: VisitorFacts, now: datetime) -> Step:
    """Say the same as the issue's sentences do, one by one and without any shortcut."""
    reasons = [
        (link.revoked, ClosedBecause.REVOKED),
        (link.closed, ClosedBecause.CLOSED),
        (link.paused, ClosedBecause.PAUSED),
        (not link.creator_active, ClosedBecause.CREATOR_INACTIVE),
        (not link.connection_enabled, ClosedBecause.CONNECTION_OFF),
        (link.expires_at <= now, ClosedBecause.EXPIRED),
    ]
    for holds, reason in reasons:
        if holds:
            return Closed(reason)
    grant = visitor.grant
    live = (
        grant is not None
        and grant.ends_at > now
        and not grant.ended
        and grant.conditions_version == link.conditions_version
        and (grant.person_id is None or grant.person_id == visitor.person_id)
        and not (grant.person_id is None and link.asks_for_groups)
    )
    left = None if link.max_views is None else max(0, link.max_views - link.views)
    if left == 0 and not live:
        return Closed(ClosedBecause.USED_UP)
    if link.asks_for_groups and visitor.person_id is None:
        return Ask(Gate.SIGN_IN)
    if link.asks_for_groups and not visitor.is_member:
        return Refused(RefusedBecause.NOT_MEMBER) if visitor.renews_through is None else Ask(Gate.RENEW)
    if live:
        return Serve(spends=False)
    if link.has_password and not visitor.password_proven:
        return Ask(Gate.PASSWORD)
    if not visitor.opens:
        return Ask(Gate.OPEN)
    return Serve(spends=True)


def test_every_combination_is_decided_as_the_oracle_decides() -> None:
    visitors = list(_visitors())
    wrong = [
        (link, visitor)
        for link in _links()
        for visitor in visitors
        if next_step(link, visitor, NOW) != _oracle(link, visitor, NOW)
    ]
    assert wrong == []


def test_content_is_never_served_to_a_stranger_who_proved_nothing() -> None:
    stranger = VisitorFacts()
    assert not [link for link in _links() if isinstance(next_step(link, stranger, NOW), Serve)]


@pytest.mark.parametrize(
    ("link", "state"),
    [
        (OPEN_LINK, LinkState.ACTIVE),
        (replace(OPEN_LINK, revoked=True, closed=True), LinkState.REVOKED),
        (replace(OPEN_LINK, closed=True, paused=True), LinkState.CLOSED),
        (replace(OPEN_LINK, paused=True, expires_at=NOW), LinkState.PAUSED),
        (replace(OPEN_LINK, creator_active=False), LinkState.CLOSED),
        (replace(OPEN_LINK, connection_enabled=False), LinkState.CLOSED),
        (replace(OPEN_LINK, expires_at=NOW), LinkState.EXPIRED),
        (LAST_VIEW_SPENT, LinkState.USED_UP),
    ],
)
def test_the_state_that_owners_see(link: LinkFacts, state: LinkState) -> None:
    assert state_of(link, NOW) is state


def test_a_grant_ends_after_twelve_hours_or_with_the_link() -> None:
    assert grant_ends_at(OPEN_LINK, NOW) == NOW + GRANT_LIFETIME
    assert grant_ends_at(replace(OPEN_LINK, expires_at=NOW + timedelta(hours=2)), NOW) == NOW + timedelta(hours=2)
