"""Sign-ins that ended because an address belongs to somebody here already: kept until an administrator decides.

Whether the two are one person is not guessed. The row says who asks and whose address it is; assigning the account lets it
in from then on, dismissing forgets it until it is tried again.
"""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock, context
from app.core.accounts.models import Person
from app.features.sso.configuration import Connection
from app.features.sso.models import SsoConflict

#: As long as attempts can be explained.
KEEP = timedelta(days=30)


def note(session: Session, connection: Connection, subject: str, email: str, person: Person) -> None:
    """Keep that somebody asked to be let in with a person's address; trying again only moves the time."""
    now = clock.now()
    row = find(session, connection.id, subject)
    if row is None:
        row = SsoConflict(connection_id=connection.id, subject=subject, first_at=now)
        session.add(row)
    row.email, row.person_id, row.last_at, row.reference = email, person.id, now, context.current().request_id
    session.flush()


def find(session: Session, connection_id: int, subject: str) -> SsoConflict | None:
    """Return the conflict of one account, if there is one."""
    query = select(SsoConflict).where(SsoConflict.connection_id == connection_id, SsoConflict.subject == subject)
    return session.scalars(query.with_for_update()).one_or_none()


def settle(session: Session, connection_id: int, subject: str) -> None:
    """Forget the conflict of an account, since it is somebody's now."""
    query = delete(SsoConflict).where(SsoConflict.connection_id == connection_id, SsoConflict.subject == subject)
    session.execute(query)


def purge(session: Session) -> None:
    """Delete conflicts that nobody ran into for 30 days."""
    session.execute(delete(SsoConflict).where(SsoConflict.last_at < clock.now() - KEEP))
