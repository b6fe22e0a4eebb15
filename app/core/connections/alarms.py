"""What administrators are told about credentials by mail: refused ones once an outage, ending ones once for each end.

Whether they were told is a column, moved by a conditional update, so that many threads that meet the same refusal send
one mail. Reading anything well ends an outage of the reading credential; a new token or a good test ends either's.
"""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts import service as accounts
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.connections.models import EXPIRY_WARNING, Connection, CredentialRole
from app.core.jobs import schedule
from app.core.mail import delivery
from app.core.text import Text

logger = logging.getLogger(__name__)

_REFUSED = {
    CredentialRole.READING: Connection.reading_refused_at,
    CredentialRole.CHECKING: Connection.checking_refused_at,
}
_CONSEQUENCES = {
    CredentialRole.READING: Text(
        "Portico cannot read pages or issues there any more: links show their last copy for a while and then nothing.\n\n"
        "Make a new token in Atlassian, enter it on the page of the connection, and test the connection."
    ),
    CredentialRole.CHECKING: Text(
        "Portico cannot ask there what people may see: who has not connected an account of their own cannot share.\n\n"
        "Make a new token in Atlassian, enter it on the page of the connection, and test the connection."
    ),
}


def refused(session: Session, connection_id: int, role: CredentialRole) -> None:
    """Tell administrators that Atlassian refuses a credential, where this outage is new."""
    column = _REFUSED[role]
    # The first of many to meet the refusal sends the mail: its row count is one.
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(Connection)
        .where(Connection.id == connection_id, column.is_(None))
        .values({column: clock.now()})
        .execution_options(synchronize_session=False)
    )
    if result.rowcount == 0:
        return
    row = session.scalars(select(Connection).where(Connection.id == connection_id)).one()
    logger.error("the %s credential of %s is not accepted: replace it", role.value, row.name)
    told = _tell(
        session,
        Text("Atlassian refuses the %(role)s credential of %(name)s", role=role.value, name=row.name),
        _CONSEQUENCES[role],
    )
    _record(session, CoreEvent.CREDENTIAL_REFUSED, row, role=role.value, told=told)


@schedule.every(3_600, "connections.warn_of_ends")
def warn_of_ends() -> None:
    """Tell administrators of credentials that end within 30 days, once for each end; safe to run twice."""
    until = clock.now() + EXPIRY_WARNING
    with db.transaction() as session:
        query = select(Connection).where(Connection.disabled_at.is_(None)).with_for_update()
        for row in session.scalars(query):
            if _new(row.reading_expires_at, row.reading_warned_of, until):
                row.reading_warned_of = row.reading_expires_at
                _warn(session, row, CredentialRole.READING, row.reading_expires_at)
            if _new(row.checking_expires_at, row.checking_warned_of, until):
                row.checking_warned_of = row.checking_expires_at
                _warn(session, row, CredentialRole.CHECKING, row.checking_expires_at)


def _new(end: datetime | None, warned_of: datetime | None, until: datetime) -> bool:
    return end is not None and end <= until and end != warned_of


def _warn(session: Session, row: Connection, role: CredentialRole, end: datetime | None) -> None:
    assert end is not None
    words = {"role": role.value, "name": row.name, "day": f"{end:%d %b %Y}"}
    subject = (
        Text("The %(role)s credential of %(name)s ends on %(day)s", **words)
        if end > clock.now()
        else Text("The %(role)s credential of %(name)s ended on %(day)s", **words)
    )
    told = _tell(
        session,
        subject,
        Text("Make a new token in Atlassian and enter it, with the day it ends, on the page of the connection."),
    )
    _record(session, CoreEvent.CREDENTIAL_ENDING, row, role=role.value, ends_at=end, told=told)


def _tell(session: Session, subject: Text, body: Text) -> int:
    if not delivery.can_send():
        return 0
    told = session.scalars(select(Person.email).where(Person.id.in_(accounts.administrators(session)))).all()
    for email in told:
        delivery.send(session, to=email, subject=subject, body=body)
    return len(told)


def _record(session: Session, event: CoreEvent, row: Connection, **details: object) -> None:
    trail.record(session, event, subject=("connection", row.public_id), actor=SYSTEM, name=row.name, **details)
