"""Connections: credentials are entered, tried and never shown again; they never travel to another address."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, signals
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry, AuditPersonal
from app.core.connections import clients
from app.core.connections.models import AtlassianAccount, Connection
from app.core.db import reading, transaction
from app.integrations.atlassian.types import Deployment
from simulator.site import Running, start
from tests.factories.connections import (
    CHECKING_TOKEN,
    READING_TOKEN,
    make_account,
    make_connection,
)
from tests.factories.people import make_administrator, make_author
from tests.integrations.atlassian.site import Reply, Site, site
from tests.pages import PageClient

NEW_TOKEN = "ATATT-canary-new-1234"


@pytest.fixture
def administrator(pages: PageClient) -> Iterator[Person]:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    yield made
    clients.forget()


@pytest.fixture
def atlassian() -> Iterator[Site]:
    with site() as running:
        running.answer("/rest/api/3/myself", Reply(body=account("557058:me", "Reader")))
        running.answer(
            "/rest/api/3/mypermissions",
            Reply(
                body={
                    "permissions": {
                        name: {"havePermission": name != "ADMINISTER"}
                        for name in ("BROWSE_PROJECTS", "USER_PICKER", "ADMINISTER")
                    }
                }
            ),
        )
        running.answer(
            "/rest/api/3/project/search",
            Reply(body={"startAt": 0, "maxResults": 50, "total": 1, "isLast": True, "values": [{"key": "PORT"}]}),
        )
        yield running


def account(account_id: str, name: str, *, active: bool = True) -> dict[str, object]:
    return {"accountId": account_id, "displayName": name, "emailAddress": "a@example.com", "active": active}


def stored(name: str = "Northwind") -> Connection:
    with reading() as db:
        return db.scalars(select(Connection).where(Connection.name == name)).one()


def create(pages: PageClient, url: str, **fields: object) -> None:
    pages.get("/admin/connections/new")
    pages.submit(
        "Add connection",
        {
            "product": "jira",
            "name": "Northwind",
            "base_url": url,
            "reading_email": "reader@example.com",
            "reading_token": NEW_TOKEN,
            **fields,  # type: ignore[dict-item]
        },
    )


def test_the_first_connection_is_asked_for_on_an_empty_page(pages: PageClient, administrator: Person) -> None:
    assert "No connections yet" in pages.get("/admin/connections").text
    assert pages.click("Add connection").heading == "Add connection"


def test_a_connection_is_added_tested_and_shows_what_its_credentials_may_do(
    pages: PageClient, administrator: Person, atlassian: Site
) -> None:
    create(pages, f"{atlassian.url}/wiki/", reading_expires="2027-03-01")
    row = stored()
    assert row.base_url == atlassian.url
    assert row.site_host == f"127.0.0.1:{atlassian.port}"
    assert row.reading_expires_at == datetime(2027, 3, 1, tzinfo=UTC)
    assert "Not tested" in pages.follow().text
    pages.submit("Test connection")
    page = pages.follow()
    assert "The site answered." in page.text
    assert {one["Ability"]: one["Allowed"] for one in page.table()} == {
        "Sign in": "Yes",
        "Read pages or issues": "Yes",
        "Check what others may see": "Yes",
        "Administer the site": "No",
    }
    assert "Working" in pages.get("/admin/connections").text


def test_no_token_is_ever_shown_or_recorded(pages: PageClient, administrator: Person, atlassian: Site) -> None:
    create(pages, atlassian.url, checking_email="checker@example.com", checking_token="ATATT-canary-two")
    address = f"/admin/connections/{stored().public_id}"
    for path in (address, f"{address}/edit", "/admin/connections", "/audit"):
        assert "canary" not in pages.get(path).source
    pages.get(f"{address}/edit")
    assert "canary" not in pages.submit("Save connection", {"name": "", "reading_token": NEW_TOKEN}, status=422).source
    with reading() as db:
        written = [str(one) for one in db.scalars(select(AuditEntry.details))]
        written += [str(one) for one in db.scalars(select(AuditPersonal.values))]
    assert not any("canary" in one for one in written)


def test_a_rejected_credential_says_so(pages: PageClient, administrator: Person, atlassian: Site) -> None:
    atlassian.answer("/rest/api/3/myself", Reply(status=401, body={"message": "no"}))
    create(pages, atlassian.url)
    pages.follow()
    pages.submit("Test connection")
    page = pages.follow()
    assert "cannot be read through this connection" in page.text
    assert "Failing" in page.text


def test_a_site_that_does_not_answer_says_so(pages: PageClient, administrator: Person) -> None:
    create(pages, "http://127.0.0.1:9")
    pages.follow()
    pages.submit("Test connection")
    assert "Failing" in pages.follow().text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"base_url": "https://attacker.example"}, "is not among the hosts allowed"),
        ({"base_url": "ftp://localhost"}, "must start with https://"),
        ({"base_url": "https://user@localhost/"}, "must start with https://"),
        ({"base_url": "http://localhost/?a=b"}, "Enter the address of a site only"),
        ({"site_address": "nonsense"}, "Enter the site's address"),
        ({"reading_email": "none"}, "Enter an address such as"),
        ({"reading_token": ""}, "Enter the API token"),
        ({"reading_token": "a\u00e4"}, "Enter the API token"),
        ({"reading_expires": "soon"}, "Enter a day such as"),
        ({"checking_token": "x"}, "Enter the address that the token belongs to."),
        ({"checking_email": "checker@example.com"}, "Enter the API token"),
        ({"name": ""}, "Fill this in."),
        ({"name": "TAKEN"}, "There is a connection named TAKEN already."),
    ],
)
def test_what_cannot_be_a_connection_says_why(
    pages: PageClient, administrator: Person, fields: dict[str, str], sentence: str
) -> None:
    with transaction() as db:
        make_connection(db, name="Taken")
    pages.get("/admin/connections/new")
    given = {"name": "N", "base_url": "http://localhost:9", "reading_email": "r@example.com", "reading_token": "t"}
    assert sentence in pages.submit("Add connection", given | fields, status=422).text


def test_a_token_left_empty_stays_and_an_emptied_checking_address_removes_its_credential(
    pages: PageClient, administrator: Person
) -> None:
    with transaction() as db:
        row = make_connection(db, base_url="http://localhost:9", checking=True)
    pages.get(f"/admin/connections/{row.public_id}/edit")
    pages.submit("Save connection", {"name": "Renamed", "checking_email": ""})
    changed = stored("Renamed")
    assert changed.reading_token == READING_TOKEN
    assert changed.checking_token is None
    assert changed.version == row.version + 1


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"base_url": "http://localhost:10"}, "reading_token"),
        ({"reading_email": "other@example.com"}, "reading_token"),
        ({"checking_email": "other@example.com"}, "checking_token"),
    ],
)
def test_a_stored_token_is_never_sent_to_another_address_or_for_another_account(
    pages: PageClient, administrator: Person, fields: dict[str, str], label: str
) -> None:
    with transaction() as db:
        row = make_connection(db, base_url="http://localhost:9", checking=True)
    pages.get(f"/admin/connections/{row.public_id}/edit")
    page = pages.submit("Save connection", fields, status=422)
    assert "Enter the token again" in page.text
    assert page.xpath(f"//*[@id='{label}-error']") != []
    unchanged = stored(row.name)
    assert (unchanged.base_url, unchanged.reading_token, unchanged.checking_token) == (
        "http://localhost:9",
        READING_TOKEN,
        CHECKING_TOKEN,
    )


def test_a_new_address_forgets_the_accounts_that_were_connected_at_the_old_one(
    pages: PageClient, administrator: Person
) -> None:
    with transaction() as db:
        row = make_connection(db, base_url="http://localhost:9")
        make_account(db, administrator, row)
    pages.get(f"/admin/connections/{row.public_id}/edit")
    pages.submit("Save connection", {"base_url": "http://localhost:10", "reading_token": NEW_TOKEN})
    with reading() as db:
        assert db.scalars(select(AtlassianAccount)).all() == []


def test_switching_off_tells_the_features_and_switching_on_takes_it_back(
    pages: PageClient, administrator: Person
) -> None:
    with transaction() as db:
        row = make_connection(db)
    told: list[int] = []

    def note(connection_id: int, **_: object) -> None:
        told.append(connection_id)

    pages.get(f"/admin/connections/{row.public_id}")
    with signals.connection_disabled.connected_to(note):
        pages.submit("Switch off connection")
    assert told == [row.id]
    assert "Off" in pages.follow().text
    pages.submit("Switch on")
    assert stored(row.name).disabled_at is None


def test_a_connection_nothing_was_shared_through_is_removed(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        row = make_connection(db)
        make_account(db, administrator, row)
    page = pages.get(f"/admin/connections/{row.public_id}")
    assert "One person's account on it is forgotten." in page.text
    pages.submit("Remove connection")
    assert "No connections yet" in pages.follow().text


def test_a_credential_that_ends_soon_is_warned_about(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        row = make_connection(db)
    for days, words in ((31, "Not tested"), (29, "Ends soon"), (-1, "Credential ended")):
        with transaction() as db:
            db.get_one(Connection, row.id).reading_expires_at = clock.now() + timedelta(days=days)
        assert words in pages.get("/admin/connections").text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "Atlassian has not said"),
        ({"limit": 100, "remaining": 12, "near_limit": True}, "12 of 100 calls left"),
        ({"limit": None, "remaining": None, "near_limit": True}, "Nearly reached"),
        ({"limit": None, "remaining": None, "near_limit": False}, "Not reached"),
    ],
)
def test_what_atlassian_said_of_its_limit_is_shown(
    pages: PageClient, administrator: Person, said: dict[str, object] | None, words: str
) -> None:
    with transaction() as db:
        row = make_connection(db)
        row.rate_limit = said
    assert words in pages.get(f"/admin/connections/{row.public_id}").text


def test_an_assigned_account_is_looked_up_with_the_reading_credential(
    pages: PageClient, administrator: Person, atlassian: Site
) -> None:
    with transaction() as db:
        row = make_connection(db, "jira", atlassian.url)
        bo = make_author(db, "Bo Lind")
    address = f"/admin/people/{bo.public_id}/accounts/{row.public_id}"
    atlassian.answer("/rest/api/3/user", Reply(body=account("557058:bo", "Bo at Northwind")))
    pages.get(address)
    pages.submit("Assign account", {"account_id": " 557058:bo "})
    assert "Bo at Northwind is the account now." in pages.follow().text
    for reply in (
        Reply(status=404, body={"errorMessages": ["no"]}),
        Reply(body=account("557058:x", "X", active=False)),
        Reply(body=account("557058:other", "Other")),
    ):
        atlassian.answer("/rest/api/3/user", reply)
        pages.get(address)
        pages.submit("Assign account", {"account_id": "557058:x"}, status=422)
    atlassian.answer("/rest/api/3/user", Reply(status=403, body={}))
    pages.get(address)
    pages.submit("Assign account", {"account_id": "557058:y"})
    assert "assigned as entered" in pages.follow().text


def test_people_connect_their_own_account_by_a_token_that_atlassian_accepts(pages: PageClient, atlassian: Site) -> None:
    with transaction() as db:
        row = make_connection(db, "jira", atlassian.url)
        bo = make_author(db, "Bo Lind")
    pages.sign_in(bo)
    pages.get("/profile")
    pages.click("Connect")
    pages.submit("Connect account", {"email": "bo@northwind.example", "token": NEW_TOKEN})
    assert "Connected as Reader." in pages.follow().text
    with reading() as db:
        stored_account = db.scalars(select(AtlassianAccount)).one()
    assert (stored_account.account_id, stored_account.token) == ("557058:me", NEW_TOKEN)
    atlassian.answer("/rest/api/3/myself", Reply(status=401, body={}))
    pages.click("Connect again")
    page = pages.submit("Connect account", {"token": "ATATT-canary-wrong"}, status=422)
    assert "did not accept this address with this token" in page.text
    assert "canary" not in page.source
    atlassian.answer("/rest/api/3/myself", Reply(status=503, body={}))
    pages.get(f"/profile/connections/{row.public_id}")
    pages.submit("Connect account", {"token": NEW_TOKEN}, status=503)


@pytest.fixture
def own_site() -> Iterator[Running]:
    with start() as running:
        yield running
        clients.forget()


def create_own(pages: PageClient, url: str, status: int | None = None, **fields: object) -> str:
    """Fill in the form of a Data Center connection and return what came."""
    pages.get("/admin/connections/new")
    pages.click("Add Data Center connection")
    given = {"product": "jira", "name": "Own Jira", "base_url": url, "reading_token": "pat-reader", **fields}
    return pages.submit("Add connection", given, status=status or 303).text  # type: ignore[arg-type]


def test_a_data_center_connection_is_added_tested_and_shows_what_its_tokens_may_do(
    pages: PageClient, administrator: Person, own_site: Running
) -> None:
    create_own(pages, f"{own_site.base_url}/jira/", checking_token="pat-checker")
    row = stored("Own Jira")
    assert (row.deployment, row.base_url, row.site_path) == ("data_center", f"{own_site.base_url}/jira", "/jira")
    assert (row.reading_email, row.checking_email, row.checking_token) == (None, None, "pat-checker")
    assert "Not encrypted" in pages.follow().text
    pages.submit("Test connection")
    page = pages.follow()
    assert "The site answered." in page.text
    assert "Jira Data Center" in page.text
    assert {(one["Credential"], one["Ability"]) for one in page.table() if one["Allowed"] != "No"} == {
        ("Reading", "Sign in"),
        ("Reading", "Read pages or issues"),
        ("Reading", "Check what others may see"),
        ("Checking", "Sign in"),
        ("Checking", "Read pages or issues"),
        ("Checking", "Check what others may see"),
        ("Checking", "Administer the site"),
    }
    assert "pat-" not in page.source
    assert "Jira Data Center" in pages.get("/admin/connections").text


def test_a_confluence_data_center_connection_says_that_others_cannot_be_asked_about(
    pages: PageClient, administrator: Person, own_site: Running
) -> None:
    create_own(pages, f"{own_site.base_url}/confluence", product="confluence")
    pages.follow()
    pages.submit("Test connection")
    allowed = {one["Ability"]: one["Allowed"] for one in pages.follow().table()}
    assert allowed["Read view restrictions"] == "Yes"
    assert allowed["Check what others may see"] == "No"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"base_url": "http://jira.corp/jira"}, "must start with https://"),
        ({"base_url": "https://169.254.169.254/"}, "is not an address that may be connected to"),
        ({"base_url": "https://jira.corp/jira?x=1"}, "Enter the address of a site only"),
        ({"base_url": "https://jira.corp/../x"}, "Enter the address of a site only"),
        ({"base_url": "https://a@jira.corp/"}, "must start with https://"),
        ({"site_address": "nonsense"}, "Enter the site's address"),
        ({"reading_token": ""}, "Enter the API token"),
        ({"product": "confluence", "checking_token": "pat-x"}, "Confluence Data Center does not say"),
    ],
)
def test_what_cannot_be_a_data_center_connection_says_why(
    pages: PageClient, administrator: Person, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in create_own(pages, "https://jira.corp/jira", status=422, **fields)


def test_an_address_inside_is_named_and_the_one_that_people_see_may_be_another(
    pages: PageClient, administrator: Person
) -> None:
    create_own(pages, "https://10.1.2.3:8443/jira", site_address="https://jira.example.com/issues")
    row = stored("Own Jira")
    assert (row.base_url, row.site_host, row.site_path) == ("https://10.1.2.3:8443/jira", "jira.example.com", "/issues")
    page = pages.get(f"/admin/connections/{row.public_id}/edit")
    assert page.xpath("//input[@name='site_address']/@value") == ["https://jira.example.com/issues"]


def test_a_stored_token_of_data_center_stays_unless_its_address_changes_or_it_is_given_up(
    pages: PageClient, administrator: Person
) -> None:
    with transaction() as db:
        row = make_connection(
            db, "jira", "https://jira.corp/jira", checking=True, deployment=Deployment.DATA_CENTER, name="Own Jira"
        )
    address = f"/admin/connections/{row.public_id}/edit"
    pages.get(address)
    page = pages.submit("Save connection", {"base_url": "https://evil.example/jira"}, status=422)
    assert "Enter the token again" in page.text
    pages.get(address)
    pages.submit("Save connection", {"name": "Renamed"})
    kept = stored("Renamed")
    assert (kept.reading_token, kept.checking_token) == (READING_TOKEN, CHECKING_TOKEN)
    pages.get(address)
    pages.submit("Save connection", {"keep_checking": []})
    assert stored("Renamed").checking_token is None


def test_a_username_is_assigned_as_the_key_that_the_site_says(
    pages: PageClient, administrator: Person, own_site: Running
) -> None:
    with transaction() as db:
        author = make_author(db)
        row = make_connection(db, "jira", f"{own_site.base_url}/jira", deployment=Deployment.DATA_CENTER)
        row.reading_token = "pat-reader"
    address = f"/admin/people/{author.public_id}/accounts/{row.public_id}"
    pages.get(address)
    assert "knows no account" in pages.submit("Assign account", {"account_id": "no.one@here"}, status=422).text
    assert "not in use" in pages.submit("Assign account", {"account_id": "erik"}, status=422).text
    pages.submit("Assign account", {"account_id": "bob"})
    assert "Bob Achterberg is the account now." in pages.follow().text
    with reading() as db:
        assert db.scalars(select(AtlassianAccount.account_id)).all() == ["JIRAUSER10104"]


def test_a_username_that_the_site_could_not_be_asked_about_is_not_believed(
    pages: PageClient, administrator: Person
) -> None:
    with transaction() as db:
        author = make_author(db)
        row = make_connection(db, "jira", "http://localhost:9/jira", deployment=Deployment.DATA_CENTER)
    pages.get(f"/admin/people/{author.public_id}/accounts/{row.public_id}")
    assert "could not be asked" in pages.submit("Assign account", {"account_id": "bob"}, status=422).text


def test_nobody_is_assigned_an_account_that_proves_nothing(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        author = make_author(db)
        row = make_connection(db, "confluence", "http://localhost:9/c", deployment=Deployment.DATA_CENTER)
    assert "Assign" not in pages.get(f"/admin/people/{author.public_id}").text.partition("Atlassian accounts")[2]
    pages.get(f"/admin/people/{author.public_id}/accounts/{row.public_id}")
    page = pages.submit("Assign account", {"account_id": "bob"}, status=422)
    assert "people connect their own accounts" in page.text


@pytest.mark.parametrize("path", ["/admin/connections/new/data-center"])
def test_only_administrators_add_data_center_connections(pages: PageClient, path: str) -> None:
    pages.get(path, status=303)
    with transaction() as db:
        author = make_author(db)
    pages.sign_in(author)
    pages.get(path, status=403)
