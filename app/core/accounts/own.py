"""What people do about themselves: their name and time zone, their password, their sessions.

Nobody needs a permission for this, and nobody can do it to anybody else: the actor is whom it is done to.
"""

from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, signals
from app.core.accounts import queries, service, sessions
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person, SignInSession
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.text import Text


def person_of(session: Session, actor: Actor, *, for_update: bool = False) -> Person:
    """Return the actor's own row; raise Forbidden for who is not a person."""
    row = session.get(Person, actor.person_id, with_for_update=for_update) if actor.person_id is not None else None
    if row is None or not row.active:
        raise Forbidden
    return row


def change_details(session: Session, actor: Actor, *, name: str, time_zone: str | None) -> None:
    """Change one's own name and time zone (an IANA name; None = the organisation's). Raises Invalid."""
    if time_zone is not None and time_zone not in available_timezones():
        raise Invalid("time_zone", Text("Choose a time zone from the list."))
    person = person_of(session, actor, for_update=True)
    name = service.checked_name(name)
    fields = [
        field
        for field, was, now in (("name", person.display_name, name), ("time_zone", person.time_zone, time_zone))
        if was != now
    ]
    if not fields:
        return
    person.display_name, person.time_zone = name, time_zone
    trail.record(
        session,
        CoreEvent.PERSON_CHANGED,
        subject=("person", person.public_id),
        actor=actor,
        fields=fields,
        name=person.display_name,
    )


def change_password(session: Session, actor: Actor, password_hash: str, *, replacing: str | None) -> int:
    """Store a new password and end every other session; returns how many ended.

    `replacing` is the hash that the old password was compared with. Raises Forbidden where it is no longer the one in force.
    """
    person = person_of(session, actor, for_update=True)
    if person.password_hash != replacing:
        raise Forbidden(Text("Your password was changed meanwhile. Sign in with the new one."))
    return service.set_password(session, actor, person, password_hash, keep_session=actor.session_id)


def end_session(session: Session, actor: Actor, public_id: str) -> None:
    """End one of one's own sessions; raises NotFound for somebody else's."""
    row_id = session.scalar(
        select(SignInSession.id).where(SignInSession.public_id == public_id, SignInSession.person_id == actor.person_id)
    )
    if row_id is None:
        raise NotFound
    if sessions.end(session, row_id):
        _record_revoked(session, actor, 1)


def end_other_sessions(session: Session, actor: Actor) -> int:
    """End all of one's sessions but this one; returns how many."""
    ended = sessions.end_all(session, person_of(session, actor).id, but=actor.session_id)
    if ended:
        _record_revoked(session, actor, ended)
    return ended


def sign_out(session: Session, actor: Actor, browser_digest: str | None) -> None:
    """End this session, and what features keep for this person in this browser."""
    if actor.session_id is not None and sessions.end(session, actor.session_id):
        trail.record(
            session,
            CoreEvent.SIGNED_OUT,
            subject=("person", actor.public_id or ""),
            actor=actor,
            reason="asked",
            count=1,
        )
    signals.signed_out.send(actor.person_id, db=session, browser_digest=browser_digest)


def _record_revoked(session: Session, actor: Actor, count: int) -> None:
    trail.record(
        session, CoreEvent.SESSION_REVOKED, subject=("person", actor.public_id or ""), actor=actor, count=count
    )


def prove_address(session: Session, person_id: int | None, address: str) -> None:
    """Note that whoever is signed in has entered a code that was mailed to `address`.

    Where that is the address of their account and nobody has vouched for it yet, it is verified from now on.
    """
    person = session.get(Person, person_id, with_for_update=True) if person_id is not None else None
    if person is None or person.email_verified_at is not None or person.email_key != queries.email_key(address):
        return
    person.email_verified_at, person.email_verified_by = clock.now(), "code"
    trail.record(
        session,
        CoreEvent.EMAIL_VERIFIED,
        subject=("person", person.public_id),
        actor=queries.actor_for(session, person),
        by="code",
        email=person.email,
    )
