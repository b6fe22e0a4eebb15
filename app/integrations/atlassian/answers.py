"""Complete answers: what they say when read as JSON, and which error they are when they are none."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.integrations.atlassian import rate_limits
from app.integrations.atlassian.auth import Auth
from app.integrations.atlassian.error_bodies import messages, tidy
from app.integrations.atlassian.errors import (
    AtlassianError,
    Forbidden,
    Gone,
    NotAuthorised,
    NotFound,
    RateLimited,
    Refused,
    Unreachable,
)

_NEXT_LINK = re.compile(r"<([^<>\s]{1,8000})>\s*;[^,]*\brel\s*=\s*\"?next\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """Status, headers (to be asked in any case) and the whole body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def parse(answer: Answer) -> Any:
    """Return the JSON of a good answer, None for 204. Raises Unreachable for anything that is not JSON."""
    if not answer.body and answer.status == 204:
        return None
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # A maintenance page or a sign-in form comes as HTML with status 200.
    if kind != "application/json" and not kind.endswith("+json"):
        raise Unreachable(f"Atlassian answered with {tidy(kind) or 'nothing'} instead of JSON.")
    try:
        return json.loads(answer.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        pass
    raise Unreachable("Atlassian answered with something that is not JSON.")


def next_link(answer: Answer) -> str | None:
    """Return the target of the Link header with rel=next (RFC 8288), if there is one."""
    link = _NEXT_LINK.search(answer.headers.get("Link", "")[:16_000])
    return link.group(1) if link else None


def failure(answer: Answer, auth: Auth, now: datetime) -> AtlassianError:
    """Return the error for an answer that is not 2xx; what it quotes from the body is cleaned of addresses and credentials."""
    said = tuple(tidy(auth.redact(one)) for one in messages(answer.body))
    told = f" Atlassian says: {' '.join(said)}" if said else ""
    status = answer.status
    if status == 401:
        return NotAuthorised("Atlassian did not accept the credential." + told, status)
    if status == 403:
        return Forbidden("The credential may not do this." + told, status)
    if status == 404:
        return NotFound("Atlassian has no such object, or the credential may not see it." + told, status)
    if status == 410:
        return Gone("Atlassian has removed this." + told, status)
    if status == 429:
        return RateLimited(
            "Atlassian asks to slow down." + told, status, retry_after=rate_limits.pause(answer.headers, now)
        )
    if status in (408, 425) or not 400 <= status < 500:
        return Unreachable(f"Atlassian answered with status {status}." + told, status)
    return Refused(said or (f"Atlassian refused the request with status {status}.",), status)


def _refuse_constant(name: str) -> Any:
    # NaN and Infinity are not JSON (RFC 8259 §6), though Python reads them.
    raise ValueError(name)
