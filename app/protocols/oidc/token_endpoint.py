"""Exchanges a code for tokens: the request that is sent, and what its answer says (RFC 6749 §4.1.3 and §5)."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

from app.protocols.oidc import client_assertion
from app.protocols.oidc.checks import Checklist, shown
from app.protocols.oidc.errors import RequestRefused
from app.protocols.oidc.strict_json import Ambiguous, read_object
from app.protocols.oidc.types import (
    AssertionAudience,
    Check,
    Client,
    ClientMethod,
    Endpoints,
    TokenRequest,
    Tokens,
)

MAX_ANSWER_BYTES = 256 * 1024
MAX_ACCESS_TOKEN_LENGTH = 64 * 1024

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def make_request(
    endpoints: Endpoints,
    client: Client,
    *,
    code: str,
    redirect_uri: str,
    verifier: str,
    issuer: str | None,
    now: datetime,
    randomness: Callable[[int], bytes],
) -> TokenRequest:
    """Return the POST that exchanges `code`; `redirect_uri` as it was in the authorization request. Raises RequestRefused."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    # Some servers, GitHub's for one, answer with a form unless JSON is asked for.
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if client.method is ClientMethod.BASIC:
        headers["Authorization"] = _basic(client.client_id, client.secret or "")
    elif client.method is ClientMethod.POST:
        form |= {"client_id": client.client_id, "client_secret": client.secret or ""}
    else:
        form |= _asserted(client, endpoints, issuer, now, randomness)
    return TokenRequest(endpoints.token, headers, urlencode(form).encode("ascii"))


def _basic(client_id: str, secret: str) -> str:
    # RFC 6749 §2.3.1: both are form-encoded first, or a colon in the id would move the border between them.
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")


def _asserted(
    client: Client, endpoints: Endpoints, issuer: str | None, now: datetime, randomness: Callable[[int], bytes]
) -> dict[str, str]:
    audience = issuer if client.assertion_audience is AssertionAudience.ISSUER else endpoints.token
    if client.key is None or audience is None:
        raise RequestRefused(Check.KEY, "a private key and an audience", "nothing")
    unique = randomness(16).hex()
    signed = client_assertion.sign(client.client_id, client.key, audience=audience, now=now, unique=unique)
    return {"client_id": client.client_id, "client_assertion_type": _ASSERTION_TYPE, "client_assertion": signed}


def read_answer(body: bytes, *, status: int, openid: bool = True) -> Tokens:
    """Return the tokens in an answer of the token endpoint (RFC 6749 §5.1; OpenID Connect Core §3.1.3.3). Raises Refused."""
    checks = Checklist()
    answer: dict[str, Any] = {}
    found = "that"
    try:
        answer = read_object(body, MAX_ANSWER_BYTES)
    except Ambiguous as error:
        found = f"{error} (status {status})"
    checks.demand(Check.EXCHANGE, found == "that", "a JSON object", found)
    # GitHub says what went wrong with status 200, so the status alone decides nothing.
    refusal = answer.get("error")
    told = f"{shown(refusal)}: {shown(answer.get('error_description', 'no description'))} (status {status})"
    fine = refusal is None and status == 200
    checks.demand(Check.EXCHANGE_ERROR, fine, "status 200 and no error", "that" if fine else told)
    kind = answer.get("token_type")
    bearer = isinstance(kind, str) and kind.lower() == "bearer"
    checks.demand(Check.BEARER, bearer, "a token of type Bearer", shown(kind))
    access_token = _token(checks, answer, "access_token")
    id_token = _token(checks, answer, "id_token") if openid else None
    return Tokens(access_token, id_token, _seconds(answer.get("expires_in")), _scopes(answer.get("scope")))


def _token(checks: Checklist, answer: dict[str, Any], member: str) -> str:
    value = answer.get(member)
    usable = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    # Never the value itself: it is a secret, and a wrong one may be somebody else's.
    found = f"{len(value)} characters" if isinstance(value, str) else "nothing"
    usable = usable and 0 < len(str(value)) <= MAX_ACCESS_TOKEN_LENGTH
    expected = f"{member} of at most {MAX_ACCESS_TOKEN_LENGTH:,} characters"
    checks.demand(Check.EXCHANGE, usable, expected, found)
    return str(value)


def _seconds(value: Any) -> int | None:
    # Some servers write the number as a text.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 10**12 else None


def _scopes(value: Any) -> tuple[str, ...] | None:
    return tuple(value.split()) if isinstance(value, str) else None
