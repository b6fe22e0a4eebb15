"""Exporting the trail: recorded first, then read."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.accounts.actor import Actor
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.errors import Forbidden
from app.core.permissions import Permission
from app.features.audit_log import queries
from app.features.audit_log.queries import Filters


@dataclass(frozen=True)
class Export:
    """What an export holds: the filters, and the newest entry when it was recorded."""

    filters: Filters
    newest: int


def record_export(session: Session, actor: Actor, filters: Filters) -> Export:
    """Record that somebody exports entries, before the first of them is read. Raises Forbidden."""
    if not actor.may(Permission.AUDIT_ENTRIES_READ):
        raise Forbidden
    filters = queries.resolved(session, filters)
    rows, newest = queries.extent(session, filters)
    trail.record(session, CoreEvent.AUDIT_EXPORTED, subject=None, actor=actor, filters=filters.asked, rows=rows)
    return Export(filters, newest)
