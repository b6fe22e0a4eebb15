"""Work on many links: what is asked is done once to each, refused where it may not be, and never before it is confirmed."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from app.core.errors import Invalid, NotFound
from app.features.share_links import service
from app.features.share_links.life import bulk
from app.features.share_links.life.bulk import BulkAction, Order
from app.features.share_links.life_models import BulkItem, BulkRun
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import ShareLink
from tests.factories import links, people
from tests.pages import PageClient

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def author() -> Person:
    with transaction() as db:
        return people.make_author(db)


@pytest.fixture
def three(author: Person) -> list[ShareLink]:
    with transaction() as db:
        owner = db.merge(author)
        return [links.make_link(db, owner, name=f"Link {number}") for number in range(3)]


def acting(person: Person) -> Actor:
    with reading() as db:
        return people.actor_of(db, person)


def planned(person: Person, order: Order, chosen: tuple[str, ...] | Wanted) -> str:
    with transaction() as db:
        return bulk.plan(db, acting(person), order, chosen)


def run(person: Person, public_id: str) -> bulk.Progress:
    """Confirm a run and do what the worker does."""
    with transaction() as db:
        bulk.confirm(db, acting(person), public_id)
    with reading() as db:
        run_id = db.scalars(select(BulkRun.id).where(BulkRun.public_id == public_id)).one()
    bulk.do_run(run_id=run_id)
    with reading() as db:
        return bulk.progress(db, acting(person), public_id)


def states(of: list[ShareLink]) -> list[tuple[bool, bool]]:
    with reading() as db:
        found = [db.get_one(ShareLink, one.id) for one in of]
    return [(one.paused_at is not None, one.revoked_at is not None) for one in found]


def ids(of: list[ShareLink]) -> tuple[str, ...]:
    return tuple(one.public_id for one in of)


@pytest.mark.parametrize(
    ("action", "expected"), [(BulkAction.PAUSE, (True, False)), (BulkAction.REVOKE, (False, True))]
)
def test_nothing_is_done_before_it_is_confirmed_and_then_to_each(
    author: Person, three: list[ShareLink], action: BulkAction, expected: tuple[bool, bool]
) -> None:
    public_id = planned(author, Order(action), ids(three[:2]))
    assert states(three) == [(False, False)] * 3
    done = run(author, public_id)
    assert (done.total, done.done, done.refused, done.finished_at is not None) == (2, 2, 0, True)
    assert states(three) == [expected, expected, (False, False)]


def test_all_that_a_filter_finds_is_meant_and_nothing_of_others(author: Person, three: list[ShareLink]) -> None:
    with transaction() as db:
        other = links.make_link(db, people.make_author(db, "Bo Berg"), name="Link of Bo")
    done = run(author, planned(author, Order(BulkAction.PAUSE), Wanted()))
    assert (done.total, done.done) == (3, 3)
    assert states([other]) == [(False, False)]
    with pytest.raises(Invalid):
        planned(author, Order(BulkAction.PAUSE), ids([other]))


def test_paused_links_are_resumed_and_an_ended_one_is_refused_with_its_reason(
    author: Person, three: list[ShareLink]
) -> None:
    run(author, planned(author, Order(BulkAction.PAUSE), ids(three)))
    run(author, planned(author, Order(BulkAction.REVOKE), ids(three[:1])))
    public_id = planned(author, Order(BulkAction.RESUME), ids(three))
    done = run(author, public_id)
    assert (done.done, done.refused) == (2, 1)
    with reading() as db:
        told = bulk.refused(db, acting(author), public_id)
    assert [(one.name, "revoked" in one.reason) for one in told] == [("Link 0", True)]


def test_extending_never_passes_what_the_rules_allow(author: Person, three: list[ShareLink]) -> None:
    before = three[0].expires_at
    assert run(author, planned(author, Order(BulkAction.EXTEND, days=5), ids(three[:1]))).done == 1
    with reading() as db:
        assert db.get_one(ShareLink, three[0].id).expires_at == before + timedelta(days=5)
    assert run(author, planned(author, Order(BulkAction.EXTEND, days=400), ids(three))).refused == 3


def test_work_that_was_cut_off_goes_on_and_does_nothing_twice(
    author: Person, three: list[ShareLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = planned(author, Order(BulkAction.PAUSE), ids(three))
    with transaction() as db:
        bulk.confirm(db, acting(author), public_id)
    real, seen = bulk.apply, 0

    def dies(*given: object) -> object:
        nonlocal seen
        seen += 1
        if seen == 2:
            # What the database does when a process is killed: the open transaction has not happened.
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk, "apply", dies)
    with pytest.raises(KeyboardInterrupt):
        bulk.do_run(run_id=1)
    assert sum(paused for paused, _ in states(three)) == 1
    monkeypatch.undo()
    for _ in range(2):
        bulk.do_run(run_id=1)
    with reading() as db:
        paused = db.scalar(select(func.count()).where(AuditEntry.event == "share_links:link:paused"))
        outcomes = db.scalars(select(BulkItem.outcome)).all()
    assert (paused, outcomes) == (3, ["done"] * 3)


def test_somebody_elses_work_is_not_to_be_seen(author: Person, three: list[ShareLink]) -> None:
    public_id = planned(author, Order(BulkAction.PAUSE), ids(three))
    with transaction() as db:
        other = people.make_author(db, "Bo Berg")
    with pytest.raises(NotFound), reading() as db:
        bulk.progress(db, acting(other), public_id)


@pytest.mark.parametrize(
    "order", [Order(BulkAction.EXTEND), Order(BulkAction.EXTEND, days=0), Order(BulkAction.TRANSFER)]
)
def test_what_is_missing_is_said_before_anything_is_planned(
    author: Person, three: list[ShareLink], order: Order
) -> None:
    with pytest.raises(Invalid):
        planned(author, order, ids(three))


def test_links_are_chosen_confirmed_and_reported_on_pages(
    author: Person, three: list[ShareLink], pages: PageClient
) -> None:
    pages.sign_in(author)
    pages.get("/links/")
    ticked = [three[0].public_id, three[1].public_id]
    assert set(ticked) < set(pages.page.xpath("//input[@type='checkbox'][@form='links-many']/@value"))
    page = pages.submit("Change selected or all …", {"links": ticked}, status=200)
    assert sorted(page.xpath("//input[@name='links'][@checked]/@value")) == sorted(ticked)
    assert three[2].public_id not in page.source
    pages.submit("Continue", {"action": "pause"})
    assert "Nothing is done yet" in pages.follow().text
    pages.submit("Pause 2 links")
    assert "0 of 2 links" in pages.follow().text
    bulk.do_run(run_id=1)
    assert "2 of 2 links" in pages.get(pages.page.path).text
    assert states(three) == [(True, False), (True, False), (False, False)]
    with transaction() as db:
        other = people.make_author(db, "Bo Berg")
    path = pages.page.path
    stranger = pages.another()
    stranger.get(path, status=303)
    stranger.sign_in(other)
    stranger.get(path, status=404)
    stranger.get("/links/bulk/new/?list=all", status=403)


def test_a_tick_for_somebody_elses_link_selects_nothing(
    author: Person, three: list[ShareLink], pages: PageClient
) -> None:
    with transaction() as db:
        other = people.make_author(db, "Bo Berg")
    pages.sign_in(other)
    page = pages.get(f"/links/bulk/new/?list=own&links={three[0].public_id}&links=nothing&links={'x' * 300}")
    assert page.xpath("//input[@name='links']") == []
    assert page.xpath("//input[@name='which'][@checked]/@value") == ["all"]


def test_a_report_says_what_was_refused_and_comes_by_itself(
    author: Person, three: list[ShareLink], pages: PageClient
) -> None:
    with transaction() as db:
        service.revoke(db, people.actor_of(db, author), three[0].public_id)
    pages.sign_in(author)
    pages.get("/links/bulk/new/?list=own")
    pages.submit("Continue", {"action": "pause", "which": "all"})
    pages.follow()
    pages.submit("Pause 3 links")
    path = pages.follow().path
    bulk.do_run(run_id=1)
    report = pages.get(f"{path}progress/", fragment=True)
    assert "Nothing was done to one link" in report.text
    assert "2 links were changed." in report.text
