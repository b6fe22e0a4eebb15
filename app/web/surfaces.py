"""Which hosts there are and what each serves.

`PORTICO_BASE_URL` and, where set, `PORTICO_PUBLIC_URL` name two hosts, so that links can be on the internet while
administration stays inside. Absolute addresses come from settings and never from the `Host` header.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from flask import current_app

from app.core.config import Config, Web


class Surface(StrEnum):
    """What kind of endpoint this is, and so on which host it answers."""

    #: Links, their gates and what belongs to them.
    PUBLIC = "public"
    #: Pages of staff and administrators.
    APP = "app"
    #: Sign-in and static files: on both hosts, since cookies are per host.
    EITHER = "either"
    #: The programming interface; lives with the app.
    API = "api"
    #: Health and metrics; any host, also ones outside the allow-list, since probes use addresses.
    OPS = "ops"


@dataclass(frozen=True)
class Hosts:
    """The hosts of this installation, as they stand in a `Host` header."""

    app: str
    public: str

    def knows(self, host: str) -> bool:
        """Tell whether a `Host` header names this installation."""
        return host in (self.app, self.public)

    def serves(self, host: str, surface: Surface) -> bool:
        """Tell whether an endpoint of `surface` answers on `host`."""
        match surface:
            case Surface.OPS:
                return True
            case Surface.EITHER:
                return self.knows(host)
            case Surface.PUBLIC:
                return host == self.public
            case Surface.APP | Surface.API:
                return host == self.app


def hosts_of(web: Web) -> Hosts:
    """Return the hosts that the settings name."""
    return Hosts(urlsplit(web.base_url).netloc.lower(), urlsplit(web.links_url).netloc.lower())


def config() -> Config:
    """Return the deploy-time settings of this application."""
    found: Config = current_app.extensions["portico_config"]
    return found


def absolute(path: str, surface: Surface = Surface.APP) -> str:
    """Return the absolute address of a path, on the host of its surface."""
    web = config().web
    return (web.links_url if surface is Surface.PUBLIC else web.base_url) + path
