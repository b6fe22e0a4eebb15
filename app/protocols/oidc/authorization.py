"""Sends a visitor to the provider with a code challenge, and reads what comes back at the callback.

`state` ties the answer to the browser that began, `nonce` ties the ID token to it, and the verifier (RFC 7636, S256 always) makes a stolen
code worthless. The answer's issuer (RFC 9207) is compared before anything else in the answer is believed, the provider's error included.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.protocols.oidc.checks import Checklist, same, shown
from app.protocols.oidc.errors import RequestRefused
from app.protocols.oidc.types import Attempt, Check, Endpoints, Wishes

MAX_CODE_LENGTH = 4000
MAX_PARAMETER_LENGTH = 8000
MAX_URL_LENGTH = 8000
#: 256 bits each.
_ENTROPY = 32

_SINGLE = ("state", "iss", "code", "error", "error_description")
_OURS = frozenset(
    {
        "response_type",
        "response_mode",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "acr_values",
        "login_hint",
        "request",
        "request_uri",
    }
)


def new_attempt(randomness: Callable[[int], bytes]) -> Attempt:
    """Return fresh values for one sign-in; `randomness` is such as `secrets.token_bytes`."""
    state, nonce, verifier = (_base64url(randomness(_ENTROPY)) for _ in range(3))
    return Attempt(state, nonce, verifier)


def challenge(verifier: str) -> str:
    """Return the S256 code challenge of `verifier` (RFC 7636 §4.2)."""
    return _base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def make_request(
    endpoints: Endpoints,
    *,
    client_id: str,
    redirect_uri: str,
    attempt: Attempt,
    wishes: Wishes,
    openid: bool = True,
) -> str:
    """Return the address to send the visitor to (OpenID Connect Core §3.1.2.1; RFC 6749 §4.1.1 where not `openid`).

    Raises RequestRefused where the endpoint's own query, or a vendor's parameter, would stand in for one of ours.
    """
    scopes = tuple(dict.fromkeys((*(("openid",) if openid else ()), *wishes.scopes)))
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes) or None,
        "state": attempt.state,
        "nonce": attempt.nonce if openid else None,
        "code_challenge": challenge(attempt.verifier),
        "code_challenge_method": "S256",
        "prompt": wishes.prompt,
        "max_age": None if wishes.max_age is None else str(int(wishes.max_age.total_seconds())),
        "acr_values": " ".join(wishes.acr_values) or None,
        "login_hint": wishes.login_hint,
    }
    parts = urlsplit(endpoints.authorization)
    own = parse_qsl(parts.query, keep_blank_values=True)
    for name in (*(name for name, _ in own), *wishes.extra):
        if name in _OURS:
            raise RequestRefused(Check.ADDRESS, "an address and parameters beside our own", f"the parameter {name}")
    query = [*own, *wishes.extra.items(), *((name, value) for name, value in asked.items() if value is not None)]
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    if len(url) > MAX_URL_LENGTH:
        raise RequestRefused(Check.ADDRESS, f"at most {MAX_URL_LENGTH} characters", f"{len(url)} characters")
    return url


def read_answer(
    parameters: Mapping[str, Sequence[str]], *, state: str, issuer: str | None, names_issuer: bool = False
) -> str:
    """Return the code that came to the callback. Raises Refused.

    `issuer` is None for plain OAuth 2.0; `names_issuer` says that the provider promised to name itself, so that a missing `iss` is refused.
    """
    checks = Checklist()
    values = {name: parameters[name][0] for name in _SINGLE if parameters.get(name)}
    repeated = [name for name in _SINGLE if len(parameters.get(name, ())) > 1]
    long = [name for name, value in values.items() if len(value) > MAX_PARAMETER_LENGTH]
    checks.demand(
        Check.PARAMETERS,
        not repeated and not long,
        "each parameter once and of bounded length",
        " and ".join(repeated + long) or "that",
    )
    right = same(values.get("state"), state)
    found = "that value" if right else ("another value" if "state" in values else "nothing")
    checks.demand(Check.STATE, right, "the value that was sent with the request", found)
    _check_issuer(checks, values.get("iss"), issuer, names_issuer)
    error = values.get("error")
    told = f"{shown(error)}: {shown(values.get('error_description', 'no description'))}"
    checks.demand(Check.PROVIDER_ERROR, error is None, "no error", "no error" if error is None else told)
    code = values.get("code", "")
    readable = 0 < len(code) <= MAX_CODE_LENGTH and code.isascii() and code.isprintable()
    checks.demand(Check.CODE, readable, f"a code of at most {MAX_CODE_LENGTH} characters", f"{len(code)} characters")
    return code


def _check_issuer(checks: Checklist, found: str | None, issuer: str | None, names_issuer: bool) -> None:
    # RFC 9207 §2.4. A provider that does not promise the parameter may still send it, and then it must be right: mix-up attacks
    # come with the answer of another provider.
    if issuer is None or (found is None and not names_issuer):
        return
    checks.demand(Check.ANSWER_ISSUER, found == issuer, shown(issuer), shown(found))


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
