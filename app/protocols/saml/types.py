"""What goes into reading and writing SAML messages and what comes out: frozen dataclasses and the list of checks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: The most by which two clocks may differ, whatever a connection says.
MAX_TOLERANCE = timedelta(minutes=5)
#: Characters of what was expected or found that an explanation keeps.
MAX_SAID = 500


class Check(StrEnum):
    """One rule that a message must meet, in about the order in which they are looked at."""

    SIZE = "size"
    ENCODING = "encoding"
    WELL_FORMED = "well_formed"
    NO_DOCUMENT_TYPE = "no_document_type"
    NO_COMMENTS = "no_comments"
    ABSOLUTE_NAMESPACES = "absolute_namespaces"
    UNIQUE_IDS = "unique_ids"
    MESSAGE = "message"
    STATUS = "status"
    ONE_ASSERTION = "one_assertion"
    SIGNATURE_PLACE = "signature_place"
    RESPONSE_SIGNED = "response_signed"
    ASSERTION_SIGNED = "assertion_signed"
    SIGNATURE_PROFILE = "signature_profile"
    SIGNATURE_ALGORITHM = "signature_algorithm"
    SIGNATURE_KEY = "signature_key"
    SIGNED_CONTENT = "signed_content"
    ENCRYPTED = "encrypted"
    DECRYPTION = "decryption"
    SCHEMA = "schema"
    ENCRYPTED_PARTS = "encrypted_parts"
    VERSION = "version"
    RESPONSE_ISSUER = "response_issuer"
    ISSUER = "issuer"
    DESTINATION = "destination"
    IN_RESPONSE_TO = "in_response_to"
    ISSUED = "issued"
    SUBJECT_CONFIRMATION = "subject_confirmation"
    RECIPIENT = "recipient"
    CONFIRMATION_TIME = "confirmation_time"
    CONDITIONS = "conditions"
    NOT_BEFORE = "not_before"
    NOT_ON_OR_AFTER = "not_on_or_after"
    AUDIENCE = "audience"
    AUTHN_STATEMENT = "authn_statement"
    AUTHN_INSTANT = "authn_instant"
    AUTHN_CONTEXT = "authn_context"
    SESSION_END = "session_end"
    # What follows is about metadata, keys and requests.
    METADATA = "metadata"
    METADATA_EXPIRY = "metadata_expiry"
    METADATA_SIGNED = "metadata_signed"
    CERTIFICATE = "certificate"
    ADDRESS = "address"
    RELAY_STATE = "relay_state"


class Signed(StrEnum):
    """What a connection demands to be signed; what is signed beyond that must verify too."""

    RESPONSE = "response"
    ASSERTION = "assertion"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One rule as it was applied; `expected` and `found` are plain English or values of the message, for people."""

    name: Check
    passed: bool
    expected: str = ""
    found: str = ""

    def __post_init__(self) -> None:
        # Whoever sends a message chooses these characters; they end in logs and on an administrator's page.
        for part in ("expected", "found"):
            said = getattr(self, part)
            if len(said) > MAX_SAID or not said.isprintable():
                shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in said[:MAX_SAID])
                object.__setattr__(self, part, shown)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as a carrier of a public key; its own signatures are not looked at (SAML metadata IOP §2.5)."""

    der: bytes = field(repr=False)
    pem: str = field(repr=False)
    public_key_pem: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime
    #: Lower-case hexadecimal.
    fingerprint_sha256: str
    subject: str
    #: "RSA" or "EC".
    key_kind: str
    key_bits: int


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key of ours with its self-signed certificate."""

    name: str
    private_key_pem: bytes = field(repr=False)
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An identity provider as its metadata, or an administrator by hand, describes it."""

    entity_id: str
    sso_redirect_url: str | None
    sso_post_url: str | None
    #: Every key that may sign, several during a roll-over.
    signing_certificates: tuple[Certificate, ...]
    wants_signed_requests: bool = False
    name_id_formats: tuple[str, ...] = ()
    encryption_certificates: tuple[Certificate, ...] = ()
    #: When the description itself ends, if it says so.
    valid_until: datetime | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """Portico towards one identity provider.

    `keys` are oldest first: all are published and any decrypts, the first signs. A roll-over appends a new pair, waits
    until the provider has read our metadata, and then drops the first.
    """

    entity_id: str
    acs_url: str
    metadata_url: str
    keys: tuple[KeyPair, ...] = ()
    sign_requests: bool = False


@dataclass(frozen=True, slots=True)
class Demands:
    """What a connection asks of a response beyond what every response must meet."""

    signed: Signed = Signed.ASSERTION
    encrypted: bool = False
    allow_idp_initiated: bool = False
    clock_tolerance: timedelta = timedelta(minutes=2)
    #: AuthnContextClassRefs that are asked for and of which one must come back; empty: any.
    requested_contexts: tuple[str, ...] = ()
    force_authn: bool = False

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.clock_tolerance <= MAX_TOLERANCE:
            raise ValueError("clock_tolerance must lie between zero and five minutes")


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A request of ours, to this identity provider, that was not answered yet."""

    request_id: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class NameId:
    """The subject as the provider names it."""

    format: str | None
    value: str
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
    sp_provided_id: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute with all its values, whatever its NameFormat."""

    name: str
    name_format: str | None
    friendly_name: str | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a verified assertion says."""

    issuer: str
    assertion_id: str
    #: From this instant on no reading accepts the assertion any more, the widest clock tolerance included: until then
    #: its id must be remembered, or it could be used twice.
    not_on_or_after: datetime
    subject: NameId | None
    attributes: tuple[Attribute, ...]
    authn_instant: datetime
    authn_contexts: tuple[str, ...]
    session_index: str | None
    session_not_on_or_after: datetime | None
    #: The request this answers; None: the provider began by itself.
    in_response_to: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A response as it was read: the assertion if every check passed, and all checks that were made, in order."""

    assertion: Assertion | None
    checks: tuple[CheckResult, ...]

    @property
    def failed(self) -> CheckResult | None:
        """The first check that failed."""
        return next((check for check in self.checks if not check.passed), None)
