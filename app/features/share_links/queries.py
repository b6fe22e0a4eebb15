"""What a request for a link has to know, read by one joined statement (`visit_statement`) outside any transaction.

Core columns and no ORM objects: this is asked for every page, picture and file. The statement has the same shape
whatever is found, so that an unknown link costs what a known one costs.
"""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.accounts import queries as accounts
from app.core.accounts import second_factor, sign_in
from app.core.accounts.models import Person, SignInSession
from app.core.permissions import Permission, permissions_of
from app.core.prepared import KEPT, Prepared
from app.features.share_links.gates import networks
from app.features.share_links.life.halts import HaltKind
from app.features.share_links.models import SharedObject
from app.features.share_links.objects import ObjectKind
from app.features.share_links.policy import AddressFacts, GrantFacts, LinkFacts, PassageFacts, VisitorFacts
from app.features.share_links.powers import Powers, dump, load
from app.features.share_links.visit_statement import BY_ID, BY_TOKEN, OBJECT_COLUMNS


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
    #: How often the size of one of its pictures, or of those below it, has become known.
    sizes_known: int
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
    #: Names the state of the rules that hold for the link: another one than before where they were changed.
    ruled: Hashable = None


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
    #: Whether the same reader opened it in another browser since this one did, and has not said that it was them.
    elsewhere: bool = False

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


_BY_ANY, _PREPARED = Prepared("AnyVisitRow", BY_ID), Prepared("VisitRow", BY_TOKEN)
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

    Without `generation` any will do. Without a session the statement is asked by itself, which costs less.
    """
    parameters = {"public_id": public_id, "browser": browser_digest, "session": session_digest, "now": now}
    row: Any
    if session is None:
        row = (_BY_ANY if generation is None else _PREPARED).one(parameters | {"generation": generation})
    elif generation is None:
        row = session.execute(BY_ID, parameters).one()
    else:
        row = session.execute(BY_TOKEN, parameters | {"generation": generation}).one()
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
    held, elsewhere = facts.grant is not None, row.elsewhere_at is not None
    return Visit(facts.link, visitor, facts.shown, held, row.reader or "", proven, facts.invited, elsewhere)


def object_row(session: Session, shared_object_id: int) -> ObjectRow:
    """Return what our tables have of a page or issue that is known to be there."""
    row = session.execute(select(*OBJECT_COLUMNS).where(SharedObject.id == shared_object_id)).one()
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
        row.sizes_known,
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
        (row.ruled_at, row.place_ruled_at),
    )
