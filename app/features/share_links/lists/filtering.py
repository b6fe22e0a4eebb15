"""Which links a list holds, by indexes: what is rare is found first, what is common is met on the way.

Each filter is a condition and, where an index knows it, a query for the ids of its links. A filter that finds at most
`FEW` is read first, and only its links are looked at. Where all filters find more, the list is walked in its order:
links that fit are so frequent then that a page is full soon. docs/decisions/lists.md says what that costs, and how
statements keep planners to it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, or_, select, text, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core import clock
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.core.folding import WORD_LENGTH, key_of, words_of
from app.core.paging import NEVER
from app.features.share_links import facts
from app.features.share_links.gates import recipients
from app.features.share_links.guests.models import Invitation
from app.features.share_links.life import halts
from app.features.share_links.lists.wanted import LONG, NEW, UNOPENED, Condition, Risk, Wanted
from app.features.share_links.lookup_models import LinkWord, ObjectWord
from app.features.share_links.models import RARE, LinkGroup, LinkRecipient, SharedObject, ShareLink
from app.features.share_links.policy import ENDS_SOON, LinkState

#: Links that are looked at one by one rather than met on the way.
FEW = 1_000
MAXIMUM_SEARCH = 200
#: Words of a search that count.
_MOST_WORDS = 10
#: After every character that a word can hold.
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Filter:
    """One thing that links of a list have in common."""

    condition: ColumnElement[bool]
    #: Ids of the links that have it, by an index; None where no index knows. May name a link twice.
    found: Select[Any] | None = None
    #: Ids of objects whose links have it as well, by an index, where there are links.
    shown: Select[Any] | None = None
    #: Whether it is a range of a column that lists are sorted by: a list in that order begins there.
    is_range: bool = False


def narrowed(session: Session, query: Select[Any], filters: list[Filter]) -> Select[Any]:
    """Return a query over links, their people and connections, with filters."""
    few = _few(session, filters)
    if few is not None:
        query = query.where(ShareLink.id.in_(few))
    return query.where(*(one.condition if one.is_range else _met(one.condition) for one in filters))


def of(wanted: Wanted) -> list[Filter]:
    """Return what is asked for as filters, those first that tend to find least."""
    return [
        *([_recipient(wanted.recipient)] if wanted.recipient else []),
        *([_page(wanted.page)] if wanted.page else []),
        *_search(wanted.search),
        *([_domain(wanted.domain)] if wanted.domain else []),
        *([_creator(wanted.creator)] if wanted.creator else []),
        *(_risk(wanted.risk) if wanted.risk else []),
        *([_asked(wanted.condition)] if wanted.condition else []),
        *(_in_state(wanted.state) if wanted.state else []),
        *([_never_opened()] if wanted.never_opened else []),
        *_between(ShareLink.last_opened_at, wanted.opened_from, wanted.opened_to),
        *_between(ShareLink.expires_at, wanted.ends_from, wanted.ends_to),
        *_between(ShareLink.created_at, wanted.created_from, wanted.created_to),
    ]


def made_by(person_id: int | None) -> Filter:
    """Return the filter for one person's own links."""
    own = ShareLink.created_by_id == person_id
    return Filter(own, select(ShareLink.id).where(own))


def _met(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    # No planner sees through it. Else both find all links by an index of the condition, and sort them: SQLite where it
    # compares for equality, PostgreSQL where it takes what fits for rare, as it takes all that is more than a column.
    return case((condition, true()), else_=false())


def _has(
    key: InstrumentedAttribute[int], own: InstrumentedAttribute[int], *which: ColumnElement[bool]
) -> ColumnElement[bool]:
    # Asked for each link that is met, by the rows of that link alone, whatever else is thought to be rare.
    # Not EXISTS: PostgreSQL reads all rows that fit into a hash table first, for links that are never met.
    rows = select(key).where(key == own, *(_met(one) for one in which))
    return rows.limit(1).scalar_subquery().is_not(None)


def _few(session: Session, filters: list[Filter]) -> set[int] | None:
    return next((ids for one in filters if (ids := _links(session, one)) is not None), None)


def _links(session: Session, one: Filter) -> set[int] | None:
    """Return the ids of a filter's links; None where there are many, or no index knows."""
    if one.found is None:
        return None
    ids = _at_most_few(session, one.found)
    if ids is None or one.shown is None:
        return ids
    # Two steps: joined, PostgreSQL reads all objects that are found into a hash table, whatever the limit.
    objects = _at_most_few(session, one.shown)
    of_objects = objects and _at_most_few(session, select(ShareLink.id).where(ShareLink.shared_object_id.in_(objects)))
    return None if of_objects is None else ids | of_objects


def _at_most_few(session: Session, found: Select[Any]) -> set[int] | None:
    ids = session.scalars(found.limit(FEW + 1)).all()
    return set(ids) if len(ids) <= FEW else None


def _search(search: str) -> list[Filter]:
    words = sorted(words_of(search[:MAXIMUM_SEARCH]), key=lambda word: (-len(word), word))
    if not words:
        return [Filter(false())] if search.strip() else []
    return [_word(word[:WORD_LENGTH]) for word in words[:_MOST_WORDS]]


def _word(word: str) -> Filter:
    named = and_(LinkWord.word >= word, LinkWord.word < word + _LAST)
    titled = and_(ObjectWord.word >= word, ObjectWord.word < word + _LAST)
    return Filter(
        or_(
            _has(LinkWord.link_id, ShareLink.id, named),
            _has(ObjectWord.object_id, ShareLink.shared_object_id, titled),
        ),
        select(LinkWord.link_id).where(named),
        # Pages below a shared one are objects as well, and may have no link of their own.
        select(ObjectWord.object_id).where(titled, _has(ShareLink.shared_object_id, ObjectWord.object_id)),
    )


def _page(page: str) -> Filter:
    name = _storable(page)
    shown = select(SharedObject.id).where(or_(SharedObject.object_id == name, SharedObject.object_key == name.upper()))
    shows = ShareLink.shared_object_id.in_(shown)
    return Filter(shows, select(ShareLink.id).where(shows))


def _creator(creator: str) -> Filter:
    name = _storable(creator)
    begins = key_of(name)
    if not begins:
        return Filter(false())
    who = select(Person.id).where(
        or_(
            Person.public_id == name,
            Person.email_key == name.lower(),
            and_(Person.name_key >= begins, Person.name_key < begins + _LAST),
        )
    )
    made = ShareLink.created_by_id.in_(who)
    return Filter(made, select(ShareLink.id).where(made))


def _recipient(address: str) -> Filter:
    name = _storable(address).lower()
    return _meant(LinkRecipient.value.in_({name, recipients.domain_of(name)}), Invitation.address == name)


def _domain(domain: str) -> Filter:
    name = _storable(domain).lower().removeprefix("@")
    return _meant(LinkRecipient.domain == name, Invitation.domain == name)


def _meant(received: ColumnElement[bool], invited: ColumnElement[bool]) -> Filter:
    # Who has an own link may be no recipient: the link is not for addresses then.
    holds = and_(invited, Invitation.revoked_at.is_(None))
    both = union_all(
        select(LinkRecipient.link_id.label("id")).where(received), select(Invitation.link_id).where(holds)
    ).subquery()
    return Filter(
        or_(_has(LinkRecipient.link_id, ShareLink.id, received), _has(Invitation.link_id, ShareLink.id, holds)),
        select(both.c.id),
    )


_HAS_GROUPS = _has(LinkGroup.link_id, ShareLink.id)
_HAS_RECIPIENTS = _has(LinkRecipient.link_id, ShareLink.id)


def _asked(condition: Condition) -> Filter:
    match condition:
        case Condition.PASSWORD:
            return Filter(ShareLink.password_hash.is_not(None), _rare("password"))
        case Condition.SIGN_IN:
            asked = or_(ShareLink.asks_sign_in.is_(True), ShareLink.sign_in_through.is_not(None))
            return Filter(asked, _rare("sign_in"))
        case Condition.GROUPS:
            return Filter(_HAS_GROUPS, select(LinkGroup.link_id))
        case Condition.RECIPIENTS:
            return Filter(_HAS_RECIPIENTS, select(LinkRecipient.link_id))
        case Condition.NETWORKS:
            return Filter(ShareLink.networks.is_not(None), _rare("network"))
        case Condition.SECOND_FACTOR:
            return Filter(ShareLink.asks_second_factor.is_(True), _rare("second_factor"))
        case Condition.TERMS:
            return Filter(ShareLink.terms_version.is_not(None), _rare("terms"))
        case Condition.REASON:
            return Filter(ShareLink.asks_reason.is_(True), _rare("reason"))


def _risk(risk: Risk) -> list[Filter]:
    """Return the filters of a risk: active links, and what is the matter with them."""
    now = clock.now()
    nobody = and_(
        ShareLink.asks_sign_in.is_(False),
        ShareLink.sign_in_through.is_(None),
        ShareLink.asks_second_factor.is_(False),
        ~_HAS_GROUPS,
        ~_HAS_RECIPIENTS,
    )
    found: list[Filter]
    match risk:
        case Risk.NO_SIGN_IN:
            found = [Filter(nobody, _rare("no_person"))]
        case Risk.PASSWORD_ONLY:
            alone = and_(nobody, ShareLink.password_hash.is_not(None), ShareLink.networks.is_(None))
            found = [Filter(alone, _rare("no_person"))]
        case Risk.LONG_LIVED:
            found = _between(ShareLink.expires_at, now + LONG, None)
        case Risk.NEVER_OPENED:
            found = [_never_opened(), *_between(ShareLink.created_at, None, now - UNOPENED)]
        case Risk.PAGE_CHANGED:
            found = [Filter(ShareLink.page_changed.is_(True), _rare("page_changed"))]
        case Risk.NEW_NETWORK:
            found = _between(ShareLink.new_network_at, now - NEW, None)
    return [*found, _range(ShareLink.expires_at > now), Filter(facts.open_now())]


def _in_state(state: LinkState) -> list[Filter]:
    condition, now = facts.in_state(state), clock.now()
    match state:
        case LinkState.REVOKED:
            return [Filter(condition, _rare("revoked"))]
        case LinkState.PAUSED:
            every = union_all(_rare("paused"), halts.covered_links()).subquery()
            return [Filter(condition, select(every.c.id))]
        case LinkState.SCHEDULED:
            return [Filter(condition, _rare("scheduled"))]
        case LinkState.USED_UP:
            return [Filter(condition, _rare("used_up"))]
        case LinkState.EXPIRED:
            return [_range(ShareLink.expires_at <= now), Filter(condition)]
        case LinkState.EXPIRING:
            soon = and_(ShareLink.expires_at > now, ShareLink.expires_at <= now + ENDS_SOON)
            return [_range(soon), Filter(condition)]
        case LinkState.ACTIVE:
            return [_range(ShareLink.expires_at > now + ENDS_SOON), Filter(condition)]
        case LinkState.CLOSED:
            return [Filter(condition, _closed())]


def _closed() -> Select[Any]:
    left = select(ShareLink.id).join(Person, Person.id == ShareLink.created_by_id)
    off = (
        select(ShareLink.id)
        .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
        .join(Connection, Connection.id == SharedObject.connection_id)
    )
    every = union_all(
        _rare("closed"),
        left.where(Person.deactivated_at.is_not(None)),
        off.where(Connection.disabled_at.is_not(None)),
    ).subquery()
    return select(every.c.id)


def _never_opened() -> Filter:
    return _range(ShareLink.last_opened_at <= NEVER)


def _between(column: InstrumentedAttribute[Any], start: datetime | None, end: datetime | None) -> list[Filter]:
    if start is None and end is None:
        return []
    condition = and_(column >= start if start else true(), column < end if end else true())
    if column is ShareLink.last_opened_at and start is None:
        condition = and_(condition, column > NEVER)
    return [_range(condition)]


def _range(condition: ColumnElement[bool]) -> Filter:
    return Filter(condition, select(ShareLink.id).where(condition), is_range=True)


def _rare(name: str) -> Select[Any]:
    # In the words of the index: SQLite takes one with a condition only where the query says the same.
    return select(ShareLink.id).where(text(f"({RARE[name]})"))


def _storable(words: str) -> str:
    # PostgreSQL refuses a NUL in any text.
    return words.replace("\0", "").strip()[:MAXIMUM_SEARCH]
