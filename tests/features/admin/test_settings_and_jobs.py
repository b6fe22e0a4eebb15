"""Settings come from what features declare; failed jobs are tried again by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from app.core.jobs.models import Job, JobState
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from tests.factories.people import make_administrator
from tests.pages import PageClient


@pytest.fixture
def administrator(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    return made


def test_every_declared_area_has_a_page_and_keeps_what_it_shows(pages: PageClient, administrator: Person) -> None:
    for area in registry.areas():
        pages.get(f"/admin/settings/{area.key}")
        pages.submit("Save settings")
        assert "Nothing was changed." in pages.follow().text


def test_the_settings_begin_with_the_first_area(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/settings", status=303)
    assert pages.follow().heading == "Settings"


def test_a_changed_setting_is_in_force_and_recorded_with_both_values(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/settings/organisation")
    pages.submit("Save settings", {"name": "Northwind Traders", "contact": "help@northwind.example"})
    assert "The settings were changed." in pages.follow().text
    assert registry.get(OrganisationSettings).name == "Northwind Traders"
    with reading() as db:
        details = db.scalar(select(AuditEntry.details).where(AuditEntry.event == "settings:area:changed"))
    assert details is not None
    assert details["now"] == {"name": "Northwind Traders", "contact": "help@northwind.example"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"name": ""}, "Use at least 1 characters."), ({"name": "x" * 121}, "Use at most 120 characters.")],
)
def test_a_value_out_of_bounds_is_refused_with_the_bound(
    pages: PageClient, administrator: Person, fields: dict[str, str], sentence: str
) -> None:
    pages.get("/admin/settings/organisation")
    assert sentence in pages.submit("Save settings", fields, status=422).text


@pytest.mark.parametrize(
    ("value", "sentence"), [("-1", "Enter 0 or more."), ("x", "Enter a whole number."), ("9" * 30, "or less.")]
)
def test_a_number_out_of_bounds_is_refused_with_the_bound(
    pages: PageClient, administrator: Person, value: str, sentence: str
) -> None:
    pages.get("/admin/settings/share_links")
    assert sentence in pages.submit("Save settings", {"owner_reminder_days": value}, status=422).text


def job(state: JobState, number: int = 0, name: str = "mail.deliver") -> int:
    over = state in (JobState.FAILED, JobState.DONE)
    with transaction() as db:
        row = Job(
            name=name,
            arguments={"mail_id": number},
            state=state.value,
            run_at=clock.now(),
            attempts=8,
            created_at=clock.now(),
            finished_at=clock.now() - timedelta(minutes=number) if over else None,
            last_error="<b>refused</b>" if state is JobState.FAILED else None,
        )
        db.add(row)
        db.flush()
        return row.id


def test_jobs_are_shown_by_state(pages: PageClient, administrator: Person) -> None:
    for tab, nothing in {
        "failed": "No job was given up",
        "queued": "Nothing waits",
        "running": "Nothing is running",
        "done": "Nothing was done in the last seven days",
    }.items():
        assert nothing in pages.get(f"/admin/jobs?tab={tab}").text
    for state in JobState:
        job(state)
    for tab, word in {"failed": "Given up", "queued": "Trying again", "running": "Running", "done": "Done"}.items():
        assert [row["State"] for row in pages.get(f"/admin/jobs?tab={tab}").table()] == [word]
    pages.get("/admin/jobs?name=%00")
    page = pages.get("/admin/jobs?tab=nonsense")
    assert [row["Last error"] for row in page.table()] == ["<b>refused</b>"]


def test_jobs_are_filtered_by_kind_on_every_tab(pages: PageClient, administrator: Person) -> None:
    job(JobState.DONE)
    job(JobState.DONE, name="share_links.other")
    assert len(pages.get("/admin/jobs?tab=done").table()) == 2
    page = pages.get("/admin/jobs?tab=done&name=mail.deliver")
    assert [row["Job"].split()[0] for row in page.table()] == ["mail.deliver"]
    assert "No such job" in pages.get("/admin/jobs?tab=failed&name=mail.deliver").text


def test_jobs_that_are_over_are_sorted_by_when_they_ended(pages: PageClient, administrator: Person) -> None:
    earlier, later = job(JobState.DONE, 5), job(JobState.DONE, 1)

    def shown(sort: str) -> list[int]:
        return [int(row["Job"].split("#")[1]) for row in pages.get(f"/admin/jobs?tab=done{sort}").table()]

    assert shown("") == shown("&sort=-ended") == [later, earlier]
    assert shown("&sort=ended") == [earlier, later]
    assert shown("&sort=-created") == [later, earlier]


def test_a_failed_job_is_tried_again_once_and_that_is_recorded(pages: PageClient, administrator: Person) -> None:
    job_id = job(JobState.FAILED)
    pages.get("/admin/jobs")
    pages.submit("Try again")
    pages.follow()
    with reading() as db:
        row = db.get_one(Job, job_id)
        last = db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (row.state, row.attempts) == ("queued", 0)
    assert last is not None
    assert (last.event, last.subject_id) == ("jobs:job:retried", str(job_id))
    pages.post(f"/admin/jobs/{job_id}/retry", status=409)


@pytest.mark.parametrize("job_id", ["9223372036854775808", "-1", "x"])
def test_a_job_id_that_is_none_is_not_found(pages: PageClient, administrator: Person, job_id: str) -> None:
    pages.get("/admin/jobs")
    pages.post(f"/admin/jobs/{job_id}/retry", status=404)


def test_jobs_are_paged_by_key(pages: PageClient, administrator: Person) -> None:
    for number in range(51):
        job(JobState.FAILED, number)
    assert len(pages.get("/admin/jobs").table()) == 50
    assert len(pages.click("Next page").table()) == 1
