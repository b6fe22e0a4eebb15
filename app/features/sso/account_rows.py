"""Accounts at providers and open conflicts, as pages and the interface show them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.core.accounts.models import Person
from app.features.sso.models import SsoConflict, SsoConnection, SsoIdentity

#: Accounts and conflicts that one page shows.
SHOWN = 50
MAXIMUM_SEARCH = 100


@dataclass(frozen=True)
class AccountRow:
    """One account at a provider, and whose it is."""

    id: int
    connection: str
    connection_public_id: str
    subject: str
    person: str
    person_public_id: str
    email: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class ConflictRow:
    """An account that asks for somebody's address."""

    id: int
    connection: str
    connection_public_id: str
    subject: str
    #: The address that the provider sent; it is the person's here.
    email: str
    person: str
    person_public_id: str
    first_at: datetime
    last_at: datetime
    #: Names the attempt that is explained.
    reference: str


@dataclass(frozen=True)
class OfPerson:
    """What there is of one person at providers."""

    accounts: list[AccountRow]
    conflicts: list[ConflictRow]


@dataclass(frozen=True)
class Wanted:
    """Which accounts or conflicts; what is empty narrows nothing."""

    connection: str = ""
    person: str = ""
    #: Of accounts: exactly this one at its provider.
    subject: str = ""
    #: Of accounts: part of account, name or address.
    search: str = ""


def accounts(session: Session, wanted: Wanted, *, before: int | None = None, limit: int = SHOWN) -> list[AccountRow]:
    """Return accounts that somebody has, newest first, on from the row `before`."""
    query = (
        select(SsoIdentity, SsoConnection, Person)
        .join(Person, Person.id == SsoIdentity.person_id)
        .join(SsoConnection, SsoConnection.id == SsoIdentity.connection_id)
        .where(*_of(wanted))
        .order_by(SsoIdentity.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(SsoIdentity.id < before)
    if wanted.subject:
        query = query.where(SsoIdentity.subject == wanted.subject)
    if words := wanted.search.strip().lower()[:MAXIMUM_SEARCH]:
        places = (func.lower(SsoIdentity.subject), func.lower(Person.display_name), Person.email_key)
        query = query.where(or_(*(place.contains(words, autoescape=True) for place in places)))
    return [
        AccountRow(
            id=row.id,
            connection=connection.name,
            connection_public_id=connection.public_id,
            subject=row.subject,
            person=person.display_name,
            person_public_id=person.public_id,
            email=person.email,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
        )
        for row, connection, person in session.execute(query)
    ]


def conflicts(session: Session, wanted: Wanted, *, before: int | None = None, limit: int = SHOWN) -> list[ConflictRow]:
    """Return conflicts that wait for a decision, newest first, on from the row `before`."""
    query = (
        select(SsoConflict, SsoConnection, Person)
        .join(SsoConnection, SsoConnection.id == SsoConflict.connection_id)
        .join(Person, Person.id == SsoConflict.person_id)
        .where(*_of(wanted))
        .order_by(SsoConflict.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(SsoConflict.id < before)
    return [
        ConflictRow(
            id=row.id,
            connection=connection.name,
            connection_public_id=connection.public_id,
            subject=row.subject,
            email=row.email,
            person=person.display_name,
            person_public_id=person.public_id,
            first_at=row.first_at,
            last_at=row.last_at,
            reference=row.reference,
        )
        for row, connection, person in session.execute(query)
    ]


def of_person(session: Session, public_id: str) -> OfPerson | None:
    """Return a person's accounts and the conflicts about their address; None where no provider is set up."""
    if session.scalar(select(SsoConnection.id).limit(1)) is None:
        return None
    wanted = Wanted(person=public_id)
    return OfPerson(accounts(session, wanted), conflicts(session, wanted))


def count_conflicts(session: Session) -> int:
    """Return how many conflicts wait for a decision."""
    return session.scalar(select(func.count()).select_from(SsoConflict)) or 0


def _of(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.connection:
        conditions.append(SsoConnection.public_id == wanted.connection)
    if wanted.person:
        conditions.append(Person.public_id == wanted.person)
    return conditions
