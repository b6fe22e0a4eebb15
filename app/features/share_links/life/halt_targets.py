"""From what an administrator names to what a halt covers: by id, by address, or by way of a link that shows it."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.core.accounts import queries as accounts
from app.core.accounts.models import Person
from app.core.connections import clients
from app.core.connections.models import Connection
from app.core.errors import Invalid
from app.core.text import Text
from app.features.share_links import tokens
from app.features.share_links.life.halts import HaltScope, Target
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.rights import could_be_id
from app.integrations.atlassian import addresses
from app.integrations.atlassian.addresses import AddressError, Kind

MAXIMUM_NAMED = 2_000


def named(session: Session, scope: HaltScope, what: str, connection: str = "") -> Target:
    """Return what is named. Raises Invalid for `what` or `connection` where there is no such thing.

    `what` is an id or address of a link, an address or id of a page or issue, the key of a space or project, or the address
    of a person; `connection` the id or name of a connection.
    """
    words = what.replace("\0", "").strip()[:MAXIMUM_NAMED]
    match scope:
        case HaltScope.EVERYTHING:
            return Target(scope)
        case HaltScope.CONNECTION:
            row = _connection(session, connection or words)
            return Target(scope, (row.id,), row.name, row.public_id)
        case HaltScope.CONTAINER:
            return _container(session, _connection(session, connection), words)
        case HaltScope.PERSON:
            person = accounts.person_by_email(session, words) or accounts.person_by_public_id(session, words)
            if person is None:
                raise Invalid("what", Text("Nobody has this address."))
            return Target(scope, (person.id,), person.display_name, person.public_id)
        case HaltScope.OBJECT:
            return _object(session, words)
        case HaltScope.LINK:
            return by_link(session, scope, words)


def by_link(session: Session, scope: HaltScope, named: str) -> Target:
    """Return what a link belongs to: itself, its page, space or project, connection or owner."""
    public_id = _public_id(named)
    row = session.execute(
        select(ShareLink, SharedObject, Connection)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Connection, Connection.id == SharedObject.connection_id)
        .where(ShareLink.public_id == public_id)
    ).one_or_none()
    if row is None:
        raise Invalid("what", Text("There is no such link. Paste its address or its id."))
    link, shown, connection = row.ShareLink, row.SharedObject, row.Connection
    match scope:
        case HaltScope.LINK:
            return Target(scope, (link.id,), link.name, link.public_id)
        case HaltScope.OBJECT:
            return _of_object(shown, connection)
        case HaltScope.CONTAINER:
            return _container(session, connection, shown.container or "")
        case HaltScope.CONNECTION:
            return Target(scope, (connection.id,), connection.name, connection.public_id)
        case HaltScope.PERSON:
            person = session.get_one(Person, link.created_by_id)
            return Target(scope, (person.id,), person.display_name, person.public_id)
        case HaltScope.EVERYTHING:
            return Target(scope)


def _public_id(words: str) -> str:
    if could_be_id(words):
        return words
    parts = words.partition("/s/")[2].split("/")
    read = tokens.read(parts[0]) if parts[0] else None
    if read is None:
        raise Invalid("what", Text("There is no such link. Paste its address or its id."))
    return read[0]


def _connection(session: Session, words: str) -> Connection:
    query = select(Connection).where(or_(Connection.public_id == words, Connection.name == words))
    row = session.scalars(query.limit(1)).one_or_none()
    if row is None:
        raise Invalid("connection", Text("Choose a connection."))
    return row


def _container(session: Session, connection: Connection, key: str) -> Target:
    known = session.scalar(
        select(func.min(SharedObject.container)).where(
            SharedObject.connection_id == connection.id, func.lower(SharedObject.container) == key.lower()
        )
    )
    # One that nothing was shared from yet can be switched off beforehand.
    found = known or key
    if not found or len(found) > 64 or not found.isprintable() or ":" in found:
        raise Invalid("what", Text("Enter the key of the space or project, such as OPS."))
    return Target(
        HaltScope.CONTAINER,
        (connection.id, found),
        f"{found} ({connection.name})",
        f"{connection.public_id}:{found}",
    )


def _object(session: Session, words: str) -> Target:
    query = (
        select(SharedObject, Connection)
        .join(Connection, Connection.id == SharedObject.connection_id)
        .order_by(SharedObject.id)
        .limit(2)
    )
    if "/" not in words:
        query = query.where(or_(SharedObject.object_id == words, SharedObject.object_key == words))
    else:
        try:
            address = addresses.parse(words, clients.data_center_sites(session))
        except AddressError as error:
            raise Invalid("what", Text(str(error)), code=error.problem.value) from error
        named = address.id_or_key
        if address.kind is Kind.SHORT:
            named = addresses.page_id_of(named) or "0"
        query = query.where(
            Connection.site_host == address.place.host,
            Connection.site_path == address.place.path,
            Connection.product == address.product.value,
            or_(SharedObject.object_id == named, SharedObject.object_key == named),
        )
    found = session.execute(query).all()
    if len(found) != 1:
        raise Invalid(
            "what", Text("No page or issue that was shared is known by this. Paste its address in Atlassian.")
        )
    return _of_object(found[0].SharedObject, found[0].Connection)


def _of_object(shown: SharedObject, connection: Connection) -> Target:
    label = f"{shown.object_key} {shown.title}" if shown.object_key else shown.title
    return Target(HaltScope.OBJECT, (shown.id,), label[:300], f"{connection.public_id}:{shown.object_id}")
