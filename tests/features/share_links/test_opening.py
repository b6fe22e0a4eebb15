"""Opening: views, grants and records in one transaction, also when many try at once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock, db
from app.core.accounts import sessions
from app.core.audit import trail
from app.core.audit.models import AuditEntry
from app.core.crypto import tokens as secrets
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import opening
from app.features.share_links.gates.opening import Asked, Brought, NotOpened, Opened
from app.features.share_links.models import Grant
from app.features.share_links.policy import Ask, Closed, ClosedBecause, Gate, Refused, RefusedBecause
from tests.factories import links, people
from tests.features.share_links.readers import Shared

VISITORS, VIEWS = 24, 5


@pytest.fixture
def shared(app: object) -> Shared:
    """A link with a password and a limit; no site is asked."""
    with db.transaction() as session:
        link = links.make_link(session, people.make_author(session), max_views=VIEWS)
    return Shared(link, "")


def asked(shared: Shared, browser: str = "b" * 64, session_digest: str | None = None) -> Asked:
    """Return what a browser asks for."""
    return Asked(shared.link.public_id, shared.link.generation, browser, session_digest)


def attempt(shared: Shared, browser: str = "b" * 64, **more: str | None) -> Opened | NotOpened:
    """Try to open, with the password proven unless `proven_hash` says otherwise."""
    proven = more.pop("proven_hash", shared.link.password_hash)
    with db.transaction() as session:
        return opening.open_link(session, asked(shared, browser, **more), Brought(proven_hash=proven))


def grants(shared: Shared) -> list[Grant]:
    """Return the grants of a link."""
    with db.reading() as session:
        return list(session.scalars(select(Grant).where(Grant.link_id == shared.link.id)))


def test_an_opening_spends_a_view_records_it_and_grants(shared: Shared) -> None:
    assert attempt(shared) == Opened(spent=True)
    assert shared.row().views == 1
    (grant,) = grants(shared)
    assert grant.ends_at - grant.created_at == timedelta(hours=12)
    assert shared.events() == [("link:opened", {"view": 1, "gates": ["password"], "grant": grant.id})]


def test_a_browser_with_a_grant_spends_nothing_more(shared: Shared) -> None:
    attempt(shared)
    assert attempt(shared, proven_hash=None) == Opened(spent=False)
    assert shared.row().views == 1
    assert len(grants(shared)) == 1


@pytest.mark.parametrize(("proven", "recorded"), [(None, []), ("k1$another", ["gate:failed"])])
def test_without_the_present_password_nothing_is_granted(
    shared: Shared, proven: str | None, recorded: list[str]
) -> None:
    assert attempt(shared, proven_hash=proven) == NotOpened(Ask(Gate.PASSWORD))
    assert shared.row().views == 0
    assert grants(shared) == []
    assert shared.gates() == recorded


@pytest.mark.parametrize(
    ("values", "because"),
    [
        ({"revoked_at": True}, ClosedBecause.REVOKED),
        ({"paused_at": True}, ClosedBecause.PAUSED),
        ({"closed_at": True}, ClosedBecause.CLOSED),
        ({"expires_at": True}, ClosedBecause.EXPIRED),
        ({"views": VIEWS}, ClosedBecause.USED_UP),
    ],
)
def test_what_changed_since_the_gate_was_shown_counts(
    shared: Shared, values: dict[str, object], because: ClosedBecause
) -> None:
    shared.change(**{name: clock.now() if value is True else value for name, value in values.items()})
    assert attempt(shared) == NotOpened(Closed(because))
    assert grants(shared) == []
    assert shared.events() == [("gate:failed", {"gate": "state", "reason": because.value})]


def test_an_old_address_opens_nothing(shared: Shared) -> None:
    shared.change(generation=1)
    assert attempt(shared) == NotOpened(None)


def test_tightening_sends_the_holder_back_to_the_gates(shared: Shared) -> None:
    attempt(shared)
    shared.change(conditions_version=2)
    assert attempt(shared, proven_hash=None) == NotOpened(Ask(Gate.PASSWORD))
    assert attempt(shared) == Opened(spent=True)


def test_a_person_who_is_no_member_is_refused_and_named(app: object) -> None:
    with db.transaction() as session:
        group = people.make_group(session)
        greta = people.make_guest(session)
        link = links.make_link(session, people.make_author(session), password=False, groups=(group.public_id,))
        secret, _ = sessions.begin(session, greta, {"password": clock.now()})
    shared = Shared(link, "")
    digest = secrets.digest(secret)
    assert attempt(shared, session_digest=digest) == NotOpened(Refused(RefusedBecause.NOT_MEMBER))
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event == ShareLinkEvent.GATE_FAILED)).one()
    assert (entry.actor_kind, entry.actor_id) == ("person", greta.public_id)
    assert entry.details == {"gate": "sign_in", "reason": "not_member"}
    with db.transaction() as session:
        people.add_to_group(session, session.merge(group), session.merge(greta))
    assert attempt(shared, session_digest=digest) == Opened(spent=True)
    # What somebody opened works for nobody else on that browser.
    assert attempt(shared) == NotOpened(Ask(Gate.SIGN_IN))


def test_an_opening_that_cannot_be_recorded_never_happened(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(trail, "record", full)
    with pytest.raises(OSError, match="disk full"):
        attempt(shared)
    assert shared.row().views == 0
    assert grants(shared) == []


def test_a_grant_belongs_to_a_browser(shared: Shared) -> None:
    with pytest.raises(ValueError, match="browser"), db.transaction() as session:
        opening.open_link(session, replace(asked(shared), browser_digest=None))


def test_a_race_for_the_last_views_lets_exactly_as_many_in(shared: Shared) -> None:
    outcomes: list[Opened | NotOpened] = []
    begin = threading.Barrier(VISITORS)

    def visit(number: int) -> None:
        begin.wait()
        outcomes.append(attempt(shared, browser=f"{number:064}"))

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Opened(spent=True)) == VIEWS
    assert len(outcomes) == VISITORS
    assert shared.row().views == VIEWS
    with db.reading() as session:
        opened = session.scalar(
            select(func.count()).select_from(AuditEntry).where(AuditEntry.event == ShareLinkEvent.OPENED)
        )
    assert (len(grants(shared)), opened) == (VIEWS, VIEWS)
