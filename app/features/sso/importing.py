"""Connections from a file, for `portico connections import`: JSON or TOML, looked at as strictly as what a form sends."""

import json
import tomllib

from app.features.sso.entries import Entry, refused, shaped

#: Larger files are no configuration.
MAXIMUM_FILE_BYTES = 2_000_000
MAXIMUM_CONNECTIONS = 100


def read(name: str, content: bytes) -> tuple[Entry, ...]:
    """Return the connections that a file describes under `connections`. Raises Invalid."""
    if len(content) > MAXIMUM_FILE_BYTES:
        raise refused("the file", f"it is larger than {MAXIMUM_FILE_BYTES:,} bytes")
    try:
        text = content.decode()
        data = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise refused("the file", str(error)) from error
    if not isinstance(data, dict) or set(data) != {"connections"}:
        raise refused("the file", "it holds one list, connections, and nothing else")
    entries: tuple[Entry, ...] = shaped(tuple[Entry, ...], data["connections"], "connections")
    if len(entries) > MAXIMUM_CONNECTIONS or len({one.id for one in entries}) != len(entries):
        raise refused("connections", f"each id stands in it once, and at most {MAXIMUM_CONNECTIONS} of them")
    return entries
