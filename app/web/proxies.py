"""Who is really calling, when a reverse proxy stands in front: believed from configured networks only."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
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
        peer = environ["REMOTE_ADDR"] = _address(environ.get("REMOTE_ADDR", "")) or environ.get("REMOTE_ADDR", "")
        if self._trusted(peer):
            for hop in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
                address = _address(hop.strip())
                if address is None:
                    break
                environ["REMOTE_ADDR"] = address
                if not self._trusted(address):
                    break
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[-1].strip()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self._wsgi(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        return _address(address) is not None and any(ip_address(address) in network for network in self._networks)


@lru_cache(maxsize=4_096)
def _address(value: str) -> str | None:
    """Return an address in its one form, or None: a socket for both families writes IPv4 as `::ffff:192.0.2.1`.

    A zone (RFC 4007 section 11) is a name that the sender chose; with it one address would count as any number of them.
    """
    try:
        parsed = ip_address(value.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
