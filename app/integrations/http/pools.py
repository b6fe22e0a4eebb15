"""The connection pools of one transport, and the one place where library errors become ours.

Errors are raised anew outside the handler: the library's own hold the request target, and a signed address must not travel inside an
exception's context into a log.
"""

import logging
import ssl
import threading
from collections import OrderedDict
from collections.abc import Mapping

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from app.integrations.http.connections import CheckedPool, CheckedTlsPool, Deadline, Dialler, current
from app.integrations.http.errors import ConnectionBroken, OutsideError, Unreachable
from app.integrations.http.hosts import Origin
from app.integrations.http.slots import THREADS_PER_HOST

#: Media come from few hosts; beyond this number the one unused for longest is closed.
MAX_POOLS = 8


class _NoTargets(logging.Filter):
    """Drops the library's debug lines, which print whole request targets and with them the secrets of signed addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


logging.getLogger("urllib3.connectionpool").addFilter(_NoTargets())


class Pools:
    """Sends single requests: no redirects, no repetition, nothing read beyond the headers."""

    def __init__(self, dialler: Dialler, tls: ssl.SSLContext, connect_timeout: float, read_timeout: float) -> None:
        self._dialler = dialler
        self._tls = tls
        self._timeout = Timeout(connect=connect_timeout, read=read_timeout)
        self._pools: OrderedDict[Origin, CheckedPool | CheckedTlsPool] = OrderedDict()
        self._lock = threading.Lock()

    def send(
        self,
        origin: Origin,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
    ) -> BaseHTTPResponse:
        """Send one request and return the response with its body unread. Raises OutsideError."""
        pool = self._pool(origin)
        failure: OutsideError
        mark = current.set(deadline)
        try:
            return pool.urlopen(
                method,
                target,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError, ValueError) as error:
            failure = explain(error, origin.host)
        finally:
            current.reset(mark)
        raise failure

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), OrderedDict()
        for pool in pools:
            pool.close()

    def _pool(self, origin: Origin) -> CheckedPool | CheckedTlsPool:
        with self._lock:
            pool = self._pools.pop(origin, None) or self._make(origin)
            self._pools[origin] = pool
            old = self._pools.popitem(last=False)[1] if len(self._pools) > MAX_POOLS else None
        if old is not None:
            old.close()
        return pool

    def _make(self, origin: Origin) -> CheckedPool | CheckedTlsPool:
        if origin.scheme == "http":
            return CheckedPool(origin.host, origin.port, maxsize=THREADS_PER_HOST, dialler=self._dialler)
        return CheckedTlsPool(
            origin.host,
            origin.port,
            maxsize=THREADS_PER_HOST,
            dialler=self._dialler,
            ssl_context=self._tls,
            cert_reqs="CERT_REQUIRED",
        )


def discard(response: BaseHTTPResponse) -> None:
    """Close a response whose body is not wanted, and with it its connection."""
    response.close()
    response.release_conn()


def explain(error: Exception, host: str) -> OutsideError:
    """Return our error for one of the library's, without anything of the request in it."""
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError | TimeoutError) and not isinstance(
        error, NewConnectionError
    ):
        return Unreachable(f"{host} did not answer in time.")
    if isinstance(error, SSLError | ssl.SSLError):
        return Unreachable(f"The secure connection to {host} failed: its certificate or protocol was not accepted.")
    if isinstance(error, NewConnectionError):
        return Unreachable(f"No connection to {host} could be opened.")
    if isinstance(error, ProtocolError):
        # A deadline that ends while headers are read comes wrapped.
        if any(isinstance(one, TimeoutError) for one in error.args):
            return Unreachable(f"{host} did not answer in time.")
        return ConnectionBroken(f"The connection to {host} broke.")
    if isinstance(error, ConnectionError):
        return ConnectionBroken(f"The connection to {host} broke.")
    return Unreachable(f"{host} answered with something that is not HTTP as expected.")
