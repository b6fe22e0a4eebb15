"""What a connection is, as frozen dataclasses; kept as JSON with a schema version in the connection's row.

`of(row)` gives everything that reading an answer needs. Secrets are apart: they are in `Secrets`, never in a settings object.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.core.accounts.actor import PersonKind
from app.features.sso.mapping import AttributeRule, GroupRules
from app.features.sso.models import SsoConnection

#: Written into every JSON; a later version that reads an older one says how.
SCHEMA = 1
#: Two minutes is what most providers' clocks need; five is the most (`app.protocols.saml.types.MAX_TOLERANCE`).
DEFAULT_TOLERANCE = 120
MAXIMUM_TOLERANCE = 300
MAXIMUM_CERTIFICATES = 10
MAXIMUM_KEYS = 3

Shape = TypeVar("Shape")


class Kind(StrEnum):
    """What is spoken with the provider."""

    SAML = "saml"
    OIDC = "oidc"
    OAUTH = "oauth"


class Signed(StrEnum):
    """What has to be signed in a SAML response."""

    RESPONSE = "response"
    ASSERTION = "assertion"
    BOTH = "both"


class ClientAuthentication(StrEnum):
    """How Portico proves to the token endpoint who it is (OpenID Connect Core §9)."""

    SECRET_BASIC = "client_secret_basic"  # noqa: S105 - names a method
    SECRET_POST = "client_secret_post"  # noqa: S105 - names a method
    PRIVATE_KEY_JWT = "private_key_jwt"


@dataclass(frozen=True)
class SamlSettings:
    """A SAML identity provider, and what is demanded of its responses."""

    entity_id: str
    sso_redirect_url: str = ""
    sso_post_url: str = ""
    #: PEM; any of them may sign.
    certificates: tuple[str, ...] = ()
    signed: Signed = Signed.ASSERTION
    encrypted: bool = False
    sign_requests: bool = False
    allow_idp_initiated: bool = False
    force_authn: bool = False
    requested_contexts: tuple[str, ...] = ()
    clock_tolerance_seconds: int = DEFAULT_TOLERANCE


@dataclass(frozen=True)
class OidcSettings:
    """An OpenID provider as its discovery document described it when it was read."""

    issuer: str
    client_id: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    userinfo_endpoint: str = ""
    #: Whether answers carry `iss` (RFC 9207); where announced, one without it is refused.
    sends_issuer: bool = False
    authentication: ClientAuthentication = ClientAuthentication.SECRET_BASIC
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    read_userinfo: bool = True
    force_authn: bool = False
    requested_contexts: tuple[str, ...] = ()
    clock_tolerance_seconds: int = DEFAULT_TOLERANCE


@dataclass(frozen=True)
class OAuthSettings:
    """A provider of OAuth 2.0 that says who somebody is at an endpoint of its own."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    client_id: str
    authentication: ClientAuthentication = ClientAuthentication.SECRET_BASIC
    scopes: tuple[str, ...] = ()
    #: Field of the answer that never changes for one person.
    subject_field: str = "sub"


@dataclass(frozen=True)
class IdentityRules:
    """What a sign-in may do to people."""

    create: bool = True
    update: bool = True
    reactivate: bool = False
    #: Link to somebody who is there already, where the connection is trusted with the domain of the address.
    link_by_email: bool = False
    #: Kind of the people it creates: guest or staff.
    new_people: PersonKind = PersonKind.GUEST
    #: Attribute that stands for the person where the NameID is transient; empty = NameID or `sub`.
    subject_attribute: str = ""
    #: Minutes for which an asserted membership counts on links; 0 = a sign-in for each opening.
    membership_minutes: int = 720
    #: Values of amr, acr or AuthnContextClassRef that prove a second factor.
    second_factor_values: tuple[str, ...] = ()

    @property
    def membership_age(self) -> timedelta:
        """For how long an asserted membership counts."""
        return timedelta(minutes=self.membership_minutes)


@dataclass(frozen=True)
class AttributeRules:
    """The rules of one connection, in order."""

    rules: tuple[AttributeRule, ...] = ()


@dataclass(frozen=True)
class OwnKey:
    """A key pair of our own towards one provider."""

    name: str
    private_key: str = field(repr=False)
    certificate: str
    #: Whether it is the one that signs.
    signs: bool = False


@dataclass(frozen=True)
class Secrets:
    """What nobody is shown. Own keys are oldest first: all are published and any decrypts, one of them signs."""

    client_secret: str | None = field(default=None, repr=False)
    own_keys: tuple[OwnKey, ...] = ()


Settings = SamlSettings | OidcSettings | OAuthSettings

SETTINGS: dict[Kind, type[SamlSettings] | type[OidcSettings] | type[OAuthSettings]] = {
    Kind.SAML: SamlSettings,
    Kind.OIDC: OidcSettings,
    Kind.OAUTH: OAuthSettings,
}


@dataclass(frozen=True)
class Connection:
    """A connection as facts."""

    id: int
    public_id: str
    name: str
    kind: Kind
    preset: str
    enabled: bool
    button_label: str
    position: int
    for_staff: bool
    for_guests: bool
    version: int
    settings: Settings
    secrets: Secrets
    mapping: tuple[AttributeRule, ...]
    groups: GroupRules
    identity: IdentityRules


class Damaged(ValueError):
    """Stored JSON is not what this version writes."""


def of(row: SsoConnection) -> Connection:
    """Return a row as facts. Raises Damaged."""
    return replace(without_secrets(row), secrets=Secrets(row.client_secret, own_keys(row.own_keys)))


def without_secrets(row: SsoConnection) -> Connection:
    """Return a row as facts for pages; its encrypted columns are not read. Raises Damaged."""
    kind = Kind(row.kind)
    return Connection(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        kind=kind,
        preset=row.preset,
        enabled=row.enabled_at is not None,
        button_label=row.button_label,
        position=row.position,
        for_staff=row.for_staff,
        for_guests=row.for_guests,
        version=row.version,
        settings=load(SETTINGS[kind], row.settings),
        secrets=Secrets(),
        mapping=load(AttributeRules, row.mapping).rules,
        groups=load(GroupRules, row.groups),
        identity=load(IdentityRules, row.identity),
    )


def load(shape: type[Shape], stored: dict[str, Any]) -> Shape:
    """Return stored JSON as its dataclass. Raises Damaged."""
    values = {key: value for key, value in stored.items() if key != "schema"}
    if stored.get("schema") != SCHEMA:
        raise Damaged(f"schema {stored.get('schema')!r} is not known here")
    try:
        return TypeAdapter(shape).validate_python(values)
    except ValidationError as error:
        raise Damaged(str(error)) from error


def dump(value: object) -> dict[str, Any]:
    """Return a dataclass as JSON values, with the schema version."""
    dumped: dict[str, Any] = TypeAdapter(type(value)).dump_python(value, mode="json")
    return {"schema": SCHEMA, **dumped}


def own_keys(stored: str | None) -> tuple[OwnKey, ...]:
    """Return stored key pairs; none where there are none."""
    return TypeAdapter(tuple[OwnKey, ...]).validate_json(stored) if stored else ()


def dump_keys(keys: tuple[OwnKey, ...]) -> str | None:
    """Return key pairs as they are stored."""
    return TypeAdapter(tuple[OwnKey, ...]).dump_json(keys).decode() if keys else None
