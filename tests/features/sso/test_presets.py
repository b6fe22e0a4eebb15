"""Presets: every file is read, says where it has its words from, and begins a connection that can be saved."""

from datetime import date
from urllib.parse import urlsplit

import pytest

from app.core.db import transaction
from app.features.sso import checking, presets
from app.features.sso.configuration import Kind
from app.features.sso.presets import Preset
from tests.factories.people import make_administrator
from tests.pages import PageClient

EACH = [(preset, kind) for preset in presets.every() for kind in preset.protocols]
#: What a form or a page asks a preset about.
FIELDS = {
    "entity_id",
    "sso_redirect_url",
    "sso_post_url",
    "certificates",
    "metadata_url",
    "issuer",
    "client_id",
    "client_secret",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
}
OURS = {"entity_id", "acs_url", "metadata_url", "redirect_uri"}


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("ad_fs", {Kind.SAML}),
        ("auth0", {Kind.SAML, Kind.OIDC}),
        ("entra_id", {Kind.SAML, Kind.OIDC}),
        ("google_workspace", {Kind.SAML, Kind.OIDC}),
        ("jumpcloud", {Kind.SAML, Kind.OIDC}),
        ("keycloak", {Kind.SAML, Kind.OIDC}),
        ("lemonldap_ng", {Kind.SAML, Kind.OIDC}),
        ("okta", {Kind.SAML, Kind.OIDC}),
        ("onelogin", {Kind.SAML, Kind.OIDC}),
        ("ping", {Kind.SAML, Kind.OIDC}),
        ("shibboleth", {Kind.SAML}),
        ("simplesamlphp", {Kind.SAML}),
    ],
)
def test_the_usual_providers_have_a_preset_for_what_they_speak_well(key: str, kinds: set[Kind]) -> None:
    assert {kind for kind in Kind if presets.named(key, kind)} == kinds


@pytest.mark.parametrize(("preset", "kind"), EACH, ids=lambda one: getattr(one, "key", one))
def test_a_preset_says_where_its_words_come_from(preset: Preset, kind: Kind) -> None:
    protocol = preset.protocols[kind]
    assert protocol.steps
    assert protocol.sources
    for source in protocol.sources:
        assert urlsplit(source.address).scheme == "https"
        date.fromisoformat(source.read_on)


@pytest.mark.parametrize(("preset", "kind"), EACH, ids=lambda one: getattr(one, "key", one))
def test_the_rules_of_a_preset_can_be_saved(preset: Preset, kind: Kind) -> None:
    protocol = preset.protocols[kind]
    assert protocol.email
    checking.mapping(protocol.mapping)
    checking.groups(protocol.group_rules)
    checking.identity(protocol.identity)
    assert set(protocol.fields) | set(protocol.patterns) <= FIELDS
    assert set(protocol.ours) <= OURS


@pytest.mark.parametrize(("preset", "kind"), EACH, ids=lambda one: getattr(one, "key", one))
def test_the_form_of_a_preset_can_be_opened(pages: PageClient, preset: Preset, kind: Kind) -> None:
    with transaction() as db:
        administrator = make_administrator(db)
    pages.sign_in(administrator)
    page = pages.get(f"/admin/sso/new/{kind}/{preset.key}")
    assert page.heading == f"Add {preset.name}"
    assert all(" ".join(step.split()) in page.text for step in preset.protocols[kind].steps)


@pytest.mark.parametrize("path", ["saml/none", "oauth/okta", "ldap/other", "saml/..%2Fother"])
def test_there_is_no_form_without_a_preset(pages: PageClient, path: str) -> None:
    with transaction() as db:
        administrator = make_administrator(db)
    pages.sign_in(administrator)
    pages.get(f"/admin/sso/new/{path}", status=404)


def test_the_preset_for_other_providers_comes_last_and_speaks_everything() -> None:
    last = presets.every()[-1]
    assert (last.key, set(last.protocols)) == (presets.OTHER, set(Kind))


def test_a_name_without_words_gets_made_of_its_parts() -> None:
    found = presets.named("okta", Kind.SAML)
    assert found is not None
    rule = found[1].mapping[1]
    assert (rule.sources, rule.transforms[0].text) == ((), "{FirstName} {LastName}")
