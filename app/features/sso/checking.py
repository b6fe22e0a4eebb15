"""What a connection may be: every value that an administrator, a file or the API enters is looked at here.

Raises Invalid with the name of the field and what to enter instead.
"""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urlsplit

from app.core.errors import Invalid
from app.core.text import Text
from app.features.sso import addresses, configuration
from app.features.sso.configuration import (
    ClientAuthentication,
    IdentityRules,
    OAuthSettings,
    OidcSettings,
    SamlSettings,
    Settings,
)
from app.features.sso.mapping import (
    MAXIMUM_TRANSFORMS,
    AttributeRule,
    GroupRules,
    PatternRefused,
    Transform,
    check_transform,
)
from app.protocols.saml.certificates import CertificateRefused, read_certificate
from app.protocols.saml.types import Certificate

MAXIMUM_ADDRESS = 2_000
MAXIMUM_ENTITY_ID = 1_024
MAXIMUM_SECRET = 1_000
MAXIMUM_LIST = 500
MAXIMUM_DOMAINS = 100
#: A month; an assertion older than that says nothing about now.
MAXIMUM_MEMBERSHIP_MINUTES = 43_200
_DOMAIN = re.compile(r"(?=.{4,200}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,120}")


def name(value: str) -> str:
    """Return a name with single spaces, of 1 to 80 characters."""
    return _words("name", value)


def label(value: str) -> str:
    """Return the words on a button, of 1 to 80 characters."""
    return _words("button_label", value)


def slug(value: str) -> str:
    """Return what a name becomes in addresses: small letters, digits and hyphens, at most 30; never empty."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].strip("-") or "provider"


def settings(value: Settings) -> None:
    """Look at everything that a protocol needs."""
    match value:
        case SamlSettings():
            _saml(value)
        case OidcSettings():
            _oidc(value)
        case OAuthSettings():
            _oauth(value)


def moved(before: Settings, after: Settings) -> bool:
    """Tell whether a client secret would go to another address, or be another client's."""
    if isinstance(before, SamlSettings) or isinstance(after, SamlSettings):
        return False
    return (before.token_endpoint, before.client_id) != (after.token_endpoint, after.client_id)


def secret(value: Settings, given: str | None, stored: str | None) -> str | None:
    """Return the client secret to keep; None where the protocol has none."""
    if isinstance(value, SamlSettings) or value.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
        return None
    given = (given or "").strip() or stored
    if not given or len(given) > MAXIMUM_SECRET or not given.isascii() or not given.isprintable():
        raise Invalid("client_secret", Text("Enter the client secret as the provider showed it."))
    return given


def identity(value: IdentityRules) -> None:
    """Look at what a sign-in may do to people."""
    if not 0 <= value.membership_minutes <= MAXIMUM_MEMBERSHIP_MINUTES:
        bound = MAXIMUM_MEMBERSHIP_MINUTES
        raise Invalid("membership_minutes", Text("Enter 0 to %(bound)s minutes.", bound=bound))
    _list("second_factor_values", value.second_factor_values, 50)


def mapping(rules: Sequence[AttributeRule]) -> tuple[AttributeRule, ...]:
    """Return rules, one for each target at most."""
    if len({one.target for one in rules}) != len(rules):
        raise Invalid("mapping", Text("There are two rules for one property."))
    for one in rules:
        _list(f"{one.target.value}_sources", one.sources, 20)
        transforms(one.target.value, one.transforms)
    return tuple(rules)


def groups(rules: GroupRules) -> None:
    """Look at the rules about groups."""
    _list("sources", rules.sources, 20)
    transforms("group", rules.transforms)
    _list("required", rules.required, 100)
    _list("mapped", [one.received for one in rules.mapped], MAXIMUM_LIST)
    if len(rules.mapped) != len(set(rules.mapped)):
        raise Invalid("mapped", Text("One mapping stands here twice."))
    if (rules.mapped or rules.required or rules.own.value != "none") and not rules.sources:
        raise Invalid("sources", Text("Enter the name of the attribute that holds the groups."))


def transforms(prefix: str, values: Sequence[Transform]) -> None:
    """Look at a chain of transforms; an error names the field `<prefix>_<number>_text`."""
    if len(values) > MAXIMUM_TRANSFORMS:
        raise Invalid(prefix, Text("Use at most %(count)s transforms.", count=MAXIMUM_TRANSFORMS))
    for number, one in enumerate(values):
        try:
            check_transform(one)
        except PatternRefused as error:
            raise Invalid(f"{prefix}_{number}_text", Text("%(problem)s", problem=str(error))) from error


def certificates(values: Sequence[str]) -> tuple[str, ...]:
    """Return certificates as PEM, each once."""
    if len(values) > configuration.MAXIMUM_CERTIFICATES:
        count = configuration.MAXIMUM_CERTIFICATES
        raise Invalid("certificates", Text("Use at most %(count)s certificates.", count=count))
    try:
        return tuple(dict.fromkeys(read_certificate(one).pem for one in values))
    except CertificateRefused as error:
        raise Invalid("certificates", Text("%(problem)s", problem=str(error))) from error


def certificate(field: str, value: str) -> Certificate:
    """Return one certificate that was entered."""
    try:
        return read_certificate(value)
    except CertificateRefused as error:
        raise Invalid(field, Text("%(problem)s", problem=str(error))) from error


def fingerprint(pem: str) -> str:
    """Return the SHA-256 fingerprint of a certificate, in small hexadecimal."""
    return read_certificate(pem).fingerprint_sha256


def domains(values: Sequence[str]) -> tuple[str, ...]:
    """Return mail domains in small letters, each once."""
    if len(values) > MAXIMUM_DOMAINS:
        raise Invalid("domains", Text("Use at most %(count)s domains.", count=MAXIMUM_DOMAINS))
    plain = tuple(dict.fromkeys(one.strip().lower().lstrip("@") for one in values))
    for one in plain:
        if not _DOMAIN.fullmatch(one):
            raise Invalid("domains", Text("%(domain)s is no domain such as example.com.", domain=one[:80]))
    return plain


def address(field: str, value: str, *, needed: bool = True) -> None:
    """Look at an address of the provider: https, or plain http on this machine in development."""
    if not value and not needed:
        return
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = None, ""
    odd = any(character <= " " or character in "\"'<>\\\x7f" for character in value)
    if parts is None or not host or odd or "@" in parts.netloc or parts.fragment or len(value) > MAXIMUM_ADDRESS:
        raise Invalid(field, Text("Enter an address such as https://idp.example.com/sso."))
    plain = parts.scheme == "http" and addresses.plain_http_is_allowed() and host in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not plain:
        raise Invalid(field, Text("The address has to start with https://."))


def _saml(value: SamlSettings) -> None:
    if not 1 <= len(value.entity_id) <= MAXIMUM_ENTITY_ID or not value.entity_id.isprintable():
        raise Invalid("entity_id", Text("Enter the provider's entity id."))
    address("sso_redirect_url", value.sso_redirect_url, needed=False)
    address("sso_post_url", value.sso_post_url, needed=False)
    if not value.sso_redirect_url and not value.sso_post_url:
        raise Invalid("sso_redirect_url", Text("Enter where people are sent to sign in, for Redirect or for POST."))
    if not certificates(value.certificates):
        raise Invalid("certificates", Text("Enter at least one certificate that the provider signs with."))
    _contexts_and_clock(value)


def _oidc(value: OidcSettings) -> None:
    address("issuer", value.issuer)
    for one in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        address(one, getattr(value, one))
    address("userinfo_endpoint", value.userinfo_endpoint, needed=False)
    _client(value.client_id, value.scopes)
    if "openid" not in value.scopes:
        raise Invalid("scopes", Text("The scope openid has to be among them."))
    _contexts_and_clock(value)


def _oauth(value: OAuthSettings) -> None:
    for one in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        address(one, getattr(value, one))
    _client(value.client_id, value.scopes)
    if not 1 <= len(value.subject_field) <= 200 or not value.subject_field.isprintable():
        raise Invalid("subject_field", Text("Enter the name of the field that never changes for one person."))
    if value.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
        raise Invalid("authentication", Text("A key in place of a secret is for OpenID Connect."))


def _client(client_id: str, scopes: Sequence[str]) -> None:
    if not 1 <= len(client_id) <= 400 or not client_id.isprintable():
        raise Invalid("client_id", Text("Enter the client id as the provider showed it."))
    if len(scopes) > 50 or any(not _SCOPE.fullmatch(one) for one in scopes):
        raise Invalid("scopes", Text("Enter scopes as words with spaces between them."))


def _contexts_and_clock(value: SamlSettings | OidcSettings) -> None:
    _list("requested_contexts", value.requested_contexts, 20)
    if not 0 <= value.clock_tolerance_seconds <= configuration.MAXIMUM_TOLERANCE:
        bound = configuration.MAXIMUM_TOLERANCE
        raise Invalid("clock_tolerance_seconds", Text("Enter 0 to %(bound)s seconds.", bound=bound))


def _list(field: str, values: Sequence[str], most: int) -> None:
    if len(values) > most:
        raise Invalid(field, Text("Use at most %(count)s.", count=most))
    if any(not 1 <= len(one) <= 1_000 or not one.isprintable() for one in values):
        raise Invalid(field, Text("Each has 1 to 1,000 characters."))


def _words(field: str, value: str) -> str:
    value = " ".join(value.split())
    if not 1 <= len(value) <= 80 or not value.isprintable():
        raise Invalid(field, Text("Enter 1 to 80 characters."))
    return value
