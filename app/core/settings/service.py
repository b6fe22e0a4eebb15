"""Changing run-time settings: permission, bounds, audit with old and new value."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import Actor
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Permission
from app.core.settings import registry
from app.core.settings.models import RuntimeSetting


def change(session: Session, actor: Actor, key: str, values: Mapping[str, Any]) -> bool:
    """Set the given settings of one area; False where nothing changed. Raises Forbidden, NotFound, Invalid."""
    if not actor.may(Permission.ADMIN_SETTINGS_MANAGE):
        raise Forbidden
    area = registry.area(key)
    if area is None:
        raise NotFound
    row = session.get(RuntimeSetting, key, with_for_update=True)
    before = dataclasses.asdict(registry.read(session, area.cls))
    after = dict(before)
    for declared in area.settings:
        if declared.name in values:
            after[declared.name] = registry.check(declared, values[declared.name])
    changed = [declared for declared in area.settings if after[declared.name] != before[declared.name]]
    if not changed:
        return False
    if row is None:
        row = RuntimeSetting(area=key, values={}, changed_at=clock.now())
        session.add(row)
    row.values = {one.name: after[one.name] for one in area.settings if after[one.name] != one.default}
    row.changed_at = clock.now()
    row.changed_by_id = actor.person_id
    trail.record(
        session,
        CoreEvent.SETTING_CHANGED,
        subject=("settings", key),
        actor=actor,
        area=key,
        was={one.name: "changed" if one.secret else before[one.name] for one in changed},
        now={one.name: "changed" if one.secret else after[one.name] for one in changed},
    )
    registry.forget()
    return True
