"""Who is calling this request: loaded once by the guard, asked for by views and templates."""

from flask import g

from app.core.accounts.actor import Actor
from app.core.accounts.models import SignInSession
from app.core.errors import Forbidden


def set_actor(actor: Actor, session_row: SignInSession | None = None) -> None:
    """Note who is calling; done by the guard only."""
    g.actor = actor
    g.session_row = session_row


def actor_or_none() -> Actor | None:
    """Return the signed-in person or token of this request, or None."""
    return getattr(g, "actor", None)


def actor() -> Actor:
    """Return the signed-in person or token of this request; raise Forbidden where there is none."""
    found = actor_or_none()
    if found is None:
        raise Forbidden
    return found


def session_row() -> SignInSession | None:
    """Return the row of the session this request came with."""
    return getattr(g, "session_row", None)
