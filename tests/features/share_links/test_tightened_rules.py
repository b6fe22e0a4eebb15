"""Rules that are tightened hold at the next request, also for a page that a process has finished and keeps."""

from typing import Any

import pytest
from sqlalchemy import update

from app.core import clock, db
from app.core.connections.models import Connection
from app.core.settings.models import RuntimeSetting
from app.features.share_links.models import RuleLevel
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import EVERYWHERE, Place
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import Shared, opened, share
from tests.pages import PageClient

#: A word that the shared page says.
FOUND = {"content_check": "refuse", "patterns": "Crane: crane"}
HARMLESS = {"content_check": "refuse", "patterns": "Submarine: submarine"}


@pytest.fixture
def shared(world: World, pages: PageClient) -> Shared:
    """A link whose page this process has finished."""
    made = share(world)
    opened(pages, made)
    assert "crane" in pages.get(made.path).text
    return made


def stored(where: Place, values: dict[str, Any]) -> None:
    """Change rules as another process does: nothing in this one is told."""
    with db.transaction() as session:
        if where == EVERYWHERE:
            session.merge(RuntimeSetting(area="share_links", values=values, changed_at=clock.now()))
        else:
            level = RuleLevel(
                connection_id=where.connection_id, container=where.container or "", changed_at=clock.now()
            )
            level.values = values
            session.add(level)


def places(connection: Connection) -> list[Place]:
    return [EVERYWHERE, Place(connection.id), Place(connection.id, "ops")]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_finished_page_is_looked_through_again_where_its_rules_were_tightened_elsewhere(
    shared: Shared, world: World, pages: PageClient, level: int
) -> None:
    stored(places(world.confluence)[level], HARMLESS)
    assert "crane" in pages.get(shared.path).text
    with db.transaction() as session:
        for table in (RuleLevel, RuntimeSetting):
            session.execute(update(table).values(values=FOUND, changed_at=clock.now()))
    assert "paused" in pages.get(shared.path, status=403).text
    assert shared.row().paused_reason == "content"


def test_rules_of_another_space_change_nothing(shared: Shared, world: World, pages: PageClient) -> None:
    stored(Place(world.confluence.id, "hr"), FOUND)
    assert "crane" in pages.get(shared.path).text


def test_rules_that_are_taken_away_and_set_anew_are_others(shared: Shared, world: World, pages: PageClient) -> None:
    with db.transaction() as session:
        administrator = people.actor_of(session, people.make_administrator(session))
    where = Place(world.confluence.id, "OPS")
    none: dict[str, Any] = dict.fromkeys(FOUND)
    for values in (HARMLESS, none, HARMLESS, none):
        with db.transaction() as session:
            rule_changes.change(session, administrator, where, values)
        pages.get(shared.path)
    with db.transaction() as session:
        rule_changes.change(session, administrator, where, FOUND)
    pages.get(shared.path, status=403)


def test_where_rules_only_warn_the_owner_is_told_of_what_a_new_pattern_finds(
    shared: Shared, world: World, pages: PageClient
) -> None:
    stored(Place(world.confluence.id, "ops"), FOUND | {"content_check": "warn"})
    assert "crane" in pages.get(shared.path).text
    pages.sign_in(world.author)
    assert "Crane:" in pages.get(f"/links/{shared.link.public_id}/").text
