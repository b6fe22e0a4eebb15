"""Through an identity provider on another site and back, in a browser that keeps its cookies to their sites.

The portal is `localhost`, the providers are `127.0.0.1`: a form that comes back from there carries no cookie.
"""

import base64
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.db import transaction
from app.features.sso import service
from app.features.sso.configuration import Kind, OidcSettings, SamlSettings, Settings
from app.features.sso.mapping import AttributeRule, GroupMapping, GroupRules, Target
from app.features.sso.service import Draft
from app.protocols.saml import envelope
from app.protocols.saml.types import Signed
from simulator import identity
from tests.journeys.portal import Portal
from tests.journeys.visitor import Visit, Visitor
from tests.protocols.saml import provider
from tests.protocols.saml.provider import NOW, Said

MAPPING = (AttributeRule(Target.EMAIL, ("email",)), AttributeRule(Target.NAME, ("name",)))


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


class _Saml(BaseHTTPRequestHandler):
    """A provider's page: it shows a button that posts the answer back, as providers without script do."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path != "/sso":
            self.send_error(404)
            return
        asked = parse_qs(parts.query)["SAMLRequest"][0]
        request = envelope._inflated(base64.b64decode(asked)).decode()
        acs = re.search(r'AssertionConsumerServiceURL="([^"]+)"', request)
        request_id = re.search(r' ID="([^"]+)"', request)
        assert acs is not None
        assert request_id is not None
        answer = self._answer(acs.group(1), request_id.group(1))
        page = (
            f'<!doctype html><title>Provider</title><form method="post" action="{acs.group(1)}">'
            f'<input type="hidden" name="SAMLResponse" value="{answer}"><button>Continue as Milo</button></form>'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, acs: str, request_id: str) -> str:
        entity_id = self._entity_id()
        # The provider of the tests counts from an instant of its own.
        moved = clock.now() - NOW
        said = replace(
            Said(),
            issuer=entity_id,
            response_issuer=entity_id,
            destination=acs,
            recipient=acs,
            audiences=((acs.replace("/acs", "/metadata"),),),
            in_response_to=request_id,
            response_in_response_to=request_id,
            name_id="milo",
            issued=moved,
            authn_instant=moved,
            not_before=moved - provider.MIN,
            not_on_or_after=moved + 5 * provider.MIN,
            confirmation_end=moved + 5 * provider.MIN,
            session_end=moved + 60 * provider.MIN,
            attributes=(
                ("email", None, ("milo@saml.example",)),
                ("name", None, ("Milo Hart",)),
                ("groups", None, ("hauliers",)),
            ),
        )
        how = provider.How(pair=provider.keys("saml-id"))
        return base64.b64encode(provider.response(said, signed=Signed.ASSERTION, inner=how)).decode()

    def _entity_id(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/metadata"  # type: ignore[attr-defined]


@pytest.fixture
def saml() -> Iterator[str]:
    """A SAML provider on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Saml)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_guest_comes_back_from_a_saml_provider_by_a_form_without_cookies(
    portal: Portal, visit: Visit, saml: str
) -> None:
    group = portal.group("Hauliers")
    link = portal.share(portal.author(), portal.page_url("100102"), groups=[group])
    settings = SamlSettings(
        entity_id=f"{saml}/metadata",
        sso_redirect_url=f"{saml}/sso",
        certificates=(provider.keys("saml-id").certificate.pem,),
    )
    with connected("saml-id", Kind.SAML, settings, group):
        guest = visit().open(link.address)
        guest.page.get_by_role("button", name="Sign in with saml-id").click()
        guest.page.get_by_role("button", name="Continue as Milo").click()
        back_at(guest, link.address)
        guest.press("Open")
    assert guest.heading == "Arrival guide for hauliers"
