"""What rules do to the links that exist: which break them now, and which would after a change that is not saved yet.

Reads and changes nothing. Links are taken in order of their ids, so many at a time; a caller goes on where one ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries as accounts
from app.core.accounts.models import Person
from app.features.share_links.lists import listing
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.rules import abiding, rulebook, ruling
from app.features.share_links.rules.abiding import Asked, Breach
from app.features.share_links.rules.rulebook import Level, Plain, Rules
from app.features.share_links.rules.ruling import Place

#: Links that are looked at for one answer.
AT_ONCE = 500


@dataclass(frozen=True)
class Verdict:
    """What becomes of one link."""

    link: LinkRow
    now: tuple[Breach, ...]
    then: tuple[Breach, ...]

    @property
    def breaks_anew(self) -> bool:
        """Whether it abides now and would not after the change."""
        return not self.now and bool(self.then)


@dataclass(frozen=True)
class Impact:
    """What was found among the links of one stretch."""

    looked_at: int
    #: All that could be opened, whether in this stretch or not.
    live: int
    #: Links that break a rule after the change, or now where none is proposed.
    breaking: tuple[Verdict, ...]
    #: Those that break one now and would not any more.
    mended: int
    #: Where the next stretch begins; None at the end.
    next: int | None

    @property
    def breaks_anew(self) -> int:
        """How many abide now and would not."""
        return sum(one.breaks_anew for one in self.breaking)


def assess(
    session: Session, where: Place, proposed: Mapping[str, Plain] | None = None, *, after: int = 0, size: int = AT_ONCE
) -> Impact:
    """Look at the live links of a place; `proposed` is all that would stand on its level."""
    live = _live(where)
    rows = listing.by_ids(
        session, session.scalars(_ids(live).where(ShareLink.id > after).order_by(ShareLink.id).limit(size)).all()
    )
    book = _Book(session, where, proposed)
    verdicts = [Verdict(row, *book.breaches(row)) for row in rows]
    return Impact(
        looked_at=len(rows),
        live=session.scalar(select(func.count()).select_from(_ids(live).subquery())) or 0,
        breaking=tuple(one for one in verdicts if one.then),
        mended=sum(bool(one.now) and not one.then for one in verdicts),
        next=rows[-1].id if len(rows) == size else None,
    )


def asked_of(row: LinkRow) -> Asked:
    """Return what the rules look at of a link."""
    return Asked(
        created_at=row.created_at,
        expires_at=row.expires_at,
        has_password=row.has_password,
        asks_person=bool(row.asks_sign_in or row.sign_in_through or row.groups or row.asks_second_factor),
        recipients=row.recipients,
        powers=row.powers,
        restricted=row.restricted,
    )


class _Book:
    """Rules by place, as they are and as they would be; each place and each owner is read once."""

    def __init__(self, session: Session, where: Place, proposed: Mapping[str, Plain] | None) -> None:
        self._session = session
        self._where = where
        self._proposed = proposed
        self._known: dict[tuple[int, str], tuple[Rules, Rules]] = {}
        self._owners: dict[tuple[int, int, frozenset[frozenset[str]]], tuple[Breach, ...]] = {}

    def breaches(self, row: LinkRow) -> tuple[tuple[Breach, ...], tuple[Breach, ...]]:
        """Return what a link breaks now, and then."""
        asked = asked_of(row)
        now, then = self._rules(row)
        return (
            (*abiding.breaches(now, asked), *self._of_owner(row.owner_id, now)),
            (*abiding.breaches(then, asked), *self._of_owner(row.owner_id, then)),
        )

    def _of_owner(self, owner_id: int, rules: Rules) -> tuple[Breach, ...]:
        key = (owner_id, rules.sharers, rules.sharing_groups)
        if key not in self._owners:
            owner = accounts.actor_for(self._session, self._session.get_one(Person, owner_id))
            self._owners[key] = abiding.of_owner(ruling.keeps_from_sharing(self._session, owner, rules))
        return self._owners[key]

    def _rules(self, row: LinkRow) -> tuple[Rules, Rules]:
        key = (row.connection_id, (row.container or "").lower())
        if key not in self._known:
            levels = ruling.levels_at(self._session, Place(row.connection_id, row.container))
            self._known[key] = (rulebook.effective(levels).rules, rulebook.effective(self._changed(levels)).rules)
        return self._known[key]

    def _changed(self, levels: Sequence[Level]) -> list[Level]:
        if self._proposed is None:
            return list(levels)
        scope = self._where.scope
        return [*(one for one in levels if one.scope is not scope), Level(scope, self._proposed)]


def _ids(live: ColumnElement[bool]) -> Select[int]:
    return select(ShareLink.id).join(SharedObject, SharedObject.id == ShareLink.shared_object_id).where(live)


def _live(where: Place) -> ColumnElement[bool]:
    parts = [ShareLink.revoked_at.is_(None), ShareLink.closed_at.is_(None), ShareLink.expires_at > clock.now()]
    if where.connection_id is not None:
        parts.append(SharedObject.connection_id == where.connection_id)
    if where.container:
        parts.append(func.lower(SharedObject.container) == where.container.lower())
    return and_(*parts)
