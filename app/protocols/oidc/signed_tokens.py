"""Signed tokens in compact form (RFC 7515 §7.1, RFC 7519): from characters to claims that were verified, and no further.

What a token says about its own verification is limited to naming an algorithm of ours and a key of the provider's set. A header that
brings a key, or an address of one, is refused even though nothing here would follow it.
"""

import base64
import re
from dataclasses import dataclass
from typing import Any, Protocol

from app.protocols.oidc.checks import Checklist, shown
from app.protocols.oidc.errors import UnknownKey
from app.protocols.oidc.keys import MAX_KID_LENGTH, KeySet, VerificationKey
from app.protocols.oidc.strict_json import Ambiguous, read_object
from app.protocols.oidc.types import Algorithm, Check

MAX_TOKEN_LENGTH = 64 * 1024
MAX_HEADER_BYTES = 16 * 1024

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_FORBIDDEN_HEADERS = ("jku", "x5u", "jwk", "crit", "b64", "zip", "enc")


@dataclass(frozen=True, slots=True)
class Verified:
    """The claims of a token whose signature is right, and what made it so."""

    claims: dict[str, Any]
    algorithm: Algorithm


class SignatureModel(Protocol):
    """What the library offers for one algorithm."""

    def check_key(self, key: Any) -> None:
        """Raise JoseError for a key of another kind."""

    def sign(self, msg: bytes, key: Any) -> bytes:
        """Return the signature."""

    def verify(self, msg: bytes, sig: bytes, key: Any) -> bool:
        """Say whether the signature is right."""


def verify(token: str, keys: KeySet, algorithms: frozenset[Algorithm], checks: Checklist) -> Verified:
    """Return the claims of `token` if one of `keys` signed it by one of `algorithms`. Raises Refused, or UnknownKey."""
    length = len(token)
    checks.demand(
        Check.SIZE,
        0 < length <= MAX_TOKEN_LENGTH,
        f"at most {MAX_TOKEN_LENGTH:,} characters",
        f"{length:,} characters",
    )
    header_bytes, payload, signature = _segments(token, checks)
    header = _object(header_bytes, MAX_HEADER_BYTES, Check.HEADER, checks)
    algorithm, kid = _read_header(header, algorithms, checks)
    key = _choose(keys, algorithm, kid, checks)
    signed = _is_signed(token.rpartition(".")[0].encode("ascii"), signature, key, algorithm)
    found = "that signature" if signed else "a signature that does not fit"
    checks.demand(Check.SIGNATURE, signed, "the signature of that key over these characters", found)
    return Verified(_object(payload, MAX_TOKEN_LENGTH, Check.CLAIMS, checks), algorithm)


def _segments(token: str, checks: Checklist) -> tuple[bytes, bytes, bytes]:
    segments = token.split(".")
    found = f"{len(segments)} parts" + (", an encrypted token" if len(segments) == 5 else "")
    # An empty third part, as `none` has it, is no part here.
    clean = len(segments) == 3 and all(_SEGMENT.fullmatch(one) for one in segments)
    decoded = [part for one in segments if clean and (part := _decoded(one)) is not None]
    checks.demand(Check.SHAPE, len(decoded) == 3, "three parts in base64url", found)
    return decoded[0], decoded[1], decoded[2]


def _decoded(segment: str) -> bytes | None:
    try:
        value = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        return None
    # The last character can be written in several ways that decode alike; only one of them is the token that was made.
    return value if base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii") == segment else None


def _object(body: bytes, limit: int, check: Check, checks: Checklist) -> dict[str, Any]:
    found = "that"
    members: dict[str, Any] = {}
    try:
        members = read_object(body, limit)
    except Ambiguous as error:
        found = str(error)
    checks.demand(check, found == "that", "a JSON object with each member once", found)
    return members


def _read_header(
    header: dict[str, Any], algorithms: frozenset[Algorithm], checks: Checklist
) -> tuple[Algorithm, str | None]:
    forbidden = [name for name in _FORBIDDEN_HEADERS if name in header]
    checks.demand(
        Check.HEADER,
        not forbidden,
        "a header that brings no key, address or extension",
        " and ".join(forbidden) or "that",
    )
    kind = header.get("typ")
    # Other kinds of token (of access, of logout) are signed by the same keys and must not pass for this one.
    is_jwt = kind is None or (isinstance(kind, str) and kind.upper() == "JWT")
    checks.demand(Check.HEADER, is_jwt, "the type JWT or none given", shown(kind))
    kid = header.get("kid")
    named = kid is None or (isinstance(kid, str) and len(kid) <= MAX_KID_LENGTH)
    checks.demand(Check.HEADER, named, "a key id that is a text", shown(kid))
    allowed = {one.value: one for one in Algorithm if one in algorithms}
    name = header.get("alg")
    algorithm = allowed.get(name) if isinstance(name, str) else None
    expected = "one of " + ", ".join(sorted(allowed))
    checks.demand(Check.ALGORITHM, algorithm is not None, expected, shown(name))
    assert algorithm is not None
    return algorithm, kid


def _choose(keys: KeySet, algorithm: Algorithm, kid: str | None, checks: Checklist) -> VerificationKey:
    try:
        key = keys.choose(algorithm, kid)
    except UnknownKey as error:
        checks.note(Check.KEY, passed=False, expected=error.expected, found=error.found)
        raise UnknownKey(Check.KEY, error.expected, error.found, checks.results) from None
    checks.note(Check.KEY, passed=True, expected="a key of the provider", found=shown(key.kid or "its only key"))
    return key


def _is_signed(signing_input: bytes, signature: bytes, key: VerificationKey, algorithm: Algorithm) -> bool:
    from joserfc.errors import JoseError

    model = signature_model(algorithm)
    try:
        model.check_key(key.material)
        return bool(model.verify(signing_input, signature, key.material))
    except (JoseError, ValueError, TypeError):
        return False


def signature_model(algorithm: Algorithm) -> SignatureModel:
    """Return the library's signer and verifier for `algorithm`; its reader of whole tokens is not used, since ours is stricter."""
    from joserfc.jws import JWSRegistry

    # RFC 9864 renamed EdDSA; under its old name the library would take Ed448 as well.
    name = Algorithm.ED25519 if algorithm is Algorithm.EDDSA else algorithm
    return JWSRegistry.algorithms[name.value]
