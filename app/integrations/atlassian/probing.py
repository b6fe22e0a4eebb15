"""Tries one thing for a connection test and turns what happened into a line that can be shown."""

from collections.abc import Callable

from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.types import Ability, Capability


class NotTried(Exception):
    """There was nothing at hand to try the ability on; the message says what was missing."""


def attempt(name: Ability, call: Callable[[], str]) -> Capability:
    """Return the capability: allowed with the sentence `call` returns, or not allowed with the reason."""
    try:
        return Capability(name, True, call())
    except NotTried as error:
        return Capability(name, False, str(error))
    except AtlassianError as error:
        return Capability(name, False, error.message)
