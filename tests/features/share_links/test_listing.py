"""The internal read side: states in SQL as in the policy, search, counts, what is said of an entry."""

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.core.errors import Forbidden, NotFound
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.life import timeline
from app.features.share_links.life.history import ActivityRow
from app.features.share_links.lists import listing, tallies
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import ShareLink
from app.features.share_links.policy import LinkState
from tests.factories import connections, links, people

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def author() -> Person:
    with transaction() as db:
        return people.make_author(db)


def acting(person: Person) -> Actor:
    with reading() as db:
        return people.actor_of(db, person)


def names(actor: Actor, **filters: object) -> list[str]:
    with reading() as db:
        return [row.name for row in listing.page(db, actor, Wanted(**filters)).rows]  # type: ignore[arg-type]


def test_the_state_in_sql_is_the_state_of_the_policy_for_every_mixture(held_clock: datetime) -> None:
    with transaction() as db:
        administrator = people.make_administrator(db)
        for left, off in itertools.product((False, True), repeat=2):
            owner = people.make_author(db, f"Owner {left:d}{off:d}")
            connection = connections.make_connection(db, name=f"Site {left:d}{off:d}")
            for days in (-1, 1, 10):
                for mixture in itertools.product((False, True), repeat=5):
                    _mixed(links.make_link(db, owner, connection), held_clock, days, *mixture)
            owner.deactivated_at = held_clock if left else None
            connection.disabled_at = held_clock if off else None
    actor = acting(administrator)
    with reading() as db:
        every = listing.page(db, actor, Wanted(everybodys=True), size=500).rows
        found = {state: listing.page(db, actor, Wanted(True, state=state), size=500).rows for state in LinkState}
    assert len(every) == 4 * 3 * 32
    for state, rows in found.items():
        assert {row.id for row in rows} == {row.id for row in every if row.state is state}, state
        assert rows, f"no mixture is {state}"


def _mixed(
    link: ShareLink, now: datetime, days: int, revoked: bool, closed: bool, paused: bool, early: bool, used: bool
) -> None:
    link.revoked_at = now if revoked else None
    link.closed_at = now if closed else None
    link.paused_at = now if paused else None
    link.expires_at = max(now, now + timedelta(days=days))
    link.opens_at = now + timedelta(hours=1) if early else None
    link.max_views, link.views = (2, 2) if used else (None, 5)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("northwind", ["For Northwind"]),
        ("CRANE", ["Second", "For Northwind"]),
        ("harb-7", ["Second"]),
        ("100%", []),
        ("_", []),
        ("  ", ["Second", "For Northwind"]),
        ("nul\0", []),
    ],
)
def test_a_search_looks_at_name_title_and_key_and_takes_no_wildcards(
    author: Person, search: str, found: list[str]
) -> None:
    with transaction() as db:
        links.make_link(db, author)
        second = links.page_facts("7", title="Crane 3 is slow", object_key="HARB-7")
        links.make_link(db, author, found=second, name="Second")
    assert names(acting(author), search=search) == found


def test_groups_come_with_their_links_by_name(author: Person) -> None:
    with transaction() as db:
        for name in ("Zulu", "alpha"):
            people.make_group(db, name)
        links.make_link(db, author, groups=("Zulu", "alpha"))
        links.make_link(db, author)
    with reading() as db:
        rows = listing.page(db, acting(author), Wanted()).rows
    assert [[group.name for group in row.groups] for row in rows] == [[], ["alpha", "Zulu"]]


def test_everybodys_links_are_for_whoever_reads_all(author: Person) -> None:
    with transaction() as db:
        auditor = people.make_auditor(db)
        links.make_link(db, author)
    assert names(acting(auditor), everybodys=True) == ["For Northwind"]
    with pytest.raises(Forbidden):
        names(acting(author), everybodys=True)
    with pytest.raises(Forbidden):
        names(acting(auditor))


def test_a_link_of_somebody_else_is_not_found(author: Person) -> None:
    with transaction() as db:
        link = links.make_link(db, author)
        other = people.make_author(db, "Bo Lind")
    for public_id in (link.public_id, "AAAAAAAAAAAA", "nul\0"):
        with reading() as db, pytest.raises(NotFound):
            listing.one(db, acting(other), public_id)


def test_only_links_that_could_still_open_count_as_shared_already(author: Person, held_clock: datetime) -> None:
    with transaction() as db:
        made = [links.make_link(db, author) for _ in range(4)]
        made[1].revoked_at = made[2].closed_at = held_clock
        made[3].expires_at = held_clock
        db.flush()
        connection = db.scalars(select(Connection)).one()
        assert listing.shared_already(db, connection.id, "100101") == 1
        assert listing.shared_already(db, connection.id, "100102") == 0


def test_counts_are_those_of_all_days_and_of_live_grants(author: Person, held_clock: datetime) -> None:
    with transaction() as db:
        link = links.make_link(db, author)
        for days in (0, 1, 40):
            with clock.at(held_clock - timedelta(days=days)):
                tallies.opened(db, link.id, "192.0.2.1")
        for _ in range(2):
            tallies.failed(db, link.id)
        tallies.downloaded(db, link.id)
        links.make_grant(db, link)
        links.make_grant(db, link, browser="c" * 64).ends_at = clock.now()
    with reading() as db:
        row = listing.one(db, acting(author), link.public_id)
        assert listing.counts(db, row) == listing.Counts(openings=3, failures=2, downloads=1, live_grants=1)
        last = tallies.openings_by_day(db, link.id, 30)
    assert [number for _, number in last] == [0] * 28 + [1, 1]
    assert last[-1][0] == held_clock.date()


def entry(event: str, *, kind: str = "visitor", name: str | None = None, **details: object) -> ActivityRow:
    return ActivityRow(1, clock.now(), event, kind, None, name, details)


@pytest.mark.parametrize(
    ("row", "title", "detail"),
    [
        (entry(ShareLinkEvent.OPENED, view=2), "Opened", "A visitor. View 2"),
        (entry(ShareLinkEvent.OPENED, kind="person", name="Greta"), "Opened", "Greta"),
        (entry(ShareLinkEvent.GATE_FAILED, gate="password", reason="wrong"), "A gate was not passed", "A visitor. Wrong password"),
        (entry(ShareLinkEvent.CHANGED, name="Ines", fields=["name", "groups"]), "Changed", "Ines. Changed: name, groups"),
        (entry(ShareLinkEvent.CLOSED, kind="system", reason="gone"), "Closed", "It was deleted"),
        (entry(ShareLinkEvent.GRANTS_ENDED, kind="system", count=3), "Readers were sent back to the gates", "Browsers: 3"),
        (entry("something:new:happened", kind="system"), "something:new:happened", None),
    ],
)  # fmt: skip
def test_an_entry_says_what_happened_and_who_it_was(row: ActivityRow, title: str, detail: str | None) -> None:
    (told,) = timeline.of([row])
    assert str(told.title) == title
    assert (str(told.detail) if told.detail else None) == detail
