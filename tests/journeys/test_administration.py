"""What administrators and auditors do."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.factories.people import OTHER_PASSWORD
from tests.journeys.portal import ORGANISATION, Cast, Portal
from tests.journeys.visitor import Visit


def test_an_administrator_creates_a_person_who_sets_a_password_by_a_one_time_link(portal: Portal, visit: Visit) -> None:
    administrator = visit().sign_in(portal.administrator()).open("/admin/people").follow("Create person")
    administrator.enter({"Email address": "tomas.ek@acme.example", "Name": "Tomas Ek"})
    administrator.tick("Author: makes and manages own links").press("Create person")
    assert administrator.heading == "Tomas Ek"
    administrator.unfold("Make one-time link").press("Make link")
    address = administrator.value("Link")

    tomas = visit().open(address)
    tomas.enter({"New password": OTHER_PASSWORD}).press("Set password")
    assert "Your password is set. Sign in with it." in tomas.words
    tomas.enter_password(Cast(0, "", "Tomas Ek", "tomas.ek@acme.example", OTHER_PASSWORD))
    assert tomas.heading == "Your links"
    assert visit().open(address, status=404).heading == "This link does not work any more"


def test_a_group_gives_its_members_a_role(portal: Portal, visit: Visit) -> None:
    planner = portal.person("Mia Berg")
    mia = visit().sign_in(planner).open("/links/", status=403)
    administrator = visit().sign_in(portal.administrator()).open("/admin/groups").follow("Create group")
    administrator.enter({"Name": f"Planners of {planner.email}", "Description": "Berths and cranes"})
    administrator.press("Create group")
    administrator.follow("Roles").tick("Author: makes and manages own links").press("Save roles")
    administrator.enter({"Email address": planner.email}).press("Add member")
    mia.reload()
    assert mia.heading == "Your links"


def test_a_connection_is_tested_and_says_what_its_credentials_may_do(portal: Portal, visit: Visit) -> None:
    administrator = visit().sign_in(portal.administrator()).open("/admin/connections").follow("Acme Confluence")
    administrator.press("Test connection")
    assert "The site answered." in administrator.words
    assert "Read pages or issues" in administrator.words
    assert "token-reader" not in administrator.follow("Edit").page.content()


def test_a_setting_is_changed_within_its_bounds_recorded_and_holds_for_the_next_link(
    portal: Portal, visit: Visit
) -> None:
    field, page = "Usual life in days", "/links/rules/everywhere"
    administrator = visit().sign_in(portal.administrator("Maja Holm")).open(page)
    before = administrator.value(field)
    for wrong, said in (("0", "1"), ("3651", "3650")):
        administrator.open(page).enter({field: wrong}).press("Show what would change", status=422)
        assert said in administrator.page.locator(".field-error").inner_text()
        assert administrator.open(page).value(field) == before
    administrator.enter({field: "10"}).press("Show what would change").press("Save rules")
    assert "The rules are in force." in administrator.words
    assert _usual_days(portal, visit) == 10
    auditor = visit().sign_in(portal.auditor()).open("/audit?event=settings:area:changed").follow_first("table tbody a")
    assert "Maja Holm" in auditor.words
    assert "default_days" in auditor.words
    assert before in auditor.words
    administrator.open(page).enter({field: before}).press("Show what would change").press("Save rules")
    assert str(_usual_days(portal, visit)) == before
    visit().sign_in(portal.auditor()).open(page)
    visit().sign_in(portal.author()).open(page, status=403)


def _usual_days(portal: Portal, visit: Visit) -> int:
    """Return for how many days a new link is offered."""
    portal.let_settings_be_read()
    author = visit().sign_in(portal.author())
    author.open("/links/new/").enter({"Address": portal.page_url()}).press("Look at it")
    ends = datetime.fromisoformat(author.value("Ends")).replace(tzinfo=ZoneInfo(ORGANISATION["time_zone"]))
    return round((ends - datetime.now(UTC)) / timedelta(days=1))


def test_jobs_that_were_given_up_are_listed_and_tried_again(portal: Portal, visit: Visit) -> None:
    # Other stories leave jobs there too, whose numbers may begin alike.
    job = re.compile(rf"#{portal.failed_job()}\b")
    administrator = visit().sign_in(portal.administrator()).open("/admin/jobs")
    assert job.search(administrator.words)
    administrator.press("Try again", row=job)
    assert not job.search(administrator.words)


def test_an_auditor_reads_filters_and_saves_the_trail_and_changes_nothing(portal: Portal, visit: Visit) -> None:
    author = portal.author("Jonas Berg")
    portal.share(author, name="=cmd()", password="quiet harbour lantern 42")
    auditor = visit().sign_in(portal.auditor()).open("/audit")
    assert "Jonas Berg" in auditor.words
    auditor.open("/audit?event=share_links:link:created")
    name, content = auditor.download("Export as CSV")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert name.endswith(".csv")
    assert rows
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    auditor.open("/admin/people/new", status=403)
