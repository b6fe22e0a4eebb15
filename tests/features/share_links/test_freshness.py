"""Whether a copy may still be served: checks, what ends a link, what pauses it, and Atlassian being down."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core import clock, db
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.mail.models import OutgoingMail
from app.core.settings import service as settings
from app.features.share_links import jobs
from app.features.share_links.gates import opening
from app.features.share_links.gates.opening import Asked
from app.features.share_links.models import Copy, CopyChunk, OwnerNotice
from app.features.share_links.powers import Powers
from app.features.share_links.queries import ObjectRow
from app.features.share_links.reading import content, freshness
from app.features.share_links.reading.freshness import Verdict
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import (
    FILES,
    MOVES,
    PLAN,
    Shared,
    aged,
    calls,
    control,
    forget_calls,
    forget_kept,
    opened,
    share,
    share_issue,
)
from tests.pages import PageClient

PAGE = "pages/100101"


def target_of(shared: Shared) -> ObjectRow:
    """Return what a link shows, as a request reads it."""
    with db.reading() as session:
        visit = opening.look(session, Asked(shared.link.public_id, None, None, None))
    assert visit is not None
    return visit.shown.object


def fail(world: World, mode: str, **rule: Any) -> None:
    """Let the site go wrong."""
    control(world, "POST", "failures", {"mode": mode, **rule})


def notices(shared: Shared) -> list[str]:
    """Return what the owner was told."""
    with db.reading() as session:
        return list(session.scalars(select(OwnerNotice.code).where(OwnerNotice.link_id == shared.link.id)))


def count(table: Any) -> int:
    """Count rows."""
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_read_within_a_minute_asks_atlassian_nothing(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    forget_calls(world)
    pages.get(shared.path)
    assert calls(world) == []


def test_an_older_copy_is_checked_before_it_is_served(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    aged(shared)
    forget_calls(world)
    pages.get(shared.path)
    asked = calls(world)
    assert "/wiki/api/v2/pages/100101" in asked
    assert any("restriction" in path for path in asked)
    pages.get(shared.path)
    assert calls(world) == asked


def test_a_new_version_is_shown(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    control(world, "PATCH", PAGE, {"title": "Berth plan, revised", "body": "<p>All berths are closed.</p>"})
    aged(shared)
    page = pages.get(shared.path)
    assert page.heading == "Berth plan, revised"
    assert "All berths are closed." in page.text
    assert "Aurora" not in page.text


def test_a_version_that_appears_between_check_and_body_is_checked_first(world: World, pages: PageClient) -> None:
    shared = share(world)
    pages.get(shared.path)
    control(world, "PATCH", PAGE, {"body": "<p>Changed at once.</p>"})
    assert "Changed at once." in opened(pages, shared).text


def test_a_replaced_picture_is_shown_though_the_page_is_the_same(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    before = pages.http.get(f"{shared.path}media/{PLAN}", base_url=pages.base_url)
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    control(world, "PUT", "attachments/100101/site-plan.png", {"base64": png, "media_type": "image/png"})
    aged(shared)
    after = pages.http.get(f"{shared.path}media/{PLAN}", base_url=pages.base_url)
    assert after.status_code == 200
    assert after.data != before.data
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_deleted_file_is_gone_after_the_next_check(world: World, pages: PageClient) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    pages.get(f"{shared.path}media/{MOVES}")
    control(world, "DELETE", f"attachments/{MOVES}")
    aged(shared)
    pages.get(f"{shared.path}media/{MOVES}", status=404)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "trashed"}, "trashed"),
        ({"status": "archived"}, "archived"),
        (None, "not_readable"),
        ({"restrict": {"users": ["carla"]}}, "not_readable"),
    ],
)
def test_what_is_no_longer_there_closes_its_links_and_tells_the_owner(
    world: World, pages: PageClient, change: dict[str, Any] | None, reason: str
) -> None:
    first, second = share(world), share(world, name="Another")
    opened(pages, first)
    if change is None:
        control(world, "DELETE", PAGE)
    else:
        control(world, "PATCH", PAGE, change)
    aged(first)
    assert "no longer there" in pages.get(first.path, status=410).text
    for shared in (first, second):
        row = shared.row()
        assert row.closed_reason == reason
        assert notices(shared) == [reason]
        assert ("link:closed", {"reason": reason}) in shared.events()
    pages.another().get(second.path, status=404)
    assert count(OutgoingMail) == 2
    assert (count(Copy), count(CopyChunk)) == (0, 0)
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event.like("%:closed"))).first()
    assert entry is not None
    # Portico did it, not the visitor whose request made us look.
    assert (entry.actor_kind, entry.actor_id) == ("system", None)


@pytest.mark.parametrize(("status", "reason"), [(403, "not_readable"), (404, "not_readable"), (410, "gone")])
def test_a_refusal_closes_the_link(world: World, pages: PageClient, status: int, reason: str) -> None:
    shared = share(world)
    opened(pages, shared)
    fail(world, "status", path="/wiki/api/v2/pages/100101", status=status)
    aged(shared)
    pages.get(shared.path, status=410)
    assert shared.row().closed_reason == reason


def test_a_deleted_issue_closes_its_links(world: World, pages: PageClient) -> None:
    shared = share_issue(world, "HARB-2")
    opened(pages, shared)
    control(world, "DELETE", "issues/HARB-2")
    aged(shared)
    pages.get(shared.path, status=410)


def test_an_issue_that_gets_a_security_level_pauses_its_links(world: World, pages: PageClient) -> None:
    shared = share_issue(world, "HARB-2")
    opened(pages, shared)
    account = world.account("reader")
    control(world, "PATCH", "accounts/reader", {"grants": [*account.grants, "security:10500"]})
    control(world, "PATCH", "issues/HARB-2", {"security": "10500"})
    aged(shared)
    pages.get(shared.path, status=403)
    assert notices(shared) == ["restriction_changed"]


@pytest.mark.parametrize("page_id", ["100101", "100001"])
def test_changed_restrictions_pause_the_link_also_above_the_page(world: World, pages: PageClient, page_id: str) -> None:
    shared = share(world)
    opened(pages, shared)
    control(world, "PATCH", f"pages/{page_id}", {"restrict": {"users": ["reader"], "groups": ["operations"]}})
    aged(shared)
    assert "paused" in pages.get(shared.path, status=403).text
    row = shared.row()
    assert row.paused_reason == "restriction_changed"
    assert notices(shared) == ["restriction_changed"]
    assert shared.gates() == ["link:opened", "link:paused", "grant:ended"]
    # A link that is made now stands for the restrictions of now.
    second = share(world, name="Made afterwards")
    other = pages.another()
    opened(other, second)
    aged(second)
    other.get(second.path)


@pytest.mark.parametrize(
    "rule",
    [
        {"mode": "status", "status": 500},
        {"mode": "status", "status": 503},
        {"mode": "status", "status": 401},
        {"mode": "rate_limit", "retry_after": 30},
        {"mode": "reset"},
        {"mode": "html"},
        {"mode": "garbage"},
    ],
)
def test_while_atlassian_is_down_the_copy_is_shown_with_its_age(
    world: World, pages: PageClient, rule: dict[str, Any]
) -> None:
    shared = share(world)
    opened(pages, shared)
    pages.get(f"{shared.path}media/{PLAN}")
    fail(world, **rule)
    aged(shared, 3_600)
    page = pages.get(shared.path)
    assert "You are reading a copy from" in page.text
    assert "Aurora" in page.text
    pages.get(f"{shared.path}media/{PLAN}")
    assert shared.target().down_since is not None
    with db.reading() as session:
        row = session.get_one(Connection, world.confluence.id)
    assert row.last_error
    # Nobody waits for the same failure twice.
    forget_calls(world)
    pages.get(shared.path)
    assert calls(world) == []
    control(world, "DELETE", "failures")
    shared.change_target(check_lease_until=clock.now())
    assert "You are reading a copy" not in pages.get(shared.path).text
    assert shared.target().down_since is None


def test_an_answer_that_is_neither_yes_nor_down_serves_nothing_and_closes_nothing(
    world: World, pages: PageClient
) -> None:
    shared = share(world)
    opened(pages, shared)
    fail(world, "status", path="/wiki/api/v2/pages/100101", status=400, count=1)
    aged(shared)
    pages.get(shared.path, status=503)
    assert shared.row().closed_at is None
    assert "Aurora" in pages.get(shared.path).text


@pytest.mark.parametrize(
    ("stale_hours", "age", "status"), [(24, 23.9, 200), (24, 24.1, 503), (2, 2.1, 503), (0, 0.1, 503), (24, -1, 503)]
)
def test_a_copy_is_not_shown_for_longer_than_the_setting_says(
    world: World, pages: PageClient, stale_hours: int, age: float, status: int
) -> None:
    with db.transaction() as session:
        ada = people.actor_of(session, people.make_administrator(session))
        settings.change(session, ada, "share_links", {"stale_hours": stale_hours})
    shared = share(world)
    opened(pages, shared)
    fail(world, "status", status=503)
    aged(shared, age * 3_600)
    page = pages.get(shared.path, status=status)
    if status == 503:
        assert int(page.headers["Retry-After"]) > 0


def test_without_a_copy_there_is_nothing_to_show_while_atlassian_is_down(world: World, pages: PageClient) -> None:
    shared = share(world)
    fail(world, "status", status=503)
    pages.get(shared.path)
    pages.submit("Open", {"password": people.PASSWORD})
    pages.follow(status=503)
    control(world, "DELETE", "failures")
    assert "Aurora" in pages.get(shared.path).text
    assert shared.row().views == 1


def test_only_one_of_many_asks(world: World, app: object) -> None:
    shared = share(world)
    aged(shared)
    forget_calls(world)
    fail(world, "delay", path="/wiki/api/v2/pages/100101", seconds=0.5)
    target = target_of(shared)
    verdicts: list[Verdict] = []
    threads = [threading.Thread(target=lambda: verdicts.append(freshness.ensure(target))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [Verdict.AGAIN] * 4
    assert len([path for path in calls(world) if path == "/wiki/api/v2/pages/100101"]) == 1


def test_the_lease_of_a_checker_that_was_killed_is_taken_over(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    aged(shared)
    shared.change_target(check_lease_until=clock.now() + timedelta(seconds=0.4))
    assert "Aurora" in pages.get(shared.path).text
    assert shared.target().check_lease_until is None


def test_the_lease_of_a_checker_that_was_killed_before_the_clock_was_turned_back_is_taken_over(
    world: World, pages: PageClient
) -> None:
    shared = share(world)
    opened(pages, shared)
    aged(shared)
    shared.change_target(check_lease_until=clock.now() + timedelta(hours=1), down_since=clock.now())
    forget_calls(world)
    assert "Aurora" in pages.get(shared.path).text
    assert calls(world) != []
    assert shared.target().check_lease_until is None


def test_a_check_from_the_future_is_not_believed(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    aged(shared, -3_600)
    forget_calls(world)
    pages.get(shared.path)
    assert calls(world) != []


def test_no_check_runs_inside_a_transaction(world: World) -> None:
    target = target_of(share(world))
    with pytest.raises(RuntimeError, match="outside transactions"), db.transaction():
        freshness.ensure(target)


def test_another_process_reads_the_copy_without_asking(world: World, pages: PageClient) -> None:
    shared = share(world)
    body = opened(pages, shared).body
    forget_calls(world)
    forget_kept()
    assert pages.get(shared.path).body == body
    assert calls(world) == []


def test_a_copy_holds_no_token(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    target = target_of(shared)
    found = content.content_of(target, Powers())
    assert "/s/" not in found.html
    assert shared.token not in found.html


@pytest.mark.parametrize(
    "values",
    [
        {"revoked_at": True},
        {"closed_at": True},
        {"paused_at": True},
        {"expires_at": True},
    ],
)
def test_copies_that_no_live_link_covers_are_deleted(world: World, pages: PageClient, values: dict[str, Any]) -> None:
    shared, other = share(world), share(world, name="Another")
    opened(pages, shared)
    pages.get(f"{shared.path}media/{PLAN}")
    now = clock.now()
    shared.change(**dict.fromkeys(values, now))
    jobs.delete_copies()
    assert count(Copy) == 2
    other.change(**dict.fromkeys(values, now))
    jobs.delete_copies()
    assert (count(Copy), count(CopyChunk)) == (0, 0)


def test_copies_that_were_not_confirmed_for_a_day_are_deleted(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    with clock.at(clock.now() + timedelta(hours=23, minutes=51)):
        jobs.delete_copies()
    assert count(Copy) == 0


def test_copies_from_before_the_clock_was_turned_back_are_deleted(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    jobs.delete_copies()
    assert count(Copy) != 0
    with clock.at(clock.now() - timedelta(hours=1)):
        jobs.delete_copies()
    assert count(Copy) == 0


def test_copies_of_an_older_version_are_deleted_and_the_present_ones_stay(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    pages.get(f"{shared.path}media/{PLAN}")
    control(
        world, "PATCH", PAGE, {"body": '<p>New.</p><ac:image><ri:attachment ri:filename="site-plan.png" /></ac:image>'}
    )
    aged(shared)
    pages.get(shared.path)
    assert count(Copy) == 3
    with clock.at(clock.now() + timedelta(minutes=11)):
        jobs.delete_copies()
    with db.reading() as session:
        left = {tuple(row) for row in session.execute(select(Copy.kind, Copy.version))}
    assert left == {("media", "1"), ("body", shared.target().version)}


def test_a_copy_whose_key_is_gone_is_made_again(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    with db.transaction() as session:
        for chunk in session.scalars(select(CopyChunk)):
            chunk.data = chunk.data[:1] + b"\x04gone" + chunk.data[6:]
    forget_kept()
    assert "Aurora" in pages.get(shared.path).text


def test_a_link_to_an_issue_reads_its_fields(world: World, pages: PageClient) -> None:
    page = opened(pages, share_issue(world, "HARB-2"))
    assert page.heading == "Crane 3: exchange the hoist brake"
    for words in ("In progress", "Highest", "The brake of"):
        assert words in page.text
