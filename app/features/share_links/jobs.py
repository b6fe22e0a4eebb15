"""Recurring work of share links."""

from app.core import db
from app.core.jobs import schedule
from app.features.share_links import copies

_MOST_AT_ONCE = 50


@schedule.every(300, "share_links.delete_copies")
def delete_copies() -> None:
    """Delete copies that no live link covers or that were not confirmed for a day; safe to run twice."""
    for _ in range(_MOST_AT_ONCE):
        with db.transaction() as session:
            if copies.delete_superfluous(session) == 0:
                return
