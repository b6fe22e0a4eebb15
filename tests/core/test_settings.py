"""Run-time settings: bounded, audited, and never broken by what stands in the table."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from app.core import db
from app.core.accounts import queries
from app.core.accounts.actor import Actor
from app.core.audit.models import AuditEntry
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.settings import registry, service
from app.core.settings.models import RuntimeSetting
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from tests.conftest import NOW
from tests.factories.people import make_administrator, make_auditor


@pytest.fixture
def administrator(engine: Engine) -> Actor:
    registry.register("organisation", Text("Organisation"), OrganisationSettings)
    with db.transaction() as session:
        return queries.actor_for(session, make_administrator(session))


def change(actor: Actor, **values: object) -> bool:
    with db.transaction() as session:
        return service.change(session, actor, "organisation", values)


def test_a_change_is_in_force_at_once_and_in_the_trail(administrator: Actor) -> None:
    assert change(administrator, name="Lindholm") is True
    assert registry.get(OrganisationSettings).name == "Lindholm"
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event == "settings:area:changed")).one()
    assert entry.details["was"] == {"name": "Our organisation"}
    assert entry.details["now"] == {"name": "Lindholm"}


def test_nothing_changed_is_not_recorded(administrator: Actor) -> None:
    assert change(administrator, name="Our organisation") is False


def test_a_value_beyond_its_bound_is_refused_by_field(administrator: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        change(administrator, name="x" * 200)
    assert refused.value.field == "name"


def test_readers_cannot_change(administrator: Actor) -> None:
    with db.transaction() as session:
        auditor = queries.actor_for(session, make_auditor(session))
    with pytest.raises(Forbidden):
        change(auditor, name="x")


def test_an_unknown_area_is_not_found(administrator: Actor) -> None:
    with pytest.raises(NotFound), db.transaction() as session:
        service.change(session, replace(administrator), "nothing", {})


def test_a_damaged_value_falls_back_to_its_default(administrator: Actor) -> None:
    with db.transaction() as session:
        session.add(
            RuntimeSetting(area="organisation", values={"name": "", "contact": "a@example.com"}, changed_at=NOW)
        )
    registry.forget()
    found = registry.get(OrganisationSettings)
    assert (found.name, found.contact) == ("Our organisation", "a@example.com")
