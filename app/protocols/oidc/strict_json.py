"""JSON in which nothing is ambiguous.

Python's reader takes the last of two members with one name; others take the first, and what two readers disagree about is how checks are
passed by one value and used with another. So such documents are refused, as are NaN, lone surrogates, NUL and depths that no
provider needs.
"""

import json
from typing import Any

MAX_DEPTH = 20
MAX_VALUES = 50_000


class Ambiguous(ValueError):
    """The bytes are not one clear JSON object; the message completes "found …"."""


def read_object(body: bytes, limit: int) -> dict[str, Any]:
    """Return the JSON object in `body`, at most `limit` bytes, with or without a byte order mark. Raises Ambiguous."""
    if len(body) > limit:
        raise Ambiguous(f"more than {limit:,} bytes")
    try:
        found = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once_each, parse_constant=_refuse_constant)
    except Ambiguous:
        raise
    except (ValueError, RecursionError):
        raise Ambiguous("something that is not JSON") from None
    if not isinstance(found, dict):
        raise Ambiguous("JSON that is not an object")
    _look_through(found)
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Ambiguous("JSON with the same member twice")
    return members


def _refuse_constant(_name: str) -> Any:
    # NaN and Infinity are not JSON (RFC 8259 §6), though Python reads them.
    raise Ambiguous("JSON with a number that is none")


def _look_through(document: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(document, 1)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_VALUES:
            raise Ambiguous("JSON that is nested too deeply or has too many values")
        if isinstance(value, str):
            _look_at(value)
        elif isinstance(value, dict):
            for name in value:
                _look_at(name)
            waiting.extend((one, depth + 1) for one in value.values())
        elif isinstance(value, list):
            waiting.extend((one, depth + 1) for one in value)


def _look_at(text: str) -> None:
    # Neither can be stored or compared the same way everywhere.
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise Ambiguous("JSON with a character that is none")
