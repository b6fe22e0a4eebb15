"""The one statement of a visit: a link with all that its gates are decided by, whatever of it is found.

Parameters: `public_id`, `generation`, `browser` and `session` (digests) and `now`. Exactly one row comes back.
"""

from datetime import datetime
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

from app.core.accounts.models import Membership, Person, SignInSession
from app.core.connections.models import Connection
from app.core.db import UtcDateTime
from app.core.settings.models import RuntimeSetting
from app.features.share_links.guests.models import Invitation
from app.features.share_links.life import halts
from app.features.share_links.models import (
    AddressProof,
    Grant,
    LinkGroup,
    LinkRecipient,
    Passage,
    ReaderViews,
    RuleLevel,
    SharedObject,
    ShareLink,
)
from app.features.share_links.settings import AREA

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


_LEVELS, _SETTINGS = RuleLevel.__table__.c, RuntimeSetting.__table__.c
#: When the rules of its place were last changed. Who removes a level only loosens, so this never comes back stricter.
_PLACE_RULED_AT = (
    select(func.max(_LEVELS.changed_at))
    .where(
        _LEVELS.connection_id == _TARGET.connection_id,
        _LEVELS.container.in_(("", func.lower(func.coalesce(_TARGET.container, "")))),
    )
    .correlate(SharedObject.__table__)
    .scalar_subquery()
)
#: The same of the rules for everywhere, which are settings.
_RULED_AT = select(_SETTINGS.changed_at).where(_SETTINGS.area == AREA).scalar_subquery()


def _as_stored(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Return what is only ever compared with itself, or with nothing, as the database hands it over."""
    return type_coerce(column, String).label(name)


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a document as the text it is stored as: `queries` reads it, once for each row that it sees."""
    return cast(column, Text).label(str(column.key))


def _flag(column: ColumnElement[Any], name: str | None = None) -> ColumnElement[Any]:
    """Return a truth as the database hands it over: `queries` makes a bool of it, at less than a processor costs."""
    return type_coerce(column, Integer).label(name or str(column.key))


OBJECT_COLUMNS = (
    _TARGET.id.label("target_id"),
    _TARGET.connection_id,
    _TARGET.kind,
    _TARGET.object_id,
    _TARGET.object_key,
    _TARGET.title,
    _TARGET.version.label("object_version"),
    _TARGET.restriction_digest,
    _TARGET.tree_digest,
    _TARGET.sizes_known,
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
    _as_stored(_PLACE_RULED_AT, "place_ruled_at"),
    _as_stored(_RULED_AT, "ruled_at"),
    *OBJECT_COLUMNS,
    _PERSON.c.id.label("person_id"),
    _GRANT.id.label("grant_id"),
    _GRANT.ends_at.label("grant_ends_at"),
    _GRANT.ended_at.label("grant_ended_at"),
    _GRANT.conditions_version.label("grant_conditions"),
    _GRANT.person_id.label("grant_person_id"),
    _as_stored(_GRANT.elsewhere_at, "elsewhere_at"),
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


BY_ID = _statement()
BY_TOKEN = _statement(_NAMED.generation == _GENERATION)
