"""Decides whether an ID token is believed (OpenID Connect Core §3.1.3.7).

Start at `verify`. The signature comes first, by a key of the provider and an algorithm of ours; only then are claims read, each against
what this connection and this sign-in expect. Claims that fail are all told, not only the first.
"""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any, TypeGuard

from app.protocols.oidc import signed_tokens
from app.protocols.oidc.attributes import elsewhere, flatten
from app.protocols.oidc.checks import Checklist, same, shown
from app.protocols.oidc.keys import KeySet
from app.protocols.oidc.types import Algorithm, Check, Claims, Demands

#: OpenID Connect Core §2: a subject is at most 255 characters.
MAX_SUBJECT_LENGTH = 255
#: The year 9999: later instants cannot be represented.
_LAST_INSTANT = 253_402_300_799

_DEFAULT_DEMANDS = Demands()


def verify(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    audience: str,
    nonce: str,
    now: datetime,
    demands: Demands = _DEFAULT_DEMANDS,
    access_token: str | None = None,
    code: str | None = None,
) -> Claims:
    """Return what `token` says if every check passes; `audience` is our client id and `now` an aware instant.

    With `access_token` and `code` their hashes are compared where the token holds them. Raises Refused with all checks that were made, or
    UnknownKey where a fresh key set may help.
    """
    checks = Checklist()
    verified = signed_tokens.verify(token, keys, demands.algorithms, checks)
    claims, algorithm = verified.claims, verified.algorithm
    found = claims.get("iss")
    checks.note(Check.ISSUER, found == issuer, shown(issuer), shown(found))
    _check_subject(checks, claims.get("sub"))
    audiences = _check_audience(checks, claims, audience, demands)
    _check_times(checks, claims, now, demands)
    right = same(claims.get("nonce"), nonce)
    said = "that value" if right else ("another value" if claims.get("nonce") else "nothing")
    checks.note(Check.NONCE, right, "the value that was sent with the request", said)
    _check_hash(checks, Check.AT_HASH, claims.get("at_hash"), access_token, algorithm)
    _check_hash(checks, Check.C_HASH, claims.get("c_hash"), code, algorithm)
    _check_auth_time(checks, claims.get("auth_time"), now, demands)
    acr = _check_context(checks, claims.get("acr"), demands)
    amr = _check_methods(checks, claims.get("amr"))
    passed = checks.finish()
    session = claims.get("sid")
    return Claims(
        issuer=issuer,
        subject=str(claims["sub"]),
        audience=audiences,
        issued_at=_instant(claims["iat"]),
        expires_at=_instant(claims["exp"]),
        auth_time=None if claims.get("auth_time") is None else _instant(claims["auth_time"]),
        acr=acr,
        amr=amr,
        session_id=session if isinstance(session, str) else None,
        attributes=flatten(claims),
        elsewhere=elsewhere(claims),
        checks=passed,
    )


def _check_subject(checks: Checklist, subject: Any) -> None:
    passed = is_subject(subject)
    expected = f"a text of 1 to {MAX_SUBJECT_LENGTH} printable characters"
    checks.note(Check.SUBJECT, passed, expected, shown(subject))


def is_subject(value: Any) -> bool:
    """Say whether `value` can name a person: white space at an end, or a line break, would make two names look like one."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_SUBJECT_LENGTH
        and value.isprintable()
        and value == value.strip()
    )


def _check_audience(checks: Checklist, claims: dict[str, Any], audience: str, demands: Demands) -> tuple[str, ...]:
    said = claims.get("aud")
    listed = [said] if isinstance(said, str) else said
    audiences = tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    readable = isinstance(listed, list) and len(audiences) == len(listed)
    others = set(audiences) - {audience} - demands.other_audiences
    # A token made for others as well could be brought here by them.
    expected = f"{shown(audience)}, and nobody else who is not trusted"
    checks.note(Check.AUDIENCE, readable and audience in audiences and not others, expected, shown(said))
    party = claims.get("azp")
    wanted = party is not None or len(audiences) > 1
    checks.note(
        Check.AUTHORIZED_PARTY,
        party == audience if wanted else True,
        shown(audience) if wanted else f"nothing, or {shown(audience)}",
        shown(party),
    )
    return audiences


def _check_times(checks: Checklist, claims: dict[str, Any], now: datetime, demands: Demands) -> None:
    at, tolerance = now.timestamp(), demands.clock_tolerance.total_seconds()
    clock = f"{_shown_instant(at)} by our clock, give or take {tolerance:.0f} s"
    issued, start, end = (claims.get(name) for name in ("iat", "nbf", "exp"))
    checks.note(
        Check.ISSUED_AT, _is_instant(issued) and issued <= at + tolerance, f"not after {clock}", _shown_instant(issued)
    )
    if start is not None:
        checks.note(
            Check.NOT_BEFORE,
            _is_instant(start) and start <= at + tolerance,
            f"not after {clock}",
            _shown_instant(start),
        )
    checks.note(Check.EXPIRES, _is_instant(end) and at < end + tolerance, f"after {clock}", _shown_instant(end))


def _check_auth_time(checks: Checklist, said: Any, now: datetime, demands: Demands) -> None:
    if said is None and demands.max_age is None:
        return
    at, tolerance = now.timestamp(), demands.clock_tolerance.total_seconds()
    passed = _is_instant(said) and said <= at + tolerance
    expected = f"not after {_shown_instant(at)}"
    if demands.max_age is not None:
        earliest = at - demands.max_age.total_seconds() - tolerance
        passed = passed and said >= earliest
        expected += f" and not before {_shown_instant(earliest)}"
    checks.note(Check.AUTH_TIME, passed, expected, _shown_instant(said))


def _check_context(checks: Checklist, said: Any, demands: Demands) -> str | None:
    # Some providers send a number, which Core §2 allowed once ("0").
    acr = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
    if demands.acr_values:
        expected = "one of " + shown(", ".join(demands.acr_values))
        checks.note(Check.AUTHENTICATION_CONTEXT, acr in demands.acr_values, expected, shown(acr))
    elif acr is not None:
        checks.note(Check.AUTHENTICATION_CONTEXT, isinstance(acr, str), "a text", shown(acr))
    return acr if isinstance(acr, str) else None


def _check_methods(checks: Checklist, said: Any) -> tuple[str, ...]:
    if said is None:
        return ()
    listed = [said] if isinstance(said, str) else said
    methods = tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    readable = isinstance(listed, list) and len(methods) == len(listed)
    checks.note(Check.AUTHENTICATION_METHODS, readable, "a list of texts", shown(said))
    return methods


def _check_hash(checks: Checklist, check: Check, said: Any, value: str | None, algorithm: Algorithm) -> None:
    # OpenID Connect Core §3.1.3.6: optional in the code flow, but right where it stands.
    if said is None or value is None:
        return
    digest = _HASHES[algorithm.value[-3:]](value.encode()).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
    checks.note(check, same(said, expected), "the hash of what came with the token", shown(said))


#: By the end of the algorithm's name; Ed25519 hashes with SHA-512 (RFC 8032 §5.1).
_HASHES = {
    "256": hashlib.sha256,
    "384": hashlib.sha384,
    "512": hashlib.sha512,
    "DSA": hashlib.sha512,
    "519": hashlib.sha512,
}


def _is_instant(value: Any) -> TypeGuard[float]:
    # A boolean is a number in Python, and NaN compares as false with everything.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_INSTANT


def _instant(value: float) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def _shown_instant(value: Any) -> str:
    return _instant(value).isoformat(timespec="seconds") if _is_instant(value) else shown(value)
