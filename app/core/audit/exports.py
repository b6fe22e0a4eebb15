"""Handing a whole list out: recorded before its first row is read."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.core.accounts.actor import Actor
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.errors import Forbidden
from app.core.permissions import Permission


def record_export(
    session: Session, actor: Actor, needs: Permission, name: str, *, filters: Mapping[str, str], search: str = ""
) -> None:
    """Record that somebody exports the list `name`; what was searched for may name people. Raises Forbidden."""
    if not actor.may(needs):
        raise Forbidden
    asked = {key: value for key, value in filters.items() if value}
    trail.record(
        session, CoreEvent.LIST_EXPORTED, subject=None, actor=actor, list=name, filters=asked, search=search or None
    )
