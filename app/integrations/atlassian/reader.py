"""What every adapter is: one credential at one site, with one end for calls that belong together."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager

from app.integrations.atlassian.probing import attempt
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Ability, Account, Capability, RateLimitState

#: For trying out what a credential may do, however many calls that takes.
PROBE_SECONDS = 30.0


class Reader(ABC):
    """Reads one site with one credential. Every method raises AtlassianError.

    `site_url` is where people find the site, if that differs from the base address.
    """

    def __init__(self, transport: Transport, *, site_url: str | None = None) -> None:
        self._transport = transport
        self._site_url = (site_url or transport.base_url).rstrip("/")

    def close(self) -> None:
        """Close idle connections; for a client that was made for one question."""
        self._transport.close()

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Bound all calls inside together by `seconds`, also those of threads that are given a copy of this context."""
        return self._transport.operation(seconds)

    @property
    def rate_limit(self) -> RateLimitState | None:
        """What Atlassian last said about its limits, or None."""
        return self._transport.rate_limit

    @abstractmethod
    def myself(self) -> Account:
        """Return the account of the credential."""

    def probe(self) -> list[Capability]:
        """Return what the credential may do, as far as can be tried without changing anything."""
        with self.within(PROBE_SECONDS):
            first = attempt(Ability.SIGN_IN, lambda: f"Signed in as {self.myself().display_name}.")
            return [first, *self._abilities()] if first.allowed else [first]

    @abstractmethod
    def _abilities(self) -> Iterator[Capability]:
        """Try out what there is besides signing in."""
