"""Both adapters against the simulated company: what each credential reads, and how each failure is named."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.integrations.atlassian.auth import ApiToken
from app.integrations.atlassian.cloud.confluence import ConfluenceCloud
from app.integrations.atlassian.cloud.jira import JiraCloud
from app.integrations.atlassian.errors import (
    AtlassianError,
    Forbidden,
    NotAuthorised,
    NotFound,
    RateLimited,
    Unreachable,
)
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Ability, BodyFormat, Resolution
from simulator.site import Running, start
from tests.integrations.atlassian.site import LOOPBACK
from tests.processes import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with start() as one:
        yield one


@pytest.fixture(autouse=True)
def _as_new(running: Running) -> Iterator[None]:
    yield
    _control(running, "POST", "/reset")


def _control(running: Running, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{running.base_url}/_simulator{path}", data, {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.loads(response.read() or b"null")


@contextmanager
def _as(
    running: Running, name: str, token: str | None = None, *, seconds: float = PATIENCE_SECONDS
) -> Iterator[tuple[ConfluenceCloud, JiraCloud]]:
    auth = ApiToken(f"{name}@acme.example", token or f"token-{name}")
    one = Transport(running.base_url, auth, policy=LOOPBACK, read_timeout=seconds, total_timeout=seconds)
    try:
        yield ConfluenceCloud(one), JiraCloud(one)
    finally:
        one.close()


def test_a_page_is_read_with_everything_a_link_needs(running: Running) -> None:
    with _as(running, "reader") as (confluence, _):
        page = confluence.page("100101")
        attachments = confluence.attachments("100101")
        assert (page.title, page.space_key, page.status) == ("Berth and crane plan, week 48", "OPS", "current")
        assert page.storage
        assert page.web_url.startswith(running.base_url + "/wiki/spaces/OPS/pages/100101")
        assert confluence.space(page.space_id).key == "OPS"
        assert confluence.resolve_short("BYcB") == "100101"
        for attachment in attachments:
            with confluence.download(page.id, attachment.id, version=int(attachment.version)) as found:
                assert len(b"".join(found.chunks)) == attachment.size == found.content_length
    assert _control(running, "GET", "/violations") == []


def test_every_page_of_a_list_is_read(running: Running) -> None:
    with _as(running, "reader") as (confluence, jira):
        whole = [one.id for one in confluence.attachments("100111")]
        _control(running, "PATCH", "/settings", {"page_limit": 3})
        assert [one.id for one in confluence.attachments("100111")] == whole
        assert len(whole) > 6
        assert len(jira.search("project = HARB", ["summary"], limit=20)) == 20


def test_an_inherited_restriction_is_on_the_path(running: Running) -> None:
    with _as(running, "reader") as (confluence, _):
        assert not confluence.view_restrictions("100106").restricts
        assert [one.page_id for one in confluence.restriction_path("100106")] == ["100105"]
        assert confluence.restriction_path("100101") == ()


@pytest.mark.parametrize(("name", "sees"), [("ines", True), ("bob", False)])
def test_who_may_see_a_restricted_page_is_known_by_asking_and_by_reading(
    running: Running, name: str, sees: bool
) -> None:
    with _as(running, name) as (own, _), _as(running, "checker") as (checking, _jira):
        account = own.myself().account_id
        assert checking.may_view("100105", account) is sees
        if sees:
            assert own.page("100105", with_body=False).id == "100105"
        else:
            with pytest.raises(NotFound):
                own.page("100105", with_body=False)
        with pytest.raises(Forbidden):
            own.may_view("100105", "712020:0d3c1d1e-52c5-4a0e-8a70-00000000a002")


def test_who_may_see_an_issue_is_known_by_asking(running: Running) -> None:
    with _as(running, "bob") as (_, bob), _as(running, "tomas") as (_, tomas), _as(running, "reader") as (_c, jira):
        assert jira.may_view("HARB-2", bob.myself().account_id)
        assert not jira.may_view("HARB-2", "nobody-at-all")
        with pytest.raises(NotFound):
            bob.issue("HARB-15", [])
        assert tomas.issue("HARB-15", []).key == "HARB-15"


def test_an_issues_files_arrive_whole_and_in_parts(running: Running) -> None:
    with _as(running, "reader") as (_, jira):
        issue = jira.issue("HARB-2", ["description", "status"])
        first = issue.attachments[0]
        with jira.download(first.id) as whole, jira.download(first.id, range_header="bytes=5-9") as part:
            assert (whole.status, part.status) == (200, 206)
            body = b"".join(whole.chunks)
            assert b"".join(part.chunks) == body[5:10]
        assert len(body) == first.size
        with jira.download(first.id, range_header="bytes=99999999-") as beyond:
            assert (beyond.status, beyond.content_range) == (416, f"bytes */{first.size}")
    assert _control(running, "GET", "/violations") == []


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ({"mode": "status", "status": 401}, NotAuthorised),
        ({"mode": "status", "status": 403}, Forbidden),
        ({"mode": "status", "status": 404}, NotFound),
        ({"mode": "status", "status": 500}, Unreachable),
        ({"mode": "status", "status": 503}, Unreachable),
        ({"mode": "rate_limit", "retry_after": 30}, RateLimited),
        ({"mode": "rate_limit", "retry_after": None}, RateLimited),
        ({"mode": "delay", "seconds": 5}, Unreachable),
        ({"mode": "drip", "seconds": 0.2}, Unreachable),
        ({"mode": "truncate", "keep": 0.5}, Unreachable),
        ({"mode": "reset"}, Unreachable),
        ({"mode": "html"}, Unreachable),
        ({"mode": "empty"}, Unreachable),
        ({"mode": "garbage"}, Unreachable),
        ({"mode": "endless"}, Unreachable),
        ({"mode": "redirect", "location": "https://id.atlassian.com/login"}, Unreachable),
    ],
)
def test_each_way_to_fail_is_named(running: Running, failure: dict[str, Any], kind: type[AtlassianError]) -> None:
    _control(running, "POST", "/failures", {**failure, "server": "site"})
    seconds = 1.0 if failure["mode"] in ("delay", "drip") else PATIENCE_SECONDS
    with _as(running, "reader", seconds=seconds) as (confluence, jira):
        for ask in (lambda: confluence.page("100101"), lambda: jira.issue("HARB-2", [])):
            with pytest.raises(kind) as caught:
                ask()
            assert "token-reader" not in str(caught.value)
    _control(running, "DELETE", "/failures")


def test_a_short_limit_is_waited_for_and_a_reset_is_repeated(running: Running) -> None:
    with _as(running, "reader") as (confluence, _):
        for failure in ({"mode": "rate_limit", "retry_after": 1}, {"mode": "reset"}):
            _control(running, "POST", "/failures", {**failure, "count": 1, "server": "site"})
            assert confluence.page("100101").id == "100101"
        assert confluence.rate_limit is not None


@pytest.mark.parametrize("mode", ["refused", "anonymous"])
def test_a_wrong_token_is_never_news_about_the_object(running: Running, mode: str) -> None:
    _control(running, "PATCH", "/settings", {"failed_sign_in": mode})
    with _as(running, "reader", token="wrong") as (confluence, jira):
        asking = (lambda: confluence.page("100101"), lambda: jira.issue("HARB-2", []), lambda: jira.download("30040"))
        for ask in asking:
            with pytest.raises(NotAuthorised):
                ask()


@pytest.mark.parametrize(
    ("name", "confluence_may", "jira_may"),
    [
        ("reader", {"read", "read_restrictions", "download"}, {"read", "check_others"}),
        ("checker", {"read", "read_restrictions", "download", "check_others"}, {"read", "check_others", "administer"}),
        ("nobody", None, set()),
    ],
)
def test_the_connection_test_says_what_each_credential_may(
    running: Running, name: str, confluence_may: set[str] | None, jira_may: set[str]
) -> None:
    with _as(running, name) as (confluence, jira):
        found = {line.name: line.allowed for line in confluence.probe()}
        assert found.pop(Ability.SIGN_IN) is (confluence_may is not None)
        assert {one.value for one, allowed in found.items() if allowed} == (confluence_may or set())
        found = {line.name: line.allowed for line in jira.probe()}
        assert found.pop(Ability.SIGN_IN)
        assert {one.value for one, allowed in found.items() if allowed} == jira_may


def test_what_is_below_a_page_comes_with_its_place_and_without_what_the_credential_may_not_see(
    running: Running,
) -> None:
    with _as(running, "reader") as (confluence, _):
        below = confluence.descendants("100120", depth=3)
        assert [(one.id, one.depth, one.status) for one in below if one.parent_id == "100120"] == [
            ("100121", 1, "current"),
            ("100122", 1, "current"),
            ("100123", 1, "current"),
            ("100127", 1, "current"),
            ("100128", 1, "archived"),
        ]
        assert {(one.id, one.parent_id, one.depth) for one in below if one.depth > 1} == {
            ("100124", "100121", 2),
            ("100126", "100122", 2),
            ("100125", "100124", 3),
        }
        assert [one.id for one in confluence.descendants("100120", depth=1)] == [one.id for one in below[:5]]
        _control(running, "PATCH", "/settings", {"page_limit": 2})
        assert confluence.descendants("100120", depth=3) == below
        assert len(confluence.descendants("100120", depth=3, limit=3)) == 3
    with _as(running, "bob") as (confluence, _):
        assert not {"100122", "100126"} & {one.id for one in confluence.descendants("100120", depth=3)}


def test_a_search_tells_of_the_pages_below_what_they_tell_themselves(running: Running) -> None:
    _control(running, "PATCH", "/settings", {"page_limit": 2})
    with _as(running, "reader") as (confluence, _):
        told = {one.id: one for one in confluence.summaries_below("100120")}
        assert {"100121", "100122", "100125"} <= set(told)
        assert {"100128", "100107"}.isdisjoint(told)
        for page_id, one in told.items():
            page = confluence.page(page_id, with_body=False)
            assert (one.title, one.status, one.version, one.space_key, one.updated_at, one.labels, one.web_url) == (
                page.title, page.status, page.version, page.space_key, page.updated_at, page.labels, page.web_url,
            )  # fmt: skip
            assert one.restricted == confluence.view_restrictions(page_id).restricts
        assert told["100122"].restricted


def test_pages_in_folders_are_listed_with_the_folders_between(running: Running) -> None:
    made = _control(
        running, "POST", "/folders", {"parent": "100121", "title": "Forms", "restrict": {"users": ["reader"]}}
    )
    page = {"space": "OPS", "parent": made["id"], "title": "Ticket", "body": "<p/>"}
    ticket = _control(running, "POST", "/pages", page)["id"]
    with _as(running, "reader") as (confluence, _):
        below = {one.id: (one.kind, one.parent_id, one.depth) for one in confluence.descendants("100120", depth=3)}
        assert below[made["id"]] == ("folder", "100121", 2)
        assert below[ticket] == ("page", made["id"], 3)
        assert confluence.ancestors(ticket)[-2:] == ["100121", made["id"]]
        assert confluence.view_restrictions(made["id"]).restricts
        assert [one.page_id for one in confluence.restriction_path(ticket)] == [made["id"]]
        assert ticket in {one.id for one in confluence.summaries_below("100120")}
    with _as(running, "bob") as (confluence, _):
        assert not {made["id"], ticket} & {one.id for one in confluence.descendants("100120", depth=3)}


def test_comments_of_a_page_come_as_threads_with_their_bodies(running: Running) -> None:
    with _as(running, "reader") as (confluence, _):
        footer = confluence.footer_comments("100120")
        inline = confluence.inline_comments("100120")
        assert [(one.id, one.parent_id) for one in footer] == [
            ("461001", None),
            ("461002", "461001"),
            ("461003", "461002"),
            ("461004", None),
        ]
        assert footer[0].body.format is BodyFormat.ADF
        assert "oversize" in str(footer[0].body.value)
        assert (footer[0].created_at is None, footer[0].edited_at is None) == (False, True)
        assert (footer[1].created_at is None, footer[1].edited_at is None) == (True, False)
        assert [(one.id, one.resolution, one.anchor) for one in inline if one.parent_id is None] == [
            ("461007", Resolution.RESOLVED, "north quay"),
            ("461005", Resolution.OPEN, "a booked slot"),
        ]
        assert [one.id for one in confluence.footer_comments("100120", limit=1)] == ["461001", "461002", "461003"]
        assert confluence.footer_comments("100102") == []
        with pytest.raises(NotFound):
            confluence.footer_comments("100107")


@pytest.mark.parametrize("product", [0, 1], ids=["confluence", "jira"])
def test_many_accounts_are_asked_for_at_once(running: Running, product: int) -> None:
    known = list(running.site.accounts)
    with _as(running, "reader") as clients:
        client = clients[product]
        found = {one.account_id: one for one in client.accounts([*known, "nobody-knows", known[0]])}
        assert set(found) == set(known)
        assert found["5f1a00000000000000000a01"].email == "ada@acme.example"
        assert found["5f1a00000000000000000a03"].email is None
        assert found["5f1a00000000000000000a09"].active is False
        assert client.accounts([]) == []
    assert _control(running, "GET", "/violations") == []


def test_a_page_is_found_by_its_title_and_an_account_by_its_id(running: Running) -> None:
    with _as(running, "reader") as (confluence, _):
        assert confluence.find_page("OPS", "Berth and crane plan, week 48") == "100101"
        assert confluence.find_account("5f1a00000000000000000a01").email == "ada@acme.example"
        with pytest.raises(NotFound):
            confluence.find_page("OPS", "No page is called that")
        with pytest.raises(NotFound):
            confluence.find_account("nobody-knows")
    assert _control(running, "GET", "/violations") == []


def test_comments_of_an_issue_say_who_they_are_for(running: Running) -> None:
    with _as(running, "reader") as (_, jira):
        found = jira.comments("HARB-31")
        assert [
            (one["author"]["displayName"], one.get("visibility", {}).get("value"), one["jsdPublic"]) for one in found
        ] == [
            ("Jonas Berg", None, True),
            ("Mia Sørensen", None, True),
            ("Tomas Ek", None, False),
            ("Carla Nyström", "Operations", True),
        ]
        assert len(jira.comments("HARB-25", limit=150)) == 60
        assert len(jira.comments("HARB-25", limit=7)) == 7
        with pytest.raises(NotFound):
            jira.comments("HARB-15")


def test_every_field_of_an_issue_can_be_read_for_choosing_among_them(running: Running) -> None:
    with _as(running, "reader") as (_, jira):
        found = jira.whole_issue("HARB-31")
        assert found.names["customfield_10044"] == "Internal risk note"
        assert found.schema["customfield_10043"]["type"] == "number"
        assert "comment" not in found.fields
        assert set(jira.issue("HARB-31", ["customfield_10043"]).fields) == {"customfield_10043"}
