"""The addresses that a provider is given: who Portico is towards it, and where its answers go.

They come from the deploy-time settings and the connection's public id only. Where staff and guests have two hosts, each
host has its own address for answers, since a session belongs to the host it began on.
"""

from dataclasses import dataclass

from app.core.config import Web


@dataclass(frozen=True)
class _Hosts:
    base_url: str
    links_url: str
    development: bool


_hosts = _Hosts("http://localhost:8000", "http://localhost:8000", development=True)


@dataclass(frozen=True)
class Ours:
    """What a provider is told about us."""

    entity_id: str
    acs_urls: tuple[str, ...]
    redirect_uris: tuple[str, ...]


def configure(web: Web) -> None:
    """Take the hosts from the settings of this installation."""
    global _hosts
    _hosts = _Hosts(web.base_url, web.links_url, web.development)


def entity_id(public_id: str) -> str:
    """Return who Portico is towards a SAML provider: the address of its metadata."""
    return f"{_hosts.links_url}/sso/{public_id}/saml/metadata"


def acs_url(public_id: str, base_url: str | None = None) -> str:
    """Return where SAML responses go, for one of the two hosts; without one, for the host of links."""
    return f"{base_url or _hosts.links_url}/sso/{public_id}/saml/acs"


def redirect_uri(public_id: str, base_url: str | None = None) -> str:
    """Return where answers of OpenID Connect and OAuth go, for one of the two hosts."""
    return f"{base_url or _hosts.links_url}/sso/{public_id}/oidc/callback"


def keys_url(public_id: str) -> str:
    """Return where an OpenID provider reads our public keys."""
    return f"{_hosts.links_url}/sso/{public_id}/oidc/keys"


def hosts() -> tuple[str, ...]:
    """Return the hosts people sign in on, that of links first, each once."""
    return tuple(dict.fromkeys((_hosts.links_url, _hosts.base_url)))


def ours(public_id: str) -> Ours:
    """Return every address that a provider may ask for."""
    return Ours(
        entity_id(public_id),
        tuple(acs_url(public_id, one) for one in hosts()),
        tuple(redirect_uri(public_id, one) for one in hosts()),
    )


def plain_http_is_allowed() -> bool:
    """Tell whether a provider may be on this machine over plain http: in development only."""
    return _hosts.development
