"""Why somebody could open a link: the decision itself followed to its end, by page and interface, for whom it is meant."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock
from app.core.accounts import second_factor
from app.core.accounts.models import Membership, Person
from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.features.share_links import policy, service
from app.features.share_links.conditions import Changes
from app.features.share_links.gates import networks
from app.features.share_links.models import LinkRecipient, ReaderViews, ShareLink
from app.features.share_links.policy import (
    AddressFacts,
    Ask,
    Gate,
    GrantFacts,
    LinkFacts,
    PassageFacts,
    RuleName,
    VisitorFacts,
)
from app.features.share_links.rules import why
from app.features.share_links.rules.why import Explained, Somebody
from tests.factories import links, people
from tests.pages import PageClient

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TIMES = (NOW - timedelta(hours=1), NOW, NOW + timedelta(hours=1))
YES_NO = (False, True)
SOMEBODY = (None, 1, 2)
Facts = TypeVar("Facts")


def any_of(made: Callable[..., Facts], **choices: Sequence[Any]) -> st.SearchStrategy[Facts]:
    """Draw all that facts are made of at once, a byte for each: forty draws for one example are slow."""

    def chosen(drawn: bytes) -> Facts:
        pairs = zip(choices.items(), drawn, strict=True)
        return made(**{name: values[number % len(values)] for (name, values), number in pairs})

    return st.binary(min_size=len(choices), max_size=len(choices)).map(chosen)


LINKS = any_of(
    LinkFacts,
    revoked=(False, False, False, True),
    closed=(False, False, False, True),
    paused=(False, False, False, True),
    creator_active=(True, True, True, False),
    connection_enabled=(True, True, True, False),
    expires_at=TIMES,
    max_views=(None, 1),
    views=(0, 1),
    asks_for_groups=YES_NO,
    has_password=YES_NO,
    conditions_version=(1,),
    opens_at=(None, *TIMES),
    networks=(None, networks.read(["192.0.2.0/24"])),
    max_views_each=(None, 1),
    asks_sign_in=YES_NO,
    asks_for_address=YES_NO,
    asks_second_factor=YES_NO,
    terms_version=(None, 1),
    asks_reason=YES_NO,
)
VISITORS = any_of(
    VisitorFacts,
    grant=(None, *(GrantFacts(*one) for one in product(TIMES, YES_NO, (1, 2), SOMEBODY))),
    person_id=SOMEBODY,
    is_member=YES_NO,
    network_address=(None, "192.0.2.7", "198.51.100.1"),
    address=(None, *(AddressFacts(*one) for one in product(TIMES, YES_NO))),
    second_factor=YES_NO,
    passage=(None, *(PassageFacts(1, somebody, NOW, 1, NOW) for somebody in SOMEBODY)),
    own_views=(0, 1),
    manages=YES_NO,
    opens=YES_NO,
)


@given(LINKS, VISITORS)
def test_the_explanation_is_the_decision_for_whatever_facts(link: LinkFacts, visitor: VisitorFacts) -> None:
    found = list(policy.verdicts(link, visitor, NOW))
    assert [one.rule for one in found] == list(RuleName)
    assert next(one.step for one in found if one.step is not None) == policy.next_step(link, visitor, NOW)
    granted = policy.has_live_grant(link, visitor, NOW)
    assert {one.rule for one in found if one.settled} == (
        {RuleName.VIEWS, RuleName.PASSWORD, RuleName.REASON} if granted else set()
    )


@pytest.fixture
def author(app: object) -> Person:
    with transaction() as db:
        return people.make_author(db)


def made(author: Person, **conditions: object) -> ShareLink:
    with transaction() as db:
        link = links.make_link(db, author)
        service.change(db, people.actor_of(db, author), link.public_id, Changes(**conditions))  # type: ignore[arg-type]
        return link


def explain(asking: Person, link: ShareLink, address: str | None = None, network: str | None = None) -> Explained:
    with reading() as db:
        return why.explain(db, people.actor_of(db, asking), link.public_id, Somebody(address, network))


def test_a_password_alone_keeps_nobody_out_who_is_told_it(author: Person) -> None:
    assert explain(author, made(author)).opens


def test_an_address_is_kept_out_by_the_recipients_and_another_is_not(author: Person) -> None:
    with transaction() as db:
        link = links.make_link(db, author)
        row = db.get_one(ShareLink, link.id)
        db.add(LinkRecipient(link_id=row.id, value="northwind.example", domain="northwind.example"))
    assert explain(author, link, "anna@northwind.example").opens
    assert explain(author, link, "anna@other.example").decides is RuleName.ADDRESS
    assert explain(author, link).decides is RuleName.ADDRESS


def test_a_network_decides_before_all_that_comes_after(author: Person) -> None:
    link = made(author, networks=("192.0.2.0/24",), asks_sign_in=True)
    assert explain(author, link, network="198.51.100.1").decides is RuleName.NETWORK
    assert explain(author, link, network="192.0.2.1").decides is RuleName.SIGN_IN
    assert explain(author, link, author.email, "192.0.2.1").opens


def test_membership_decides_for_who_has_an_account(author: Person) -> None:
    with transaction() as db:
        inside, outside = people.make_guest(db, "Ina Inside"), people.make_guest(db, "Otto Outside")
        group = people.make_group(db, "Partners", inside)
    link = made(author, groups=(group.public_id,))
    assert explain(author, link, inside.email).opens
    assert explain(author, link, outside.email).decides is RuleName.MEMBERSHIP
    assert explain(author, link, "nobody@else.example").decides is RuleName.SIGN_IN


def test_who_has_spent_their_own_views_is_kept_out_by_them(author: Person) -> None:
    with transaction() as db:
        guest = people.make_guest(db, "Ina Inside")
    link = made(author, max_views_each=2)
    with transaction() as db:
        db.add(ReaderViews(link_id=link.id, reader=f"person:{guest.id}", views=2))
        db.add(ReaderViews(link_id=link.id, reader="address:anna@else.example", views=1))
    assert explain(author, link, guest.email).decides is RuleName.VIEWS
    assert explain(author, link, "anna@else.example").opens


def test_a_membership_whose_word_is_too_old_asks_for_it_anew(author: Person) -> None:
    with transaction() as db:
        guest = people.make_guest(db, "Ina Inside")
        group = people.make_group(db, "Partners", guest)
        row = db.scalars(select(Membership).where(Membership.group_id == group.id)).one()
        row.origin, row.valid_until = "acme", clock.now() - timedelta(seconds=1)
    found = explain(author, made(author, groups=(group.public_id,)), guest.email)
    assert (found.decides, found.step) == (RuleName.MEMBERSHIP, Ask(Gate.RENEW))


@pytest.mark.parametrize("offered", [True, False])
def test_a_second_factor_that_nobody_can_prove_keeps_everybody_out(
    author: Person, offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_factor, "is_offered", lambda: True)
    link = made(author, asks_second_factor=True)
    monkeypatch.setattr(second_factor, "is_offered", lambda: offered)
    found = explain(author, link, author.email)
    assert (found.opens, found.decides) == ((True, None) if offered else (False, RuleName.SECOND_FACTOR))


def test_the_page_is_for_who_may_see_the_link(author: Person, pages: PageClient) -> None:
    link = made(author, networks=("192.0.2.0/24",))
    with transaction() as db:
        other, auditor = people.make_author(db, "Olga Other"), people.make_auditor(db)
    address = f"/links/{link.public_id}/why"
    pages.get(address, status=303)
    pages.sign_in(other)
    pages.get(address, status=404)
    pages.sign_in(auditor)
    assert "Nobody could open it with the link alone" in pages.get(f"{address}?network=198.51.100.1").text
    pages.sign_in(author)
    pages.get(f"/links/{link.public_id}/")
    page = pages.get(f"{address}?network=192.0.2.1")
    assert "Whoever has the link and its password could open it" in page.text
    assert "Is asked for the password." in page.text
    assert "This link does not ask for: views left, sign-in," in page.text
    named = pages.get(f"{address}?network=192.0.2.1&address=greta@hauliers.example")
    assert "greta@hauliers.example could open the link" in named.text
    assert "Enter an email address such as" in pages.get(f"{address}?address=greta", status=422).text
    assert "Enter one IP address such as" in pages.get(f"{address}?network=nowhere", status=422).text
    assert "Use at most 254 characters." in pages.get(f"{address}?address={'x' * 255}", status=422).text
    with pytest.raises(NotFound):
        explain(other, link)
