"""Which rules hold at a place now, read from their levels, and who they let share there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.core.accounts import queries as accounts
from app.core.accounts.actor import Actor
from app.core.accounts.models import Group
from app.core.connections.models import Connection
from app.core.permissions import Permission
from app.core.settings import registry
from app.core.settings.models import RuntimeSetting
from app.features.share_links.models import RuleLevel, SharedObject, ShareLink
from app.features.share_links.rules import rulebook
from app.features.share_links.rules.rulebook import SETTABLE, Effective, Level, Plain, Rules, Scope
from app.features.share_links.settings import AREA, SHARERS, ShareLinkSettings


@dataclass(frozen=True)
class Place:
    """Where rules are looked up: everywhere, a connection, or a space or project on it."""

    connection_id: int | None = None
    container: str | None = None

    @property
    def scope(self) -> Scope:
        """Which kind of level stands here."""
        if self.connection_id is None:
            return Scope.EVERYWHERE
        return Scope.CONTAINER if self.container else Scope.CONNECTION


EVERYWHERE = Place()


def levels_at(session: Session, place: Place) -> tuple[Level, ...]:
    """Return the levels that hold at a place, the uppermost first; one on which nothing is set is left out."""
    settings = registry.read(session, ShareLinkSettings)
    found = [Level(Scope.EVERYWHERE, {name: getattr(settings, name) for name in SETTABLE})]
    if place.connection_id is not None:
        found += _lower(session, place)
    return tuple(found)


def rules_at(session: Session, connection_id: int, container: str | None) -> Rules:
    """Return the rules for links to what lies in a space or project."""
    return rulebook.effective(levels_at(session, Place(connection_id, container))).rules


def effective_at(session: Session, place: Place) -> Effective:
    """Return the rules for a place, and which levels decide them."""
    return rulebook.effective(levels_at(session, place))


def rules_of(session: Session, link: ShareLink) -> Rules:
    """Return the rules for a link."""
    shared = session.get_one(SharedObject, link.shared_object_id)
    return rules_at(session, shared.connection_id, shared.container)


def changed_since(session: Session, connection_id: int, container: str | None, since: datetime) -> bool:
    """Tell whether the rules for what lies in a space or project were changed after an instant, taken away apart."""
    levels = select(RuleLevel.id).where(*_at(connection_id, container), RuleLevel.changed_at > since)
    everywhere = select(RuntimeSetting.area).where(RuntimeSetting.area == AREA, RuntimeSetting.changed_at > since)
    return session.scalar(select(or_(levels.exists(), everywhere.exists()))) or False


def may_share(session: Session, actor: Actor, rules: Rules) -> bool:
    """Tell whether the rules let somebody share, by their role and groups of now."""
    return keeps_from_sharing(session, actor, rules) is None


def keeps_from_sharing(session: Session, actor: Actor, rules: Rules) -> str | None:
    """Return the rule that does not let somebody share, or None."""
    if SHARERS[rules.sharers] == "administrators" and not actor.may(Permission.LINKS_ALL_MANAGE):
        return "sharers"
    return None if is_in_each(session, actor.person_id, rules.sharing_groups) else "sharing_groups"


def is_in_each(session: Session, person_id: int | None, sets: frozenset[frozenset[str]]) -> bool:
    """Tell whether somebody is in one group of each set; a group that is gone has no members."""
    if not sets:
        return True
    if person_id is None:
        return False
    mine = set(session.scalars(select(Group.public_id).where(Group.id.in_(accounts.groups_of(session, person_id)))))
    return all(mine & one for one in sets)


def _lower(session: Session, place: Place) -> list[Level]:
    query: Any = (
        select(RuleLevel, Connection.name)
        .join(Connection, Connection.id == RuleLevel.connection_id)
        .where(*_at(place.connection_id, place.container))
        .order_by(RuleLevel.container)
    )
    return [
        Level(Scope.CONTAINER if row.container else Scope.CONNECTION, known(row.values), row.container.upper() or name)
        for row, name in session.execute(query)
    ]


def _at(connection_id: int | None, container: str | None) -> tuple[ColumnElement[bool], ...]:
    # Keys are compared without regard to case, so that no other spelling of one escapes its rules.
    return RuleLevel.connection_id == connection_id, RuleLevel.container.in_({"", (container or "").lower()})


def known(stored: dict[str, Any]) -> dict[str, Plain]:
    """Return the stored values whose rules this version knows."""
    return {name: value for name, value in stored.items() if name in SETTABLE}
