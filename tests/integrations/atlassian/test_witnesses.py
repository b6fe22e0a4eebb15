"""Public clients, which nobody here wrote, read from the simulator: what they read is what our adapters read.

They are witnesses twice: that the simulator speaks as the products do, and that our adapters understand it as others do.
"""

import io
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from atlassian import Confluence, Jira
from atlassian.confluence_v2 import ConfluenceV2
from jira import JIRA
from jira.exceptions import JIRAError
from requests import HTTPError

from app.integrations.atlassian.auth import ApiToken, PersonalAccessToken
from app.integrations.atlassian.cloud.confluence import ConfluenceCloud
from app.integrations.atlassian.cloud.jira import JiraCloud
from app.integrations.atlassian.data_center.confluence import ConfluenceDataCenter
from app.integrations.atlassian.data_center.jira import JiraDataCenter
from app.integrations.atlassian.hosts import NamedHost
from app.integrations.atlassian.interfaces import ConfluenceReader, JiraReader
from app.integrations.atlassian.transport import Transport
from simulator.site import Running, start
from tests.integrations.atlassian.site import LOOPBACK

PAGES = ("100001", "100101", "100104", "100106", "100109", "100112")
ISSUES = ("HARB-2", "HARB-19", "HARB-21", "HARB-31")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with start() as one:
        yield one


@pytest.fixture(scope="module", params=["cloud", "data center"])
def confluence(request: pytest.FixtureRequest, running: Running) -> ConfluenceReader:
    """Our reader of pages, in both editions."""
    if request.param == "cloud":
        return ConfluenceCloud(Transport(running.base_url, _basic(), policy=LOOPBACK))
    base = f"{running.base_url}/confluence"
    return ConfluenceDataCenter(Transport(base, _bearer(), policy=NamedHost(base, allow_loopback=True)))


@pytest.fixture(scope="module", params=["cloud", "data center"])
def jira(request: pytest.FixtureRequest, running: Running) -> JiraReader:
    """Our reader of issues, in both editions."""
    if request.param == "cloud":
        return JiraCloud(Transport(running.base_url, _basic(), policy=LOOPBACK))
    base = f"{running.base_url}/jira"
    return JiraDataCenter(Transport(base, _bearer(), policy=NamedHost(base, allow_loopback=True)))


def _basic() -> ApiToken:
    return ApiToken("reader@acme.example", "token-reader")


def _bearer() -> PersonalAccessToken:
    return PersonalAccessToken("pat-reader")


def _witness_of(ours: ConfluenceReader, running: Running) -> dict[str, Any]:
    """Return how the public client reads a page of the same edition: what it says of each page."""
    found: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if isinstance(ours, ConfluenceCloud):
            cloud = ConfluenceV2(f"{running.base_url}/wiki", username="reader@acme.example", password="token-reader")
            for page_id in PAGES:
                read = cloud.get_page_by_id(page_id, body_format="storage")
                found[page_id] = {"body": read["body"]["storage"]["value"], **_common(read)}
                found[page_id]["labels"] = sorted(one["name"] for one in cloud.get_page_labels(page_id))
            return found
        server = _server(running)
        for page_id in PAGES:
            read = server.get_page_by_id(page_id, expand="body.storage,version")
            found[page_id] = {"body": read["body"]["storage"]["value"], **_common(read)}
            found[page_id]["labels"] = sorted(one["name"] for one in server.get_page_labels(page_id)["results"])
    return found


def _common(read: dict[str, Any]) -> dict[str, Any]:
    return {"title": read["title"], "status": read["status"], "version": read["version"]["number"]}


def test_a_witness_reads_the_same_pages(running: Running, confluence: ConfluenceReader) -> None:
    witness = _witness_of(confluence, running)
    for page_id in PAGES:
        page = confluence.page(page_id)
        assert witness[page_id] == {
            "title": page.title,
            "status": page.status,
            "version": page.version,
            "body": page.storage,
            "labels": list(page.labels),
        }


def _server(running: Running, token: str = "pat-reader") -> Any:
    """Return the public client of Data Center, which has no types."""
    client: Any = Confluence
    return client(url=f"{running.base_url}/confluence", token=token, cloud=False)


@pytest.fixture(scope="module")
def server(running: Running) -> Any:
    return _server(running)


@pytest.fixture(scope="module")
def ours(running: Running) -> ConfluenceDataCenter:
    base = f"{running.base_url}/confluence"
    return ConfluenceDataCenter(Transport(base, _bearer(), policy=NamedHost(base, allow_loopback=True)))


@pytest.mark.parametrize("page_id", ["100101", "100111"])
def test_a_witness_downloads_the_same_files(server: Any, ours: ConfluenceDataCenter, page_id: str) -> None:
    theirs: dict[str, io.BytesIO] = server.download_attachments_from_page(page_id, to_memory=True)
    read = {}
    for file in ours.attachments(page_id):
        with ours.download(page_id, file.id) as found:
            read[file.filename] = b"".join(found.chunks)
    assert {name: held.getvalue() for name, held in theirs.items()} == read
    assert read


def test_a_witness_finds_the_same_relatives_and_people(server: Any, ours: ConfluenceDataCenter) -> None:
    above = [one["id"] for one in server.get_page_ancestors("100106")]
    assert above == ours.ancestors("100106") == ["100001", "100105"]
    below = {one["id"] for one in server.get_page_child_by_type("100001")}
    assert below == {one.id for one in ours.descendants("100001")}
    named = server.get_page_by_title("OPS", "Berth and crane plan, week 48")["results"]
    assert [one["id"] for one in named] == [ours.find_page("OPS", "Berth and crane plan, week 48")]
    ines = server.get_user_details_by_username("ines")
    assert (ines["userKey"], ines["displayName"]) == (
        ours.find_account("ines").account_id,
        ours.find_account("ines").display_name,
    )
    listed = server.get("rest/api/content/100106/restriction/byOperation/read", params={"expand": "restrictions.user"})
    assert listed["restrictions"]["user"]["results"] == []
    assert server.get_space("OPS")["name"] == ours.space("OPS").name


def test_a_witness_reads_the_same_comments(server: Any, ours: ConfluenceDataCenter, running: Running) -> None:
    page_id = next(page.page_id for page in running.site.pages.values() if any(one.parent_id for one in page.comments))
    theirs = server.get_page_comments(page_id, expand="body.storage", depth="all")["results"]
    read = [*ours.footer_comments(page_id), *ours.inline_comments(page_id)]
    assert {one["id"]: one["body"]["storage"]["value"] for one in theirs} == {one.id: one.body.value for one in read}


def _public_jira(ours: JiraReader, running: Running) -> JIRA:
    if isinstance(ours, JiraCloud):
        basic = ("reader@acme.example", "token-reader")
        return JIRA(running.base_url, basic_auth=basic, options={"rest_api_version": "3"}, max_retries=0)
    return JIRA(f"{running.base_url}/jira", token_auth="pat-reader", max_retries=0)


def test_a_witness_reads_the_same_issues_with_their_files(running: Running, jira: JiraReader) -> None:
    witness = _public_jira(jira, running)
    for key in ISSUES:
        theirs, read = witness.issue(key), jira.whole_issue(key)
        assert (theirs.id, theirs.key, theirs.fields.summary) == (read.id, read.key, read.summary)
        raw = {name: value for name, value in theirs.raw["fields"].items() if name != "comment"}
        assert raw == dict(read.fields)
        held = {}
        for file in read.attachments:
            with jira.download(file.id) as found:
                held[file.filename] = b"".join(found.chunks)
        attached: list[Any] = theirs.fields.attachment
        assert {one.filename: one.get() for one in attached} == held


def test_a_witness_reads_the_same_comments_of_an_issue(running: Running, jira: JiraReader) -> None:
    theirs: list[Any] = _public_jira(jira, running).comments("HARB-31")
    read = jira.comments("HARB-31")
    assert [(one.id, one.raw["body"]) for one in theirs] == [(one["id"], one["body"]) for one in read]
    assert len(read) > 2


def test_a_witness_finds_the_same_issues_and_people(running: Running, jira: JiraReader) -> None:
    witness = _public_jira(jira, running)
    on_cloud = isinstance(jira, JiraCloud)
    search = witness.enhanced_search_issues if on_cloud else witness.search_issues
    theirs = [one.key for one in search("project = HARB", maxResults=20)]
    assert theirs == [one.key for one in jira.search("project = HARB", ["summary"], limit=20)]
    me = witness.myself()
    assert me["accountId" if on_cloud else "key"] == jira.myself().account_id
    if not on_cloud:
        found = witness.search_allowed_users_for_issue("ines", issueKey="HARB-2")
        assert [one.key for one in found] == [jira.find_account("ines").account_id]
        assert jira.may_view("HARB-2", found[0].key)


def test_another_witness_reads_the_same_issue(running: Running) -> None:
    base = f"{running.base_url}/jira"
    witness: Any = Jira(url=base, token="pat-reader", cloud=False)
    read = JiraDataCenter(Transport(base, _bearer(), policy=NamedHost(base, allow_loopback=True))).whole_issue("HARB-2")
    assert witness.issue("HARB-2")["fields"]["description"] == read.fields["description"]
    assert witness.jql("project = HARB", limit=3)["total"] == len(
        [key for key in running.site.issues if key.startswith("HARB-") and key != "HARB-15"]
    )


def test_a_wrong_token_tells_a_witness_so(running: Running) -> None:
    with pytest.raises(HTTPError, match="must be authenticated"):
        _server(running, "wrong").get_page_by_id("100101")
    with pytest.raises(JIRAError) as caught:
        JIRA(f"{running.base_url}/jira", token_auth="wrong", max_retries=0).issue("HARB-2")
    assert caught.value.status_code == 401
