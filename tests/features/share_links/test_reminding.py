"""Owners hear once that a link ends, as early as the setting says."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import reading, transaction
from app.features.share_links.life import reminding
from app.features.share_links.models import OwnerNotice
from tests.factories import links, people

pytestmark = pytest.mark.usefixtures("app")


def told() -> list[int]:
    with reading() as db:
        return list(db.scalars(select(OwnerNotice.link_id).where(OwnerNotice.code == "ends_soon")))


def test_the_owner_of_an_active_link_is_told_once_before_its_end(held_clock: datetime) -> None:
    with transaction() as db:
        owner = people.make_author(db)
        soon = links.make_link(db, owner, expires_at=held_clock + timedelta(days=10))
        links.make_link(db, owner, expires_at=held_clock + timedelta(days=30))
        paused = links.make_link(db, owner, expires_at=held_clock + timedelta(days=10))
        paused.paused_at, paused.paused_reason = held_clock, "owner"
    reminding.remind_owners()
    assert told() == []
    with clock.at(held_clock + timedelta(days=8)):
        reminding.remind_owners()
        reminding.remind_owners()
    assert told() == [soon.id]
