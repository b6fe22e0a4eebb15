"""The timeline of a link: what was done to it, stops that covered it, what its owner was told; by pages, each once."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.features.share_links import service
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.life import halt_targets, halting, history, timeline, transferring
from app.features.share_links.life.halts import HaltKind, HaltScope
from app.features.share_links.life.notices import NoticeCode, sentence, tell_owner
from app.features.share_links.lists import listing
from app.features.share_links.models import ShareLink
from tests.factories import connections, links, people
from tests.features.share_links.test_api import problem, program
from tests.pages import PageClient

pytestmark = pytest.mark.usefixtures("app")


class Harbour:
    """An author's link to a page, an administrator, and hours that pass."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        with transaction() as db:
            self.author, self.ada = people.make_author(db), people.make_administrator(db)
            self.connection: Connection = connections.make_connection(db)
        self.link = self.shared("100101", "OPS")
        self.elsewhere = self.shared("200201", "HR")

    def shared(self, object_id: str, container: str) -> ShareLink:
        with transaction() as db:
            found = links.page_facts(object_id, container=container)
            return links.make_link(db, db.merge(self.author), db.merge(self.connection), found=found)

    def stop(self, scope: HaltScope, what: str, hours: int, kind: HaltKind = HaltKind.STOP) -> None:
        """Stop something, and let it go on half an hour later."""
        with clock.at(self.now + timedelta(hours=hours)), transaction() as db:
            target = halt_targets.named(db, scope, what, self.connection.public_id)
            halt = halting.begin(db, people.actor_of(db, self.ada), kind, target, reason="for administrators only")
            public_id = halt.public_id
        with clock.at(self.now + timedelta(hours=hours, minutes=30)), transaction() as db:
            halting.lift(db, people.actor_of(db, self.ada), public_id)

    def tell(self, code: NoticeCode, hours: int) -> None:
        with clock.at(self.now + timedelta(hours=hours)), transaction() as db:
            tell_owner(db, db.merge(self.link), code)

    def pause(self, hours: int) -> None:
        with clock.at(self.now + timedelta(hours=hours)), transaction() as db:
            service.pause(db, people.actor_of(db, self.ada), self.link.public_id)

    def transfer(self, db: Session, by: Person, to: Person) -> None:
        found = links.page_facts("100101", container="OPS")
        facts = links.share_facts(db, to, self.connection, found)
        assert transferring.transfer(db, people.actor_of(db, by), self.link.public_id, facts) is None

    def past(self, link: ShareLink | None = None, size: int = 50) -> list[tuple[str, str | None]]:
        """Return the timeline of a link as its page says it, oldest first, read in pages of a size."""
        told: list[tuple[str, str | None]] = []
        after: str | None = None
        for _ in range(50):
            with reading() as db:
                row = listing.one(db, people.actor_of(db, self.ada), (link or self.link).public_id)
                found = history.page(db, row, after, size)
            told += [(str(one.title), str(one.detail) if one.detail else None) for one in timeline.of(found.rows)]
            after = found.next
            if after is None:
                return told[::-1]
        raise AssertionError("its pages do not end")


@pytest.fixture
def harbour(held_clock: datetime) -> Harbour:
    return Harbour(held_clock)


@pytest.mark.parametrize(
    ("scope", "what", "said"),
    [
        (HaltScope.LINK, "link", "This link"),
        (HaltScope.OBJECT, "100101", "All links to what it shows"),
        (HaltScope.CONTAINER, "OPS", "All links into its space or project"),
        (HaltScope.CONNECTION, "", "All links into its connection"),
        (HaltScope.PERSON, "author", "All links of its owner"),
        (HaltScope.EVERYTHING, "", "Every link"),
    ],
)
def test_each_stop_that_covers_a_link_stands_in_its_timeline(
    harbour: Harbour, scope: HaltScope, what: str, said: str
) -> None:
    named = {"link": harbour.link.public_id, "author": harbour.author.email}.get(what, what)
    harbour.stop(scope, named, 1)
    past = [(title, (detail or "").rpartition(". ")[2]) for title, detail in harbour.past()]
    assert past[-2:] == [("Sharing was stopped in an emergency", said), ("Sharing goes on", said)]


def test_a_stop_of_something_else_or_of_before_does_not(harbour: Harbour) -> None:
    harbour.stop(HaltScope.CONTAINER, "HR", 1, HaltKind.OFF)
    assert [title for title, _ in harbour.past()] == ["Created"]
    assert [title for title, _ in harbour.past(harbour.elsewhere)][1:] == [
        "Sharing was switched off",
        "Sharing goes on",
    ]
    with clock.at(harbour.now + timedelta(hours=5)):
        later = harbour.shared("200202", "HR")
    assert [title for title, _ in harbour.past(later)] == ["Created"]


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_everything_stands_there_once_and_in_order_whatever_the_size_of_a_page(harbour: Harbour, size: int) -> None:
    harbour.stop(HaltScope.EVERYTHING, "", 1)
    harbour.tell(NoticeCode.ENDS_SOON, 2)
    harbour.pause(3)
    harbour.stop(HaltScope.LINK, harbour.link.public_id, 4)
    harbour.tell(NoticeCode.MANY_REFUSALS, 5)
    assert [title for title, _ in harbour.past(size=size)] == [
        *("Created", "Sharing was stopped in an emergency", "Sharing goes on"),
        *("Its owner was told", "Paused", "Its owner was told"),
        *("Sharing was stopped in an emergency", "Sharing goes on", "Its owner was told"),
    ]


def test_what_the_owner_was_told_stands_at_the_head_for_a_week_and_in_the_timeline_for_good(
    harbour: Harbour, pages: PageClient
) -> None:
    harbour.tell(NoticeCode.MANY_REFUSALS, 0)
    path, words = f"/links/{harbour.link.public_id}/", "Ten times within an hour"
    pages.sign_in(harbour.author)
    assert pages.get(path).text.count(words) == 2
    with clock.at(harbour.now + timedelta(days=8)):
        pages.sign_in(harbour.author)
        assert pages.get(path).text.count(words) == 1


def test_the_reason_of_a_stop_stays_with_administrators(harbour: Harbour, pages: PageClient) -> None:
    harbour.stop(HaltScope.EVERYTHING, "", 0)
    pages.sign_in(harbour.author)
    page = pages.get(f"/links/{harbour.link.public_id}/")
    assert "Sharing was stopped in an emergency" in page.text
    assert "for administrators only" not in page.text


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_interface_tells_the_same_in_the_same_order_and_no_more_of_a_stop(
    harbour: Harbour, app: Flask, limit: int
) -> None:
    harbour.stop(HaltScope.EVERYTHING, "", 1)
    harbour.tell(NoticeCode.ENDS_SOON, 2)
    harbour.tell(NoticeCode.MANY_REFUSALS, 2)
    harbour.pause(3)
    client = program(app, harbour.author)
    path = f"/api/v1/shares/{harbour.link.public_id}/activity?limit={limit}"
    told, cursor = [], ""
    for _ in range(10):
        found = client.get(path + cursor).get_json()
        assert len(found["items"]) <= limit
        told += found["items"]
        if found["next"] is None:
            break
        cursor = f"&cursor={found['next']}"
    assert [(one["event"], one["actor"], one["details"]) for one in told[:-1]] == [
        ("share_links:owner:told", "system", said("paused_by_other")),
        ("share_links:link:paused", "person", {"reason": "administrator"}),
        ("share_links:owner:told", "system", said("many_refusals")),
        ("share_links:owner:told", "system", said("ends_soon")),
        ("share_links:sharing:resumed", "person", {"scope": "everything"}),
        ("share_links:sharing:stopped", "person", {"scope": "everything"}),
    ]
    assert told[-1]["event"] == "share_links:link:created"
    assert "for administrators only" not in str(told)


def said(code: str) -> dict[str, str]:
    return {"notice": code, "sentence": str(sentence(code))}


def test_a_stop_of_an_owner_who_had_the_link_later_hides_no_other_stop(harbour: Harbour) -> None:
    harbour.stop(HaltScope.EVERYTHING, "", 1)
    with transaction() as db:
        carla = people.make_author(db, "Carla Colleague")
    for hours in (2, 3):
        harbour.stop(HaltScope.PERSON, carla.email, hours)
    with clock.at(harbour.now + timedelta(hours=4)), transaction() as db:
        harbour.transfer(db, harbour.ada, carla)
    assert [title for title, _ in harbour.past(size=1)] == [
        *("Created", "Sharing was stopped in an emergency", "Sharing goes on", "Transferred", "Its owner was told")
    ]


def test_whoever_transfers_a_link_to_themselves_shows_no_stop_of_their_links_of_before(harbour: Harbour) -> None:
    harbour.stop(HaltScope.PERSON, harbour.ada.email, 1)
    with clock.at(harbour.now + timedelta(hours=2)), transaction() as db:
        harbour.transfer(db, harbour.ada, harbour.ada)
    assert [title for title, _ in harbour.past()] == ["Created", "Transferred"]
    harbour.stop(HaltScope.PERSON, harbour.ada.email, 3)
    assert [title for title, _ in harbour.past()][2:] == ["Sharing was stopped in an emergency", "Sharing goes on"]


@pytest.mark.parametrize("cursor", ["x", "1", "-", "1-2-3", "%00", "9" * 19 + "-0"])
def test_the_interface_refuses_a_place_that_it_did_not_give(harbour: Harbour, app: Flask, cursor: str) -> None:
    path = f"/api/v1/shares/{harbour.link.public_id}/activity"
    assert problem(program(app, harbour.author).get(f"{path}?cursor={cursor}"), 422)["field"] == "cursor"


def test_every_event_of_a_link_has_words_of_its_own() -> None:
    elsewhere = {"link:refused", "rules:changed", "list:asked", "list:failed", "list:proven"}
    for one in ShareLinkEvent:
        if str(one.value).removeprefix("share_links:") not in elsewhere:
            assert one in timeline._TITLES, one
