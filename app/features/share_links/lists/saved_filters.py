"""Filters of the lists of links that somebody keeps by a name: their own business, so nothing is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.crypto import tokens
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links import rights
from app.features.share_links.lookup_models import SavedFilter

MAXIMUM = 30
MAXIMUM_NAME = 60


@dataclass(frozen=True)
class SavedRow:
    """One saved filter."""

    public_id: str
    name: str
    everybodys: bool
    #: Query arguments of the list.
    query: Mapping[str, str]


def of_person(session: Session, actor: Actor) -> Sequence[SavedRow]:
    """Return the actor's saved filters for the lists that they may read, by name."""
    query = select(SavedFilter).where(SavedFilter.person_id == actor.person_id).order_by(SavedFilter.name)
    rows = [_shown(one) for one in session.scalars(query)]
    return [row for row in rows if _may_read(actor, everybodys=row.everybodys)]


def one(session: Session, actor: Actor, public_id: str) -> SavedRow:
    """Return one of the actor's saved filters. Raises NotFound for any other, Forbidden where they read that list no more."""
    row = _shown(_own(session, actor, public_id))
    if not _may_read(actor, everybodys=row.everybodys):
        raise Forbidden
    return row


def save(session: Session, actor: Actor, *, name: str, everybodys: bool, query: Mapping[str, str]) -> SavedRow:
    """Keep a filter; one of the same name is replaced. Raises Forbidden, Invalid, and Conflict where there are too many."""
    name = _checked(name)
    if actor.person_id is None or not _may_read(actor, everybodys=everybodys):
        raise Forbidden
    if not query:
        raise Invalid("name", Text("Nothing is filtered. Set a filter above the list first."))
    own = SavedFilter.person_id == actor.person_id
    # One after the other for each person, so that neither name nor number is taken twice.
    session.execute(select(Person.id).where(Person.id == actor.person_id).with_for_update())
    session.execute(delete(SavedFilter).where(own, SavedFilter.name == name))
    if (session.scalar(select(func.count()).select_from(SavedFilter).where(own)) or 0) >= MAXIMUM:
        raise Conflict(Text("You have saved %(count)s filters. Delete one first.", count=MAXIMUM))
    row = SavedFilter(
        public_id=tokens.new_public_id(),
        person_id=actor.person_id,
        name=name,
        everybodys=everybodys,
        query=dict(query),
        created_at=clock.now(),
    )
    session.add(row)
    return _shown(row)


def rename(session: Session, actor: Actor, public_id: str, name: str) -> SavedRow:
    """Give one of the actor's saved filters another name. Raises NotFound for any other, Invalid for a name in use."""
    row, name = _own(session, actor, public_id), _checked(name)
    taken = select(SavedFilter.id).where(
        SavedFilter.person_id == actor.person_id, SavedFilter.name == name, SavedFilter.id != row.id
    )
    if session.scalar(taken) is not None:
        raise Invalid("name", Text("Another of your filters has this name. Choose one that is free."))
    row.name = name
    return _shown(row)


def forget(session: Session, actor: Actor, public_id: str) -> None:
    """Delete one of the actor's saved filters. Raises NotFound for any other."""
    session.delete(_own(session, actor, public_id))


def _own(session: Session, actor: Actor, public_id: str) -> SavedFilter:
    if not rights.could_be_id(public_id):
        raise NotFound
    query = select(SavedFilter).where(SavedFilter.public_id == public_id, SavedFilter.person_id == actor.person_id)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def _checked(name: str) -> str:
    found = "".join(one for one in " ".join(name.split()) if one.isprintable())
    if not found:
        raise Invalid("name", Text("Fill this in."))
    if len(found) > MAXIMUM_NAME:
        raise Invalid("name", Text("Use at most %(count)s characters.", count=MAXIMUM_NAME))
    return found


def _shown(row: SavedFilter) -> SavedRow:
    return SavedRow(row.public_id, row.name, row.everybodys, row.query)


def _may_read(actor: Actor, *, everybodys: bool) -> bool:
    return actor.may(Permission.LINKS_ALL_READ if everybodys else Permission.LINKS_OWN_MANAGE)
