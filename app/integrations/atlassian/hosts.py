"""Which hosts Portico may speak to as Atlassian; which addresses their names may resolve to is decided for all outside systems alike."""

from dataclasses import dataclass

from app.integrations.http.errors import HostRefused
from app.integrations.http.hosts import Origin, PublicHosts

#: Atlassian's own hosts: sites, the gateway, media and the buckets media redirect to.
ATLASSIAN_CLOUD_HOSTS = (
    "*.atlassian.net",
    "*.jira.com",
    "api.atlassian.com",
    "api.media.atlassian.com",
    "*.atl-paas.net",
    "*.confluence-data.com",
)


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
