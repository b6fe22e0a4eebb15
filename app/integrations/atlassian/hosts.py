"""Which hosts Portico may speak to as Atlassian; which addresses their names may resolve to is decided for all outside systems alike."""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from app.integrations.http.errors import HostRefused
from app.integrations.http.hosts import IpAddress, Origin, PublicHosts

#: Atlassian's own hosts: sites, the gateway, media and the buckets media redirect to.
ATLASSIAN_CLOUD_HOSTS = (
    "*.atlassian.net",
    "*.jira.com",
    "api.atlassian.com",
    "api.media.atlassian.com",
    "*.atl-paas.net",
    "*.confluence-data.com",
)

#: The networks that companies use inside (RFC 1918, RFC 6598, RFC 4193).
_INSIDE = tuple(
    ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# Inside these, clouds answer with the credentials of the machine; the usual place, 169.254.169.254, is in none of them.
_METADATA = frozenset({ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})


@dataclass(frozen=True)
class HostPolicy(PublicHosts):
    """The hosts that may be a base or a media host.

    A pattern is a name (`api.atlassian.com`) or `*.` and a name (any depth below, never the name itself), with `:port` where it is not 443.
    """

    patterns: tuple[str, ...] = ATLASSIAN_CLOUD_HOSTS

    def check(self, origin: Origin) -> None:
        """Raise HostRefused for a host that no pattern names."""
        if not any(_matches(pattern, origin) for pattern in self.patterns):
            raise HostRefused(f"{origin.host} is not among the hosts allowed for Atlassian.")


def _matches(pattern: str, origin: Origin) -> bool:
    name, _, port = pattern.strip().lower().partition(":")
    if origin.port != (int(port) if port.isdigit() else 443):
        return False
    if name.startswith("*."):
        return origin.host.endswith(name[1:]) and len(origin.host) > len(name) - 1
    return origin.host == name


@dataclass(frozen=True)
class NamedHost(PublicHosts):
    """The one origin of a Data Center site that an administrator named, which may lie inside our own network, and nothing else.

    `plain_hosts` are those that the operator allows to be spoken to over http, as `host` or `host:port`.
    """

    base_url: str = ""
    plain_hosts: tuple[str, ...] = ()

    def origin(self, url: str) -> Origin:
        """Return where `url` leads, or raise HostRefused where that is not the named origin."""
        origin, named = super().origin(url), super().origin(self.base_url)
        if origin != named:
            raise HostRefused(f"{origin.host} is not the host of this connection.")
        return origin

    def check(self, origin: Origin) -> None:
        """Raise HostRefused for a number that may not be connected to; a name is looked at when it is resolved."""
        with suppress(ValueError):
            ip_address(origin.host)
            if not self.admits(origin.host):
                raise HostRefused(f"{origin.host} is not an address that may be connected to.")

    def may_be_plain(self, origin: Origin) -> bool:
        """Say whether the operator allows http to this host."""
        written = {origin.key, origin.key.removesuffix(":80")}
        return any(one.strip().lower() in written for one in self.plain_hosts)

    def admits_ip(self, ip: IpAddress) -> bool:
        """Admit what lies on the internet and in a company's own networks, but not where clouds keep credentials."""
        return super().admits_ip(ip) or (ip not in _METADATA and any(ip in network for network in _INSIDE))
