"""What is fuzzed: one function per parser that reads bytes from somebody we do not trust."""

import json
from collections.abc import Callable
from functools import cache

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.issue import issue_view, render_issue
from app.documents.storage import render_storage
from app.documents.wiki import render_wiki
from app.integrations.atlassian import addresses
from app.protocols.oidc.errors import Refused as OidcRefused
from app.protocols.oidc.id_token import verify as verify_id_token
from app.protocols.oidc.types import Claims
from app.protocols.saml import assertions
from app.protocols.saml.errors import MetadataRefused, Refused
from app.protocols.saml.metadata import read_metadata
from app.protocols.saml.types import Assertion, Check, Demands, Signed
from tests.documents.allowed import faults
from tests.documents.given import MATERIAL
from tests.protocols.oidc import provider as openid
from tests.protocols.saml import changes, provider

_BEFORE_DEMANDS = frozenset(
    {
        Check.SIZE,
        Check.WELL_FORMED,
        Check.NO_DOCUMENT_TYPE,
        Check.NO_COMMENTS,
        Check.ABSOLUTE_NAMESPACES,
        Check.UNIQUE_IDS,
        Check.MESSAGE,
        Check.STATUS,
        Check.ONE_ASSERTION,
    }
)


def storage(data: bytes) -> None:
    """Confluence storage format: refused with a sentence, or safe HTML."""
    try:
        rendered = render_storage(data.decode("utf-8", "replace"), MATERIAL)
    except DocumentError:
        return
    _safe(rendered.html)


def adf(data: bytes) -> None:
    """Atlassian Document Format: refused with a sentence, or safe HTML."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        rendered = render_adf(document, MATERIAL)
    except DocumentError:
        return
    _safe(rendered.html)


def wiki(data: bytes) -> None:
    """Wiki markup of Data Center: refused with a sentence, or safe HTML."""
    try:
        rendered = render_wiki(data.decode("utf-8", "replace"), MATERIAL)
    except DocumentError:
        return
    _safe(rendered.html)


def issue(data: bytes) -> None:
    """An issue's fields and comments as Jira answers them: a safe page, whatever they hold."""
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(read, dict):
        return
    parts = {name: part if isinstance(part := read.get(name), dict) else {} for name in ("fields", "names", "schema")}
    shown, raw = frozenset(parts["fields"]) | {"comment"}, read.get("comments")
    comments = [one for one in raw if isinstance(one, dict)] if isinstance(raw, list) else []
    view = issue_view("A-1", parts["fields"], parts["names"], parts["schema"], shown, comments=comments)
    _safe(render_issue(view, MATERIAL).html)


def address(data: bytes) -> None:
    """A pasted address: understood, or refused with a sentence."""
    try:
        addresses.parse(data.decode("utf-8", "replace"))
    except addresses.AddressError:
        return


def saml_response(data: bytes) -> None:
    """A posted SAML response: never believed, since nothing here is signed by the provider, and refused for a reason."""
    for demanded in (Signed.ASSERTION, Signed.RESPONSE):
        outcome = provider.read(data, Demands(signed=demanded))
        if outcome.assertion is not None or outcome.failed is None:
            raise AssertionError("an unsigned response was believed")
        if outcome.failed.name in _BEFORE_DEMANDS:
            # Nothing was looked at that depends on what is demanded.
            return


def saml_response_changed(data: bytes) -> None:
    """A valid response and steps that change it: refused for a reason, or it says exactly what was signed."""
    kinds = (*Signed, "sealed")
    given, demands, signed = _signed(kinds[data[0] % len(kinds)] if data else kinds[0])
    outcome = provider.read(changes.apply(given, data[1:]), demands)
    if outcome.assertion is None:
        if outcome.failed is None:
            raise AssertionError("refused without a reason")
    elif outcome.assertion != signed:
        raise AssertionError("something was believed that was not signed")


def saml_assertion(data: bytes) -> None:
    """The bytes under a signature: read, or refused for a reason."""
    try:
        assertions.interpret(data)
    except Refused:
        return


def saml_metadata(data: bytes) -> None:
    """An identity provider's metadata: read, or refused with a sentence."""
    try:
        read_metadata(data, now=provider.NOW)
    except MetadataRefused as refused:
        if not str(refused):
            raise AssertionError("refused without a sentence") from refused


def id_token(data: bytes) -> None:
    """An ID token as it came: never believed, since the provider's key did not make its signature."""
    try:
        _verified(data.decode("utf-8", "replace"))
    except OidcRefused:
        return
    raise AssertionError("a token that the provider did not sign was believed")


def id_token_claims(data: bytes) -> None:
    """The claims under a provider's signature: refused for a reason, or what this sign-in expects."""
    try:
        said = _verified(openid.token(data, algorithm="Ed25519"))
    except OidcRefused as refused:
        if not refused.checks:
            raise AssertionError("refused without a reason") from refused
        return
    if not said.subject or json.loads(data)["iss"] != openid.ISSUER:
        raise AssertionError("a token of somebody else was believed")


@cache
def _signed(kind: str) -> tuple[bytes, Demands, Assertion]:
    sealed = kind == "sealed"
    demands = Demands(signed=Signed.ASSERTION if sealed else Signed(kind), encrypted=sealed)
    made = provider.response(signed=demands.signed, sealed=provider.Sealed() if sealed else None)
    assertion = provider.read(made, demands).assertion
    assert assertion is not None
    return made, demands, assertion


def _verified(token: str) -> Claims:
    return verify_id_token(
        token, openid.published(), issuer=openid.ISSUER, audience=openid.CLIENT, nonce=openid.NONCE, now=openid.NOW
    )


def _safe(html: str) -> None:
    found = list(faults(html))
    if found:
        raise AssertionError(f"unsafe HTML: {found}")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "storage": storage,
    "adf": adf,
    "wiki": wiki,
    "issue": issue,
    "address": address,
    "saml_response": saml_response,
    "saml_response_changed": saml_response_changed,
    "saml_assertion": saml_assertion,
    "saml_metadata": saml_metadata,
    "id_token": id_token,
    "id_token_claims": id_token_claims,
}
