"""Through an identity provider on another site and back, in a browser that keeps its cookies to their sites.

The portal is `localhost`, the providers are `127.0.0.1`: a form that comes back from there carries no cookie.
"""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.db import transaction
from app.features.sso import service
from app.features.sso.configuration import Kind, OidcSettings, SamlSettings, Settings, Signed
from app.features.sso.mapping import AttributeRule, GroupMapping, GroupRules, Target
from app.features.sso.service import Draft
from app.protocols.saml.metadata import read_metadata
from simulator import identity
from tests.journeys.portal import Portal
from tests.journeys.visitor import Visit, Visitor
from tests.processes import PATIENCE_SECONDS

MAPPING = (
    AttributeRule(Target.EMAIL, ("email", "mail")),
    AttributeRule(Target.NAME, ("name", "displayName")),
)


@contextmanager
def connected(name: str, kind: Kind, settings: Settings, group: str, secret: str | None = None) -> Iterator[None]:
    """Have a connection while a story lasts; the other stories know nothing of it."""
    draft = Draft(name, f"Sign in with {name}", True, True, settings, client_secret=secret)
    groups = GroupRules(sources=("groups",), mapped=(GroupMapping("hauliers", group),))
    with transaction() as session:
        service.create(session, SYSTEM, kind, "other", draft, mapping=MAPPING, groups=groups, public_id=name)
        service.switch_on(session, SYSTEM, name, untested=True)
    try:
        yield
    finally:
        with transaction() as session:
            service.switch_off(session, SYSTEM, name)


def back_at(guest: Visitor, address: str) -> None:
    """Wait until the browser is back; what it asked of the provider's site is no fault of our pages."""
    guest.page.wait_for_url(address)
    guest.forgive()
    guest._problems.clear()


def test_a_guest_without_an_account_comes_through_an_openid_provider_to_the_page(portal: Portal, visit: Visit) -> None:
    group = portal.group("Hauliers")
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[group])
    with identity.start() as running:
        issuer = running.issuer
        settings = OidcSettings(
            issuer=issuer,
            client_id=identity.CLIENT_ID,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/keys",
            userinfo_endpoint=f"{issuer}/userinfo",
            sends_issuer=True,
        )
        with connected("openid-id", Kind.OIDC, settings, group, identity.CLIENT_SECRET):
            guest = visit().open(link.address)
            guest.page.get_by_role("button", name="Sign in with openid-id").click()
            guest.page.get_by_role("button", name="Milo Hart").click()
            back_at(guest, link.address)
            guest.press("Open")
    assert guest.heading == "Arrival guide for hauliers"


def test_a_guest_comes_back_from_a_saml_provider_by_a_form_without_cookies(portal: Portal, visit: Visit) -> None:
    group = portal.group("Hauliers")
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[group])
    with identity.start() as running:
        with urllib.request.urlopen(f"{running.issuer}/saml/metadata", timeout=PATIENCE_SECONDS) as answer:
            (described,) = read_metadata(answer.read(), now=clock.now())
        settings = SamlSettings(
            entity_id=described.entity_id,
            sso_redirect_url=described.sso_redirect_url or "",
            certificates=tuple(one.pem for one in described.signing_certificates),
            signed=Signed.BOTH,
        )
        with connected("saml-id", Kind.SAML, settings, group):
            guest = visit().open(link.address)
            guest.page.get_by_role("button", name="Sign in with saml-id").click()
            guest.page.get_by_role("button", name="Greta Vance").click()
            back_at(guest, link.address)
            guest.press("Open")
    assert guest.heading == "Arrival guide for hauliers"
