"""Where links have a host of their own, guests sign in there and staff on the other: each answer counts on its own host."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from app.core.config import Config
from app.core.crypto.keyring import KeyRing
from app.features.sso import addresses, wire
from app.features.sso.configuration import Kind
from simulator import identity
from tests import settings
from tests.features.sso import acme, test_oidc
from tests.features.sso.acme import Provider
from tests.pages import PageClient

INSIDE, LINKS = "http://localhost:8000", "http://127.0.0.1:8000"
ACME = Provider("acme")


@pytest.fixture
def apart(make_portal: Callable[[Config], Flask], key_ring: KeyRing, tmp_path: Path) -> Flask:
    """A portal on two hosts, by the true clock."""
    config = settings.development(tmp_path, key_ring, {"base_url": INSIDE, "public_url": LINKS})
    app = make_portal(config)
    app.testing = True
    addresses.configure(config.web)
    return app


@pytest.fixture
def two_hosts(apart: Flask, held_clock: datetime) -> Flask:
    """The same, at the instant at which the SAML provider of the tests speaks."""
    return apart


def at(host: str) -> dict[str, Any]:
    """Return what a provider says that was asked by this host: one entity, two addresses."""
    acs = f"{host}/sso/acme/saml/acs"
    return {"destination": acs, "recipient": acs, "audiences": ((f"{LINKS}/sso/acme/saml/metadata",),)}


@pytest.mark.parametrize("host", [INSIDE, LINKS])
def test_a_session_begins_on_the_host_that_asked(two_hosts: Flask, host: str) -> None:
    acme.connect(ACME)
    pages = PageClient(two_hosts, base_url=host)
    request = acme.begin(pages, ACME, "/profile")
    back = acme.come_back(pages, ACME, ACME.answers(request, **at(host)))
    assert back.location == "/profile"
    assert pages.follow().heading == "Signed in as Mira Sand"
    other = pages.another(base_url=LINKS if host == INSIDE else INSIDE)
    other.get("/profile", status=303)


@pytest.mark.parametrize(("asked", "answered"), [(INSIDE, LINKS), (LINKS, INSIDE)])
def test_an_answer_meant_for_one_host_is_refused_on_the_other(two_hosts: Flask, asked: str, answered: str) -> None:
    acme.connect(ACME)
    pages = PageClient(two_hosts, base_url=asked)
    request = acme.begin(pages, ACME)
    acme.post(PageClient(two_hosts, base_url=answered), ACME, ACME.answers(request, **at(asked)), status=403)
    assert test_oidc.failed_check() == "destination"
    acme.come_back(pages, ACME, ACME.answers(request, assertion_id="_2", **at(asked)))


def test_an_outcome_waits_for_the_browser_of_its_host(two_hosts: Flask) -> None:
    acme.connect(ACME)
    pages = PageClient(two_hosts, base_url=LINKS)
    accepted = acme.post(pages, ACME, ACME.answers(acme.begin(pages, ACME), **at(LINKS)))
    # Cookies belong to a host: the same browser is another one there.
    pages.another(base_url=INSIDE).get(accepted.location, status=403)
    assert acme.last_attempt().reason == "other_browser"


@pytest.mark.parametrize("host", [INSIDE, LINKS])
def test_openid_comes_back_to_the_host_that_asked(apart: Flask, host: str) -> None:
    wire.forget()
    with identity.start() as running:
        test_oidc._connect("acme", test_oidc._settings(running.issuer), Kind.OIDC)
        pages = PageClient(apart, base_url=host)
        going = test_oidc.begin(pages)
        (redirect,) = parse_qs(urlsplit(going).query)["redirect_uri"]
        assert redirect == f"{host}/sso/acme/oidc/callback"
        assert pages.get(test_oidc.choose(going), status=303).location == "/profile"
        assert pages.follow().heading == "Signed in as Greta Vance"
