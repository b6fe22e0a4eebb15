"""Which hosts of the outside Portico may speak to, and which addresses their names may resolve to.

A name is checked twice: when an address is accepted or a redirect is followed, and by the address it resolves to at the moment of
connecting. The second catches names that point inside our own network, now or only at the second look (DNS rebinding).
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.integrations.http.errors import HostRefused

# One strict grammar for names, so that no second parser further down can see another host than the one checked here.
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)*")
# RFC 6052: an address under this prefix is delivered to the IPv4 address in its last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Origin:
    """Scheme, host (lower case, IPv6 without brackets) and port of an address that passed the policy."""

    scheme: str
    host: str
    port: int

    @property
    def key(self) -> str:
        """Name the outside system for counting and logs."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class PublicHosts:
    """Any host on the internet, over https and on any port.

    With `allow_loopback` this machine's own addresses are allowed as well, also over plain http: for development and tests.
    """

    allow_loopback: bool = False

    def origin(self, url: str) -> Origin:
        """Return where `url` leads, or raise HostRefused with a sentence that says why not."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise HostRefused("The address cannot be read.") from None
        scheme, host = parts.scheme.lower(), (parts.hostname or "").lower().rstrip(".")
        if "@" in parts.netloc or not _readable(host) or scheme not in ("https", "http"):
            raise HostRefused("The address must start with https:// and a host name.")
        origin = Origin(scheme, host, port or (443 if scheme == "https" else 80))
        if self.allow_loopback and _names_loopback(host):
            return origin
        if scheme != "https" and not self.may_be_plain(origin):
            raise HostRefused("The address must start with https://.")
        self.check(origin)
        return origin

    def may_be_plain(self, origin: Origin) -> bool:
        """Say whether a host may be spoken to without encryption; a wider policy overrides this."""
        return False

    def check(self, origin: Origin) -> None:
        """Raise HostRefused for an https host that is not allowed; a narrower policy overrides this."""
        ip = _as_ip(origin.host)
        if ip is not None and not self.admits(origin.host):
            raise HostRefused(f"{origin.host} is not an address on the internet.")

    def admits(self, address: str) -> bool:
        """Say whether a connection to this IP address may be opened."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return all(self.admits_ip(one) or (self.allow_loopback and one.is_loopback) for one in _meanings(ip))

    def admits_ip(self, ip: IpAddress) -> bool:
        """Say whether an address other than this machine's own is one of those this policy is for."""
        return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _readable(host: str) -> bool:
    return bool(_NAME.fullmatch(host)) or (":" in host and _as_ip(host) is not None)


def _as_ip(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _names_loopback(host: str) -> bool:
    ip = _as_ip(host)
    return host == "localhost" or (ip is not None and ip.is_loopback)


def _meanings(ip: IpAddress) -> tuple[IpAddress, ...]:
    """Return the address and the IPv4 addresses that a translator would deliver it to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return (ip,)
    if ip.ipv4_mapped is not None:
        return (ip.ipv4_mapped,)
    if ip in _NAT64:
        return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),)
    if ip.sixtofour is not None:
        return (ip, ip.sixtofour)
    if ip.teredo is not None:
        return (ip, *ip.teredo)
    return (ip,)
