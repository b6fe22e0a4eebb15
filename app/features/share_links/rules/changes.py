"""Changing the rules of a level: permission, bounds, never looser than the levels above, audit with old and new values."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import Actor
from app.core.audit import trail
from app.core.connections.models import Connection
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.settings import registry
from app.core.settings import service as settings
from app.core.settings.registry import Declaration
from app.core.text import Text
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.models import RuleLevel
from app.features.share_links.rules import rulebook, ruling
from app.features.share_links.rules.rulebook import COMPARISONS, PRESELECTED, SETTABLE, Level, Plain, Scope
from app.features.share_links.rules.ruling import Place
from app.features.share_links.settings import AREA

#: Keys of spaces and projects, personal spaces (~…) among them.
_CONTAINER = re.compile(r"[A-Za-z0-9~_.\-]{1,64}", re.ASCII)


def declarations() -> dict[str, Declaration]:
    """Return how each rule is declared: label, help and bounds."""
    area = registry.area(AREA)
    return {one.name: one for one in area.settings if one.name in SETTABLE} if area is not None else {}


def place(session: Session, connection: str | None, container: str | None) -> Place:
    """Return the place that a connection's public id and a key name. Raises NotFound and Invalid for `container`."""
    if not connection:
        return ruling.EVERYWHERE
    found = session.scalars(select(Connection.id).where(Connection.public_id == connection[:24])).one_or_none()
    if found is None or not connection.isprintable():
        raise NotFound
    if container and not _CONTAINER.fullmatch(container):
        raise Invalid("container", Text("Enter the key of a space or project, such as OPS."))
    return Place(found, container or None)


def checked(session: Session, where: Place, values: Mapping[str, Plain | None]) -> dict[str, Plain]:
    """Return what would stand on a level after a change; None takes a rule away.

    Raises Invalid for a value out of bounds, and for one that a level above is stricter than.
    """
    declared = declarations()
    after = own_values(session, where)
    for name, value in values.items():
        if name not in declared:
            raise Invalid(name, Text("There is no such rule."))
        if value is None:
            after.pop(name, None)
        else:
            after[name] = registry.check(declared[name], value)
    upper_levels = above(session, where)
    for name in values:
        upper = rulebook.loosens(name, after[name], upper_levels) if name in after else None
        if upper is not None:
            raise Invalid(name, _too_loose(declared[name], upper), code="loosens")
    return {name: value for name, value in after.items() if not _says_nothing(where, name, value)}


def change(session: Session, actor: Actor, where: Place, values: Mapping[str, Plain | None]) -> bool:
    """Set the given rules of a level; False where nothing changed. Raises Forbidden, Invalid."""
    if not actor.may(Permission.ADMIN_SETTINGS_MANAGE):
        raise Forbidden
    if where.scope is Scope.EVERYWHERE:
        checked(session, where, values)
        known = {name: one.default for name, one in declarations().items()}
        given = {name: known[name] if value is None else value for name, value in values.items()}
        return settings.change(session, actor, AREA, given)
    row = _row(session, where, lock=True)
    before = ruling.known(row.values) if row is not None else {}
    after = checked(session, where, values)
    if after == before:
        return False
    _keep(session, actor, where, row, after)
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    trail.record(
        session,
        ShareLinkEvent.RULES_CHANGED,
        subject=("connection", session.get_one(Connection, where.connection_id).public_id),
        actor=actor,
        container=(where.container or "").upper() or None,
        was={name: before.get(name) for name in names},
        now={name: after.get(name) for name in names},
    )
    return True


def above(session: Session, where: Place) -> tuple[Level, ...]:
    """Return the levels above a place, the uppermost first; none above everywhere."""
    if where.scope is Scope.EVERYWHERE:
        return ()
    upper = ruling.EVERYWHERE if where.scope is Scope.CONNECTION else Place(where.connection_id)
    return ruling.levels_at(session, upper)


def own_values(session: Session, where: Place) -> dict[str, Plain]:
    """Return what is set on a level itself."""
    if where.scope is Scope.EVERYWHERE:
        return dict(ruling.levels_at(session, where)[0].values)
    row = _row(session, where)
    return ruling.known(row.values) if row is not None else {}


def _row(session: Session, where: Place, *, lock: bool = False) -> RuleLevel | None:
    query = select(RuleLevel).where(
        RuleLevel.connection_id == where.connection_id, RuleLevel.container == (where.container or "").lower()
    )
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def _keep(session: Session, actor: Actor, where: Place, row: RuleLevel | None, after: dict[str, Any]) -> None:
    if not after:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        container = (where.container or "").lower()
        row = RuleLevel(connection_id=where.connection_id, container=container, values={}, changed_at=clock.now())
        session.add(row)
    row.values, row.changed_at, row.changed_by_id = after, clock.now(), actor.person_id


def _says_nothing(where: Place, name: str, value: Plain) -> bool:
    if where.scope is Scope.EVERYWHERE or name in PRESELECTED:
        return False
    comparison = COMPARISONS[name]
    return bool(comparison.parse(value) == comparison.loosest)


def _too_loose(declared: Declaration, upper: Level) -> Text:
    if upper.scope is Scope.EVERYWHERE:
        return Text(
            "This is looser than what holds everywhere: %(value)s. Choose something as strict or stricter, or nothing.",
            value=_plain(upper.values[declared.name]),
        )
    return Text(
        "This is looser than what holds on %(level)s: %(value)s. Choose something as strict or stricter, or nothing.",
        level=upper.name,
        value=_plain(upper.values[declared.name]),
    )


def _plain(value: Plain) -> Text:
    if isinstance(value, bool):
        return Text("yes") if value else Text("no")
    return Text("%(value)s", value=value)
