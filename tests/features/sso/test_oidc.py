"""Signing in with an OpenID provider, over HTTP on loopback; each attack beside the same sign-in without it."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from flask import Flask
from sqlalchemy import select

from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Group, Membership, Person, SignInSession
from app.core.db import reading, transaction
from app.features.sso import service, wire
from app.features.sso.configuration import IdentityRules, Kind, OAuthSettings, OidcSettings, Settings
from app.features.sso.mapping import AttributeRule, GroupRules, OwnGroups, Target
from app.features.sso.service import Draft
from simulator import identity
from simulator.identity import Provider, Running
from tests.features.sso.acme import last_attempt
from tests.pages import Page, PageClient
from tests.processes import PATIENCE_SECONDS

MAPPING = (AttributeRule(Target.EMAIL, ("email",)), AttributeRule(Target.NAME, ("name",)))
GROUPS = GroupRules(sources=("groups",), own=OwnGroups.ALL)


@pytest.fixture
def running() -> Iterator[Running]:
    wire.forget()
    with identity.start() as started:
        yield started


@pytest.fixture
def acme(app: Flask, running: Running) -> Provider:
    """The provider, connected as `acme`."""
    _connect("acme", _settings(running.issuer), Kind.OIDC)
    return running.provider


def _settings(issuer: str, **more: Any) -> OidcSettings:
    return OidcSettings(
        issuer=issuer,
        client_id=identity.CLIENT_ID,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        jwks_uri=f"{issuer}/keys",
        userinfo_endpoint=f"{issuer}/userinfo",
        sends_issuer=True,
        **more,
    )


def _connect(name: str, settings: Settings, kind: Kind, **rules: Any) -> None:
    draft = Draft(
        name=name,
        button_label=f"Sign in with {name}",
        for_staff=True,
        for_guests=True,
        settings=settings,
        client_secret=identity.CLIENT_SECRET,
        identity=IdentityRules(second_factor_values=("mfa",), **rules),
        domains=("hauliers.example",),
    )
    with transaction() as db:
        row = service.create(db, SYSTEM, kind, "other", draft, mapping=MAPPING, groups=GROUPS, public_id=name)
        service.switch_on(db, SYSTEM, row.public_id, untested=True)


def begin(pages: PageClient, name: str = "acme", wanted: str = "/profile") -> str:
    """Press the button; returns the address at the provider that the browser is sent to."""
    pages.get(f"/sign-in?next={wanted}")
    return pages.submit(f"Sign in with {name}", status=200).links["Continue"]


def choose(going: str, person: str = "greta") -> str:
    """Choose somebody on the provider's page; returns the path at our callback that the browser is sent back to."""
    fields = {name: values[0] for name, values in parse_qs(urlsplit(going).query).items()} | {"person": person}
    answer = urllib3.request("POST", going.partition("?")[0], fields=fields, redirect=False, timeout=PATIENCE_SECONDS)
    assert answer.status == 303, answer.data
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def sign_in(pages: PageClient, person: str = "greta", *, status: int = 303) -> Page:
    return pages.get(choose(begin(pages), person), status=status)


def sessions() -> list[SignInSession]:
    with reading() as db:
        return list(db.scalars(select(SignInSession).order_by(SignInSession.id)))


def failed_check() -> str:
    """Return the name of the first check that failed in the last attempt."""
    from app.features.sso import received

    return next((one.name for one in received.load_checks(last_attempt().checks) if not one.passed), "")


def test_the_way_through(acme: Provider, pages: PageClient) -> None:
    assert sign_in(pages).location == "/profile"
    assert pages.follow().heading == "Signed in as Greta Vance"
    with reading() as db:
        made = db.scalars(select(Person)).one()
        names = list(db.scalars(select(Group.name).join(Membership, Membership.group_id == Group.id)))
    assert (made.kind, made.email, made.email_verified_by) == ("guest", "greta@hauliers.example", "acme")
    assert names == ["hauliers"]
    assert list(sessions()[0].methods) == ["sso:acme"]


def test_a_second_factor_that_the_provider_saw_is_remembered(acme: Provider, pages: PageClient) -> None:
    sign_in(pages, "ada")
    assert "sso_second_factor" in sessions()[0].methods


def test_who_signed_out_is_asked_by_the_provider(acme: Provider, pages: PageClient) -> None:
    going = begin(pages)
    assert "prompt" not in parse_qs(urlsplit(going).query)
    pages.get(choose(going), status=303)
    pages.follow()
    pages.submit("Sign out")
    asked = parse_qs(urlsplit(begin(pages)).query)
    # Some seconds have to be left: a provider would ask again where its login page took one.
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["10"])


def test_who_cancels_at_the_provider_is_told_so(acme: Provider, pages: PageClient) -> None:
    page = sign_in(pages, "", status=403)
    assert "or you cancelled there" in page.text
    assert last_attempt().reason == "provider_said_no"


def test_keys_that_changed_just_now_are_read_again_but_once_a_minute(
    acme: Provider, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(pages)
    acme.key = Provider().key
    sign_in(pages.another())
    acme.key = Provider().key
    sign_in(pages.another(), status=403)
    assert failed_check() == "key"
    later = time.monotonic() + wire.READ_AGAIN_AFTER
    monkeypatch.setattr("app.features.sso.wire.time.monotonic", lambda: later)
    sign_in(pages.another())


def test_what_is_signed_stands_above_what_userinfo_says(acme: Provider, pages: PageClient) -> None:
    acme.changes = lambda what, claims: {**claims, "groups": ["finance"]} if what == "userinfo" else claims
    sign_in(pages)
    with reading() as db:
        assert list(db.scalars(select(Group.name))) == ["hauliers"]


def test_a_stopped_provider_is_said_to_be_down_and_nobody_is_signed_in(
    acme: Provider, running: Running, pages: PageClient
) -> None:
    back = choose(begin(pages))
    running.stop()
    page = pages.get(back, status=503)
    assert "does not answer at the moment" in page.text
    assert (last_attempt().reason, sessions()) == ("provider_down", [])


def test_an_unverified_address_is_not_vouched_for(acme: Provider, pages: PageClient) -> None:
    acme.changes = lambda _what, claims: {**claims, "email_verified": False}
    sign_in(pages)
    with reading() as db:
        assert db.scalars(select(Person.email_verified_at)).one() is None


def test_plain_oauth_reads_a_profile(running: Running, pages: PageClient) -> None:
    issuer = running.issuer
    settings = OAuthSettings(
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        userinfo_endpoint=f"{issuer}/userinfo",
        client_id=identity.CLIENT_ID,
        scopes=("openid",),
    )
    _connect("acme", settings, Kind.OAUTH)
    assert sign_in(pages).location == "/profile"
    assert pages.follow().heading == "Signed in as Greta Vance"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_path_wanted_is_ours(acme: Provider, pages: PageClient, wanted: str) -> None:
    pages.get("/sign-in")
    going = pages.post("/sso/acme/start", {"next": wanted}, status=200).links["Continue"]
    assert pages.get(choose(going), status=303).location == "/"
