"""Takes values out of answers and says so when they are not what was documented.

An answer of the wrong shape is Unreachable, like one that never came: nothing about the object was learnt from it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.integrations.atlassian.errors import Unreachable


def nonsense(what: str) -> Unreachable:
    """Return the error for an answer in which `what` is missing or of the wrong kind."""
    return Unreachable(f"Atlassian's answer makes no sense: {what}.")


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """Return `value` if it is a JSON object."""
    if not isinstance(value, dict):
        raise nonsense(f"{what} is not an object")
    return value


def part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under `key`, or an empty one where it is absent."""
    value = data.get(key)
    return {} if value is None else mapping(value, key)


def items(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the list of objects under `key`; it must be there."""
    value = data.get(key)
    if not isinstance(value, list):
        raise nonsense(f"{key} is not a list")
    return [mapping(one, f"an entry of {key}") for one in value]


def identifier(data: Mapping[str, Any], key: str) -> str:
    """Return an id or key as a string; Atlassian sends some as numbers."""
    value = data.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value or len(value) > 255:
        raise nonsense(f"{key} is not an identifier")
    return value


def text(data: Mapping[str, Any], key: str) -> str:
    """Return the string under `key`; it must be there and may be empty."""
    value = data.get(key)
    if not isinstance(value, str):
        raise nonsense(f"{key} is not a text")
    return value


def optional_text(data: Mapping[str, Any], key: str) -> str | None:
    """Return the string under `key`, or None where it is absent, empty or something else."""
    value = data.get(key)
    return value if isinstance(value, str) and value else None


def count(data: Mapping[str, Any], key: str) -> int:
    """Return the number, zero or more, under `key`; it must be there."""
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise nonsense(f"{key} is not a number")
    return value


def optional_count(data: Mapping[str, Any], key: str) -> int | None:
    """Return the number, zero or more, under `key`, or None where there is none."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def parse_instant(value: Any) -> datetime | None:
    """Return an aware UTC instant for an ISO 8601 text, or None; without an offset it is taken as UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
