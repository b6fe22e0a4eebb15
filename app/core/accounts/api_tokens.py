"""Bearer tokens of the API: random, looked up by digest, with scopes and an end."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries
from app.core.accounts.actor import Actor, PersonKind
from app.core.accounts.models import ApiToken, Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.crypto import tokens
from app.core.errors import Invalid, NotFound
from app.core.text import Text

PREFIX = "portico_"
DEFAULT_DAYS = 90
MAXIMUM_DAYS = 365
MAXIMUM_PER_PERSON = 50
#: `last_used_at` is written at most this often.
NOTE_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token may be used for; the person's own permissions apply besides."""

    APPROVALS_READ = "approvals:read"
    APPROVALS_WRITE = "approvals:write"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    RULES_READ = "rules:read"
    RULES_WRITE = "rules:write"
    SHARES_READ = "shares:read"
    SHARES_WRITE = "shares:write"


def create(
    session: Session, actor: Actor, person: Person, *, name: str, scopes: Iterable[str], days: int = DEFAULT_DAYS
) -> tuple[str, ApiToken]:
    """Make a token and return it once. Raises Invalid for unknown scopes, lifetimes or too many tokens."""
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in set(Scope)]
    if unknown or not wanted:
        raise Invalid("scopes", Text("Choose scopes out of: %(scopes)s.", scopes=", ".join(Scope)))
    if not 1 <= days <= MAXIMUM_DAYS:
        raise Invalid("days", Text("Choose between 1 and %(maximum)s days.", maximum=MAXIMUM_DAYS))
    if person.kind != PersonKind.STAFF or not person.active:
        raise Invalid("person", Text("Only active staff can have API tokens."))
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise Invalid("name", Text("Name the token with 1 to 80 characters."))
    if len(live(session, person.id)) >= MAXIMUM_PER_PERSON:
        raise Invalid("name", Text("There are %(count)s tokens already. Revoke one first.", count=MAXIMUM_PER_PERSON))
    secret = tokens.new_secret(PREFIX)
    now = clock.now()
    row = ApiToken(
        public_id=tokens.new_public_id(),
        digest=tokens.digest(secret),
        person_id=person.id,
        name=name,
        scopes=" ".join(wanted),
        created_at=now,
        ends_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    trail.record(
        session,
        CoreEvent.API_TOKEN_CREATED,
        subject=("person", person.public_id),
        actor=actor,
        name=name,
        scopes=wanted,
        expires_at=row.ends_at,
    )
    return secret, row


def resolve(session: Session, secret: str) -> tuple[Actor, ApiToken] | None:
    """Return who a token stands for, and the token; None where it is unknown, over, revoked or its person inactive."""
    now = clock.now()
    query = (
        select(ApiToken, Person)
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.digest == tokens.digest(secret),
            ApiToken.revoked_at.is_(None),
            ApiToken.ends_at > now,
            Person.deactivated_at.is_(None),
        )
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    token, person = found
    return queries.actor_for(session, person, scopes=frozenset(token.scopes.split())), token


def due_for_note(token: ApiToken) -> bool:
    """Tell whether `note_use` would say something new."""
    return token.last_used_at is None or clock.now() - token.last_used_at >= NOTE_EVERY


def note_use(session: Session, token_id: int) -> None:
    """Write when a token was last used."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=clock.now()))


def live(session: Session, person_id: int) -> list[ApiToken]:
    """Return a person's tokens that still work, newest first."""
    query = (
        select(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None), ApiToken.ends_at > clock.now())
        .order_by(ApiToken.id.desc())
    )
    return list(session.scalars(query))


def revoke(session: Session, actor: Actor, public_id: str) -> None:
    """Revoke one of the actor's own tokens; raises NotFound for others'."""
    row = session.scalars(
        select(ApiToken).where(ApiToken.public_id == public_id, ApiToken.person_id == actor.person_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        trail.record(
            session,
            CoreEvent.API_TOKEN_REVOKED,
            subject=("person", actor.public_id or ""),
            actor=actor,
            name=row.name,
        )


def revoke_all(session: Session, person_id: int) -> int:
    """Revoke every token of a person; returns how many."""
    now = clock.now()
    rows = live(session, person_id)
    for row in rows:
        row.revoked_at = now
    return len(rows)
