"""Administrators hear of a refused credential once an outage, and of one that ends once for each end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from app.core import clock
from app.core.audit.models import AuditEntry
from app.core.config import Config
from app.core.connections import alarms, clients, service
from app.core.connections.clients import Site
from app.core.connections.models import Connection, CredentialRole
from app.core.connections.service import Credential, Draft
from app.core.db import reading, transaction
from app.core.mail import delivery
from app.core.mail.models import OutgoingMail
from app.integrations.atlassian.errors import NotAuthorised, Unreachable
from app.integrations.atlassian.types import Ability, Capability
from tests.factories.connections import make_connection
from tests.factories.people import actor_of, make_administrator, make_author

ADDRESS = "http://localhost:9"
REFUSED = NotAuthorised("The site does not accept the credential.", 401)


@pytest.fixture
def site(engine: Engine, config: Config, held_clock: datetime) -> Site:
    """A connection with both credentials, two administrators, and an author who is told nothing."""
    clients.configure(config)
    delivery.configure(config)
    with transaction() as db:
        make_administrator(db)
        make_administrator(db, "Second Admin")
        make_author(db)
        return clients.site_of(make_connection(db, base_url=ADDRESS, checking=True, name="Acme"))


def mails() -> list[str]:
    with reading() as db:
        return list(db.scalars(select(OutgoingMail.subject).order_by(OutgoingMail.id)))


def row() -> Connection:
    with reading() as db:
        return db.scalars(select(Connection)).one()


def test_a_refused_credential_is_told_to_every_administrator_once(site: Site) -> None:
    for _ in range(3):
        clients.note_error(site, REFUSED)
    assert mails() == ["Atlassian refuses the reading credential of Acme"] * 2
    with reading() as db:
        entries = db.scalars(select(AuditEntry).where(AuditEntry.event == "connections:credential:refused")).all()
        recipients = set(db.scalars(select(OutgoingMail.recipient)))
    assert [entry.details for entry in entries] == [{"name": "Acme", "role": "reading", "told": 2}]
    assert "author" not in " ".join(recipients)


def test_another_error_alarms_nobody(site: Site) -> None:
    clients.note_error(site, Unreachable("nobody answers"))
    assert mails() == []
    assert row().last_error == "nobody answers"


def test_the_next_outage_is_told_again(site: Site, held_clock: datetime) -> None:
    clients.note_error(site, REFUSED)
    clients.note_success(site)
    assert row().reading_refused_at is None
    clients.note_error(site, REFUSED)
    assert len(mails()) == 4


def test_reading_well_says_nothing_about_the_checking_credential(site: Site) -> None:
    for _ in range(3):
        clients.note_error(site, REFUSED, CredentialRole.CHECKING)
        clients.note_success(site)
    assert mails() == ["Atlassian refuses the checking credential of Acme"] * 2


def _changed(site: Site) -> None:
    with transaction() as db:
        actor = actor_of(db, make_administrator(db, "Third Admin"))
        draft = Draft("Acme", ADDRESS, None, Credential("reader@example.com", "new"), None)
        service.change(db, actor, site.public_id, draft)


def _tested(site: Site) -> None:
    good = [Capability(name, allowed=True, detail="") for name in (Ability.SIGN_IN, Ability.READ)]
    with transaction() as db:
        actor = actor_of(db, make_administrator(db, "Third Admin"))
        service.note_test(db, actor, site.public_id, service.TestResult(good, good))


@pytest.mark.parametrize("mend", [_changed, _tested])
def test_a_new_token_or_a_good_test_ends_the_outage(site: Site, mend: Callable[[Site], None]) -> None:
    clients.note_error(site, REFUSED)
    clients.note_error(site, REFUSED, CredentialRole.CHECKING)
    mend(site)
    assert (row().reading_refused_at, row().checking_refused_at) == (None, None)


def _ends(days: float, *, checking: bool = False) -> None:
    with transaction() as db:
        found = db.scalars(select(Connection)).one()
        setattr(found, "checking_expires_at" if checking else "reading_expires_at", clock.now() + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (31, []),
        (30, ["The reading credential of Acme ends on 23 Dec 2026"] * 2),
        (-1, ["The reading credential of Acme ended on 22 Nov 2026"] * 2),
    ],
)
def test_an_end_within_thirty_days_is_told_once(site: Site, days: float, told: list[str]) -> None:
    _ends(days)
    for _ in range(3):
        alarms.warn_of_ends()
    assert mails() == told


def test_each_end_of_each_credential_is_told(site: Site) -> None:
    _ends(5)
    _ends(3, checking=True)
    alarms.warn_of_ends()
    assert len(mails()) == 4
    _ends(20)
    alarms.warn_of_ends()
    assert len(mails()) == 6
    with reading() as db:
        recorded = db.scalars(
            select(AuditEntry.details)
            .where(AuditEntry.event == "connections:credential:ending")
            .order_by(AuditEntry.id)
        )
        assert [entry["role"] for entry in recorded] == ["reading", "checking", "reading"]


def test_a_connection_that_is_off_needs_no_credential(site: Site) -> None:
    _ends(5)
    with transaction() as db:
        db.scalars(select(Connection)).one().disabled_at = clock.now()
    alarms.warn_of_ends()
    assert mails() == []
