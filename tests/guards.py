"""What no test may do: reach beyond loopback, open a connection while a database transaction is open, or reach a limit by chance.

A refusal ends the test with pytest's own outcome, which is no `Exception`: product code that takes any failed
connection for "Atlassian is down" would otherwise hide it.
"""

import ipaddress
import socket
from typing import Any

import pytest

from app.core import clock, db, ratelimit

_LOOPBACK_NAMES = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost"})


def install(patch: pytest.MonkeyPatch) -> None:
    """Put the guards around the functions of `socket` that every client ends in, and around the one that counts tries."""
    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, _guarded_connect(getattr(socket.socket, name)))
    patch.setattr(socket.socket, "sendto", _guarded_sendto(socket.socket.sendto))
    patch.setattr(socket, "getaddrinfo", _guarded_getaddrinfo(socket.getaddrinfo))
    patch.setattr(ratelimit, "take", _guarded_take(ratelimit.take))


def is_loopback(host: object) -> bool:
    """Tell whether a host name or address stays on this machine."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is None:
        return True
    if not isinstance(name, str):
        return False
    if name in _LOOPBACK_NAMES or name.endswith(".localhost"):
        return True
    return _is_address(name) and ipaddress.ip_address(name.partition("%")[0]).is_loopback


def _is_address(host: object) -> bool:
    """Tell whether a host is written as an address: looking that up asks nobody."""
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


def _check(family: int, address: Any) -> None:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return
    if not is_loopback(address[0]):
        pytest.fail(f"a test reached for {address[0]}:{address[1]}; only loopback is allowed")
    if db.in_transaction():
        pytest.fail(f"a connection to {address[0]}:{address[1]} was opened inside a transaction; ask before it opens")


def _guarded_connect(real: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        _check(self.family, address)
        return real(self, address)

    return connect


def _guarded_sendto(real: Any) -> Any:
    def sendto(self: socket.socket, data: Any, *rest: Any) -> Any:
        _check(self.family, rest[-1])
        return real(self, data, *rest)

    return sendto


def _guarded_getaddrinfo(real: Any) -> Any:
    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        if not is_loopback(host) and not _is_address(host):
            pytest.fail(f"a test looked up {host!r}; only loopback is allowed")
        return real(host, *rest, **named)

    return getaddrinfo


def _guarded_take(real: Any) -> Any:
    def take(*given: Any) -> Any:
        taken = real(*given)
        if not taken.allowed and clock._source is clock._system:
            pytest.fail(
                f"{taken.scope} was reached while the clock runs: its minute may end between two tries; hold the clock"
            )
        return taken

    return take
