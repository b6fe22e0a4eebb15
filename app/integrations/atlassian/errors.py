"""What can go wrong between Portico and Atlassian, in the terms a caller decides by.

`is_down` is the one question most callers ask: may an older copy still be served? A missing right or a missing object is an answer and
never "down"; a rejected credential is, because it says nothing about the object.
Messages are sentences for people and logs. They never hold a credential, a signed address or a query string.
"""

from app.integrations.http.errors import Busy, ConnectionBroken, HostRefused, OutsideError, Unreachable

__all__ = [
    "AtlassianError",
    "Busy",
    "ConnectionBroken",
    "Forbidden",
    "Gone",
    "HostRefused",
    "NotAuthorised",
    "NotFound",
    "RateLimited",
    "Refused",
    "Unreachable",
]

#: One family with what happens on the way, so that a caller who asks Atlassian catches both.
AtlassianError = OutsideError


class NotAuthorised(AtlassianError):
    """401, or an answer given to another account than the configured one."""

    is_down = True


class Forbidden(AtlassianError):
    """403: the credential is good and may not do this."""


class NotFound(AtlassianError):
    """404: absent or not visible to the credential; Atlassian never says which."""


class Gone(AtlassianError):
    """410: the object, or the whole operation, was removed."""


class RateLimited(AtlassianError):
    """429: `retry_after` in seconds where Atlassian said it, else None."""

    is_down = True

    def __init__(self, message: str, status: int | None = 429, *, retry_after: float | None = None) -> None:
        super().__init__(message, status)
        self.retry_after = retry_after


class Refused(AtlassianError):
    """Any other 4xx; `messages` are Atlassian's own sentences, cleaned and cut."""

    def __init__(self, messages: tuple[str, ...], status: int | None = None) -> None:
        super().__init__(" ".join(messages) or "Atlassian refused the request.", status)
        self.messages = messages
