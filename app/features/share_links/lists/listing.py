"""The internal read side: lists of links and one link. Frozen rows, ready for a template or the API."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, load_only

from app.core import clock, paging
from app.core.accounts.actor import Actor
from app.core.accounts.models import LOCAL, Group, Person
from app.core.connections.models import Connection
from app.core.errors import Forbidden, NotFound
from app.core.paging import NEVER, Page
from app.core.permissions import Permission
from app.core.spreadsheet import Cell
from app.features.share_links import facts, policy, powers, rights
from app.features.share_links.gates import grants
from app.features.share_links.life import halts
from app.features.share_links.life.halts import HaltKind
from app.features.share_links.lists import filtering, tallies
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import (
    LinkGroup,
    LinkRecipient,
    LinkTerms,
    SharedObject,
    ShareLink,
)
from app.features.share_links.policy import LinkState
from app.features.share_links.powers import Powers

ORDERS = paging.Orders(
    ShareLink.id,
    descending=True,
    created=ShareLink.created_at,
    name=ShareLink.name_key,
    ends=ShareLink.expires_at,
    views=ShareLink.views,
    opened=ShareLink.last_opened_at,
)


@dataclass(frozen=True)
class GroupRow:
    """A group as it is offered and shown."""

    public_id: str
    name: str
    #: `local`, or the public id of the connection it came through.
    source: str

    @property
    def is_local(self) -> bool:
        """Whether it was made in Portico."""
        return self.source == LOCAL


@dataclass(frozen=True)
class LinkRow:
    """One link with what it shows and who made it."""

    HEAD: ClassVar = (
        *("id", "name", "shows", "kind", "key", "container", "owner", "state", "created_at", "expires_at"),
        *("password", "groups", "recipients", "views", "max_views", "last_opened_at"),
    )
    #: Row id; where a list goes on.
    id: int
    public_id: str
    generation: int
    name: str
    connection_id: int
    kind: str
    object_id: str
    object_key: str | None
    title: str
    container: str | None
    web_url: str
    site: str
    restricted: bool
    owner_id: int
    owner_public_id: str
    owner_name: str
    created_at: datetime
    opens_at: datetime | None
    expires_at: datetime
    networks: tuple[str, ...]
    max_views: int | None
    max_views_each: int | None
    views: int
    #: None = no reader has opened it.
    last_opened_at: datetime | None
    asks_sign_in: bool
    sign_in_through: str | None
    groups: tuple[GroupRow, ...]
    all_groups: bool
    #: Addresses and domains.
    recipients: tuple[str, ...]
    asks_second_factor: bool
    has_password: bool
    terms_version: int | None
    #: Goes up with every change of name, conditions or powers.
    version: int
    asks_reason: bool
    powers: Powers
    state: LinkState
    paused_reason: str | None
    closed_reason: str | None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The row of a file, under `HEAD`."""
        shown = (self.title, self.kind, self.object_key, self.container)
        groups = ", ".join(group.name for group in self.groups)
        asked = (self.has_password, groups, ", ".join(self.recipients), self.views, self.max_views, self.last_opened_at)
        return (
            *(self.public_id, self.name, *shown, self.owner_name, self.state, self.created_at, self.expires_at),
            *asked,
        )


@dataclass(frozen=True)
class Counts:
    """How often what happened to a link."""

    openings: int
    failures: int
    downloads: int
    live_grants: int


def page(
    session: Session, actor: Actor, wanted: Wanted, after: str | None = None, size: int = paging.PAGE_SIZE
) -> Page[LinkRow]:
    """Return one page of links, newest first where no other order is asked for. Raises Forbidden where the actor reads none."""
    found = paging.page(session, wanted_links(session, actor, wanted), ORDERS.chosen(wanted.sort), after, size)
    return Page(tuple(_rows(session, found.rows)), found.next)


def wanted_links(session: Session, actor: Actor, wanted: Wanted) -> Select[Any]:
    """Return the query for links with their objects, people and connections. Raises Forbidden where the actor reads none."""
    filters = filtering.of(wanted)
    if not wanted.everybodys:
        if not actor.may(Permission.LINKS_OWN_MANAGE):
            raise Forbidden
        filters = [filtering.made_by(actor.person_id), *filters]
    elif not (actor.may(Permission.LINKS_ALL_READ) or actor.may(Permission.LINKS_ALL_MANAGE)):
        raise Forbidden
    return filtering.narrowed(session, _links(), filters)


def one(session: Session, actor: Actor, public_id: str) -> LinkRow:
    """Return one link; raises NotFound where the actor may not know of it."""
    if not rights.could_be_id(public_id):
        raise NotFound
    rows = _rows(session, session.execute(_links().where(ShareLink.public_id == public_id)).all())
    if not rows or not rights.may_see(actor, rows[0].owner_id):
        raise NotFound
    return rows[0]


def chosen(session: Session, actor: Actor, wanted: Wanted, public_ids: Collection[str]) -> Sequence[LinkRow]:
    """Return those links of a list, newest first, that are named by their ids; at most a page of them."""
    named = [one for one in public_ids if rights.could_be_id(one)][: paging.PAGE_SIZE]
    query = wanted_links(session, actor, wanted).where(ShareLink.public_id.in_(named)).order_by(ShareLink.id.desc())
    return _rows(session, session.execute(query).all()) if named else ()


def by_ids(session: Session, ids: Collection[int]) -> Sequence[LinkRow]:
    """Return links by row id, in their order; the caller has made sure that the reader may see them."""
    return _rows(session, session.execute(_links().where(ShareLink.id.in_(ids)).order_by(ShareLink.id)).all())


def counts(session: Session, link: LinkRow) -> Counts:
    """Return how often a link was opened, refused and downloaded from, and how many may read on now."""
    found = tallies.sums(session, link.id)
    row = session.get_one(ShareLink, link.id)
    return Counts(
        openings=found.openings,
        failures=found.failures,
        downloads=found.downloads,
        live_grants=grants.live_count(session, row),
    )


def terms(session: Session, link_id: int, version: int | None) -> str:
    """Return one version of the terms of a link; empty where there is none."""
    if version is None:
        return ""
    found = session.get(LinkTerms, (link_id, version))
    return found.text if found is not None else ""


def shared_already(session: Session, connection_id: int, object_id: str) -> int:
    """Return how many links to an object could still be opened, whoever made them."""
    query = (
        select(func.count(ShareLink.id))
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .where(
            SharedObject.connection_id == connection_id,
            SharedObject.object_id == object_id,
            ShareLink.revoked_at.is_(None),
            ShareLink.closed_at.is_(None),
            ShareLink.expires_at > clock.now(),
        )
    )
    return session.scalar(query) or 0


def offered_groups(session: Session) -> Sequence[GroupRow]:
    """Return every group that a link can ask for, by name."""
    query = select(Group).order_by(func.lower(Group.name), Group.id)
    return [GroupRow(group.public_id, group.name, group.source) for group in session.scalars(query)]


def _links() -> Select[Any]:
    query: Any = (
        select(ShareLink, SharedObject, Person, Connection, halts.in_force().label("halted"))
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Connection, Connection.id == SharedObject.connection_id)
        .join(Person, Person.id == ShareLink.created_by_id)
        # Connections hold credentials: not needed here, so neither read nor decrypted.
        .options(load_only(Connection.name, Connection.disabled_at))
    )
    links: Select[Any] = query
    return links


def _rows(session: Session, found: Sequence[Row[Any]]) -> list[LinkRow]:
    ids = [row.ShareLink.id for row in found]
    groups, recipients = _groups_of(session, ids), _recipients_of(session, ids)
    return [_row(row, groups.get(row.ShareLink.id, ()), recipients.get(row.ShareLink.id, ())) for row in found]


def _groups_of(session: Session, link_ids: Collection[int]) -> dict[int, tuple[GroupRow, ...]]:
    found: dict[int, tuple[GroupRow, ...]] = {}
    if not link_ids:
        return found
    query = (
        select(LinkGroup.link_id, Group)
        .join(Group, Group.id == LinkGroup.group_id)
        .where(LinkGroup.link_id.in_(link_ids))
        .order_by(func.lower(Group.name), Group.id)
    )
    for link_id, group in session.execute(query):
        found[link_id] = (*found.get(link_id, ()), GroupRow(group.public_id, group.name, group.source))
    return found


def _recipients_of(session: Session, link_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    if not link_ids:
        return found
    query = (
        select(LinkRecipient.link_id, LinkRecipient.value)
        .where(LinkRecipient.link_id.in_(link_ids))
        .order_by(LinkRecipient.domain, LinkRecipient.value)
    )
    for link_id, value in session.execute(query):
        found[link_id] = (*found.get(link_id, ()), value)
    return found


def _row(row: Row[Any], groups: tuple[GroupRow, ...], recipients: tuple[str, ...]) -> LinkRow:
    link: ShareLink = row.ShareLink
    shared: SharedObject = row.SharedObject
    known = facts.link_facts(
        link,
        creator_active=row.Person.active,
        connection_enabled=row.Connection.disabled_at is None,
        asks_for_groups=bool(groups),
        asks_for_address=bool(recipients),
        halted=HaltKind(row.halted) if row.halted else None,
    )
    return LinkRow(
        id=link.id,
        public_id=link.public_id,
        generation=link.generation,
        name=link.name,
        connection_id=shared.connection_id,
        kind=shared.kind,
        object_id=shared.object_id,
        object_key=shared.object_key,
        title=shared.title,
        container=shared.container,
        web_url=shared.web_url,
        site=row.Connection.name,
        restricted=bool(link.restriction_digest),
        owner_id=link.created_by_id,
        owner_public_id=row.Person.public_id,
        owner_name=row.Person.display_name,
        created_at=link.created_at,
        opens_at=link.opens_at,
        expires_at=link.expires_at,
        networks=tuple(str(one) for one in known.networks or ()),
        max_views=link.max_views,
        max_views_each=link.max_views_each,
        views=link.views,
        last_opened_at=link.last_opened_at if link.last_opened_at > NEVER else None,
        asks_sign_in=link.asks_sign_in,
        sign_in_through=link.sign_in_through,
        groups=groups,
        all_groups=link.all_groups,
        recipients=recipients,
        asks_second_factor=link.asks_second_factor,
        has_password=known.has_password,
        terms_version=link.terms_version,
        version=link.version,
        asks_reason=link.asks_reason,
        powers=powers.load(link.powers),
        state=policy.state_of(known, clock.now()),
        paused_reason=link.paused_reason,
        closed_reason=link.closed_reason,
    )
