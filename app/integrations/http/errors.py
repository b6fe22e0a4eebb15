"""What can go wrong on the way to an outside system, before its answer says anything.

Messages are sentences for people and logs. They name the host and never hold a credential, a path or a query string.
"""

from typing import ClassVar


class OutsideError(Exception):
    """The base of all failures; `status` is the HTTP status where there was one."""

    #: May an older copy still be served?
    is_down: ClassVar[bool] = False

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Unreachable(OutsideError):
    """No usable answer: time-out, broken connection, 5xx, or a body that makes no sense."""

    is_down = True


class ConnectionBroken(Unreachable):
    """The connection failed before an answer began, so that a repeatable request may be sent once more."""


class HostRefused(Unreachable):
    """A host, or the address its name resolves to, is outside the policy; nothing was sent."""


class Busy(OutsideError):
    """As many threads of this process as may be are waiting for that host already."""

    is_down = True
