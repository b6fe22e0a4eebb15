"""People's own Atlassian accounts: connected by a token of theirs, or assigned by an administrator; never chosen from a list.

Nothing here asks Atlassian: a `gather` function called "myself" with the token, or looked the account up.
"""

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import SYSTEM, Actor, PersonKind
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.connections.clients import Site
from app.core.connections.models import AccountSource, AtlassianAccount, Connection
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.integrations.atlassian.types import Account, Deployment

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9:_-]{1,128}")


def connect(session: Session, actor: Actor, site: Site, account: Account, *, email: str | None, token: str) -> None:
    """Keep the actor's own account on a connection, proven by their token at `site`. Raises Forbidden, NotFound, Conflict."""
    if actor.person_id is None or not actor.is_staff:
        raise Forbidden
    row = session.get(Connection, site.id)
    if row is None or row.disabled_at is not None:
        raise NotFound
    if row.base_url != site.base_url:
        raise Conflict(Text("The connection %(name)s was changed meanwhile. Try again.", name=row.name))
    person = session.get_one(Person, actor.person_id)
    _store_account(session, actor, person, row, account, AccountSource.TOKEN, email, token)


def assign(session: Session, actor: Actor, person: Person, connection: Connection, account: Account) -> None:
    """Say whose Atlassian account a person has, as an administrator. Raises Forbidden, Invalid, Conflict."""
    _require_people(actor)
    checked_account_id(account.account_id, Deployment(connection.deployment))
    if person.kind != PersonKind.STAFF:
        raise Conflict(Text("Only staff have Atlassian accounts here."))
    proven = session.scalar(
        select(func.count()).where(
            AtlassianAccount.person_id == person.id,
            AtlassianAccount.connection_id == connection.id,
            AtlassianAccount.source == AccountSource.TOKEN,
        )
    )
    if proven:
        raise Conflict(
            Text("%(name)s connected their own account. Remove it first to assign another.", name=person.display_name)
        )
    _store_account(session, actor, person, connection, account, AccountSource.ADMINISTRATOR, None, None)


def disconnect(session: Session, actor: Actor, person: Person, connection: Connection) -> bool:
    """Forget a person's account: one they connected themselves, or anybody's as an administrator. False where there was none.

    An account that an administrator assigned is for an administrator to take away. Raises Forbidden.
    """
    row = _account(session, person.id, connection.id)
    if row is None:
        return False
    if actor.person_id != person.id or row.source != AccountSource.TOKEN:
        _require_people(actor)
    session.delete(row)
    trail.record(
        session,
        CoreEvent.ACCOUNT_DISCONNECTED,
        subject=("person", person.public_id),
        actor=actor,
        connection=connection.public_id,
    )
    return True


def checked_account_id(value: str, deployment: Deployment) -> str:
    """Return an Atlassian account id, or on Data Center a username or key; raise Invalid where it cannot be one."""
    value = value.strip()
    if deployment is Deployment.DATA_CENTER:
        if not 1 <= len(value) <= 128 or not value.isprintable():
            raise Invalid("account_id", Text("Enter a username of 1 to 128 characters."))
        return value
    if not _ACCOUNT_ID.fullmatch(value):
        raise Invalid("account_id", Text("Enter an Atlassian account id, such as 557058:0a1b2c3d-4e5f."))
    return value


def _account(session: Session, person_id: int, connection_id: int) -> AtlassianAccount | None:
    return session.scalars(
        select(AtlassianAccount).where(
            AtlassianAccount.person_id == person_id, AtlassianAccount.connection_id == connection_id
        )
    ).one_or_none()


def _store_account(
    session: Session,
    actor: Actor,
    person: Person,
    connection: Connection,
    account: Account,
    source: AccountSource,
    email: str | None,
    token: str | None,
) -> None:
    row = _account(session, person.id, connection.id)
    if row is None:
        row = AtlassianAccount(person_id=person.id, connection_id=connection.id)
        session.add(row)
    row.account_id, row.display_name = account.account_id, account.display_name[:200]
    row.source, row.email, row.token, row.connected_at = source.value, email, token, clock.now()
    session.flush()
    trail.record(
        session,
        CoreEvent.ACCOUNT_CONNECTED,
        subject=("person", person.public_id),
        actor=actor,
        connection=connection.public_id,
        account=account.account_id,
        by=source.value,
    )


def _require_people(actor: Actor) -> None:
    if actor is not SYSTEM and not actor.may(Permission.ADMIN_PEOPLE_MANAGE):
        raise Forbidden
