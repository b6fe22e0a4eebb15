"""The gates: a table of what people would expect, and every combination of conditions and visitors before an oracle."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from app.features.share_links.policy import (
    ENDS_SOON,
    GRANT_LIFETIME,
    PASSAGE_LIFETIME,
    AddressFacts,
    Admit,
    Ask,
    Closed,
    ClosedBecause,
    Gate,
    GrantFacts,
    LinkFacts,
    LinkState,
    PassageFacts,
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
from tests.features.share_links import oracle

ANNA, BO = 1, 2
OPEN_LINK = LinkFacts(
    revoked=False,
    closed=False,
    paused=False,
    creator_active=True,
    connection_enabled=True,
    expires_at=NOW + timedelta(days=30),
    max_views=None,
    views=0,
    asks_for_groups=False,
    has_password=False,
    conditions_version=1,
)
STRANGER = VisitorFacts()
GRANT = GrantFacts(ends_at=NOW + timedelta(hours=1), ended=False, conditions_version=1, person_id=None)
HOLDER = VisitorFacts(grant=GRANT)
ADDRESS = AddressFacts(NOW + timedelta(hours=1), allowed=True)
PROVEN = VisitorFacts(passage=PassageFacts(1, None, password_at=NOW - timedelta(minutes=5)))
FROM_OFFICE = replace(OPEN_LINK, networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8:1::/48")))
ONCE_EACH = replace(OPEN_LINK, max_views_each=1)
THROUGH_ACME = replace(OPEN_LINK, sign_in_through="acme")
BY_MAIL = replace(OPEN_LINK, asks_for_address=True)
TERMS = replace(OPEN_LINK, terms_version=2)
PROTECTED = replace(OPEN_LINK, has_password=True)
FOR_GROUP = replace(OPEN_LINK, asks_for_groups=True)
LAST_VIEW_SPENT = replace(OPEN_LINK, max_views=3, views=3)


@pytest.mark.parametrize(
    ("link", "visitor", "expected"),
    [
        (OPEN_LINK, STRANGER, Ask(Gate.OPEN)),
        (OPEN_LINK, replace(STRANGER, opens=True), Admit(spends=True)),
        (OPEN_LINK, HOLDER, Serve()),
        (PROTECTED, STRANGER, Ask(Gate.PASSWORD)),
        (PROTECTED, replace(STRANGER, opens=True), Ask(Gate.PASSWORD)),
        (PROTECTED, PROVEN, Ask(Gate.OPEN)),
        (PROTECTED, replace(PROVEN, opens=True), Admit(spends=True)),
        (PROTECTED, replace(PROVEN, opens=True, manages=True), Admit(spends=False)),
        (replace(PROTECTED, conditions_version=2), PROVEN, Ask(Gate.PASSWORD)),
        (PROTECTED, replace(PROVEN, person_id=ANNA), Ask(Gate.PASSWORD)),
        (PROTECTED, VisitorFacts(passage=PassageFacts(1, None, NOW - PASSAGE_LIFETIME)), Ask(Gate.PASSWORD)),
        (replace(OPEN_LINK, opens_at=NOW + timedelta(seconds=1)), HOLDER, Closed(ClosedBecause.NOT_YET)),
        (replace(OPEN_LINK, opens_at=NOW), STRANGER, Ask(Gate.OPEN)),
        (FROM_OFFICE, STRANGER, Refused(RefusedBecause.WRONG_NETWORK)),
        (FROM_OFFICE, replace(HOLDER, network_address="203.0.113.1"), Refused(RefusedBecause.WRONG_NETWORK)),
        (FROM_OFFICE, replace(HOLDER, network_address="192.0.2.200"), Serve()),
        (FROM_OFFICE, replace(HOLDER, network_address="::ffff:192.0.2.200"), Serve()),
        (FROM_OFFICE, replace(HOLDER, network_address="2001:db8:1::7"), Serve()),
        (FROM_OFFICE, replace(HOLDER, network_address="2001:db8:2::7"), Refused(RefusedBecause.WRONG_NETWORK)),
        (FROM_OFFICE, replace(HOLDER, network_address="office"), Refused(RefusedBecause.WRONG_NETWORK)),
        (
            replace(OPEN_LINK, networks=()),
            replace(HOLDER, network_address="::1"),
            Refused(RefusedBecause.WRONG_NETWORK),
        ),
        (ONCE_EACH, replace(STRANGER, own_views=1), Refused(RefusedBecause.OWN_VIEWS_SPENT)),
        (ONCE_EACH, replace(HOLDER, own_views=1), Serve()),
        (ONCE_EACH, STRANGER, Ask(Gate.OPEN)),
        (THROUGH_ACME, STRANGER, Ask(Gate.SIGN_IN)),
        (THROUGH_ACME, VisitorFacts(person_id=ANNA, signed_in_through=frozenset({"other"})), Ask(Gate.SIGN_IN)),
        (THROUGH_ACME, VisitorFacts(person_id=ANNA, signed_in_through=frozenset({"acme"})), Ask(Gate.OPEN)),
        (THROUGH_ACME, replace(HOLDER, grant=replace(GRANT, person_id=ANNA), person_id=ANNA), Ask(Gate.SIGN_IN)),
        (replace(OPEN_LINK, asks_sign_in=True), STRANGER, Ask(Gate.SIGN_IN)),
        (replace(OPEN_LINK, asks_sign_in=True), VisitorFacts(person_id=ANNA), Ask(Gate.OPEN)),
        (BY_MAIL, STRANGER, Ask(Gate.ADDRESS)),
        (BY_MAIL, VisitorFacts(address=ADDRESS), Ask(Gate.OPEN)),
        (BY_MAIL, replace(HOLDER, address=replace(ADDRESS, ends_at=NOW)), Ask(Gate.ADDRESS)),
        (BY_MAIL, replace(HOLDER, address=replace(ADDRESS, allowed=False)), Ask(Gate.ADDRESS)),
        (BY_MAIL, replace(HOLDER, address=ADDRESS), Serve()),
        (replace(OPEN_LINK, asks_second_factor=True), STRANGER, Ask(Gate.SIGN_IN)),
        (replace(OPEN_LINK, asks_second_factor=True), VisitorFacts(person_id=ANNA), Ask(Gate.SECOND_FACTOR)),
        (replace(OPEN_LINK, asks_second_factor=True), VisitorFacts(person_id=ANNA, second_factor=True), Ask(Gate.OPEN)),
        (TERMS, HOLDER, Ask(Gate.TERMS)),
        (TERMS, replace(HOLDER, passage=PassageFacts(1, None, terms_version=1)), Ask(Gate.TERMS)),
        (TERMS, replace(HOLDER, passage=PassageFacts(1, None, terms_version=2)), Serve()),
        (TERMS, replace(STRANGER, passage=PassageFacts(0, None, terms_version=2)), Ask(Gate.OPEN)),
        (replace(OPEN_LINK, asks_reason=True), STRANGER, Ask(Gate.REASON)),
        (replace(OPEN_LINK, asks_reason=True), HOLDER, Serve()),
        (
            replace(OPEN_LINK, asks_reason=True),
            VisitorFacts(passage=PassageFacts(1, None, reason_at=NOW)),
            Ask(Gate.OPEN),
        ),
        (PROTECTED, HOLDER, Serve()),
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
        (LAST_VIEW_SPENT, HOLDER, Serve()),
        (replace(OPEN_LINK, max_views=3, views=2), STRANGER, Ask(Gate.OPEN)),
        (replace(OPEN_LINK, expires_at=NOW), HOLDER, Closed(ClosedBecause.EXPIRED)),
        (replace(OPEN_LINK, expires_at=NOW + timedelta(microseconds=1)), HOLDER, Serve()),
        (replace(OPEN_LINK, revoked=True, paused=True), HOLDER, Closed(ClosedBecause.REVOKED)),
        (replace(OPEN_LINK, paused=True), HOLDER, Closed(ClosedBecause.PAUSED)),
        (replace(OPEN_LINK, stopped=True, paused=True), HOLDER, Closed(ClosedBecause.STOPPED)),
        (replace(OPEN_LINK, switched_off=True), HOLDER, Closed(ClosedBecause.SWITCHED_OFF)),
        (replace(OPEN_LINK, creator_active=False), HOLDER, Closed(ClosedBecause.CREATOR_INACTIVE)),
        (replace(OPEN_LINK, connection_enabled=False), HOLDER, Closed(ClosedBecause.CONNECTION_OFF)),
        (replace(OPEN_LINK, conditions_version=2), HOLDER, Ask(Gate.OPEN)),
        (OPEN_LINK, replace(HOLDER, grant=replace(GRANT, ended=True)), Ask(Gate.OPEN)),
        (OPEN_LINK, replace(HOLDER, grant=replace(GRANT, ends_at=NOW)), Ask(Gate.OPEN)),
        (OPEN_LINK, VisitorFacts(grant=replace(GRANT, person_id=ANNA)), Ask(Gate.OPEN)),
        (OPEN_LINK, VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=BO), Ask(Gate.OPEN)),
        (OPEN_LINK, VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=ANNA), Serve()),
        (FOR_GROUP, VisitorFacts(grant=GRANT, person_id=ANNA, is_member=True), Ask(Gate.OPEN)),
        (
            FOR_GROUP,
            VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=ANNA),
            Refused(RefusedBecause.NOT_MEMBER),
        ),
        (
            FOR_GROUP,
            VisitorFacts(grant=replace(GRANT, person_id=ANNA), person_id=ANNA, is_member=True),
            Serve(),
        ),
    ],
)
def test_the_next_step(link: LinkFacts, visitor: VisitorFacts, expected: Step) -> None:
    assert next_step(link, visitor, NOW) == expected


@dataclass(frozen=True)
class Case:
    """One thing that may be so: of the link, of its visitor, and of what the visitor has passed."""

    link: dict[str, Any] = field(default_factory=dict)
    visitor: dict[str, Any] = field(default_factory=dict)
    passage: dict[str, Any] = field(default_factory=dict)


def _soon(seconds: int) -> Any:
    return NOW + timedelta(seconds=seconds)


_OFFICE = FROM_OFFICE.networks
_ACME = frozenset({"acme"})
#: For each condition: not asked for, met, not met; then the less usual ways not to meet it.
CONDITIONS: list[list[Case]] = [
    [Case(), Case({"opens_at": NOW}), Case({"opens_at": _soon(1)}), Case({"expires_at": NOW}), Case({"revoked": True})]
    + [Case({name: True}) for name in ("closed", "paused", "stopped", "switched_off")]
    + [Case({name: False}) for name in ("creator_active", "connection_enabled")],
    [Case(), Case({"networks": _OFFICE}, {"network_address": "192.0.2.7"})]
    + [Case({"networks": _OFFICE}, {"network_address": one}) for one in ("203.0.113.7", None, "::ffff:192.0.2.9", "x")],
    [Case(), Case({"max_views": 2, "views": 1}), Case({"max_views": 2, "views": 2})],
    [Case(), Case({"max_views_each": 2}, {"own_views": 1}), Case({"max_views_each": 2}, {"own_views": 2})],
    [
        Case(),
        Case({"sign_in_through": "acme"}, {"person_id": ANNA, "signed_in_through": _ACME}),
        Case({"asks_sign_in": True}),
        Case({"asks_sign_in": True}, {"person_id": BO}),
        Case({}, {"person_id": ANNA}),
        Case({"sign_in_through": "acme"}, {"person_id": ANNA}),
    ],
    [
        Case(),
        Case({"asks_for_groups": True}, {"is_member": True}),
        Case({"asks_for_groups": True}),
        Case({"asks_for_groups": True}, {"renews_through": "acme"}),
        Case({}, {"is_member": True, "renews_through": "acme"}),
    ],
    [
        Case(),
        Case({"asks_for_address": True}, {"address": ADDRESS}),
        Case({"asks_for_address": True}),
        Case({"asks_for_address": True}, {"address": replace(ADDRESS, ends_at=NOW)}),
        Case({"asks_for_address": True}, {"address": replace(ADDRESS, allowed=False)}),
    ],
    [Case(), Case({"asks_second_factor": True}, {"second_factor": True}), Case({"asks_second_factor": True})],
    [
        Case(),
        Case({"has_password": True}, {}, {"password_at": NOW}),
        Case({"has_password": True}),
        Case({"has_password": True}, {}, {"password_at": NOW - PASSAGE_LIFETIME}),
        Case({"has_password": True}, {}, {"password_at": NOW, "conditions_version": 0}),
        Case({"has_password": True}, {}, {"password_at": NOW, "person_id": BO}),
    ],
    [
        Case(),
        Case({"terms_version": 2}, {}, {"terms_version": 2}),
        Case({"terms_version": 2}, {}, {"terms_version": 1}),
        Case({"terms_version": 2}),
        Case({"terms_version": 2}, {}, {"terms_version": 2, "person_id": BO}),
    ],
    [
        Case(),
        Case({"asks_reason": True}, {}, {"reason_at": NOW}),
        Case({"asks_reason": True}),
        Case({"asks_reason": True}, {}, {"reason_at": NOW - PASSAGE_LIFETIME}),
    ],
]
GRANTS: list[GrantFacts | None] = [
    None,
    GRANT,
    replace(GRANT, person_id=ANNA),
    replace(GRANT, ended=True),
    replace(GRANT, ends_at=NOW),
    replace(GRANT, conditions_version=0),
    replace(GRANT, person_id=BO),
]
_BASE = {name: getattr(OPEN_LINK, name) for name in ("revoked", "closed", "paused", "creator_active")} | {
    name: getattr(OPEN_LINK, name)
    for name in ("connection_enabled", "expires_at", "max_views", "views", "asks_for_groups", "has_password")
}


def _wrong(cases: Iterable[Case], grants: Iterable[GrantFacts | None]) -> list[Any]:
    """Put one combination to the policy and to the oracle; return where they differ."""
    link, visitor, passed = dict(_BASE, conditions_version=1), {}, {}  # type: ignore[var-annotated]
    for case in cases:
        link |= case.link
        visitor |= case.visitor
        passed |= case.passage
    facts = LinkFacts(**link)
    passage = None
    if passed:
        passage = PassageFacts(**({"conditions_version": 1, "person_id": visitor.get("person_id")} | passed))
    found = []
    for grant in grants:
        for opens in (False, True):
            person = VisitorFacts(**visitor, grant=grant, passage=passage, opens=opens)
            if next_step(facts, person, NOW) != oracle.judge(facts, person, NOW):
                found.append((facts, person))
    return found


@pytest.mark.parametrize("first", range(3))
def test_every_combination_of_conditions_met_and_not_met_is_decided_as_the_oracle_decides(first: int) -> None:
    usual = [[cases[0], cases[1], cases[2]] for cases in CONDITIONS]
    rest = itertools.product(*usual[1:])
    assert [one for cases in rest for one in _wrong((usual[0][first], *cases), GRANTS[:3])] == []


def test_the_combinations_vary_every_fact_that_there_is() -> None:
    varied = {"link": {"conditions_version"}, "visitor": {"grant", "passage", "opens", "manages"}, "passage": set()}
    for case in itertools.chain(*CONDITIONS):
        for of, names in varied.items():
            names.update(getattr(case, of))
    assert varied["link"] == {one.name for one in fields(LinkFacts)}
    assert varied["visitor"] == {one.name for one in fields(VisitorFacts)}
    assert varied["passage"] == {one.name for one in fields(PassageFacts)}


#: What a visitor who has nothing does next, in the order of the gates: each fact passes the gate before it.
IN_ORDER: list[tuple[Step, dict[str, Any]]] = [
    (Refused(RefusedBecause.WRONG_NETWORK), {"network_address": "192.0.2.7"}),
    (Refused(RefusedBecause.OWN_VIEWS_SPENT), {"own_views": 0}),
    (Ask(Gate.SIGN_IN), {"person_id": ANNA, "signed_in_through": _ACME}),
    (Refused(RefusedBecause.NOT_MEMBER), {"is_member": True}),
    (Ask(Gate.ADDRESS), {"address": ADDRESS}),
    (Ask(Gate.SECOND_FACTOR), {"second_factor": True}),
    (Ask(Gate.PASSWORD), {"passage": PassageFacts(1, ANNA, password_at=NOW)}),
    (Ask(Gate.TERMS), {"passage": PassageFacts(1, ANNA, password_at=NOW, terms_version=2)}),
    (Ask(Gate.REASON), {"passage": PassageFacts(1, ANNA, password_at=NOW, terms_version=2, reason_at=NOW)}),
    (Ask(Gate.OPEN), {"opens": True}),
    (Admit(spends=True), {"grant": replace(GRANT, person_id=ANNA)}),
]


def test_a_link_that_asks_for_everything_asks_in_the_order_of_the_gates() -> None:
    asked = {name: value for cases in CONDITIONS for name, value in cases[1].link.items()}
    # Its last view is left, and each reader has one.
    link = LinkFacts(**_BASE | asked | {"max_views": 3, "views": 2, "max_views_each": 1}, conditions_version=1)
    visitor = VisitorFacts(own_views=1)
    for closed, because in (({"revoked": True}, ClosedBecause.REVOKED), ({"expires_at": NOW}, ClosedBecause.EXPIRED)):
        assert next_step(replace(link, **closed), visitor, NOW) == Closed(because)
    assert next_step(replace(link, views=3), replace(visitor, network_address="192.0.2.7"), NOW) == Closed(
        ClosedBecause.USED_UP
    )
    for expected, passes in IN_ORDER:
        assert next_step(link, visitor, NOW) == expected
        visitor = replace(visitor, **passes)
    assert next_step(link, visitor, NOW) == Serve()


def _pairs() -> Iterator[tuple[Case, ...]]:
    """Yield every pair of cases of two conditions, all others met or all not asked for."""
    for (one, firsts), (two, seconds) in itertools.combinations(enumerate(CONDITIONS), 2):
        for first, second, others in itertools.product(firsts, seconds, (0, 1)):
            cases = [each[others] for each in CONDITIONS]
            cases[one], cases[two] = first, second
            yield tuple(cases)


def test_every_pair_of_less_usual_facts_is_decided_as_the_oracle_decides() -> None:
    assert [one for cases in _pairs() for one in _wrong(cases, GRANTS)] == []


def test_the_owner_and_administrators_pass_the_same_gates_and_spend_nothing() -> None:
    met = [cases[1] for cases in CONDITIONS]
    assert _wrong([*met, Case({}, {"manages": True})], GRANTS) == []
    assert _wrong([CONDITIONS[2][2], Case({}, {"manages": True})], GRANTS) == []


def test_content_is_never_served_to_a_stranger_who_proved_nothing() -> None:
    links = (
        LinkFacts(**_BASE | {name: value for case in cases for name, value in case.link.items()}, conditions_version=1)
        for cases in itertools.product(*([one[0], one[1]] for one in CONDITIONS))
    )
    assert not [link for link in links if isinstance(next_step(link, VisitorFacts(), NOW), Serve)]


@pytest.mark.parametrize(
    ("link", "state"),
    [
        (OPEN_LINK, LinkState.ACTIVE),
        (replace(OPEN_LINK, revoked=True, closed=True), LinkState.REVOKED),
        (replace(OPEN_LINK, closed=True, paused=True), LinkState.CLOSED),
        (replace(OPEN_LINK, paused=True, expires_at=NOW), LinkState.PAUSED),
        (replace(OPEN_LINK, stopped=True, creator_active=False), LinkState.PAUSED),
        (replace(OPEN_LINK, switched_off=True), LinkState.PAUSED),
        (replace(OPEN_LINK, creator_active=False), LinkState.CLOSED),
        (replace(OPEN_LINK, connection_enabled=False), LinkState.CLOSED),
        (replace(OPEN_LINK, expires_at=NOW), LinkState.EXPIRED),
        (replace(OPEN_LINK, expires_at=NOW + timedelta(seconds=1)), LinkState.EXPIRING),
        (replace(OPEN_LINK, expires_at=NOW + ENDS_SOON), LinkState.EXPIRING),
        (replace(OPEN_LINK, expires_at=NOW + ENDS_SOON + timedelta(seconds=1)), LinkState.ACTIVE),
        (replace(OPEN_LINK, expires_at=NOW + ENDS_SOON, paused=True), LinkState.PAUSED),
        (replace(LAST_VIEW_SPENT, expires_at=NOW + ENDS_SOON), LinkState.USED_UP),
        (replace(OPEN_LINK, opens_at=NOW + timedelta(hours=1)), LinkState.SCHEDULED),
        (replace(OPEN_LINK, opens_at=NOW + timedelta(hours=1), paused=True), LinkState.PAUSED),
        (replace(OPEN_LINK, opens_at=NOW), LinkState.ACTIVE),
        (LAST_VIEW_SPENT, LinkState.USED_UP),
    ],
)
def test_the_state_that_owners_see(link: LinkFacts, state: LinkState) -> None:
    assert state_of(link, NOW) is state


def test_a_grant_ends_after_twelve_hours_or_with_the_link() -> None:
    assert grant_ends_at(OPEN_LINK, NOW) == NOW + GRANT_LIFETIME
    assert grant_ends_at(replace(OPEN_LINK, expires_at=NOW + timedelta(hours=2)), NOW) == NOW + timedelta(hours=2)
