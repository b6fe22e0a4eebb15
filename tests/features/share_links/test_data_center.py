"""Links to what lies on a company's own servers, from the proof of the creator's right to the last file."""

from urllib.parse import quote

import pytest
import urllib3
from sqlalchemy import select

from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.connections.models import Connection
from app.core.db import reading, transaction
from app.core.errors import Invalid, Unavailable
from app.features.share_links import gather, service, tokens
from app.features.share_links.conditions import Conditions
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.powers import Children, Powers
from app.features.share_links.proof import Proof, RefusedToShare
from app.features.share_links.reading.names import Names
from app.integrations.atlassian.types import Deployment
from simulator.data_center.people import jira_key
from tests import html
from tests.factories import connections, links, people
from tests.features.share_links.conftest import OwnServers
from tests.features.share_links.readers import FILES, Shared, aged, control, opened
from tests.features.share_links.test_children import GATE_HOURS, HANDBOOK, NEVER, beside
from tests.pages import PageClient


def acting(person: Person) -> Actor:
    with reading() as db:
        return people.actor_of(db, person)


def shared(world: OwnServers, url: str, powers: Powers = FILES) -> Shared:
    """Share what an address names as its creator does: the right is proven by their own token."""
    actor = acting(world.author)
    facts = gather.share(actor, url)
    assert (facts.proof, facts.refusal) == (Proof.OWN_TOKEN, None)
    with transaction() as db:
        made = service.create(db, actor, facts, Conditions(password=links.hashed_password(), powers=powers))
        assert not isinstance(made, service.NotShared)
        row = db.scalars(select(ShareLink).where(ShareLink.public_id == made.public_id)).one()
    return Shared(row, tokens.make(made.public_id, made.generation))


def fetched(pages: PageClient, link: Shared, part: str) -> bytes:
    """Return a file under a link."""
    answer = pages.http.get(f"{link.path}{part}", base_url=pages.base_url)
    assert answer.status_code == 200
    return bytes(answer.data)


def file_of(world: OwnServers, page_id: str, filename: str) -> str:
    return next(one.attachment_id for one in world.running.site.attachments_of(page_id) if one.filename == filename)


@pytest.fixture
def newcomer(own_servers: OwnServers) -> Person:
    """An author without any Atlassian account."""
    with transaction() as db:
        return people.make_author(db, "Bo Lind")


def test_a_page_is_read_through_a_link_with_its_pictures_and_files(own_servers: OwnServers, pages: PageClient) -> None:
    link = shared(own_servers, own_servers.page())
    page = opened(pages, link)
    assert page.heading == "Berth and crane plan, week 48"
    assert "MV Solveig" in page.text
    picture = file_of(own_servers, "100101", "site-plan.png")
    assert page.xpath(f"//img[contains(@src, 'media/{picture}')]")
    assert fetched(pages, link, f"media/{picture}").startswith(b"\x89PNG")
    assert fetched(pages, link, f"files/{file_of(own_servers, '100101', 'berth-plan-w48.pdf')}").startswith(b"%PDF")
    assert "/confluence" not in page.source
    assert "pat-" not in page.source


def test_an_issue_is_read_through_a_link_with_its_pictures_and_files(
    own_servers: OwnServers, pages: PageClient
) -> None:
    link = shared(own_servers, own_servers.issue("HARB-2"))
    page = opened(pages, link)
    assert "HARB-2" in page.text
    assert "What was measured" in page.text
    picture = file_of(own_servers, "HARB-2", "brake-slip.png")
    assert fetched(pages, link, f"media/{picture}").startswith(b"\x89PNG")
    assert fetched(pages, link, f"files/{file_of(own_servers, 'HARB-2', 'brake-report.pdf')}").startswith(b"%PDF")


def test_the_pages_below_are_shown_as_far_as_they_are_covered(own_servers: OwnServers, pages: PageClient) -> None:
    link = shared(own_servers, own_servers.page(HANDBOOK), Powers(children=Children(2)))
    page = opened(pages, link)
    assert [html.text_of(one) for one in beside(page)] == [
        "Terminal handbook for partners",
        "Gate hours",
        "Holiday hours",
        "A walk along the quay",
    ]
    assert "08:00 to 14:00" in pages.get(f"{link.path}page-{GATE_HOURS}").text
    for page_id, canary in NEVER.items():
        assert canary not in page.source
        pages.get(f"{link.path}page-{page_id}", status=404)


def test_comments_of_a_page_are_shown_in_threads(own_servers: OwnServers, pages: PageClient) -> None:
    page_id = "100403"
    written = own_servers.running.site.pages[page_id].comments
    link = shared(own_servers, own_servers.page(page_id, "ENG"), Powers(comments=True))
    page = opened(pages, link)
    assert written
    assert all(own_servers.running.site.accounts[one.author_id].name in page.text for one in written)
    plain = shared(own_servers, own_servers.page(page_id, "ENG"), Powers())
    assert page.text != opened(pages.another(), plain).text


def test_comments_of_an_issue_that_are_not_for_all_are_never_shown(own_servers: OwnServers, pages: PageClient) -> None:
    powers = Powers(comments=True, attachments=True, download=True)
    page = opened(pages, shared(own_servers, own_servers.issue("HARB-31"), powers))
    assert "A sun shade is on its way." in page.text
    assert "second line.png" in page.source
    # What only an internal comment speaks of is no file of the reader's either.
    for secret in ("CANARY-INTERNAL-COMMENT", "CANARY-RESTRICTED-COMMENT", "CANARY-SUBTASK", "credit note.png"):
        assert secret not in page.source
    assert "CANARY-FIELD-OUTSIDE" not in page.source


def test_people_are_named_as_the_link_lets_them_be(own_servers: OwnServers, pages: PageClient) -> None:
    for names, said in ((Names.NAME, True), (Names.NONE, False)):
        link = shared(own_servers, own_servers.issue("HARB-31"), Powers(names=names))
        page = opened(pages.another(), link)
        assert ("Jonas Berg" in page.text) is said
        assert "~jonas" not in page.text
        body = shared(own_servers, own_servers.page("100120"), Powers(names=names))
        assert ("Ines Moreau" in opened(pages.another(), body).text) is said


def test_addresses_of_the_companys_other_sites_are_never_shown(own_servers: OwnServers, pages: PageClient) -> None:
    with transaction() as db:
        connections.make_connection(
            db, "jira", "https://jira.corp:8443/jira", name="Other", deployment=Deployment.DATA_CENTER
        )
    links_out = "".join(
        f'<p><a href="{address}">{words}</a></p>'
        for address, words in (
            ("https://jira.corp:8443/jira/browse/SECRET-1", "an issue"),
            ("https://jira.corp/jira/secure/Dashboard.jspa", "a board"),
            ("https://cranes.example/handbook", "a handbook"),
        )
    )
    control(own_servers, "PATCH", "pages/100102", {"body": links_out})
    page = opened(pages, shared(own_servers, own_servers.page("100102")))
    assert "https://cranes.example/handbook" in page.links.values()
    assert "a board" in page.text
    assert "jira.corp" not in page.source


@pytest.mark.parametrize(
    "path",
    [
        "/spaces/OPS/pages/100101/Berth",
        "/pages/viewpage.action?pageId=100101",
        "/x/BYcB",
        "/pages/tinyurl.action?urlIdentifier=BYcB",
        "/display/OPS/Berth+and+crane+plan%2C+week+48",
        "/pages/viewpage.action?spaceKey=OPS&title=Berth+and+crane+plan%2C+week+48",
    ],
)
def test_every_way_to_write_a_pages_address_leads_to_it(own_servers: OwnServers, path: str) -> None:
    facts = gather.share(acting(own_servers.author), f"{own_servers.running.base_url}/confluence{path}")
    assert facts.object is not None
    assert (facts.object.object_id, facts.reference) == ("100101", "confluence:100101")
    assert facts.object.web_url.startswith(f"{own_servers.running.base_url}/confluence/spaces/OPS/pages/100101")


@pytest.mark.parametrize(
    ("space", "title"), [("HR", "Salary+bands"), ("OPS", "Price+list"), ("OPS", "No+such+page"), ("FIN", "Finance")]
)
def test_a_title_tells_nobody_whether_a_page_exists(own_servers: OwnServers, space: str, title: str) -> None:
    address = f"{own_servers.running.base_url}/confluence/display/{space}/{title}"
    facts = gather.share(acting(own_servers.author), address)
    assert (facts.refusal, facts.object, facts.reference) == (RefusedToShare.NOT_VISIBLE, None, "confluence:by-title")


@pytest.mark.parametrize("path", ["/wiki/spaces/OPS/pages/100101/T", "/browse/HARB-1", "/other/browse/HARB-1"])
def test_an_address_beside_the_sites_that_are_known_has_no_connection(own_servers: OwnServers, path: str) -> None:
    with pytest.raises(Invalid, match=r"There is no connection|leads to no"):
        gather.share(acting(own_servers.author), own_servers.running.base_url + path)


def test_a_page_restricted_afterwards_pauses_its_links(own_servers: OwnServers, pages: PageClient) -> None:
    link = shared(own_servers, own_servers.page("100102"))
    opened(pages, link)
    # Of the page above it: what is inherited counts as well.
    control(own_servers, "PATCH", "pages/100001", {"restrict": {"users": ["reader", "ines"]}})
    aged(link)
    pages.get(link.path, status=403)
    assert link.row().paused_at is not None


def test_a_page_that_goes_to_the_trash_closes_its_links(own_servers: OwnServers, pages: PageClient) -> None:
    link = shared(own_servers, own_servers.page("100102"))
    opened(pages, link)
    control(own_servers, "PATCH", "pages/100102", {"status": "trashed"})
    aged(link)
    pages.get(link.path, status=410)
    assert link.row().closed_reason == "trashed"


def test_a_new_version_and_a_replaced_file_are_shown(own_servers: OwnServers, pages: PageClient) -> None:
    link = shared(own_servers, own_servers.page())
    opened(pages, link)
    picture = file_of(own_servers, "100101", "site-plan.png")
    control(own_servers, "PATCH", "pages/100101", {"body": "<p>All berths are closed.</p>"})
    control(own_servers, "PUT", "attachments/100101/berth-plan-w48.csv", {"text": "new,plan"})
    aged(link)
    page = pages.get(link.path)
    assert "All berths are closed." in page.text
    assert picture not in page.source or "media/" not in page.source
    csv = file_of(own_servers, "100101", "berth-plan-w48.csv")
    assert fetched(pages, link, f"files/{csv}") == b"new,plan"


def test_a_token_that_is_no_longer_taken_closes_nothing(own_servers: OwnServers, pages: PageClient) -> None:
    link = shared(own_servers, own_servers.page())
    opened(pages, link)
    control(own_servers, "PATCH", "settings", {"failed_sign_in": "anonymous"})
    control(own_servers, "PATCH", "accounts/reader", {"token_valid": False})
    aged(link)
    # The copy is served, and says how old it is.
    assert "MV Solveig" in pages.get(link.path).text
    assert link.row().closed_at is None


def test_ones_own_token_that_is_no_longer_taken_proves_nothing(own_servers: OwnServers) -> None:
    own_servers.account("ines").token_valid = False
    for url in (own_servers.page(), own_servers.issue()):
        assert gather.share(acting(own_servers.author), url).refusal is RefusedToShare.TOKEN_REJECTED


def test_an_administrators_assignment_is_checked_with_jira_by_username(
    own_servers: OwnServers, newcomer: Person
) -> None:
    own_servers.assigned(newcomer, "ines")
    actor = acting(newcomer)
    assert gather.share(actor, own_servers.issue("HARB-1")).proof is Proof.ISSUE_SEARCH
    assert gather.share(actor, own_servers.issue("HARB-15")).refusal is RefusedToShare.NOT_VISIBLE
    asked = [one for one in own_servers.running.site.requests if "viewissue" in one.path]
    assert asked
    assert all("username=ines" in one.query for one in asked)


@pytest.mark.parametrize("handle", ["nobody", "erik"])
def test_an_assigned_account_that_may_not_view_the_issue_proves_nothing(
    own_servers: OwnServers, newcomer: Person, handle: str
) -> None:
    own_servers.assigned(newcomer, handle)
    facts = gather.share(acting(newcomer), own_servers.issue("HARB-1"))
    assert (facts.refusal, facts.object) == (RefusedToShare.NOT_VISIBLE, None)


def test_an_assignment_never_proves_a_page(own_servers: OwnServers, newcomer: Person) -> None:
    own_servers.assigned(newcomer, "ines")
    with transaction() as db:
        # Even where a checking token had found its way into the database.
        db.get_one(Connection, own_servers.confluence.id).checking_token = "pat-checker"
    facts = gather.share(acting(newcomer), own_servers.page())
    assert (facts.refusal, facts.object) == (RefusedToShare.NOT_VISIBLE, None)


def test_a_site_that_does_not_answer_shares_nothing(own_servers: OwnServers) -> None:
    actor = acting(own_servers.author)
    own_servers.running.stop()
    with pytest.raises(Unavailable):
        gather.share(actor, own_servers.page())


def test_no_title_is_written_into_the_trail(own_servers: OwnServers, pages: PageClient) -> None:
    pages.sign_in(own_servers.author)
    address = f"{own_servers.running.base_url}/confluence/display/HR/Salary+bands"
    pages.get(f"/links/new/?url={quote(address)}", status=422)
    with reading() as db:
        written = [f"{one.subject_id} {one.details}" for one in db.scalars(select(AuditEntry))]
        assert db.scalars(select(SharedObject)).all() == []
    assert written
    assert not any("Salary" in one for one in written)


def test_a_person_connects_their_own_account_with_a_token_alone(
    own_servers: OwnServers, newcomer: Person, pages: PageClient
) -> None:
    pages.sign_in(newcomer)
    page = pages.get(f"/profile/connections/{own_servers.jira.public_id}")
    assert "Email address" not in page.text
    refused = pages.submit("Connect account", {"token": "pat-unknown"}, status=422)
    assert "did not accept this token" in refused.text
    pages.submit("Connect account", {"token": "pat-bob"})
    assert "Connected as Bob Achterberg." in pages.follow().text
    facts = gather.share(acting(newcomer), own_servers.issue("HARB-1"))
    assert facts.proof is Proof.OWN_TOKEN


def test_a_key_of_one_person_is_no_username_of_another(own_servers: OwnServers, newcomer: Person) -> None:
    bob = jira_key(own_servers.running.site, own_servers.account("bob"))
    with urllib3.PoolManager() as http:
        found = http.request(
            "GET",
            f"{own_servers.running.base_url}/jira/rest/api/2/user",
            fields={"username": bob},
            headers={"Authorization": "Bearer pat-reader"},
        )
    assert found.status == 404
