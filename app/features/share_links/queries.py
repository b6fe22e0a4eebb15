"""What a request for a link has to know, read by one joined statement outside any transaction.

Core columns and no ORM objects: this is asked for every page, picture and file. The statement has the same shape
whatever is found, so that an unknown link costs what a known one costs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.core.accounts import queries as accounts
from app.core.accounts import second_factor, sign_in
from app.core.accounts.models import Membership, Person, SignInSession
from app.core.connections.models import Connection
from app.core.db import UtcDateTime
from app.core.permissions import Permission, permissions_of
from app.core.prepared import KEPT, Prepared
from app.features.share_links.gates import networks
from app.features.share_links.guests.models import Invitation
from app.features.share_links.life import halts
from app.features.share_links.life.halts import HaltKind
from app.features.share_links.models import (
    AddressProof,
    Grant,
    LinkGroup,
    LinkRecipient,
    Passage,
    ReaderViews,
    SharedObject,
    ShareLink,
)
from app.features.share_links.objects import ObjectKind
from app.features.share_links.policy import AddressFacts, GrantFacts, LinkFacts, PassageFacts, VisitorFacts
from app.features.share_links.powers import Powers, dump, load


@dataclass(frozen=True)
class ObjectRow:
    """The shared page or issue as our tables have it."""

    id: int
    connection_id: int
    kind: ObjectKind
    object_id: str
    object_key: str | None
    title: str
    version: str
    restriction_digest: str
    #: Digest of the pages below that links may cover.
    tree_digest: str
    checked_at: datetime
    check_lease_until: datetime | None
    down_since: datetime | None


@dataclass(frozen=True)
class Shown:
    """What pages of a link print, and what copies are made by."""

    link_id: int
    public_id: str
    generation: int
    #: Raised by each change a reader can see.
    version: int
    name: str
    owner_id: int
    owner_name: str
    expires_at: datetime
    powers: Powers
    password_hash: str | None
    object: ObjectRow


@dataclass(frozen=True)
class Invited:
    """The own link of one person that a request came by."""

    id: int
    public_id: str
    #: Whom it was sent to.
    address: str


@dataclass(frozen=True)
class Visit:
    """One request for one link: the facts the policy decides on, and what the answer needs."""

    link: LinkFacts
    visitor: VisitorFacts
    shown: Shown
    #: Whether this browser was ever granted access to the link.
    held_grant: bool
    #: Whose views are counted, where they are counted for each reader.
    reader: str = ""
    #: The address that this browser has proven for the link, as long as that counts.
    proven_address: str | None = None
    #: Whose own link this is; None = the address of the link itself.
    invited: Invited | None = None

    def opening(self, passage: PassageFacts, *, manages: bool) -> "Visit":
        """Return the same visit as a request to open, with what it has passed by now."""
        return replace(self, visitor=replace(self.visitor, passage=passage, manages=manages, opens=True))


@dataclass(frozen=True)
class _Facts:
    """What a row says whoever asks, and whenever."""

    link: LinkFacts
    shown: Shown
    grant: GrantFacts | None
    address: AddressFacts | None
    passage: PassageFacts | None
    invited: Invited | None
    methods: Mapping[str, Any]


_LINK, _TARGET, _CONNECTION = ShareLink.__table__.c, SharedObject.__table__.c, Connection.__table__.c
_SESSION, _GRANT, _GROUPS = SignInSession.__table__.c, Grant.__table__.c, LinkGroup.__table__.c
_MEMBERS, _RECIPIENTS, _VIEWS = Membership.__table__.c, LinkRecipient.__table__.c, ReaderViews.__table__.c
_PASSAGE, _PROOF, _INVITATION = Passage.__table__.c, AddressProof.__table__.c, Invitation.__table__.c
_OWNER, _PERSON = Person.__table__.alias("owner"), Person.__table__.alias("person")

_NOW: BindParameter[datetime] = bindparam("now", type_=UtcDateTime())
_BROWSER: BindParameter[str] = bindparam("browser", type_=String())
_PUBLIC_ID: BindParameter[str] = bindparam("public_id", type_=String())
_GENERATION: BindParameter[int] = bindparam("generation", type_=Integer())
#: The generation in the token of an own link: each is taken back by itself.
OWN_GENERATION = 0
_NAMED = ShareLink.__table__.alias("named").c
_ASKS_FOR_GROUPS = exists().where(_GROUPS.link_id == _LINK.id)
_IN_THIS_GROUP = and_(_MEMBERS.group_id == _GROUPS.group_id, _MEMBERS.person_id == _PERSON.c.id)
_COUNTS_NOW = or_(_MEMBERS.valid_until.is_(None), _MEMBERS.valid_until > _NOW)
_IN_ONE = exists().where(_GROUPS.link_id == _LINK.id, _IN_THIS_GROUP, _COUNTS_NOW)
_MISSES_ONE = exists().where(
    _GROUPS.link_id == _LINK.id,
    ~exists().where(_IN_THIS_GROUP, _COUNTS_NOW).correlate(LinkGroup.__table__, _PERSON),
)
_IS_MEMBER = case((_LINK.all_groups, and_(_PERSON.c.id.is_not(None), ~_MISSES_ONE)), else_=_IN_ONE)
#: One connection whose word on a membership has become too old.
_RENEWS_THROUGH = (
    select(func.min(_MEMBERS.origin))
    .where(_GROUPS.link_id == _LINK.id, _IN_THIS_GROUP, _MEMBERS.valid_until <= _NOW, _MEMBERS.origin != "")
    .correlate(ShareLink.__table__, _PERSON)
    .scalar_subquery()
)
#: Read only where a condition is about how the session was begun.
_METHODS = case((or_(_LINK.sign_in_through.is_not(None), _LINK.asks_second_factor), _SESSION.methods), else_=None)
_ASKS_FOR_ADDRESS = exists().where(_RECIPIENTS.link_id == _LINK.id)
_AMONG_RECIPIENTS = exists().where(
    _RECIPIENTS.link_id == _LINK.id, or_(_RECIPIENTS.value == _PROOF.address, _RECIPIENTS.value == _PROOF.domain)
)
#: Looked up only where an address was proven.
_IS_RECIPIENT = case((_PROOF.address.is_not(None), _AMONG_RECIPIENTS), else_=None)
#: Whose views are counted: who is signed in, else the proven address, else the own link, else the browser.
_READER = case(
    (_PERSON.c.id.is_not(None), literal("person:") + cast(_PERSON.c.id, String)),
    (_PROOF.ends_at > _NOW, literal("address:") + _PROOF.address),
    (_INVITATION.id.is_not(None), literal("invitation:") + cast(_INVITATION.id, String)),
    else_=literal("browser:") + func.coalesce(_BROWSER, ""),
)
_OWN_VIEWS = (
    select(_VIEWS.views)
    .where(_VIEWS.link_id == _LINK.id, _VIEWS.reader == _READER)
    .correlate(ShareLink.__table__, _PERSON, AddressProof.__table__, Invitation.__table__)
    .scalar_subquery()
)


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a document as the text it is stored as: `_facts` reads it, once for each row that it sees."""
    return cast(column, Text).label(str(column.key))


def _flag(column: ColumnElement[Any], name: str | None = None) -> ColumnElement[Any]:
    """Return a truth as the database hands it over: `_visit` makes a bool of it, at less than a processor costs."""
    return type_coerce(column, Integer).label(name or str(column.key))


_OBJECT_COLUMNS = (
    _TARGET.id.label("target_id"),
    _TARGET.connection_id,
    _TARGET.kind,
    _TARGET.object_id,
    _TARGET.object_key,
    _TARGET.title,
    _TARGET.version.label("object_version"),
    _TARGET.restriction_digest,
    _TARGET.tree_digest,
    _TARGET.checked_at,
    _TARGET.check_lease_until,
    _TARGET.down_since,
)
_COLUMNS = (
    _LINK.id,
    _LINK.public_id,
    _LINK.generation,
    _LINK.version,
    _LINK.name,
    _LINK.expires_at,
    _LINK.password_hash,
    _LINK.max_views,
    _LINK.views,
    _text(_LINK.powers),
    _LINK.conditions_version,
    _LINK.opens_at,
    _text(_LINK.networks),
    _LINK.max_views_each,
    _flag(_LINK.asks_sign_in),
    _LINK.sign_in_through,
    _flag(_LINK.asks_second_factor),
    _LINK.terms_version,
    _flag(_LINK.asks_reason),
    _LINK.paused_at,
    _LINK.revoked_at,
    _LINK.closed_at,
    _LINK.created_by_id,
    _OWNER.c.display_name.label("owner_name"),
    _OWNER.c.deactivated_at.label("owner_left_at"),
    _CONNECTION.disabled_at,
    halts.in_force().label("halted"),
    *_OBJECT_COLUMNS,
    _PERSON.c.id.label("person_id"),
    _GRANT.id.label("grant_id"),
    _GRANT.ends_at.label("grant_ends_at"),
    _GRANT.ended_at.label("grant_ended_at"),
    _GRANT.conditions_version.label("grant_conditions"),
    _GRANT.person_id.label("grant_person_id"),
    _flag(_ASKS_FOR_GROUPS, "asks_for_groups"),
    _flag(_IS_MEMBER, "is_member"),
    _RENEWS_THROUGH.label("renews_through"),
    cast(_METHODS, Text).label("methods"),
    _flag(_ASKS_FOR_ADDRESS, "asks_for_address"),
    _PROOF.address.label("proven_address"),
    _PROOF.ends_at.label("proof_ends_at"),
    _flag(_IS_RECIPIENT, "is_recipient"),
    _PASSAGE.conditions_version.label("passage_conditions"),
    _PASSAGE.person_id.label("passage_person_id"),
    _PASSAGE.password_at,
    _PASSAGE.terms_version.label("accepted_terms"),
    _PASSAGE.reason_at,
    _INVITATION.id.label("invitation_id"),
    _INVITATION.public_id.label("invitation_public_id"),
    _INVITATION.address.label("invitation_address"),
    _READER.label("reader"),
    case((_LINK.max_views_each.is_not(None), _OWN_VIEWS), else_=None).label("own_views"),
)


def _statement(*conditions: ColumnElement[bool]) -> Select[Any]:
    # A row comes back whatever is found: all parts hang on it by outer joins.
    request = select(literal(1).label("one")).subquery("request")
    # What is named is a link, or an own link under one. One that was taken back names nothing.
    named = select(_NAMED.id).where(_NAMED.public_id == _PUBLIC_ID, *conditions).scalar_subquery()
    own = and_(
        _INVITATION.public_id == _PUBLIC_ID,
        _INVITATION.revoked_at.is_(None),
        _INVITATION.left_at.is_(None),
        *([_GENERATION == OWN_GENERATION] if conditions else []),
    )
    # An alias of its own, or it would be correlated with the grant that is joined.
    known = Grant.__table__.alias("known").c
    newest_grant = (
        select(func.max(known.id))
        .where(
            known.link_id == _LINK.id,
            known.browser_digest == _BROWSER,
            known.invitation_id.is_not_distinct_from(_INVITATION.id),
        )
        .scalar_subquery()
    )
    live_session = and_(
        _SESSION.digest == bindparam("session", type_=String()),
        _SESSION.ended_at.is_(None),
        _SESSION.ends_at > _NOW,
        _SESSION.idle_ends_at > _NOW,
    )
    return (
        select(*_COLUMNS)
        .select_from(request)
        .outerjoin(Invitation.__table__, own)
        .outerjoin(ShareLink.__table__, _LINK.id == func.coalesce(named, _INVITATION.link_id))
        .outerjoin(_OWNER, _OWNER.c.id == _LINK.created_by_id)
        .outerjoin(SharedObject.__table__, _TARGET.id == _LINK.shared_object_id)
        .outerjoin(Connection.__table__, _CONNECTION.id == _TARGET.connection_id)
        .outerjoin(SignInSession.__table__, live_session)
        .outerjoin(_PERSON, and_(_PERSON.c.id == _SESSION.person_id, _PERSON.c.deactivated_at.is_(None)))
        .outerjoin(Grant.__table__, _GRANT.id == newest_grant)
        .outerjoin(AddressProof.__table__, and_(_PROOF.link_id == _LINK.id, _PROOF.browser_digest == _BROWSER))
        .outerjoin(Passage.__table__, and_(_PASSAGE.link_id == _LINK.id, _PASSAGE.browser_digest == _BROWSER))
    )


_BY_ID = _statement()
_BY_TOKEN = _statement(_NAMED.generation == _GENERATION)
_BY_ANY, _PREPARED = Prepared("AnyVisitRow", _BY_ID), Prepared("VisitRow", _BY_TOKEN)
#: What is unpacked where there is no such link.
_STAND_IN = _PREPARED.row(kind=ObjectKind.PAGE.value, powers=json.dumps(dump(Powers(attachments=True, download=True))))


def visit(
    session: Session | None,
    public_id: str,
    generation: int | None,
    *,
    browser_digest: str | None,
    session_digest: str | None,
    now: datetime,
    network_address: str | None = None,
) -> Visit | None:
    """Return the facts of one request, or None where there is no such link.

    Without `generation` any will do. Without a session the statement is asked by itself, at a third of the cost.
    """
    parameters = {"public_id": public_id, "browser": browser_digest, "session": session_digest, "now": now}
    row: Any
    if session is None:
        row = (_BY_ANY if generation is None else _PREPARED).one(parameters | {"generation": generation})
    elif generation is None:
        row = session.execute(_BY_ID, parameters).one()
    else:
        row = session.execute(_BY_TOKEN, parameters | {"generation": generation}).one()
    # Made of something also where there is nothing: an unknown link has to cost what a known one costs.
    found = _visit(row if row.id is not None else _STAND_IN, network_address, now)
    return found if row.id is not None else None


def sees_reasons(session: Session, session_digest: str, owner_id: int | None, now: datetime) -> bool:
    """Tell whether a session is the owner's or an administrator's, who are told why a link is closed."""
    person_id = session.scalar(
        select(SignInSession.person_id)
        .join(Person, Person.id == SignInSession.person_id)
        .where(
            SignInSession.digest == session_digest,
            SignInSession.ended_at.is_(None),
            SignInSession.ends_at > now,
            SignInSession.idle_ends_at > now,
            Person.deactivated_at.is_(None),
        )
    )
    if person_id is None:
        return False
    # Asked whatever the owner is: an unknown link has to cost the same.
    permissions = permissions_of(accounts.roles_of(session, person_id))
    return owner_id is not None and (person_id == owner_id or Permission.LINKS_ALL_MANAGE in permissions)


@lru_cache(maxsize=KEPT)
def _facts(row: Any) -> _Facts:
    grant = address = passage = invited = None
    if row.grant_id is not None:
        grant = GrantFacts(row.grant_ends_at, row.grant_ended_at is not None, row.grant_conditions, row.grant_person_id)
    if row.proof_ends_at is not None:
        # Somebody's own link is for their address alone, whomever else the link is for.
        theirs = row.invitation_address in (None, row.proven_address)
        address = AddressFacts(row.proof_ends_at, bool(row.is_recipient) and theirs)
    if row.passage_conditions is not None:
        passage = PassageFacts(
            row.passage_conditions, row.passage_person_id, row.password_at, row.accepted_terms, row.reason_at
        )
    if row.invitation_id is not None:
        invited = Invited(row.invitation_id, row.invitation_public_id, row.invitation_address)
    # Somebody who was deactivated has a session still, and proves nothing by it.
    methods = json.loads(row.methods) if row.methods and row.person_id is not None else {}
    return _Facts(_link(row), _shown(row), grant, address, passage, invited, methods or {})


def _link(row: Any) -> LinkFacts:
    return LinkFacts(
        revoked=row.revoked_at is not None,
        closed=row.closed_at is not None,
        paused=row.paused_at is not None,
        creator_active=row.owner_left_at is None,
        connection_enabled=row.disabled_at is None,
        stopped=row.halted == HaltKind.STOP,
        switched_off=row.halted == HaltKind.OFF,
        opens_at=row.opens_at,
        expires_at=row.expires_at,
        networks=networks.load(json.loads(row.networks) if row.networks else None),
        max_views=row.max_views,
        views=row.views,
        max_views_each=row.max_views_each,
        asks_sign_in=bool(row.asks_sign_in),
        sign_in_through=row.sign_in_through,
        asks_for_groups=bool(row.asks_for_groups),
        asks_for_address=bool(row.asks_for_address),
        asks_second_factor=bool(row.asks_second_factor),
        has_password=row.password_hash is not None,
        terms_version=row.terms_version,
        asks_reason=bool(row.asks_reason),
        conditions_version=row.conditions_version,
    )


def _visit(row: Any, network_address: str | None, now: datetime) -> Visit:
    facts = _facts(row)
    methods, address = facts.methods, facts.address
    visitor = VisitorFacts(
        grant=facts.grant,
        person_id=row.person_id,
        is_member=bool(row.is_member),
        renews_through=row.renews_through,
        network_address=network_address,
        signed_in_through=sign_in.begun_by(methods) if methods else frozenset(),
        address=address,
        second_factor=second_factor.proven(methods, now) if methods else False,
        passage=facts.passage,
        own_views=row.own_views or 0,
    )
    proven = row.proven_address if address is not None and now < address.ends_at else None
    return Visit(facts.link, visitor, facts.shown, facts.grant is not None, row.reader or "", proven, facts.invited)


def object_row(session: Session, shared_object_id: int) -> ObjectRow:
    """Return what our tables have of a page or issue that is known to be there."""
    row = session.execute(select(*_OBJECT_COLUMNS).where(_TARGET.id == shared_object_id)).one()
    return _object(row)


def _object(row: Any) -> ObjectRow:
    return ObjectRow(
        row.target_id,
        row.connection_id,
        ObjectKind(row.kind),
        row.object_id,
        row.object_key,
        row.title,
        row.object_version,
        row.restriction_digest,
        row.tree_digest,
        row.checked_at,
        row.check_lease_until,
        row.down_since,
    )


def _shown(row: Any) -> Shown:
    target = _object(row)
    return Shown(
        row.id,
        row.public_id,
        row.generation,
        row.version,
        row.name,
        row.created_by_id,
        row.owner_name,
        row.expires_at,
        load(json.loads(row.powers)),
        row.password_hash,
        target,
    )
