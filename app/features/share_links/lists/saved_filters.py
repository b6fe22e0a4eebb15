"""Filters of the lists of links that somebody keeps by a name: their own business, so nothing is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import Actor
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
    rows = [SavedRow(one.public_id, one.name, one.everybodys, one.query) for one in session.scalars(query)]
    return [row for row in rows if _may_read(actor, everybodys=row.everybodys)]


def save(session: Session, actor: Actor, *, name: str, everybodys: bool, query: Mapping[str, str]) -> None:
    """Keep a filter; one of the same name is replaced. Raises Forbidden, Invalid, and Conflict where there are too many."""
    if actor.person_id is None or not _may_read(actor, everybodys=everybodys):
        raise Forbidden
    if not query:
        raise Invalid("name", Text("Nothing is filtered. Set a filter above the list first."))
    own = SavedFilter.person_id == actor.person_id
    session.execute(delete(SavedFilter).where(own, SavedFilter.name == name))
    if (session.scalar(select(func.count()).select_from(SavedFilter).where(own)) or 0) >= MAXIMUM:
        raise Conflict(Text("You have saved %(count)s filters. Delete one first.", count=MAXIMUM))
    session.add(
        SavedFilter(
            public_id=tokens.new_public_id(),
            person_id=actor.person_id,
            name=name,
            everybodys=everybodys,
            query=dict(query),
            created_at=clock.now(),
        )
    )


def forget(session: Session, actor: Actor, public_id: str) -> None:
    """Delete one of the actor's saved filters. Raises NotFound for any other."""
    if not rights.could_be_id(public_id):
        raise NotFound
    query = select(SavedFilter).where(SavedFilter.public_id == public_id, SavedFilter.person_id == actor.person_id)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    session.delete(row)


def _may_read(actor: Actor, *, everybodys: bool) -> bool:
    return actor.may(Permission.LINKS_ALL_READ if everybodys else Permission.LINKS_OWN_MANAGE)
