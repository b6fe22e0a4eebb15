"""What work on many links would come to is said before it is done: the same refusals, and nothing is left behind."""

import pytest
from sqlalchemy import func, select

from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.jobs.models import Job
from app.core.mail.models import OutgoingMail
from app.features.share_links.life import bulk, rehearsing
from app.features.share_links.life.bulk import BulkAction, Order
from app.features.share_links.life.rehearsing import Rehearsal, rehearse
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import OwnerNotice, ShareLink
from app.features.share_links.policy import PauseReason
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.test_bulk import acting, ids, planned, run, states
from tests.pages import PageClient

pytestmark = pytest.mark.usefixtures("app")
KEPT = (AuditEntry, OwnerNotice, OutgoingMail, Job)


@pytest.fixture
def author() -> Person:
    with transaction() as db:
        return people.make_author(db)


@pytest.fixture
def four(author: Person) -> list[ShareLink]:
    """Links of the author: usual, paused, revoked, and waiting for approval."""
    with transaction() as db:
        owner = db.merge(author)
        made = [links.make_link(db, owner, name=f"Link {number}") for number in range(4)]
    run(author, planned(author, Order(BulkAction.PAUSE), ids(made[1:2])))
    run(author, planned(author, Order(BulkAction.REVOKE), ids(made[2:3])))
    with transaction() as db:
        waiting = db.get_one(ShareLink, made[3].id)
        waiting.paused_at, waiting.paused_reason = waiting.created_at, PauseReason.APPROVAL.value
    return made


def counted() -> list[int | None]:
    with reading() as db:
        return [db.scalar(select(func.count()).select_from(table)) for table in KEPT]


def refusals(found: Rehearsal) -> dict[str, str]:
    return {one.name: one.reason for one in found.refused}


@pytest.mark.parametrize(
    "order",
    [
        Order(BulkAction.PAUSE),
        Order(BulkAction.RESUME),
        Order(BulkAction.REVOKE),
        Order(BulkAction.EXTEND, days=3),
        Order(BulkAction.EXTEND, days=400),
    ],
    ids=lambda order: f"{order.action} {order.days or ''}",
)
def test_what_is_said_before_is_what_comes_of_it(author: Person, four: list[ShareLink], order: Order) -> None:
    before, kept = states(four), counted()
    said = rehearse(acting(author), order, ids(four))
    assert (states(four), counted()) == (before, kept)
    assert (said.total, said.looked_at, said.undecided, said.next) == (4, 4, 0, None)
    public_id = planned(author, order, ids(four))
    run(author, public_id)
    with reading() as db:
        done = bulk.refused(db, acting(author), public_id)
    assert refusals(said) == {one.name: one.reason for one in done}
    assert bool(said.refused) is (order.action is not BulkAction.REVOKE)


def test_an_administrator_is_told_of_anybodys_links_and_tells_nobody(four: list[ShareLink]) -> None:
    with transaction() as db:
        ada = people.make_administrator(db, "Ada Admin")
    kept = counted()
    said = rehearse(acting(ada), Order(BulkAction.PAUSE), Wanted(everybodys=True))
    assert (said.total, list(refusals(said))) == (4, ["Link 2"])
    assert counted() == kept


def test_what_atlassian_has_to_be_asked_about_is_left_open(world: World) -> None:
    with transaction() as db:
        mine = links.make_link(db, world.author, world.confluence, name="Mine")
        colleague = people.make_author(db, "Bo Berg")
        db.get_one(ShareLink, mine.id).paused_at = mine.created_at
        db.get_one(ShareLink, mine.id).paused_reason = PauseReason.RESTRICTION_CHANGED.value
        ada = people.make_administrator(db, "Ada Admin")
    resumed = rehearse(acting(world.author), Order(BulkAction.RESUME), ids([mine]))
    assert (resumed.undecided, resumed.refused) == (1, ())
    by_another = rehearse(acting(ada), Order(BulkAction.RESUME), ids([mine]))
    assert "Only the owner of the link can prove it" in refusals(by_another)["Mine"]
    handed_on = rehearse(acting(world.author), Order(BulkAction.TRANSFER, email=colleague.email), ids([mine]))
    assert (handed_on.undecided, handed_on.refused) == (1, ())
    to_oneself = rehearse(acting(world.author), Order(BulkAction.TRANSFER, email=world.author.email), ids([mine]))
    assert refusals(to_oneself) == {"Mine": "The link is theirs already."}
    with pytest.raises(Invalid):
        rehearse(acting(world.author), Order(BulkAction.TRANSFER, email="nobody@example.net"), ids([mine]))


def test_many_are_looked_at_in_parts(author: Person, four: list[ShareLink], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "AT_ONCE", 3)
    first = rehearse(acting(author), Order(BulkAction.PAUSE), Wanted())
    assert (first.total, first.looked_at, list(refusals(first)), first.next) == (4, 3, ["Link 2"], four[2].id)
    rest = rehearse(acting(author), Order(BulkAction.PAUSE), Wanted(), after=first.next or 0)
    assert (rest.total, rest.looked_at, rest.refused, rest.next) == (4, 1, (), None)


def test_the_page_that_asks_says_what_would_be_refused_and_changes_nothing(
    author: Person, four: list[ShareLink], pages: PageClient
) -> None:
    public_id = planned(author, Order(BulkAction.PAUSE), ids(four))
    before = states(four)
    pages.sign_in(author)
    pages.get(f"/links/bulk/{public_id}/")
    page = pages.submit("See what would be refused", status=200)
    assert "One link would be refused" in page.text
    assert [row["Link"] for row in page.table()] == ["Link 2"]
    assert "4 links were tried, and nothing was changed." in page.text
    assert states(four) == before
    pages.submit("Pause 4 links")
    clean = planned(author, Order(BulkAction.REVOKE), ids(four[:2]))
    pages.get(f"/links/bulk/{clean}/")
    assert "No link would be refused" in pages.submit("See what would be refused", status=200).text


def test_somebody_elses_work_is_tried_by_nobody(author: Person, four: list[ShareLink]) -> None:
    public_id = planned(author, Order(BulkAction.PAUSE), ids(four))
    with transaction() as db:
        ada = people.make_administrator(db, "Ada Admin")
    assert rehearsing.rehearse_run(acting(author), public_id).total == 4
    with pytest.raises(NotFound):
        rehearsing.rehearse_run(acting(ada), public_id)


def test_a_colleague_whom_nobody_knows_is_said_on_the_page(
    author: Person, four: list[ShareLink], pages: PageClient
) -> None:
    public_id = planned(author, Order(BulkAction.TRANSFER, email="nobody@example.net"), ids(four))
    pages.sign_in(author)
    pages.get(f"/links/bulk/{public_id}/")
    pages.submit("See what would be refused")
    assert "Nobody who may share has this address." in pages.follow().text


def test_nobody_is_told_of_links_that_are_not_theirs(four: list[ShareLink]) -> None:
    with transaction() as db:
        other = people.make_author(db, "Bo Berg")
        guest = people.make_guest(db)
    with pytest.raises(Invalid):
        rehearse(acting(other), Order(BulkAction.PAUSE), ids(four))
    with pytest.raises(Forbidden):
        rehearse(acting(guest), Order(BulkAction.PAUSE), Wanted())
