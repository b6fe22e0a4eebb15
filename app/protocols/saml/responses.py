"""The strict reader of SAML responses: nothing is believed but the canonical bytes of a verified element.

Order of work: bounds → one parse → one assertion, signatures only where they belong → the profile of each signature →
one verification each → the bytes each covers, compared with its digest → schema, pysaml2's classes and pure rules over
these bytes alone. What stands outside any signature (destination, status, issuer of an unsigned response) can lead to a
refusal and to nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lxml import etree

from app.protocols.saml import assertions, checks, crypto, encryption, envelope, instants, profile, schema
from app.protocols.saml.errors import Refused
from app.protocols.saml.names import SUCCESS, ds, saml, samlp
from app.protocols.saml.types import (
    Certificate,
    Check,
    CheckResult,
    Demands,
    IdentityProvider,
    Outcome,
    Outstanding,
    ServiceProvider,
    Signed,
)

_READABLE: Final = (
    Check.SIZE,
    Check.ENCODING,
    Check.WELL_FORMED,
    Check.NO_DOCUMENT_TYPE,
    Check.NO_COMMENTS,
    Check.ABSOLUTE_NAMESPACES,
    Check.UNIQUE_IDS,
)


@dataclass(slots=True)
class _Ledger:
    """What was checked so far."""

    results: list[CheckResult] = field(default_factory=list)

    def held(self, *names: Check, expected: str = "", found: str = "") -> None:
        self.results += [CheckResult(name, True, expected, found) for name in names]

    def require(self, name: Check, met: bool, expected: str, found: str) -> None:
        if not met:
            raise Refused(name, expected, found)
        self.held(name, expected=expected, found=found)


@dataclass(frozen=True, slots=True)
class _Believed:
    """The bytes that signatures cover: of the response if it is signed (or else only its outline), of the assertion."""

    response: etree._Element
    response_signed: bool
    assertion: bytes


def read(
    provider: IdentityProvider,
    service: ServiceProvider,
    demands: Demands,
    encoded: str | bytes,
    *,
    outstanding: Mapping[str, Outstanding],
    now: datetime,
) -> Outcome:
    """Return what a posted `SAMLResponse` proves, with every check that was made; no input makes this raise.

    `encoded` is the form field. `outstanding` holds, by id, the requests that were sent to this very provider and not
    answered; whoever believes the outcome must also remember `assertion.assertion_id` until `not_on_or_after`, and
    refuse one it knows (SAML Profiles §4.1.4.5).
    """
    ledger = _Ledger()
    expected = checks.Expectations(provider, service, demands, outstanding, now)
    try:
        root = envelope.parse(envelope.decode(encoded))
        ledger.held(*_READABLE)
        believed = _believe(root, expected, ledger)
        message = _message(believed)
        statement = assertions.interpret(believed.assertion)
        ledger.held(Check.SCHEMA)
    except Refused as refused:
        return Outcome(None, (*ledger.results, refused.result))
    results, assertion = checks.examine(message, statement, expected)
    return Outcome(assertion, (*ledger.results, *results))


def _believe(root: etree._Element, expected: checks.Expectations, ledger: _Ledger) -> _Believed:
    ledger.require(Check.MESSAGE, root.tag == samlp("Response"), "a SAML 2.0 response", str(root.tag)[:100])
    _require_success(root, ledger)
    carrier = _only_assertion(root, ledger)
    encrypted = carrier.tag == saml("EncryptedAssertion")
    wanted = "an encrypted assertion" if expected.demands.encrypted else "an assertion, encrypted or not"
    ledger.require(Check.ENCRYPTED, encrypted or not expected.demands.encrypted, wanted, _kind(encrypted))
    _require_places(root, {root} if encrypted else {root, carrier}, ledger)
    demanded = expected.demands.signed
    outer = _verified(
        root, Check.RESPONSE_SIGNED, demanded in {Signed.RESPONSE, Signed.BOTH}, expected.provider, ledger
    )
    # Verified before the tree is touched: taking signatures out comes after.
    demands_inner = demanded in {Signed.ASSERTION, Signed.BOTH}
    inner = None if encrypted else _verified(carrier, Check.ASSERTION_SIGNED, demands_inner, expected.provider, ledger)
    covered = outer.canonical() if outer else profile.canonical(root)
    response = envelope.parse_quietly(covered, max_bytes=2 * envelope.MAX_BYTES)
    if encrypted:
        assertion = _decrypted(
            _child(response, "EncryptedAssertion"), carrier, outer is None or demands_inner, expected, ledger
        )
    elif inner is not None:
        assertion = inner.canonical()
    else:
        # Covered by the response's signature alone, so taken from what that signature covers.
        assertion = profile.canonical(_child(response, "Assertion"))
    ledger.held(Check.SIGNED_CONTENT)
    return _Believed(response, outer is not None, assertion)


def _kind(encrypted: bool) -> str:
    return "an encrypted one" if encrypted else "one in plain text"


def _require_success(root: etree._Element, ledger: _Ledger) -> None:
    codes = [node.get("Value") or "" for node in root.iterfind(f"{samlp('Status')}//{samlp('StatusCode')}")]
    said = " / ".join(code.rpartition(":")[2] or code for code in codes)[:200] or "no status"
    message = root.findtext(f"{samlp('Status')}/{samlp('StatusMessage')}")
    found = f"{said}: {message.strip()[:300]}" if message and message.strip() else said
    ledger.require(Check.STATUS, codes[:1] == [SUCCESS], "Success", found)


def _only_assertion(root: etree._Element, ledger: _Ledger) -> etree._Element:
    # Anywhere in the document: a second one under Extensions, Advice or Object is what wrapping attacks hide.
    found = list(root.iter(saml("Assertion"), saml("EncryptedAssertion")))
    inside = len(found) == 1 and found[0].getparent() is root
    nested = sum(1 for _ in root.iter(samlp("Response"))) != 1
    ledger.require(
        Check.ONE_ASSERTION,
        inside and not nested,
        "one assertion, directly in one response",
        _where(len(found), inside=inside, nested=nested),
    )
    return found[0]


def _where(count: int, *, inside: bool, nested: bool) -> str:
    if nested:
        return "a response inside another"
    if count != 1:
        return f"{count}"
    return "one assertion" if inside else "one assertion, further inside"


def _require_places(root: etree._Element, allowed: set[etree._Element], ledger: _Ledger) -> None:
    strays = sum(1 for node in root.iter(ds("Signature")) if node.getparent() not in allowed)
    ledger.require(Check.SIGNATURE_PLACE, not strays, "signatures only in what they sign", f"{strays} elsewhere")


def _verified(
    element: etree._Element, name: Check, demanded: bool, provider: IdentityProvider, ledger: _Ledger
) -> profile.Signature | None:
    """Return the verified signature of an element, None if it may lack one and does; raise Refused."""
    signature = profile.inspect(element)
    found = "a signature" if signature else "none"
    ledger.require(name, signature is not None or not demanded, "a signature" if demanded else "none needed", found)
    if signature is None:
        return None
    ledger.held(Check.SIGNATURE_PROFILE, Check.SIGNATURE_ALGORITHM)
    key = crypto.verify(signature, provider.signing_certificates)
    if key is None:
        known = ", ".join(_fingerprint(one) for one in provider.signing_certificates) or "no certificate configured"
        raise Refused(Check.SIGNATURE_KEY, f"a signature by a key of this connection ({known})", "another signature")
    ledger.held(Check.SIGNATURE_KEY, expected="a key of this connection", found=_fingerprint(key))
    return signature


def _fingerprint(certificate: Certificate) -> str:
    return f"SHA-256 {certificate.fingerprint_sha256[:16]}…"


def _child(response: etree._Element, name: str) -> etree._Element:
    child = response.find(saml(name))
    if child is None:
        raise Refused(Check.SIGNED_CONTENT, f"{name} under the signature", "none")
    return child


def _decrypted(
    sealed: etree._Element, carrier: etree._Element, demanded: bool, expected: checks.Expectations, ledger: _Ledger
) -> bytes:
    """Return the canonical bytes of an encrypted assertion, verified as demanded (signed first, then encrypted).

    Whoever has our certificate can encrypt, so that a signature inside may only be missing where the response has one.
    """
    plain = encryption.decrypt(sealed, expected.service.keys)
    ledger.held(Check.DECRYPTION)
    inner, borrowed = _parsed(plain, carrier)
    found = len(list(inner.iter(saml("Assertion"), saml("EncryptedAssertion"))))
    right = inner.tag == saml("Assertion") and found == 1
    ledger.require(Check.ONE_ASSERTION, right, "one assertion within the encryption", f"{found}")
    _require_places(inner, {inner}, ledger)
    signature = _verified(inner, Check.ASSERTION_SIGNED, demanded or borrowed, expected.provider, ledger)
    return signature.canonical() if signature else profile.canonical(inner)


def _parsed(plain: bytes, carrier: etree._Element) -> tuple[etree._Element, bool]:
    """Return what was decrypted as an element, and whether it borrowed its namespaces from around the encryption.

    Some senders cut the assertion out of the response as text and leave the declarations behind. No signature of the
    response covers those (exclusive C14N), so whatever borrows them needs a signature of its own.
    """
    try:
        return envelope.parse(plain), False
    except Refused as refused:
        if refused.check is not Check.WELL_FORMED or not refused.found.startswith("Namespace prefix"):
            raise
    named = {prefix: uri for prefix, uri in carrier.nsmap.items() if prefix}
    around = etree.tostring(etree.Element("around", nsmap=named)).removesuffix(b"/>")
    root = envelope.parse(around + b">" + plain + b"</around>")
    if len(root) != 1 or root.text or root[0].tail:
        raise Refused(Check.ONE_ASSERTION, "one assertion within the encryption", f"{len(root)}")
    return root[0], True


def _message(believed: _Believed) -> checks.Message:
    response = believed.response
    assertions.without_type_hints(response)
    schema.validate(response)
    issuer = response.findtext(saml("Issuer"))
    try:
        issued = instants.read(response.get("IssueInstant") or "")
    except ValueError as error:
        raise Refused(Check.SCHEMA, "an instant", (response.get("IssueInstant") or "none")[:60]) from error
    return checks.Message(
        signed=believed.response_signed,
        version=response.get("Version") or "",
        issuer=issuer.strip() if issuer is not None else None,
        destination=response.get("Destination"),
        in_response_to=response.get("InResponseTo"),
        issued=issued,
    )
