"""Reads what Atlassian says about its limits in headers: Retry-After, X-RateLimit-* and RateLimit-Reason."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.integrations.atlassian.shapes import parse_instant
from app.integrations.atlassian.types import RateLimitState

#: A pause longer than a day is not believed; the caller then has its own rule.
_MAX_PAUSE = 86_400.0


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait (RFC 9110 §10.2.3: a number or a date), or None where nothing usable was said."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _MAX_PAUSE)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return _seconds_until(when if when.tzinfo else when.replace(tzinfo=UTC), now)


def state(headers: Mapping[str, str], now: datetime) -> RateLimitState | None:
    """Return what the headers of an answer say, or None when they say nothing."""
    found = RateLimitState(
        limit=_number(headers.get("X-RateLimit-Limit")),
        remaining=_number(headers.get("X-RateLimit-Remaining")),
        reset_at=parse_instant(headers.get("X-RateLimit-Reset")),
        near_limit=headers.get("X-RateLimit-NearLimit", "").lower() == "true",
        reason=_word(headers.get("RateLimit-Reason")),
        retry_after=retry_after(headers, now),
        observed_at=now,
    )
    said = (found.limit, found.remaining, found.reset_at, found.reason, found.retry_after)
    return found if found.near_limit or any(one is not None for one in said) else None


def pause(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds until asking again makes sense: Retry-After, else X-RateLimit-Reset (the gateway sends only that)."""
    said = retry_after(headers, now)
    if said is None and (reset := parse_instant(headers.get("X-RateLimit-Reset"))) is not None:
        said = _seconds_until(reset, now)
    return said


def _seconds_until(when: datetime, now: datetime) -> float:
    return min(max((when - now).total_seconds(), 0.0), _MAX_PAUSE)


def _number(value: str | None) -> int | None:
    return int(value[:12]) if value and value.isascii() and value.isdigit() else None


def _word(value: str | None) -> str | None:
    return value[:80] if value and value.isascii() and value.isprintable() else None
