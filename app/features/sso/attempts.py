"""Writing down how an attempt to sign in ended, so that it can be explained by the reference id that the person was shown."""

from dataclasses import replace

from sqlalchemy.orm import Session

from app.core import clock, context
from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.features.sso import deciding, received, service
from app.features.sso.configuration import Connection
from app.features.sso.models import AttemptResult, Purpose, SsoAttempt, SsoConnection
from app.features.sso.verified import Refused, Verified


def reference() -> str:
    """Return the reference id of this call."""
    return context.current().request_id


def record_refused(session: Session, connection: Connection, purpose: Purpose, refused: Refused) -> None:
    """Record an attempt that was refused: for the explanation, and in the audit trail."""
    if all(one.passed for one in refused.checks):
        # The protocol was content: an explanation still names what was expected and found.
        refused = replace(
            refused, checks=(*refused.checks, deciding.line(connection, refused.reason, refused.received))
        )
    session.add(_attempt(connection, purpose, AttemptResult.REFUSED, refused.reason.value, refused.person_id, refused))
    row = session.get_one(SsoConnection, connection.id)
    row.last_refused_at = clock.now()
    session.flush()
    person = session.get(Person, refused.person_id) if refused.person_id is not None else None
    trail.record(
        session,
        CoreEvent.SIGN_IN_FAILED,
        subject=("person", person.public_id) if person else ("sso_connection", connection.public_id),
        reason=f"sso: {refused.reason.value}",
    )


def record_accepted(
    session: Session, connection: Connection, purpose: Purpose, verified: Verified, person_id: int | None
) -> None:
    """Record an attempt that went through."""
    session.add(_attempt(connection, purpose, AttemptResult.ACCEPTED, None, person_id, verified))
    if purpose is not Purpose.TEST:
        session.get_one(SsoConnection, connection.id).last_success_at = clock.now()
    session.flush()


def record_test(session: Session, connection: Connection, actor: Actor | None, *, passed: bool) -> None:
    """Record that an administrator tried a connection."""
    service.note_tested(
        session,
        actor or SYSTEM,
        connection.public_id,
        version=connection.version,
        passed=passed,
        reference=reference(),
    )


def _attempt(
    connection: Connection,
    purpose: Purpose,
    result: AttemptResult,
    reason: str | None,
    person_id: int | None,
    outcome: Verified | Refused,
) -> SsoAttempt:
    return SsoAttempt(
        reference=reference(),
        connection_id=connection.id,
        at=clock.now(),
        purpose=purpose.value,
        result=result.value,
        reason=reason,
        connection_version=connection.version,
        provider_at=outcome.provider_at,
        checks=received.dump_checks(outcome.checks),
        received=received.dump(outcome.received) if outcome.received else None,
        person_id=person_id,
    )
