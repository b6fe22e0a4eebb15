"""The read side of the profile page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.accounts import api_tokens, own, sessions, sign_in
from app.core.accounts.actor import Actor
from app.core.connections import queries as connections
from app.core.connections.queries import AccountRow
from app.features.account.devices import Device, device_of


@dataclass(frozen=True)
class SessionRow:
    """A place where the person is signed in."""

    public_id: str
    device: Device
    address: str | None
    began_at: datetime
    last_seen_at: datetime
    this_one: bool


@dataclass(frozen=True)
class TokenRow:
    """An API token that works."""

    public_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    ends_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Profile:
    """All that a person sees about themselves."""

    name: str
    email: str
    time_zone: str | None
    has_password: bool
    password_changed_at: datetime | None
    sessions: Sequence[SessionRow]
    tokens: Sequence[TokenRow]
    accounts: Sequence[AccountRow]

    @property
    def other_sessions(self) -> int:
        """How many sessions there are besides the one that looks."""
        return sum(1 for row in self.sessions if not row.this_one)


@dataclass(frozen=True)
class Proofs:
    """How somebody who is signed in can prove again who they are."""

    ways: tuple[sign_in.Way, ...]
    password: bool
    #: Whether the password counts in an emergency only: its use is told to every administrator.
    emergency: bool


def profile(session: Session, actor: Actor) -> Profile:
    """Return the actor's profile; tokens and Atlassian accounts for staff only."""
    person = own.person_of(session, actor)
    return Profile(
        name=person.display_name,
        email=person.email,
        time_zone=person.time_zone,
        has_password=person.password_hash is not None,
        password_changed_at=person.password_changed_at,
        sessions=tuple(
            SessionRow(
                public_id=row.public_id,
                device=device_of(row.agent),
                address=row.address,
                began_at=row.created_at,
                last_seen_at=row.last_seen_at,
                this_one=row.id == actor.session_id,
            )
            for row in sessions.live(session, person.id)
        ),
        tokens=_tokens(session, person.id) if actor.is_staff else (),
        accounts=connections.accounts_of(session, person.id) if actor.is_staff else (),
    )


def proofs(session: Session, actor: Actor, methods: Collection[str]) -> Proofs:
    """Return how the actor can prove again who they are: by what their session began with."""
    password = "password" in methods and own.person_of(session, actor).password_hash is not None
    return Proofs(
        ways=tuple(way for way in sign_in.ways(session) if way.again and way.method in methods),
        password=password,
        emergency=password and actor.is_staff and sign_in.passwords_closed(session),
    )


def account_on(session: Session, actor: Actor, connection_id: str) -> AccountRow | None:
    """Return the actor's account on one connection in use, or None where there is no such connection."""
    rows = connections.accounts_of(session, own.person_of(session, actor).id)
    return next((row for row in rows if row.connection.public_id == connection_id), None)


def _tokens(session: Session, person_id: int) -> tuple[TokenRow, ...]:
    return tuple(
        TokenRow(row.public_id, row.name, tuple(row.scopes.split()), row.created_at, row.ends_at, row.last_used_at)
        for row in api_tokens.live(session, person_id)
    )
