"""Networks that a link opens from: reading what was entered, keeping it, and looking an address up in it. Pure.

An IPv4 address that arrives inside IPv6 (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2) is the IPv4 address.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text

SCHEMA = 1
MAXIMUM = 50
_LONGEST = 64

Network = IPv4Network | IPv6Network


def read(entered: Iterable[str]) -> tuple[Network, ...]:
    """Return networks without doubles, in the order entered; raise Invalid for `networks` with the entry."""
    found: dict[Network, None] = {}
    for one in entered:
        found[_network(one)] = None
        if len(found) > MAXIMUM:
            raise Invalid("networks", Text("Enter at most %(count)s networks.", count=MAXIMUM))
    return tuple(found)


def dump(found: Sequence[Network]) -> dict[str, Any] | None:
    """Return networks as stored; None where there are none, which means everywhere."""
    return {"schema": SCHEMA, "networks": [str(one) for one in found]} if found else None


def load(stored: dict[str, Any] | None) -> tuple[Network, ...] | None:
    """Return stored networks; None for everywhere. What a later version wrote opens from nowhere."""
    if stored is None:
        return None
    return _parsed(tuple(stored.get("networks", ()))) if stored.get("schema") == SCHEMA else ()


def contain(found: Sequence[Network], address: str | None) -> bool:
    """Tell whether an address is in one of the networks; what is no address is in none."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in found)


def covered(inner: Sequence[Network] | None, outer: Sequence[Network] | None) -> bool:
    """Tell whether whoever comes from `inner` also comes from `outer`; None is everywhere."""
    if outer is None:
        return True
    if inner is None:
        return False
    return all(any(_within(one, other) for other in outer) for one in inner)


def _within(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.subnet_of(other)
    return isinstance(other, IPv6Network) and one.subnet_of(other)


def _network(entered: str) -> Network:
    text = entered.strip()
    try:
        # A zone (RFC 4007 section 11) names a cable of one machine; whoever comes from outside has none.
        if len(text) > _LONGEST or "%" in text:
            raise ValueError(text)
        # 192.0.2.17/24 has bits of a host: what was meant cannot be known.
        network = ip_network(text)
    except ValueError as error:
        raise Invalid(
            "networks",
            Text(
                "%(entry)s is not a network. Enter them such as 192.0.2.0/24 or 2001:db8::/32.", entry=text[:_LONGEST]
            ),
        ) from error
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise Invalid("networks", Text("Enter %(entry)s as an IPv4 network.", entry=text))
    return network


@lru_cache(maxsize=256)
def _parsed(stored: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(one) for one in stored)
