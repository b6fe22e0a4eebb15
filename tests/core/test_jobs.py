"""Jobs: done at least once, by one worker at a time, and never lost."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from app.core import clock, db
from app.core.jobs import outbox, schedule
from app.core.jobs.models import Job, JobState, ScheduleEntry
from app.core.jobs.worker import run_job, sweep
from tests.conftest import NOW

done: list[int] = []


@outbox.job("tests.note")
def note(number: int) -> None:
    done.append(number)


@outbox.job("tests.fail")
def fail(number: int) -> None:
    raise RuntimeError(f"trouble {number}")


@pytest.fixture(autouse=True)
def nothing_done() -> Iterator[None]:
    done.clear()
    yield
    outbox.on_commit(None)


def enqueue_note(number: int, **options: object) -> int:
    with db.transaction() as session:
        job_id = outbox.enqueue(session, note, number=number, **options)  # type: ignore[arg-type]
    assert job_id is not None
    return job_id


def state(job_id: int) -> Job:
    with db.reading() as session:
        return session.scalars(select(Job).where(Job.id == job_id)).one()


def test_a_job_is_done_once_though_it_is_handed_over_twice(engine: Engine) -> None:
    job_id = enqueue_note(7)
    assert run_job(job_id) is True
    assert run_job(job_id) is False
    assert done == [7]
    assert state(job_id).state == JobState.DONE


def test_a_wake_up_follows_the_commit_and_only_the_commit(engine: Engine) -> None:
    woken: list[int] = []
    outbox.on_commit(woken.append)

    def enqueue_and_fail() -> None:
        with db.transaction() as session:
            outbox.enqueue(session, note, number=1)
            raise KeyError

    with pytest.raises(KeyError):
        enqueue_and_fail()
    assert woken == []
    job_id = enqueue_note(2)
    assert woken == [job_id]


def test_a_lost_wake_up_is_found_by_the_sweep(engine: Engine) -> None:
    def broken(_job_id: int) -> None:
        raise ConnectionError

    outbox.on_commit(broken)
    enqueue_note(3)
    assert sweep() == 1
    assert done == [3]


def test_a_job_whose_worker_died_is_taken_over_when_its_lease_is_over(engine: Engine) -> None:
    job_id = enqueue_note(4)
    with db.transaction() as session:
        assert outbox.claim(session, job_id, "dead") is not None
    assert run_job(job_id) is False
    with clock.at(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        assert sweep() == 1
    assert done == [4]
    with db.transaction() as session:
        assert outbox.finish(session, job_id, "dead") is False


def test_a_failing_job_waits_longer_each_time_and_is_given_up_at_last(engine: Engine) -> None:
    with db.transaction() as session:
        job_id = outbox.enqueue(session, fail, number=1)
    assert job_id is not None
    instant = clock.now() + timedelta(seconds=1)
    for attempt in range(1, outbox.MAXIMUM_ATTEMPTS + 1):
        with clock.at(instant):
            assert run_job(job_id) is True
        row = state(job_id)
        assert row.attempts == attempt
        assert row.last_error == "RuntimeError: trouble 1"
        instant = row.run_at
    assert state(job_id).state == JobState.FAILED
    with db.transaction() as session:
        assert outbox.retry(session, job_id) is True
        assert outbox.retry(session, job_id) is False
    assert state(job_id).attempts == 0


def test_a_key_is_queued_once_until_the_job_begins(engine: Engine) -> None:
    first = enqueue_note(1, unique_key="k")
    with db.transaction() as session:
        assert outbox.enqueue(session, note, number=1, unique_key="k") is None
    run_job(first)
    assert enqueue_note(1, unique_key="k") != first


def test_a_delayed_job_is_not_done_early(engine: Engine) -> None:
    job_id = enqueue_note(5, delay=timedelta(minutes=5))
    assert run_job(job_id) is False
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert run_job(job_id) is True


def test_arguments_are_ids_and_scalars(engine: Engine) -> None:
    with pytest.raises(TypeError, match="number"), db.transaction() as session:
        outbox.enqueue(session, note, number=[1])


def test_a_job_of_a_later_version_fails_with_a_sentence(engine: Engine) -> None:
    job_id = enqueue_note(6)
    with db.transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(name="tests.unknown"))
    run_job(job_id)
    assert "tests.unknown" in (state(job_id).last_error or "")


def test_recurring_work_is_taken_by_one_worker(engine: Engine) -> None:
    entry = schedule.Recurring("tests.recurring", timedelta(seconds=10), lambda: None)
    with db.transaction() as session:
        session.add(ScheduleEntry(name=entry.name, next_run_at=NOW))
    with db.transaction() as session:
        assert schedule.take(session, entry, "one") is True
        assert schedule.take(session, entry, "two") is False
    with db.transaction() as session:
        schedule.release(session, entry, "one")
    with db.transaction() as session:
        assert schedule.take(session, entry, "two") is False
    with clock.at(clock.now() + timedelta(seconds=11)), db.transaction() as session:
        assert schedule.take(session, entry, "two") is True


HOUR = timedelta(hours=1)


def test_a_job_that_was_written_before_the_clock_was_turned_back_is_done_at_once(engine: Engine) -> None:
    with clock.at(NOW + HOUR):
        enqueue_note(1)
    with clock.at(NOW):
        assert sweep() == 1
    assert done == [1]


def test_the_job_of_a_worker_that_died_before_the_clock_was_turned_back_is_taken_over_at_once(engine: Engine) -> None:
    with clock.at(NOW - HOUR):
        job_id = enqueue_note(2)
    with clock.at(NOW + HOUR), db.transaction() as session:
        assert outbox.claim(session, job_id, "dead") is not None
    with clock.at(NOW):
        assert sweep() == 1
    assert done == [2]


@pytest.mark.parametrize("attempts", range(1, outbox.MAXIMUM_ATTEMPTS))
def test_a_failed_job_waits_no_longer_than_its_pause_when_the_clock_is_turned_back(
    engine: Engine, attempts: int
) -> None:
    with clock.at(NOW - HOUR):
        job_id = enqueue_note(3)
    with db.transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(attempts=attempts - 1))
    with clock.at(NOW + HOUR), db.transaction() as session:
        claimed = outbox.claim(session, job_id, "here")
        assert claimed is not None
        outbox.fail(session, job_id, "here", "trouble", attempts=claimed.attempts)
    with clock.at(NOW + HOUR):
        assert sweep() == 0
    with clock.at(NOW):
        assert sweep() == 1
    assert done == [3]


def test_a_clock_that_jumps_ahead_only_brings_jobs_forward(engine: Engine) -> None:
    with clock.at(NOW):
        enqueue_note(4)
    with clock.at(NOW + HOUR):
        assert sweep() == 1
        assert sweep() == 0
    assert done == [4]


@pytest.mark.parametrize("leased", [False, True])
def test_recurring_work_goes_on_after_the_clock_was_turned_back(engine: Engine, leased: bool) -> None:
    @schedule.every(300, "test.turned_back")
    def work() -> None:
        """Do nothing."""

    entry = schedule.registered()["test.turned_back"]
    schedule.prepare()
    now = clock.now()
    with clock.at(now + timedelta(minutes=10)), db.transaction() as session:
        assert schedule.take(session, entry, "a")
        if not leased:
            schedule.release(session, entry, "a")
    with clock.at(now):
        assert entry in schedule.due()
        with db.transaction() as session:
            assert schedule.take(session, entry, "b")
            assert not schedule.take(session, entry, "c")
            schedule.release(session, entry, "b")
        assert entry not in schedule.due()
