"""Connections that go only where the policy allows and never outlive their deadline.

Two things that HTTP libraries leave open are closed here. The address that was checked is the one connected to: names are resolved once,
by us, and the socket gets the number while TLS keeps verifying the name. And a deadline is held against every single read and
write, because a read time-out alone starts again with each byte a dripping peer sends.
"""

import functools
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from app.integrations.http.errors import HostRefused, Unreachable
from app.integrations.http.hosts import PublicHosts

Resolver = Callable[[str], Sequence[str]]

MAX_ADDRESSES_TRIED = 4


class Deadline:
    """The instant by which the present wait must be over, and how long the peer may be silent within it."""

    def __init__(self, seconds: float, silence: float) -> None:
        self._silence = silence
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left; zero or less when it is over."""
        return self._end - time.monotonic()

    def restart(self, seconds: float) -> None:
        """Begin a new wait of `seconds`, as for the next piece of a body whose reader was slow itself."""
        self._end = time.monotonic() + seconds

    def next_wait(self) -> float:
        """Return how long the next socket operation may take, or raise TimeoutError."""
        left = self.remaining()
        if left <= 0:
            raise TimeoutError("deadline")
        return min(left, self._silence)


#: The deadline of the request that this thread is sending; connections take it up when they begin.
current: ContextVar[Deadline | None] = ContextVar("outside_deadline", default=None)


class DeadlineSocket(socket.socket):
    """A socket that looks at its deadline before every operation."""

    deadline: Deadline | None = None

    def _arm(self) -> None:
        if self.deadline is not None:
            self.settimeout(self.deadline.next_wait())

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Read as socket.recv_into does, within the deadline."""
        self._arm()
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """Write as socket.sendall does, within the deadline."""
        self._arm()
        super().sendall(*args, **kwargs)


class DeadlineTlsSocket(ssl.SSLSocket):
    """The same under TLS; the handshake is bounded by the time-out the plain socket had."""

    deadline: Deadline | None = None

    def _arm(self) -> None:
        if self.deadline is not None:
            self.settimeout(self.deadline.next_wait())

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Read as SSLSocket.recv_into does, within the deadline."""
        self._arm()
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """Write as SSLSocket.send does, within the deadline."""
        self._arm()
        return super().send(*args, **kwargs)


@functools.cache
def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return a verifying client context (TLS 1.2 or later) with the system's authorities and those in `ca_file`."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineTlsSocket
    return context


def system_addresses(host: str) -> Sequence[str]:
    """Return the IP addresses the system's resolver gives for `host`."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialler:
    """Opens checked connections for one transport."""

    def __init__(self, policy: PublicHosts, resolver: Resolver, connect_timeout: float) -> None:
        self._policy = policy
        self._resolver = resolver
        self._connect_timeout = connect_timeout

    def dial(self, connection: HTTPConnection, host: str, port: int) -> DeadlineSocket:
        """Connect to `host` by an address the policy admits. One inadmissible address among several refuses the name."""
        deadline = current.get()
        end = time.monotonic() + min(self._connect_timeout, deadline.remaining() if deadline else self._connect_timeout)
        addresses = self._addresses(host, end - time.monotonic())
        if not addresses or not all(self._policy.admits(one) for one in addresses):
            raise HostRefused(f"{host} does not resolve to an address that may be connected to.")
        last: OSError = TimeoutError()
        for address in addresses[:MAX_ADDRESSES_TRIED]:
            left = end - time.monotonic()
            if left <= 0:
                break
            try:
                return _open(address, port, left, deadline)
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(connection, "no connection in time")
        raise NewConnectionError(connection, "no connection")

    def _addresses(self, host: str, seconds: float) -> Sequence[str]:
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass
        # The system's resolver knows no time-out; a thread that outlives ours ends with the resolver's own patience.
        answers: queue.SimpleQueue[Sequence[str] | None] = queue.SimpleQueue()
        threading.Thread(target=self._resolve, args=(host, answers), daemon=True, name="outside-resolver").start()
        try:
            found = answers.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            raise Unreachable(f"The name {host} could not be resolved in time.") from None
        if found is None:
            raise Unreachable(f"The name {host} could not be resolved.")
        return found

    def _resolve(self, host: str, answers: "queue.SimpleQueue[Sequence[str] | None]") -> None:
        found: Sequence[str] | None = None
        try:
            found = self._resolver(host)
        except (OSError, UnicodeError):
            found = None
        finally:
            # Whatever happens here, the thread that asked must not wait for its whole time.
            answers.put(found)


def _open(address: str, port: int, seconds: float, deadline: Deadline | None) -> DeadlineSocket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = DeadlineSocket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    sock.deadline = deadline
    return sock


def _follow(sock: object) -> None:
    if isinstance(sock, DeadlineSocket | DeadlineTlsSocket):
        sock.deadline = current.get()


class CheckedConnection(HTTPConnection):
    """Plain HTTP over a checked socket."""

    def __init__(self, *args: Any, dialler: Dialler, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialler = dialler

    def _new_conn(self) -> socket.socket:
        return self._dialler.dial(self, self.host, self.port)

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request under the deadline of this moment, also where the connection is an old one."""
        _follow(self.sock)
        super().request(*args, **kwargs)


class CheckedTlsConnection(HTTPSConnection):
    """HTTPS over a checked socket; server name and certificate are verified against the host, not the number."""

    def __init__(self, *args: Any, dialler: Dialler, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialler = dialler

    def _new_conn(self) -> socket.socket:
        return self._dialler.dial(self, self.host, self.port)

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request under the deadline of this moment, also where the connection is an old one."""
        _follow(self.sock)
        super().request(*args, **kwargs)


class CheckedPool(HTTPConnectionPool):
    """Keeps plain connections to one host."""

    ConnectionCls = CheckedConnection


class CheckedTlsPool(HTTPSConnectionPool):
    """Keeps TLS connections to one host."""

    ConnectionCls = CheckedTlsConnection
