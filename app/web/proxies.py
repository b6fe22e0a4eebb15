"""Who is really calling, when a reverse proxy stands in front: believed from configured networks only."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from app.core.config import Networks

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class TrustedProxies:
    """WSGI middleware: sets REMOTE_ADDR and the scheme from `X-Forwarded-*` if the peer is a configured proxy.

    The right-most address that is no trusted proxy is the caller; what stands left of it anybody may have written.
    """

    def __init__(self, wsgi: WsgiApp, networks: Networks) -> None:
        self._wsgi = wsgi
        self._networks = networks
        # The same few addresses come again and again, and reading one costs as much as the rest of this.
        self._trusted = lru_cache(maxsize=4_096)(self._is_trusted)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._trusted(environ.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            for hop in reversed(hops):
                if not _is_address(hop):
                    break
                environ["REMOTE_ADDR"] = hop
                if not self._trusted(hop):
                    break
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[-1].strip()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self._wsgi(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self._networks)


@lru_cache(maxsize=4_096)
def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
