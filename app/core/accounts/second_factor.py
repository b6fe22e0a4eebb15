"""A second factor, as whoever asks for one sees it: whether a session has one, and where it is proven.

The feature that has second factors registers itself here. While none is registered, nobody has one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Provider:
    """What the feature supplies."""

    #: Tells from the methods of a session (`SignInSession.methods`) and the time whether one was proven in it and counts.
    proven: Callable[[Mapping[str, str], datetime], bool]
    #: Endpoint that asks for one; takes the path wanted afterwards as `next`.
    endpoint: str


_provider: Provider | None = None


def register(provider: Provider | None) -> None:
    """Make `provider` the one of this process."""
    global _provider
    _provider = provider


def provider() -> Provider | None:
    """Return what is registered."""
    return _provider


def is_offered() -> bool:
    """Tell whether a second factor can be asked for at all."""
    return _provider is not None


def proven(methods: Mapping[str, str], now: datetime) -> bool:
    """Tell whether a session has a second factor that counts."""
    return _provider is not None and _provider.proven(methods, now)
