"""The emergency stop and places switched off: who is shut out, for how long, and who may do it."""

from datetime import datetime

import pytest
from sqlalchemy import select

from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.config import Config
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.mail import delivery
from app.core.mail.models import OutgoingMail
from app.features.share_links import policy, tokens
from app.features.share_links.gates import opening
from app.features.share_links.gates.opening import Asked
from app.features.share_links.life import halt_targets, halting
from app.features.share_links.life.halts import HaltKind, HaltScope
from app.features.share_links.lists import listing
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import Grant, SharedObject, ShareLink
from app.features.share_links.policy import Closed, ClosedBecause, LinkState, Serve, Step
from app.features.share_links.queries import Visit
from tests.factories import connections, links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import opened, share
from tests.pages import PageClient

pytestmark = pytest.mark.usefixtures("app")
BROWSER = "b" * 64


@pytest.fixture
def administrator() -> Person:
    with transaction() as db:
        return people.make_administrator(db)


@pytest.fixture
def author() -> Person:
    with transaction() as db:
        return people.make_author(db, "Ines Duarte")


@pytest.fixture
def link(author: Person) -> ShareLink:
    return shared(author)


def shared(owner: Person, object_id: str = "100101", container: str = "OPS") -> ShareLink:
    """Make a link that a browser reads by now."""
    with transaction() as db:
        made = links.make_link(db, db.merge(owner), found=links.page_facts(object_id, container=container))
        links.make_grant(db, made, browser=BROWSER)
        return made


def acting(person: Person) -> Actor:
    with reading() as db:
        return people.actor_of(db, person)


def visit(link: ShareLink) -> Visit:
    with reading() as db:
        found = opening.look(db, Asked(link.public_id, link.generation, BROWSER, None))
    assert found is not None
    return found


def step(link: ShareLink, now: datetime) -> Step:
    found = visit(link)
    return policy.next_step(found.link, found.visitor, now)


def halt(link: ShareLink, scope: HaltScope, kind: HaltKind = HaltKind.STOP, message: str = "") -> str:
    with transaction() as db:
        target = halt_targets.by_link(db, scope, link.public_id)
        return halting.begin(db, SYSTEM, kind, target, message=message).public_id


def lift(public_id: str) -> None:
    with transaction() as db:
        halting.lift(db, SYSTEM, public_id)


@pytest.mark.parametrize("scope", HaltScope)
def test_a_stop_shuts_what_it_covers_at_the_next_request_and_its_grants_stay_dead(
    link: ShareLink, scope: HaltScope, held_clock: datetime
) -> None:
    assert step(link, held_clock) == Serve()
    stop = halt(link, scope)
    assert step(link, held_clock) == Closed(ClosedBecause.STOPPED)
    lift(stop)
    assert not isinstance(step(link, held_clock), Closed | Serve)
    with reading() as db:
        assert db.scalars(select(Grant.ended_at)).all() == [held_clock]
        assert db.get_one(ShareLink, link.id).paused_at is None


@pytest.mark.parametrize(
    "scope", [HaltScope.LINK, HaltScope.OBJECT, HaltScope.CONTAINER, HaltScope.CONNECTION, HaltScope.PERSON]
)
def test_a_stop_leaves_alone_what_it_does_not_cover(link: ShareLink, scope: HaltScope, held_clock: datetime) -> None:
    with transaction() as db:
        other_site = connections.make_connection(db, name="Elsewhere", base_url="https://else.atlassian.net")
        other = links.make_link(
            db,
            people.make_author(db, "Bo Berg"),
            other_site,
            found=links.page_facts("200", container="OPS"),
        )
        links.make_grant(db, other, browser=BROWSER)
    lift(halt(link, scope))
    halt(link, scope)
    assert step(other, held_clock) == Serve()


def test_of_a_stop_and_a_place_that_is_off_each_shuts_by_itself(link: ShareLink, held_clock: datetime) -> None:
    off, stop = halt(link, HaltScope.CONTAINER, HaltKind.OFF), halt(link, HaltScope.LINK)
    assert step(link, held_clock) == Closed(ClosedBecause.STOPPED)
    lift(stop)
    assert step(link, held_clock) == Closed(ClosedBecause.SWITCHED_OFF)
    lift(off)
    assert not isinstance(step(link, held_clock), Closed)


def test_lists_and_searches_call_a_halted_link_paused(link: ShareLink, author: Person) -> None:
    halt(link, HaltScope.EVERYTHING)
    with reading() as db:
        assert listing.one(db, acting(author), link.public_id).state is LinkState.PAUSED
        assert [one.id for one in listing.page(db, acting(author), Wanted(state=LinkState.PAUSED)).rows] == [link.id]
        assert not listing.page(db, acting(author), Wanted(state=LinkState.ACTIVE)).rows


def test_stopping_twice_changes_nothing_and_is_recorded_once(link: ShareLink) -> None:
    assert halt(link, HaltScope.LINK) == halt(link, HaltScope.LINK)
    with reading() as db:
        entries = db.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "sharing")).all()
    assert [(one.event, one.details["scope"], one.details["of"]) for one in entries] == [
        ("share_links:sharing:stopped", "link", link.public_id)
    ]


def test_the_job_ends_each_grant_once_and_says_so_in_the_trail_of_its_link(link: ShareLink) -> None:
    halt(link, HaltScope.EVERYTHING)
    for _ in range(2):
        halting.end_grants(halt_id=1)
    with reading() as db:
        entries = db.scalars(select(AuditEntry).where(AuditEntry.event == "share_links:grant:ended")).all()
    assert [(one.subject_id, one.details) for one in entries] == [(link.public_id, {"count": 1, "reason": "stopped"})]


def test_no_new_link_is_made_where_sharing_is_halted(link: ShareLink, author: Person) -> None:
    halt(link, HaltScope.CONTAINER, HaltKind.OFF)
    with pytest.raises(Conflict):
        shared(author, "100102")
    assert shared(author, "100103", container="SALES").id


@pytest.mark.parametrize("kind", HaltKind)
def test_a_space_is_halted_in_any_spelling_also_before_anything_was_shared_from_it(
    author: Person, kind: HaltKind, held_clock: datetime
) -> None:
    with transaction() as db:
        site = connections.make_connection(db)
        target = halt_targets.named(db, HaltScope.CONTAINER, "ops", site.name)
        stop = halting.begin(db, SYSTEM, kind, target).public_id
    with pytest.raises(Conflict):
        shared(author, "100102", container="OPS")
    lift(stop)
    made = shared(author, "100102", container="OPS")
    with transaction() as db:
        halting.begin(db, SYSTEM, kind, halt_targets.named(db, HaltScope.CONTAINER, "Ops", site.name))
    assert isinstance(step(made, held_clock), Closed)
    assert isinstance(step(shared(author, "100103", container="OPS2"), held_clock), Serve)


def test_only_places_can_be_switched_off(link: ShareLink) -> None:
    with pytest.raises(Invalid):
        halt(link, HaltScope.LINK, HaltKind.OFF)
    assert halt(link, HaltScope.CONNECTION, HaltKind.OFF)


def test_only_who_manages_all_links_may_stop_and_resume(link: ShareLink, author: Person, administrator: Person) -> None:
    stop = halt(link, HaltScope.LINK)
    with reading() as db:
        target = halt_targets.by_link(db, HaltScope.OBJECT, link.public_id)
    with pytest.raises(Forbidden), transaction() as db:
        halting.begin(db, acting(author), HaltKind.STOP, target)
    with pytest.raises(Forbidden), transaction() as db:
        halting.lift(db, acting(author), stop)
    with transaction() as db:
        halting.begin(db, acting(administrator), HaltKind.STOP, target)
        halting.lift(db, acting(administrator), stop)
    with pytest.raises(NotFound), transaction() as db:
        halting.lift(db, acting(administrator), stop)


def test_every_administrator_is_told_by_mail(link: ShareLink, administrator: Person, config: Config) -> None:
    delivery.configure(config)
    lift(halt(link, HaltScope.EVERYTHING))
    with reading() as db:
        subjects = db.scalars(select(OutgoingMail.subject).order_by(OutgoingMail.id)).all()
    assert subjects == ["Emergency stop: every link", "Sharing goes on: every link"]


@pytest.mark.parametrize(
    ("scope", "what", "connection"),
    [
        (HaltScope.OBJECT, "https://acme.atlassian.net/wiki/spaces/OPS/pages/100101/Title", ""),
        (HaltScope.OBJECT, "100101", ""),
        (HaltScope.CONTAINER, "ops", "name"),
        (HaltScope.CONNECTION, "", "id"),
        (HaltScope.PERSON, "ines.duarte@example.com", ""),
        (HaltScope.EVERYTHING, "", ""),
    ],
)
def test_what_is_meant_can_be_named_as_people_name_it(
    link: ShareLink, held_clock: datetime, scope: HaltScope, what: str, connection: str
) -> None:
    with transaction() as db:
        found = db.get_one(SharedObject, link.shared_object_id)
        site = db.scalars(select(Connection).where(Connection.id == found.connection_id)).one()
        named = {"name": site.name, "id": site.public_id}.get(connection, "")
        halting.begin(db, SYSTEM, HaltKind.STOP, halt_targets.named(db, scope, what, named))
    assert step(link, held_clock) == Closed(ClosedBecause.STOPPED)


@pytest.mark.parametrize(
    ("scope", "what"),
    [
        (HaltScope.LINK, "nothing"),
        (HaltScope.OBJECT, "https://acme.atlassian.net/wiki/spaces/OPS/pages/999/Title"),
        (HaltScope.CONTAINER, "OPS"),
        (HaltScope.PERSON, "nobody@example.com"),
        (HaltScope.PERSON, "x\0y"),
    ],
)
def test_what_is_not_known_stops_nothing(link: ShareLink, scope: HaltScope, what: str) -> None:
    with pytest.raises(Invalid), reading() as db:
        halt_targets.named(db, scope, what)


def test_an_administrator_stops_and_resumes_on_pages_after_being_told_how_much_that_is(
    link: ShareLink, administrator: Person, pages: PageClient, held_clock: datetime
) -> None:
    pages.sign_in(administrator)
    pages.get(f"/links/{link.public_id}/")
    pages.get(pages.page.links["Emergency stop …"])
    page = pages.submit("Continue", {"scope": "space", "reason": "A leak"}, status=200)
    assert "One link that could be opened is shut." in page.text
    assert "One browser that reads now is cut off." in page.text
    assert step(link, held_clock) == Serve()
    pages.submit("Stop now")
    assert "all links into OPS" in pages.follow().text
    assert step(link, held_clock) == Closed(ClosedBecause.STOPPED)
    assert "Sharing is stopped" in pages.get(f"/links/{link.public_id}/").text
    pages.get("/sharing/")
    pages.get(pages.page.links["Resume …"])
    assert "One link can be opened again" in pages.page.text
    pages.submit("Resume sharing")
    assert "Nothing is stopped" in pages.follow().text
    assert not isinstance(step(link, held_clock), Closed)


def test_an_author_and_a_stranger_reach_none_of_these_pages(author: Person, pages: PageClient) -> None:
    for path in ("/sharing/", "/sharing/stop/", "/sharing/off/"):
        pages.get(path, status=303)
    pages.sign_in(author)
    for path in ("/sharing/", "/sharing/stop/", "/sharing/off/", "/sharing/x/resume/"):
        pages.get(path, status=403)


def test_whoever_read_before_is_told_in_the_administrators_words_and_a_stranger_nothing(
    world: World, pages: PageClient
) -> None:
    shared_page = share(world)
    opened(pages, shared_page)
    off = halt(shared_page.link, HaltScope.CONTAINER, HaltKind.OFF, "The audit goes on until Friday.")
    assert "The audit goes on until Friday." in pages.get(shared_page.path, status=403).text
    stranger = pages.another()
    closed = stranger.get(shared_page.path, status=404)
    assert closed.source == stranger.get(f"/s/{tokens.make('AAAAAAAAAAAA', 0)}/", status=404).source
    lift(off)
    # Grants of before are dead: the gate is asked for again.
    assert "password" in pages.get(shared_page.path).forms[0].names
    stranger.get(shared_page.path)
