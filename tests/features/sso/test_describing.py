"""Providers described by an address: metadata read once, discovery by the issuer; what cannot be read says why."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.core.accounts.models import Person
from app.core.db import reading, transaction
from app.features.sso import configuration
from app.features.sso.configuration import ClientAuthentication, OidcSettings
from app.features.sso.models import SsoConnection
from app.protocols.saml.certificates import read_certificate
from tests.factories.people import make_administrator
from tests.features.sso.acme import Provider
from tests.features.sso.test_connections import described, saml, stored
from tests.integrations.atlassian.site import Reply, Site, site
from tests.pages import PageClient

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def administrator(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    return made


@pytest.fixture
def outside() -> Iterator[Site]:
    with site() as running:
        yield running


def discovery(at: str, **changes: object) -> Reply:
    document = {
        "issuer": at,
        "authorization_endpoint": f"{at}/authorize",
        "token_endpoint": f"{at}/token",
        "userinfo_endpoint": f"{at}/me",
        "jwks_uri": f"{at}/keys",
        "response_types_supported": ["code"],
        "authorization_response_iss_parameter_supported": True,
        **changes,
    }
    return Reply(body=json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def add_oidc(pages: PageClient, issuer: str, *, status: int = 303, **fields: str) -> str:
    pages.get("/admin/sso/new/oidc/other")
    given = {"name": "Identity", "issuer": issuer, "client_id": "portico", "client_secret": "canary-2", **fields}
    return pages.submit("Add identity provider", given, status=status).text


def test_an_openid_provider_is_added_by_its_issuer(pages: PageClient, administrator: Person, outside: Site) -> None:
    outside.answer(DISCOVERY, discovery(outside.url))
    add_oidc(pages, outside.url)
    assert "http://localhost:8000/sso/identity/oidc/callback" in pages.follow().source
    assert "canary" not in pages.page.source
    assert stored("identity").settings == OidcSettings(
        issuer=outside.url,
        client_id="portico",
        authorization_endpoint=f"{outside.url}/authorize",
        token_endpoint=f"{outside.url}/token",
        jwks_uri=f"{outside.url}/keys",
        userinfo_endpoint=f"{outside.url}/me",
        sends_issuer=True,
    )
    before = stored("identity")
    pages.get("/admin/sso/identity/edit")
    pages.submit("Save provider")
    assert stored("identity") == before


def test_a_key_in_place_of_a_secret_is_made_at_once(pages: PageClient, administrator: Person, outside: Site) -> None:
    outside.answer(DISCOVERY, discovery(outside.url))
    add_oidc(pages, outside.url, authentication="private_key_jwt", client_secret="")
    secrets = stored("identity").secrets
    assert (secrets.client_secret, len(secrets.own_keys)) == (None, 1)
    assert "http://localhost:8000/sso/identity/oidc/keys" in pages.follow().source
    answer = pages.another().http.get("/sso/identity/oidc/keys", base_url=pages.base_url)
    published = json.loads(answer.get_data())["keys"]
    assert [(one["kty"], one["use"], "d" in one) for one in published] == [("RSA", "sig", False)]
    pages.get("/sso/identity/saml/metadata", status=404)
    only = read_certificate(secrets.own_keys[0].certificate).fingerprint_sha256
    pages.get("/admin/sso/identity")
    pages.post(f"/admin/sso/identity/keys/{only}/remove", status=409)


def test_a_key_in_place_of_a_secret_needs_a_key(pages: PageClient, administrator: Person, outside: Site) -> None:
    outside.answer(DISCOVERY, discovery(outside.url))
    add_oidc(pages, outside.url)
    pages.get("/admin/sso/identity/edit")
    page = pages.submit("Save provider", {"authentication": "private_key_jwt"}, status=422)
    assert "Make a key on the connection's page first." in page.text
    pages.get("/admin/sso/identity")
    pages.submit("Add key")
    pages.get("/admin/sso/identity/edit")
    pages.submit("Save provider", {"authentication": "private_key_jwt"})
    settings = stored("identity").settings
    assert isinstance(settings, OidcSettings)
    assert settings.authentication is ClientAuthentication.PRIVATE_KEY_JWT


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"issuer": "https://other.example"}, "The document is about another issuer"),
        ({"token_endpoint": "javascript:1"}, "token endpoint"),
        ({"jwks_uri": None}, "key set"),
    ],
)
def test_discovery_that_cannot_be_believed_says_why(
    pages: PageClient, administrator: Person, outside: Site, changes: dict[str, object], sentence: str
) -> None:
    outside.answer(DISCOVERY, discovery(outside.url, **changes))
    assert sentence in add_oidc(pages, outside.url, status=422)
    with reading() as db:
        assert db.scalars(select(SsoConnection)).all() == []


@pytest.mark.parametrize(
    "issuer", ["https://10.0.0.1", "https://169.254.169.254", "ftp://x.example", "http://a.example"]
)
def test_nothing_is_fetched_from_inside_our_own_network(pages: PageClient, administrator: Person, issuer: str) -> None:
    text = add_oidc(pages, issuer, status=422)
    assert "Error" in text


def test_a_provider_that_does_not_answer_says_so(pages: PageClient, administrator: Person, outside: Site) -> None:
    outside.answer(DISCOVERY, Reply(status=503, body={}))
    add_oidc(pages, outside.url, status=422)


def test_saml_metadata_is_read_once_from_its_address(pages: PageClient, administrator: Person, outside: Site) -> None:
    outside.answer("/metadata", Reply(body=described("acme"), headers={"Content-Type": "application/samlmetadata+xml"}))
    pages.get("/admin/sso/new/saml/other")
    pages.submit("Add identity provider", {"name": "Acme", "metadata_url": f"{outside.url}/metadata"})
    assert saml().entity_id == "https://acme.example/metadata"
    outside.answer("/metadata", Reply(body=described("acme-next"), headers={"Content-Type": "text/xml"}))
    pages.get("/admin/sso/acme/metadata")
    pages.submit("Read metadata", {"metadata_url": f"{outside.url}/metadata"})
    assert saml().certificates == (Provider("acme-next").settings.certificates)


def test_metadata_of_a_federation_asks_which_provider_it_is(
    pages: PageClient, administrator: Person, outside: Site
) -> None:
    two = described("acme") + described("acme").replace(b"acme.example/metadata", b"beta.example/metadata")
    whole = b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">' + two + b"</EntitiesDescriptor>"
    outside.answer("/metadata", Reply(body=whole, headers={"Content-Type": "application/xml"}))
    pages.get("/admin/sso/new/saml/other")
    fields = {"name": "Beta", "metadata_url": f"{outside.url}/metadata"}
    page = pages.submit("Add identity provider", fields, status=422)
    assert "The metadata describes 2 providers." in page.text
    pages.submit("Add identity provider", {"entity_id": "https://beta.example/metadata"})
    assert saml("beta").entity_id == "https://beta.example/metadata"


def test_what_is_stored_in_a_later_form_is_not_guessed_at() -> None:
    with pytest.raises(configuration.Damaged):
        configuration.load(OidcSettings, {"schema": 2, "issuer": "https://a.example", "client_id": "x"})
    with pytest.raises(configuration.Damaged):
        configuration.load(OidcSettings, {"schema": 1, "issuer": 3})
