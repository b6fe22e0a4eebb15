"""Claims as texts by name, whatever shape they came in, so that mappings and groups read them all alike."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.protocols.oidc.types import Attributes

#: Beyond these a claim is left out: nobody is in so many groups, and no name is so long.
MAX_VALUES_PER_CLAIM = 10_000
MAX_VALUE_LENGTH = 10_000

#: Each of these says whether the one before it is verified, and is worth nothing beside another source's.
_VOUCHED = (("email", "email_verified"), ("phone_number", "phone_number_verified"))


def flatten(claims: Mapping[str, Any]) -> Attributes:
    """Return each claim's values as texts; members of objects by their path with dots, also within lists.

    A claim whose own name holds dots keeps it. Booleans become `true` and `false`; what is null, or an empty text, has no value.
    """
    found: dict[str, list[str]] = {}
    for name, value in claims.items():
        _gather(value, name, found)
    for name, value in claims.items():
        if "." in name:
            # A path that reads the same as a claim's own name must not add to it.
            own: dict[str, list[str]] = {}
            _gather(value, name, own)
            found.update(own)
    return MappingProxyType({name: tuple(values) for name, values in found.items() if values})


def _gather(value: Any, path: str, found: dict[str, list[str]]) -> None:
    if isinstance(value, Mapping):
        for name, member in value.items():
            _gather(member, f"{path}.{name}", found)
    elif isinstance(value, list):
        for member in value:
            _gather(member, path, found)
    else:
        text = _text(value)
        values = found.setdefault(path, [])
        if text and len(text) <= MAX_VALUE_LENGTH and len(values) < MAX_VALUES_PER_CLAIM:
            values.append(text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def elsewhere(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of claims that the provider keeps at another address (OpenID Connect Core §5.6.2).

    Entra ID does so with groups when somebody is in more than fit; nothing is fetched from such addresses.
    """
    names = claims.get("_claim_names")
    found = sorted(name for name in names if isinstance(name, str)) if isinstance(names, Mapping) else []
    if claims.get("hasgroups") in (True, "true") and "groups" not in found:
        found.append("groups")
    return tuple(found)


def merge(first: Attributes, second: Attributes) -> Attributes:
    """Return both, the first's values where both have a claim.

    Whether an address is verified is only ever taken from the source that gave the address.
    """
    merged = {**second, **first}
    for name, vouched in _VOUCHED:
        source = first if name in first else second
        if vouched in source:
            merged[vouched] = source[vouched]
        else:
            merged.pop(vouched, None)
    return MappingProxyType(merged)
