"""What goes into reading and writing OpenID Connect messages and what comes out: frozen dataclasses and the list of checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

#: The most by which two clocks may differ, whatever a connection says.
MAX_TOLERANCE = timedelta(minutes=5)


class Check(StrEnum):
    """One rule that a message must meet, in about the order in which they are looked at."""

    # The answer at the callback.
    PARAMETERS = "parameters"
    STATE = "state"
    ANSWER_ISSUER = "answer_issuer"
    PROVIDER_ERROR = "provider_error"
    CODE = "code"
    # The token endpoint.
    EXCHANGE = "exchange"
    EXCHANGE_ERROR = "exchange_error"
    BEARER = "bearer"
    # The ID token.
    SIZE = "size"
    SHAPE = "shape"
    HEADER = "header"
    ALGORITHM = "algorithm"
    KEY = "key"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    ISSUER = "issuer"
    SUBJECT = "subject"
    AUDIENCE = "audience"
    AUTHORIZED_PARTY = "authorized_party"
    ISSUED_AT = "issued_at"
    NOT_BEFORE = "not_before"
    EXPIRES = "expires"
    NONCE = "nonce"
    AT_HASH = "at_hash"
    C_HASH = "c_hash"
    AUTH_TIME = "auth_time"
    AUTHENTICATION_CONTEXT = "authentication_context"
    AUTHENTICATION_METHODS = "authentication_methods"
    # What more is told about the person.
    USERINFO = "userinfo"
    USERINFO_SUBJECT = "userinfo_subject"
    PROFILE_ID = "profile_id"
    # What a provider publishes.
    DISCOVERY = "discovery"
    DISCOVERY_ISSUER = "discovery_issuer"
    ADDRESS = "address"
    KEY_SET = "key_set"


class Algorithm(StrEnum):
    """The signatures that are believed: asymmetric ones, SHA-256 and up. There is no way to add another by configuration."""

    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    #: With Ed25519 only; RFC 9864 calls the same `Ed25519`.
    EDDSA = "EdDSA"
    ED25519 = "Ed25519"


ALL_ALGORITHMS = frozenset(Algorithm)


class ClientMethod(StrEnum):
    """How Portico shows the token endpoint who it is (OpenID Connect Core §9)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    PRIVATE_KEY_JWT = "private_key_jwt"


class AssertionAudience(StrEnum):
    """Whom a client assertion is made out to: the token endpoint (most providers) or the issuer (newer profiles)."""

    ENDPOINT = "endpoint"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One rule as it was applied; `expected` and `found` are plain English or values of the message, for people."""

    name: Check
    passed: bool
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider is spoken to; all that plain OAuth 2.0 has."""

    authorization: str
    token: str
    userinfo: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider as its discovery document, or an administrator by hand, describes it."""

    issuer: str
    endpoints: Endpoints
    jwks_uri: str
    #: What the metadata and we both know; metadata can only make the set smaller.
    algorithms: frozenset[Algorithm] = ALL_ALGORITHMS
    client_methods: frozenset[ClientMethod] = frozenset({ClientMethod.BASIC})
    #: RFC 9207: every answer at the callback names its issuer.
    names_issuer_in_answer: bool = False
    scopes: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of ours that signs client assertions."""

    private_key_pem: bytes = field(repr=False)
    algorithm: Algorithm
    #: None: the key's thumbprint (RFC 7638).
    kid: str | None = None
    #: SHA-256 of the DER certificate, for providers that know the key by its certificate.
    certificate_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Portico towards one provider. Raises ValueError where the method has nothing to work with."""

    client_id: str
    method: ClientMethod
    secret: str | None = field(default=None, repr=False)
    key: SigningKey | None = None
    assertion_audience: AssertionAudience = AssertionAudience.ENDPOINT

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ValueError("The client id is empty.")
        if self.method is ClientMethod.PRIVATE_KEY_JWT and self.key is None:
            raise ValueError("private_key_jwt needs a private key.")
        if self.method is not ClientMethod.PRIVATE_KEY_JWT and not self.secret:
            raise ValueError("The client secret is empty.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """The three values that tie one sign-in together; kept until the answer comes, and used once."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of the provider besides a code."""

    scopes: tuple[str, ...] = ()
    #: `login` asks for the password again, `select_account` for another account.
    prompt: str | None = None
    max_age: timedelta | None = None
    acr_values: tuple[str, ...] = ()
    login_hint: str | None = None
    #: Parameters that a vendor's page asks for; none of ours can be replaced by them.
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A POST to send as it is; headers and body hold secrets."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    #: Seconds, where the provider says so.
    expires_in: int | None = None
    #: What was granted, where that is said.
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Demands:
    """What a connection asks of an ID token beyond what every one must meet."""

    clock_tolerance: timedelta = timedelta(minutes=2)
    algorithms: frozenset[Algorithm] = ALL_ALGORITHMS
    #: How long ago the person may have shown who they are; what was asked for as `max_age`.
    max_age: timedelta | None = None
    #: Contexts of which one must come back; empty: any.
    acr_values: tuple[str, ...] = ()
    #: Audiences that may stand beside ours.
    other_audiences: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.clock_tolerance <= MAX_TOLERANCE:
            raise ValueError("clock_tolerance must lie between zero and five minutes")


Attributes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified ID token says, and every check it passed, in order."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    auth_time: datetime | None
    acr: str | None
    amr: tuple[str, ...]
    #: `sid`, the provider's name for the session.
    session_id: str | None
    #: All claims as texts; members of objects by path (`realm_access.roles`).
    attributes: Attributes
    #: Claims that are not here but kept elsewhere by the provider, such as groups when there are too many for a token.
    elsewhere: tuple[str, ...]
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True, slots=True)
class UserInfo:
    """What the userinfo endpoint, or a plain OAuth 2.0 provider's profile address, says about the person."""

    subject: str
    attributes: Attributes
    elsewhere: tuple[str, ...]
    checks: tuple[CheckResult, ...]
