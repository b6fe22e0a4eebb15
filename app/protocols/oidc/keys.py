"""Reads key sets and chooses the one key that may have signed (RFC 7517, RFC 7518 §6, RFC 8037 §2).

A key says by its kind which algorithms it can be used with, and a public RSA key is never an HMAC secret: symmetric keys are not read at
all. A key that cannot be used is left out with the reason; a set without any usable key is refused.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.protocols.oidc.checks import shown
from app.protocols.oidc.errors import MetadataRefused, UnknownKey
from app.protocols.oidc.strict_json import Ambiguous, read_object
from app.protocols.oidc.types import Algorithm, Check

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

MAX_SET_BYTES = 512 * 1024
MAX_KEYS = 100
MIN_RSA_BITS = 2048
#: Verifying takes longer the larger the modulus; this is twice the largest that providers use.
MAX_RSA_BITS = 8192
MAX_KID_LENGTH = 500

_RSA = frozenset(one for one in Algorithm if one.value[0] in "RP")
_CURVES = {
    "P-256": frozenset({Algorithm.ES256}),
    "P-384": frozenset({Algorithm.ES384}),
    "P-521": frozenset({Algorithm.ES512}),
}
_ED25519 = frozenset({Algorithm.EDDSA, Algorithm.ED25519})
_MEMBER = re.compile(r"[A-Za-z0-9_-]{1,2000}", re.ASCII)


class _Unusable(Exception):
    """Why a key is left out."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the algorithms it may verify."""

    kid: str | None
    algorithms: frozenset[Algorithm]
    material: "RSAKey | ECKey | OKPKey" = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of a set, and why the others are not."""

    keys: tuple[VerificationKey, ...]
    left_out: tuple[str, ...] = ()

    def choose(self, algorithm: Algorithm, kid: str | None) -> VerificationKey:
        """Return the key for a token's algorithm and key id (OpenID Connect Core §10.1).

        Raises UnknownKey: a fresh set may hold it. Without a key id there must be exactly one key that fits.
        """
        fitting = [one for one in self.keys if algorithm in one.algorithms]
        if kid is not None:
            fitting = [one for one in fitting if one.kid == kid]
        if len(fitting) == 1:
            return fitting[0]
        named = "no key id" if kid is None else f"the key id {shown(kid)}"
        names = shown(", ".join(one.kid or "(without id)" for one in self.keys))
        raise UnknownKey(
            Check.KEY,
            f"one key of the provider for {algorithm.value}, of {len(self.keys)} known: {names}",
            f"{named}, which fits {len(fitting)}",
        )


def read_key_set(document: bytes) -> KeySet:
    """Return the keys of a key set document. Raises MetadataRefused with a sentence."""
    try:
        members = read_object(document, MAX_SET_BYTES).get("keys")
    except Ambiguous as error:
        raise MetadataRefused(f"The key set cannot be read: it is {error}.", Check.KEY_SET) from None
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise MetadataRefused(f"The key set is not a list of at most {MAX_KEYS} keys.", Check.KEY_SET)
    usable: list[VerificationKey] = []
    left_out: list[str] = []
    for member in members:
        try:
            usable.append(_read_key(member))
        except _Unusable as reason:
            left_out.append(f"{_name(member)}: {reason}")
    if not usable:
        why = shown("; ".join(left_out) or "it is empty")
        raise MetadataRefused(f"The key set holds no key that can be used ({why}).", Check.KEY_SET)
    return KeySet(tuple(usable), tuple(left_out))


def _name(member: Any) -> str:
    return shown(member.get("kid", "a key without id")) if isinstance(member, dict) else "an entry"


def _read_key(member: Any) -> VerificationKey:
    if not isinstance(member, dict):
        raise _Unusable("is not a key")
    kid = member.get("kid")
    if kid is not None and (not isinstance(kid, str) or len(kid) > MAX_KID_LENGTH):
        raise _Unusable("its id is not a text of bounded length")
    if member.get("use", "sig") != "sig":
        raise _Unusable("is not for signatures")
    operations = member.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        raise _Unusable("is not for verifying")
    if "d" in member or "k" in member:
        # Whoever published it can no longer be told from whoever read it.
        raise _Unusable("is published with its secret part")
    algorithms, material = _material(member)
    if "alg" in member:
        algorithms &= frozenset(one for one in Algorithm if one.value == member["alg"])
    if not algorithms:
        raise _Unusable(f"is for {shown(member.get('alg'))}, which is not accepted with it")
    return VerificationKey(kid, algorithms, material)


def _material(member: Mapping[str, Any]) -> "tuple[frozenset[Algorithm], RSAKey | ECKey | OKPKey]":
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kind, curve = member.get("kty"), member.get("crv")
    try:
        if kind == "RSA":
            _check_rsa(member)
            return _RSA, RSAKey.import_key(_picked(member, "n", "e"))
        if kind == "EC" and isinstance(curve, str) and curve in _CURVES:
            return _CURVES[curve], ECKey.import_key(_picked(member, "crv", "x", "y"))
        if kind == "OKP" and curve == "Ed25519":
            return _ED25519, OKPKey.import_key(_picked(member, "crv", "x"))
    except (JoseError, ValueError, TypeError, KeyError):
        raise _Unusable("its numbers are not those of a key") from None
    raise _Unusable(f"is of the kind {shown(kind)} {shown(curve) if curve else ''}".rstrip())


def _picked(member: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return only the members that make up a public key, so that the library sees nothing else of a foreign document."""
    picked: dict[str, Any] = {"kty": member["kty"]}
    for name in names:
        value = member.get(name)
        if not isinstance(value, str) or not _MEMBER.fullmatch(value):
            raise _Unusable(f"its member {name} is missing or not in base64url")
        picked[name] = value
    return picked


def _check_rsa(member: Mapping[str, Any]) -> None:
    numbers = _picked(member, "n", "e")
    modulus, exponent = (_number(numbers[name]) for name in ("n", "e"))
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        raise _Unusable(f"has {modulus.bit_length()} bits instead of {MIN_RSA_BITS} to {MAX_RSA_BITS}")
    # With an exponent of one everybody can sign; a very long one only costs time.
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64:
        raise _Unusable("has an exponent that no key has")


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
