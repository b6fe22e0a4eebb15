"""An identity provider of the tests, as a connection of the portal: what a person does there is one call."""

import base64
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select

from app.core.accounts.actor import SYSTEM
from app.core.db import reading, transaction
from app.features.sso import service
from app.features.sso.configuration import IdentityRules, Kind, SamlSettings
from app.features.sso.mapping import AttributeRule, GroupRules, OwnGroups, Target
from app.features.sso.models import SsoAttempt, SsoConnection
from app.features.sso.service import Draft
from app.protocols.saml import envelope
from app.protocols.saml.types import Signed
from tests.pages import Page, PageClient
from tests.protocols.saml import provider
from tests.protocols.saml.provider import Said

BASE = "http://localhost:8000"
MAPPING = (
    AttributeRule(Target.EMAIL, ("mail",)),
    AttributeRule(Target.NAME, ("name",)),
)
OWN_GROUPS = GroupRules(sources=("groups",), own=OwnGroups.ALL)


@dataclass(frozen=True)
class Provider:
    """One provider with its key, as it stands behind one connection."""

    name: str

    @property
    def entity_id(self) -> str:
        return f"https://{self.name}.example/metadata"

    @property
    def settings(self) -> SamlSettings:
        return SamlSettings(
            entity_id=self.entity_id,
            sso_redirect_url=f"https://{self.name}.example/sso",
            certificates=(provider.keys(self.name).certificate.pem,),
        )

    def says(self, **more: Any) -> Said:
        """Return a good answer of this provider, but for what is given."""
        audience = f"{BASE}/sso/{self.name}/saml/metadata"
        acs = f"{BASE}/sso/{self.name}/saml/acs"
        usual = Said(
            issuer=self.entity_id,
            response_issuer=self.entity_id,
            destination=acs,
            recipient=acs,
            audiences=((audience,),),
            in_response_to=None,
            response_in_response_to=None,
            attributes=about(),
        )
        return replace(usual, **more)

    def answers(self, request_id: str | None, *, by: str | None = None, **more: Any) -> str:
        """Return the form field with the answer to a request; `by` names another provider's key."""
        said = self.says(in_response_to=request_id, response_in_response_to=request_id, **more)
        how = provider.How(pair=provider.keys(by or self.name))
        signed = provider.response(said, signed=Signed.ASSERTION, inner=how)
        return base64.b64encode(signed).decode()


def later(moved: timedelta) -> dict[str, Any]:
    """Return the instants of an answer that is given, and of a person who signs in, that much after noon."""
    ends = moved + timedelta(minutes=5)
    return {
        "issued": moved,
        "authn_instant": moved,
        "not_before": moved,
        "not_on_or_after": ends,
        "confirmation_end": ends,
        "session_end": moved + timedelta(hours=8),
    }


def about(
    email: str = "mira@acme.example", name: str = "Mira Sand", groups: tuple[str, ...] = ("crew",)
) -> tuple[tuple[str, str | None, tuple[str, ...]], ...]:
    """Return attributes about somebody."""
    found: list[tuple[str, str | None, tuple[str, ...]]] = [("mail", None, (email,)), ("name", None, (name,))]
    return (*found, ("groups", None, groups)) if groups else tuple(found)


def connect(
    one: Provider,
    *,
    enabled: bool = True,
    settings: SamlSettings | None = None,
    identity: IdentityRules | None = None,
    groups: GroupRules = OWN_GROUPS,
    domains: tuple[str, ...] = (),
    for_staff: bool = True,
    for_guests: bool = True,
) -> SsoConnection:
    """Make a connection to a provider, and switch it on."""
    draft = Draft(
        name=one.name,
        button_label=f"Sign in with {one.name}",
        for_staff=for_staff,
        for_guests=for_guests,
        settings=settings or one.settings,
        identity=identity or IdentityRules(),
        domains=domains,
    )
    with transaction() as db:
        row = service.create(db, SYSTEM, Kind.SAML, "saml", draft, mapping=MAPPING, groups=groups, public_id=one.name)
        if enabled:
            service.switch_on(db, SYSTEM, row.public_id, untested=True)
    return row


def begin(pages: PageClient, one: Provider, wanted: str = "/") -> str:
    """Press the button on the sign-in page; returns the id of the request that the browser is sent away with."""
    pages.get(f"/sign-in?next={wanted}")
    page = pages.submit(f"Sign in with {one.name}", status=200)
    return request_id(page)


def request_sent(page: Page) -> str:
    """Return the SAML request on the page that leads to the provider."""
    url = urlsplit(page.links["Continue"])
    return envelope._inflated(base64.b64decode(parse_qs(url.query)["SAMLRequest"][0])).decode()


def request_id(page: Page) -> str:
    """Return the id of that request."""
    found = re.search(r' ID="([^"]+)"', request_sent(page))
    assert found is not None
    return found.group(1)


def post(pages: PageClient, one: Provider, answer: str, *, status: int = 303) -> Page:
    """Post an answer as the provider's page does: from its site, and so without any cookie."""
    other = pages.another()
    return other.post(
        f"/sso/{one.name}/saml/acs",
        {"SAMLResponse": answer},
        status=status,
        Origin=f"https://{one.name}.example",
        Sec_Fetch_Site="cross-site",
    )


def come_back(pages: PageClient, one: Provider, answer: str, *, status: int = 303) -> Page:
    """Post an answer and have this browser come for the outcome."""
    accepted = post(pages, one, answer)
    return pages.get(accepted.location, status=status)


def sign_in(pages: PageClient, one: Provider, wanted: str = "/", *, status: int = 303, **said: Any) -> Page:
    """Sign in with a provider, from the button to the page wanted."""
    return come_back(pages, one, one.answers(begin(pages, one, wanted), **said), status=status)


def last_attempt() -> SsoAttempt:
    """Return the last attempt as it was written down."""
    with reading() as db:
        return db.scalars(select(SsoAttempt).order_by(SsoAttempt.id.desc()).limit(1)).one()
