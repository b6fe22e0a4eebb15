"""Links for a group of a provider: from the gate to the provider and back to the page, and what happens as words grow old."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Group, Person
from app.core.db import reading, transaction
from app.features.share_links import tokens
from app.features.sso import service
from app.features.sso.configuration import IdentityRules
from app.features.sso.mapping import GroupMapping, GroupRules
from tests.conftest import NOW
from tests.factories import links, people
from tests.features.sso import acme
from tests.features.sso.acme import Provider, about
from tests.pages import PageClient

ACME = Provider("acme")


@pytest.fixture
def address(app: Flask, held_clock: datetime) -> str:
    """The address of a link for a group that the provider's `crew` stands for; nobody has an account."""
    with transaction() as db:
        group = people.make_group(db, "Hauliers")
        link = links.make_link(db, people.make_author(db), password=False, groups=(group.public_id,))
    rules = GroupRules(sources=("groups",), mapped=(GroupMapping("crew", group.public_id),))
    acme.connect(ACME, groups=rules, identity=IdentityRules(membership_minutes=30))
    return f"/s/{tokens.make(link.public_id, link.generation)}/"


def through(pages: PageClient, address: str, assertion_id: str = "_1", offset: int = 0, **said: Any) -> None:
    """Go from the link's gate through the provider, back to the link."""
    page = pages.get(address)
    if "Sign in with acme" in page.text:
        page = pages.submit("Sign in with acme", status=200)
    moved = acme.later(timedelta(minutes=offset))
    answer = ACME.answers(acme.request_id(page), assertion_id=assertion_id, **moved, **said)
    back = acme.come_back(pages, ACME, answer)
    assert back.location == address


def test_a_stranger_goes_from_the_link_through_the_provider_to_the_page(pages: PageClient, address: str) -> None:
    through(pages, address)
    assert "Open it when you are ready to read." in pages.follow().text
    with reading() as db:
        made = db.scalars(select(Person).where(Person.email_key == "mira@acme.example")).one()
    assert made.kind == "guest"


def test_who_is_in_no_such_group_is_told_under_which_name_and_may_change_it(pages: PageClient, address: str) -> None:
    through(pages, address, attributes=about(groups=("desk",)))
    page = pages.follow(status=403)
    assert "You are signed in as Mira Sand (mira@acme.example)" in page.text
    pages.submit("Use another account")
    assert "Sign in with acme" in pages.follow().text
    # And comes back to the link by the way chosen there.
    page = pages.submit("Sign in with acme", status=200)
    answer = ACME.answers(
        acme.request_id(page), assertion_id="_2", name_id="other", attributes=about("o@acme.example", "O")
    )
    assert acme.come_back(pages, ACME, answer).location == address
    assert "Open it when you are ready to read." in pages.follow().text


def test_when_the_providers_word_is_too_old_the_visitor_is_sent_there_and_comes_back(
    pages: PageClient, address: str
) -> None:
    through(pages, address)
    pages.follow()
    with clock.at(NOW + timedelta(minutes=29)):
        pages.get(address)
    with clock.at(NOW + timedelta(minutes=30)):
        page = pages.get(address, status=303)
        assert page.location.startswith("/sso/acme/start?next=/s/")
        page = pages.follow()
        assert page.heading == "Going to acme"
        answer = ACME.answers(acme.request_id(page), assertion_id="_2", **acme.later(timedelta(minutes=30)))
        assert acme.come_back(pages, ACME, answer).location == address
        assert "Open it when you are ready to read." in pages.follow().text


def test_a_form_that_was_sent_too_late_is_shown_again_after_the_provider(pages: PageClient, address: str) -> None:
    through(pages, address)
    pages.follow()
    with clock.at(NOW + timedelta(minutes=30)):
        assert pages.submit("Open").location == address
        assert pages.follow(status=303).location.startswith("/sso/acme/start")


def test_who_left_the_group_at_the_provider_is_turned_away_by_the_next_word(pages: PageClient, address: str) -> None:
    through(pages, address)
    pages.follow()
    acme.sign_in(pages.another(), ACME, assertion_id="_2", attributes=about(groups=()))
    page = pages.get(address, status=403)
    assert "it is not shared with you" in page.text


def test_a_way_that_was_switched_off_sends_nobody_in_circles(pages: PageClient, address: str) -> None:
    through(pages, address)
    with transaction() as db:
        service.switch_off(db, SYSTEM, "acme")
    with clock.at(NOW + timedelta(minutes=29)):
        pages.get(address)
    with clock.at(NOW + timedelta(minutes=30)):
        pages.get(address, status=403)


def test_a_word_that_counts_for_each_opening_lasts_from_the_provider_to_the_page(
    pages: PageClient, held_clock: datetime
) -> None:
    acme.connect(ACME, identity=IdentityRules(membership_minutes=0))
    acme.sign_in(pages, ACME)
    with transaction() as db:
        group = db.scalars(select(Group).where(Group.source == "acme")).one()
        link = links.make_link(db, people.make_author(db), password=False, groups=(group.public_id,))
    address = f"/s/{tokens.make(link.public_id, link.generation)}/"
    with clock.at(NOW + timedelta(minutes=4)):
        pages.get(address)
    with clock.at(NOW + timedelta(minutes=5)):
        pages.get(address, status=303)


def test_a_link_that_names_a_provider_offers_it_alone_and_is_for_who_came_through_it(
    pages: PageClient, held_clock: datetime
) -> None:
    acme.connect(ACME)
    umbra = Provider("umbra")
    acme.connect(umbra)
    with transaction() as db:
        link = links.make_link(db, people.make_author(db), password=False, sign_in_through="acme")
        greta = people.make_guest(db)
    address = f"/s/{tokens.make(link.public_id, link.generation)}/"
    local, other = pages.another(), pages.another()
    local.sign_in(greta)
    acme.sign_in(other, umbra)
    for visitor in (pages, local, other):
        page = visitor.get(address)
        assert "Sign in with acme" in page.text
        assert "Sign in with umbra" not in page.text
        assert "Open it when you are ready to read." not in page.text
    through(pages, address, assertion_id="_2", name_id="m2", attributes=about("m2@acme.example"))
    assert "Open it when you are ready to read." in pages.follow().text
