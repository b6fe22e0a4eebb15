"""A new proof at the provider: asked for where something sensitive is wanted, and an old one is no new one."""

import base64
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from app.core import clock
from app.core.db import transaction
from app.core.permissions import Role
from app.features.sso import wire
from app.features.sso.configuration import IdentityRules, Kind
from app.protocols.saml import envelope
from simulator import identity
from simulator.identity import Running
from tests.factories import people
from tests.features.sso import acme, test_oidc
from tests.features.sso.acme import Provider
from tests.pages import Page, PageClient

ACME = Provider("acme")
NEW_TOKEN = "/profile/tokens/new"
LATER = timedelta(minutes=40)


def request_xml(page: Page) -> str:
    query = parse_qs(urlsplit(page.links["Continue"]).query)
    return envelope._inflated(base64.b64decode(query["SAMLRequest"][0])).decode()


@pytest.fixture
def mira(pages: PageClient, held_clock: datetime) -> PageClient:
    """An administrator who signed in with the provider at noon."""
    acme.connect(ACME, identity=IdentityRules(link_by_email=True), domains=("acme.example",))
    with transaction() as db:
        people.make_person(db, "Mira Sand", email="mira@acme.example", roles=(Role.ADMINISTRATOR,))
    acme.sign_in(pages, ACME)
    return pages


def test_who_came_through_a_provider_proves_again_there_and_is_where_they_wanted(
    mira: PageClient, held_clock: datetime
) -> None:
    assert mira.get(NEW_TOKEN).heading == "Create API token"
    with clock.at(held_clock + LATER):
        mira.get(NEW_TOKEN, status=303)
        assert "Your password" not in mira.follow().text
        page = mira.submit("Sign in with acme", status=200)
        assert 'ForceAuthn="true"' in request_xml(page)
        back = acme.come_back(
            mira,
            ACME,
            ACME.answers(acme.request_id(page), assertion_id="_2", **acme.later(LATER)),
        )
        assert back.location == NEW_TOKEN
        assert mira.follow().heading == "Create API token"


def test_a_saml_provider_that_does_not_ask_anew_proves_nothing(mira: PageClient, held_clock: datetime) -> None:
    with clock.at(held_clock + LATER):
        mira.get(f"/sign-in/again?next={NEW_TOKEN}")
        page = mira.submit("Sign in with acme", status=200)
        # Of this noon: the provider has a session and asked for nothing.
        old = acme.later(LATER) | {"authn_instant": timedelta(0)}
        answer = ACME.answers(acme.request_id(page), assertion_id="_2", **old)
        acme.post(mira, ACME, answer, status=403)
        assert test_oidc.failed_check() == "authn_instant"
        mira.get(NEW_TOKEN, status=303)


def test_nothing_is_forced_at_an_ordinary_sign_in(pages: PageClient, held_clock: datetime) -> None:
    acme.connect(ACME)
    pages.get("/sign-in")
    assert "ForceAuthn" not in request_xml(pages.submit("Sign in with acme", status=200))


@pytest.fixture
def running() -> Iterator[Running]:
    wire.forget()
    with identity.start() as started:
        yield started


def openid(app: Flask, running: Running) -> None:
    test_oidc._connect("acme", test_oidc._settings(running.issuer), Kind.OIDC)


def again(pages: PageClient) -> str:
    """Ask for a new proof; returns the address at the provider."""
    pages.get("/sign-in/again?next=/profile")
    return pages.submit("Sign in with acme", status=200).links["Continue"]


def test_an_openid_provider_is_told_to_ask_anew(app: Flask, running: Running, pages: PageClient) -> None:
    openid(app, running)
    usual = parse_qs(urlsplit(test_oidc.begin(pages)).query)
    assert not {"prompt", "max_age"} & set(usual)
    test_oidc.sign_in(pages)
    going = again(pages)
    asked = parse_qs(urlsplit(going).query)
    assert asked["prompt"] == ["login"]
    assert int(asked["max_age"][0]) <= 10
    assert pages.get(test_oidc.choose(going), status=303).location == "/profile"


@pytest.mark.parametrize("said", [None, 600, 150])
def test_an_openid_provider_that_does_not_ask_anew_proves_nothing(
    app: Flask, running: Running, pages: PageClient, said: int | None
) -> None:
    openid(app, running)
    test_oidc.sign_in(pages)
    before = len(test_oidc.sessions())

    def old(_what: str, claims: dict[str, object]) -> dict[str, object]:
        return {**claims, "auth_time": None if said is None else int(time.time()) - said}

    running.provider.changes = old
    pages.get(test_oidc.choose(again(pages)), status=403)
    assert (test_oidc.failed_check(), len(test_oidc.sessions())) == ("auth_time", before)
    running.provider.changes = lambda _what, claims: claims
    assert pages.get(test_oidc.choose(again(pages)), status=303).location == "/profile"


def test_a_new_proof_is_that_of_the_same_person(app: Flask, running: Running, pages: PageClient) -> None:
    openid(app, running)
    test_oidc.sign_in(pages, "greta")
    pages.get(test_oidc.choose(again(pages), "milo"), status=403)
    assert acme.last_attempt().reason == "other_person"
    pages.get("/profile")


def test_a_request_names_the_way_of_signing_in_that_is_demanded(pages: PageClient, held_clock: datetime) -> None:
    from dataclasses import replace

    strong = "https://refeds.org/profile/mfa"
    acme.connect(ACME, settings=replace(ACME.settings, requested_contexts=(strong,)))
    pages.get("/sign-in")
    page = pages.submit("Sign in with acme", status=200)
    assert re.search(rf"RequestedAuthnContext.*{re.escape(strong)}", request_xml(page), re.DOTALL)
    acme.post(pages, ACME, ACME.answers(acme.request_id(page)), status=403)
    assert test_oidc.failed_check() == "authn_context"
    acme.sign_in(pages, ACME, context=strong, assertion_id="_2")
