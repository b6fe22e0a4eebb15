"""Who may call which endpoint: declared at the view, enforced by one guard, closed by default.

A view that declares nothing answers 500 and is never run; a convention test walks every route.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from app.core.permissions import Permission
from app.web.surfaces import Surface

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "portico_access"


class Method(StrEnum):
    """How a caller may prove who they are."""

    SESSION = "session"
    BEARER = "bearer"
    SCIM = "scim"
    #: The endpoint asks `share_links.policy.next_step` itself.
    SHARE_LINK = "share_link"


@dataclass(frozen=True)
class Access:
    """What one endpoint declares."""

    surface: Surface
    methods: frozenset[Method]
    permission: Permission | None = None
    #: Scope that a bearer token needs.
    scope: str | None = None
    #: Only internal people; guests and customers never see the app shell.
    staff: bool = True
    #: Why an open endpoint is open.
    reason: str | None = None
    #: Cross-site posts are part of the protocol; CSRF and Origin are not checked.
    cross_site: bool = False
    #: Only for who proved lately who they are (`SessionSettings.recent_minutes`); others prove it again and come back.
    recent: bool = False


def declare(view: View, access: Access) -> View:
    """Attach a declaration to a view."""
    setattr(view, _ATTRIBUTE, access)
    return view


def declared(view: Callable[..., Any] | None) -> Access | None:
    """Return what a view declares, or None."""
    return getattr(view, _ATTRIBUTE, None)


def public(
    reason: str, *, surface: Surface = Surface.EITHER, session: bool = False, share_link: bool = False
) -> Callable[[View], View]:
    """Open an endpoint to everybody, and say why. With `session`, who is signed in is known to the view."""
    methods = {Method.SESSION} if session else set()
    if share_link:
        methods.add(Method.SHARE_LINK)
    access = Access(surface, frozenset(methods), staff=False, reason=reason)
    return functools.partial(_declare, access=access)


def signed_in(
    permission: Permission | None = None, *, surface: Surface = Surface.APP, staff: bool = True, recent: bool = False
) -> Callable[[View], View]:
    """Let in people with a session, with `permission` where one is named, and with a recent proof where that is asked."""
    access = Access(surface, frozenset({Method.SESSION}), permission=permission, staff=staff, recent=recent)
    return functools.partial(_declare, access=access)


def bearer(scope: str, permission: Permission | None = None) -> Callable[[View], View]:
    """Let in API tokens that carry `scope`, of people who hold `permission`."""
    access = Access(Surface.API, frozenset({Method.BEARER}), permission=permission, scope=scope)
    return functools.partial(_declare, access=access)


def ops(reason: str) -> Callable[[View], View]:
    """Open an endpoint to probes; the view restricts further where it must."""
    return functools.partial(_declare, access=Access(Surface.OPS, frozenset(), staff=False, reason=reason))


def _declare(view: View, access: Access) -> View:
    return declare(view, access)
