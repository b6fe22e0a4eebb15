"""People, connections and links of the demonstration, made through the same services as in life."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from app.core import clock, context, db
from app.core.accounts import api_tokens, membership, queries, service
from app.core.accounts.actor import SYSTEM, Actor, PersonKind
from app.core.accounts.models import Group, Person
from app.core.config import Config
from app.core.connections import accounts, clients
from app.core.connections import service as connections
from app.core.connections.models import Connection
from app.core.connections.service import Credential, Draft
from app.core.crypto import passwords
from app.core.permissions import Role
from app.core.settings import service as settings
from app.features.share_links import gather, tokens
from app.features.share_links import service as links
from app.features.share_links.conditions import Conditions
from app.features.share_links.powers import Powers
from app.features.sso import gather as descriptions
from app.features.sso import service as providers
from app.features.sso.configuration import IdentityRules, Kind, OidcSettings, OwnKey, SamlSettings, Signed
from app.features.sso.gather import Metadata
from app.features.sso.mapping import AttributeRule, GroupMapping, GroupRules, Target
from app.integrations.atlassian.types import Deployment, Product

#: Everybody's password in the demonstration, and the one of its links.
PASSWORD = "quiet harbour lantern 42"  # noqa: S105 - printed on purpose, on loopback only
#: Words on the buttons of the simulated identity provider (OpenID Connect, SAML), and somebody whom only it knows.
PROVIDER = "Sign in with Acme ID"
SAML_PROVIDER = "Sign in with Acme SAML"
NEWCOMER = "Milo Hart (group hauliers)"
LINK_PASSWORD = "berth-plan-48"  # noqa: S105 - likewise


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to sign in as; `handle` is their account on the simulated site."""

    name: str
    email: str
    role: str
    kind: PersonKind = PersonKind.STAFF
    gives: Role | None = None
    handle: str | None = None


ADMINISTRATOR = DemoPerson("Ada Lindqvist", "ada@acme.example", "administrator", gives=Role.ADMINISTRATOR, handle="ada")
AUTHOR = DemoPerson("Ines Moreau", "ines@acme.example", "author: makes links", gives=Role.AUTHOR, handle="ines")
AUDITOR = DemoPerson("Otto Brandt", "otto@acme.example", "auditor: reads everything", gives=Role.AUDITOR)
GUEST = DemoPerson("Greta Vance", "greta@hauliers.example", "guest, in the group Hauliers", PersonKind.GUEST)
STRANGER = DemoPerson("Sam Reyes", "sam@elsewhere.example", "guest, in no group", PersonKind.GUEST)
PERSONS = (ADMINISTRATOR, AUTHOR, AUDITOR, GUEST, STRANGER)


@dataclass(frozen=True)
class DemoLink:
    """A link to try."""

    token: str
    what: str
    opens_with: str


@dataclass(frozen=True)
class Example:
    """What was made."""

    links: tuple[DemoLink, ...]
    api_token: str


def fill(config: Config, site_url: str, issuer: str, saml_metadata: bytes = b"") -> Example:
    """Make people, a group, connections, identity providers and links; the simulator has to be running.

    With `saml_metadata` the identity provider has a second button.
    """
    from app.factory import create_app

    create_app(config)
    context.set_current(context.CallContext(source=context.Source.COMMAND))
    hashed = passwords.hash_password(PASSWORD)
    described = descriptions.saml_settings(Metadata(saml_metadata, "", ""), SamlSettings("")) if saml_metadata else None
    own_key = descriptions.new_key("Acme SAML") if described else None
    with db.transaction() as session:
        made = {
            person.email: service.create_person(
                session, SYSTEM, email=person.email, name=person.name, kind=person.kind, password_hash=hashed
            )
            for person in PERSONS
        }
        for person in PERSONS:
            if person.gives is not None:
                service.give_role(session, SYSTEM, person.gives, person=made[person.email])
        administrator = queries.actor_for(session, made[ADMINISTRATOR.email])
        author = queries.actor_for(session, made[AUTHOR.email])
        group = membership.create_group(session, administrator, name="Hauliers", description="Drivers and dispatchers")
        membership.add_member(session, administrator, group, made[GUEST.email])
        _provider(session, administrator, group, issuer)
        if described is not None:
            _saml_provider(session, administrator, group, described, own_key)
        settings.change(
            session,
            administrator,
            "organisation",
            {"name": "Acme Harbour Logistics", "contact": "portal@acme.example", "time_zone": "Europe/Stockholm"},
        )
        settings.change(session, administrator, "guests", {"shared_with_me": True})
        sites = [_connection(product, site_url) for product in Product]
        rows = [connections.create(session, administrator, product, draft) for product, draft in sites]
        rows.append(_own_servers(session, administrator, site_url))
        secret, _row = api_tokens.create(
            session, administrator, made[AUTHOR.email], name="demonstration", scopes=["shares:read", "shares:write"]
        )
    for person in (ADMINISTRATOR, AUTHOR):
        for row in rows:
            _connect(person, made[person.email], row)
    return Example(_links(author, group, site_url), secret)


def _provider(session: Session, administrator: Actor, group: Group, issuer: str) -> None:
    draft = providers.Draft(
        name="Acme ID",
        button_label=PROVIDER,
        for_staff=True,
        for_guests=True,
        settings=OidcSettings(
            issuer=issuer,
            client_id="portico",
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/keys",
            userinfo_endpoint=f"{issuer}/userinfo",
            sends_issuer=True,
        ),
        client_secret="simulated-client-secret",  # noqa: S106 - of the simulator
        identity=IdentityRules(link_by_email=True, second_factor_values=("mfa",)),
        domains=("acme.example", "hauliers.example", "elsewhere.example"),
    )
    row = providers.create(
        session,
        administrator,
        Kind.OIDC,
        "other",
        draft,
        mapping=(AttributeRule(Target.EMAIL, ("email",)), AttributeRule(Target.NAME, ("name",))),
        groups=GroupRules(sources=("groups",), mapped=(GroupMapping("hauliers", group.public_id),)),
        public_id="acme-id",
    )
    providers.switch_on(session, administrator, row.public_id, untested=True)


def _saml_provider(
    session: Session, administrator: Actor, group: Group, described: SamlSettings, key: OwnKey | None
) -> None:
    draft = providers.Draft(
        name="Acme SAML",
        button_label=SAML_PROVIDER,
        for_staff=True,
        for_guests=True,
        settings=replace(described, signed=Signed.BOTH),
        identity=IdentityRules(link_by_email=True, second_factor_values=("https://refeds.org/profile/mfa",)),
        domains=("acme.example", "hauliers.example", "elsewhere.example"),
        position=1,
    )
    row = providers.create(
        session,
        administrator,
        Kind.SAML,
        "other",
        draft,
        mapping=(AttributeRule(Target.EMAIL, ("mail",)), AttributeRule(Target.NAME, ("displayName",))),
        groups=GroupRules(sources=("groups",), mapped=(GroupMapping("hauliers", group.public_id),)),
        public_id="acme-saml",
        key=key,
    )
    providers.switch_on(session, administrator, row.public_id, untested=True)


def _connection(product: Product, url: str) -> tuple[Product, Draft]:
    now = clock.now()
    draft = Draft(
        name=f"Acme {product.value.capitalize()}",
        base_url=url,
        site_address=None,
        reading=Credential("reader@acme.example", "token-reader", now + timedelta(days=200)),
        checking=Credential("checker@acme.example", "token-checker", now + timedelta(days=200)),
    )
    return product, draft


def _own_servers(session: Session, administrator: Actor, url: str) -> Connection:
    """Add the company's Confluence Data Center, which has the same pages."""
    reading = Credential(None, "pat-reader", clock.now() + timedelta(days=200))
    draft = Draft("Acme Confluence, own servers", f"{url}/confluence", None, reading, checking=None)
    return connections.create(session, administrator, Product.CONFLUENCE, draft, Deployment.DATA_CENTER)


def _connect(person: DemoPerson, row: Person, connection: Connection) -> None:
    site = clients.site_of(connection)
    on_cloud = site.deployment is Deployment.CLOUD
    email, token = (person.email, f"token-{person.handle}") if on_cloud else (None, f"pat-{person.handle}")
    account = clients.with_token(site, email, token).myself()
    with db.transaction() as session:
        actor = queries.actor_for(session, row)
        accounts.connect(session, actor, site, account, email=email, token=token)


def _links(author: Actor, group: Group, site_url: str) -> tuple[DemoLink, ...]:
    page = f"{site_url}/wiki/spaces/OPS/pages"
    files = Powers(attachments=True, download=True)
    password = f"the password {LINK_PASSWORD}"
    made = [
        _link(author, f"{page}/100101/Berth-plan", "Berth plan for Nordline", password=True, powers=files),
        _link(author, f"{page}/100102/Arrival-guide", "Guide for hauliers", groups=(group.public_id,), powers=files),
        _link(author, f"{site_url}/browse/HARB-2", "Issue for the crane supplier", password=True, powers=files),
        _link(author, f"{page}/100104/Reefer-runbook", "Runbook, to be read once", password=True, max_views=1),
        _link(author, f"{site_url}/confluence/x/DIcB", "Throughput, from our own servers", password=True, powers=files),
    ]
    with clock.at(clock.now() - timedelta(days=15)):
        made.append(_link(author, f"{page}/100103/Safety", "Safety rules for visitors", password=True))
    described = (
        ("a Confluence page with pictures and files", password),
        (
            "a Confluence page for the group Hauliers",
            f"signing in as {GUEST.email}, or by Acme ID; {STRANGER.email} is turned away",
        ),
        ("a Jira issue", password),
        ("a Confluence page that opens once", password),
        ("a page of Confluence Data Center", password),
        ("a Confluence page whose link has expired", "nothing: it ended yesterday"),
    )
    return tuple(DemoLink(token, what, opens) for token, (what, opens) in zip(made, described, strict=True))


def _link(
    author: Actor,
    url: str,
    name: str,
    *,
    password: bool = False,
    groups: tuple[str, ...] = (),
    max_views: int | None = None,
    powers: Powers | None = None,
) -> str:
    facts = gather.share(author, url)
    proof = gather.new_password(LINK_PASSWORD, generate=False) if password else None
    conditions = Conditions(name=name, password=proof, groups=groups, max_views=max_views, powers=powers or Powers())
    with db.transaction() as session:
        created = links.create(session, author, facts, conditions)
    if isinstance(created, links.NotShared):
        raise RuntimeError(f"{url} could not be shared: {created.reason}")
    return tokens.make(created.public_id, created.generation)
