"""The Data Center adapters against the simulated company."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3

from app.integrations.atlassian.data_center import page_tree
from app.integrations.atlassian.data_center.confluence import ConfluenceDataCenter
from app.integrations.atlassian.data_center.jira import JiraDataCenter
from app.integrations.atlassian.errors import (
    AtlassianError,
    Forbidden,
    NotAuthorised,
    NotFound,
    RateLimited,
    Unreachable,
)
from app.integrations.atlassian.types import Ability, BodyFormat, Resolution
from simulator.data_center.people import user_key
from simulator.site import Running, start
from tests.integrations.atlassian.data_center import transport
from tests.integrations.atlassian.site import Reply, site
from tests.processes import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with start() as one:
        yield one


@pytest.fixture(autouse=True)
def _as_new(running: Running) -> Iterator[None]:
    yield
    control(running, "POST", "/reset")


def control(running: Running, method: str, path: str, body: Any = None) -> Any:
    """Turn one of the simulator's switches."""
    with urllib3.PoolManager() as http:
        answer = http.request(method, f"{running.base_url}/_simulator{path}", json=body)
        assert answer.status < 400, answer.data
        return json.loads(answer.data or b"null")


@contextmanager
def confluence(
    running: Running, name: str = "reader", token: str | None = None, seconds: float = PATIENCE_SECONDS
) -> Iterator[ConfluenceDataCenter]:
    with transport(f"{running.base_url}/confluence", token or f"pat-{name}", seconds) as one:
        yield ConfluenceDataCenter(one)


@contextmanager
def jira(
    running: Running, name: str = "reader", token: str | None = None, seconds: float = PATIENCE_SECONDS
) -> Iterator[JiraDataCenter]:
    with transport(f"{running.base_url}/jira", token or f"pat-{name}", seconds) as one:
        yield JiraDataCenter(one)


def test_a_page_is_read_with_everything_a_link_needs(running: Running) -> None:
    with confluence(running) as reading:
        page = reading.page("100101")
        files = reading.attachments("100101")
        assert (page.title, page.space_key, page.status, page.version) == (
            "Berth and crane plan, week 48",
            "OPS",
            "current",
            5,
        )
        assert page.labels == ("berth-plan", "partner", "week-48")
        assert page.storage is not None
        assert "ac:structured-macro" in page.storage
        assert "ri:account-id" not in page.storage
        assert page.web_url.startswith(f"{running.base_url}/confluence/spaces/OPS/pages/100101")
        assert reading.space(page.space_id).name == "Operations"
        assert reading.account(page.author_id).display_name == "Ines Moreau"
        assert reading.ancestors("100101") == ["100001"]
        for file in files:
            with reading.download(page.id, file.id, version=int(file.version)) as found:
                assert len(b"".join(found.chunks)) == file.size == found.content_length


def test_a_file_arrives_in_parts_and_only_through_the_page_it_is_on(running: Running) -> None:
    with confluence(running) as reading:
        first = reading.attachments("100101")[0]
        with (
            reading.download("100101", first.id) as whole,
            reading.download("100101", first.id, range_header="bytes=5-9") as part,
        ):
            assert (whole.status, part.status) == (200, 206)
            assert b"".join(part.chunks) == b"".join(whole.chunks)[5:10]
        for page_id, file_id in (("100102", first.id), ("100101", "100101"), ("100101", "att4"), ("100101", "../x")):
            with pytest.raises(NotFound):
                reading.download(page_id, file_id)


@pytest.mark.parametrize("page_id", ["att10010100", "100107", "100302", "4", "x", "29001"])
def test_what_is_no_page_or_not_to_be_seen_is_not_found(running: Running, page_id: str) -> None:
    with confluence(running) as reading, pytest.raises(NotFound):
        reading.page(page_id)


def test_other_content_under_the_same_address_is_no_page(running: Running) -> None:
    note = next(one for page in running.site.pages.values() for one in page.comments)
    with confluence(running) as reading, pytest.raises(NotFound):
        reading.page(note.comment_id)


def test_a_page_in_the_trash_is_said_to_be_there(running: Running) -> None:
    with confluence(running) as reading:
        assert reading.page("100114", with_body=False).status == "trashed"


@pytest.mark.parametrize(
    ("space", "title", "found"),
    [
        ("OPS", "Berth and crane plan, week 48", "100101"),
        ("OPS", "berth AND crane plan, week 48", "100101"),
        ("OPS", "Berth and crane plan", None),
        ("HR", "Berth and crane plan, week 48", None),
        ("FIN", "Finance", None),
    ],
)
def test_a_page_is_found_by_its_title(running: Running, space: str, title: str, found: str | None) -> None:
    with confluence(running) as reading:
        if found is not None:
            assert reading.find_page(space, title) == found
        else:
            with pytest.raises(NotFound):
                reading.find_page(space, title)


def test_inherited_restrictions_are_on_the_path_each_with_its_page(running: Running) -> None:
    reader = next(one for one in running.site.accounts.values() if one.email.startswith("reader@"))
    with confluence(running) as reading:
        assert not reading.view_restrictions("100106").restricts
        (only,) = reading.restriction_path("100106")
        assert only.page_id == "100105"
        assert only.users == {user_key(reader)}
        assert only.groups == {"operations"}
        assert reading.restriction_path("100101") == ()
        control(running, "PATCH", "/pages/100106", {"restrict": {"users": ["reader"]}})
        assert [one.page_id for one in reading.restriction_path("100106")] == ["100105", "100106"]


def test_everybody_of_a_long_restriction_is_read(running: Running) -> None:
    everybody = [one.email.partition("@")[0] for one in running.site.accounts.values()]
    control(running, "PATCH", "/settings", {"page_limit": 3})
    control(running, "PATCH", "/pages/100101", {"restrict": {"users": everybody}})
    with confluence(running) as reading:
        assert len(reading.view_restrictions("100101").users) == len(everybody)
        assert len(reading.attachments("100111")) > 6


def test_nobody_is_asked_what_others_may_view(running: Running) -> None:
    with confluence(running, "checker") as checking, pytest.raises(Forbidden):
        checking.may_view("100101", "somebody")


def test_the_pages_below_come_parents_first_and_only_those_to_be_seen(running: Running) -> None:
    with confluence(running) as reading:
        direct = reading.descendants("100001")
        deep = reading.descendants("100001", depth=3)
        assert {one.depth for one in direct} == {1}
        assert "100107" not in {one.id for one in deep}
        seen = {"100001"}
        for one in deep:
            assert one.parent_id in seen
            seen.add(one.id)
        assert len(reading.descendants("100001", depth=3, limit=2)) == 2


def test_where_there_are_too_many_pages_to_ask_it_is_said_of_which_nothing_is_known_below(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_tree, "MAX_TOLD", 3)
    with confluence(running) as reading:
        assert not any(one.unasked for one in reading.descendants("100120", depth=3))
        monkeypatch.setattr(page_tree, "MAX_ASKED", 2)
        below = {one.id: one.unasked for one in reading.descendants("100120", depth=3)}
    # The page itself and its first child were asked.
    assert below["100121"] is False
    assert below["100124"] is True
    assert "100125" not in below


@pytest.mark.parametrize("page_id", ["100001", "100120", "100101"])
@pytest.mark.parametrize("depth", [1, 2, 10])
def test_a_search_tells_the_same_tree_as_its_pages_one_by_one(
    running: Running, monkeypatch: pytest.MonkeyPatch, page_id: str, depth: int
) -> None:
    control(running, "PATCH", "/settings", {"page_limit": 3})
    with confluence(running) as reading:
        told = reading.descendants(page_id, depth=depth)
        assert not any("/child/page" in one.path for one in running.site.requests)
        monkeypatch.setattr(page_tree, "MAX_TOLD", 0)
        assert reading.descendants(page_id, depth=depth) == told
    assert bool(told) is (page_id != "100101")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_where_a_search_is_refused_pages_are_asked_one_by_one(running: Running, status: int) -> None:
    with confluence(running) as reading:
        told = reading.descendants("100120", depth=3)
        control(running, "POST", "/failures", {"mode": "status", "status": status, "path": ".*content/search.*"})
        assert reading.descendants("100120", depth=3) == told
    assert any("/child/page" in one.path for one in running.site.requests)


def test_five_hundred_pages_of_a_tree_are_told_in_few_answers(running: Running) -> None:
    for number in range(125):
        above = "100127" if number < 20 else f"88{number - 20:03d}"
        control(running, "POST", "/pages", {"id": f"88{number:03d}", "parent": above, "title": f"Berth {number}"})
    running.site.requests.clear()
    with confluence(running) as reading:
        found = reading.descendants("100120", depth=10, limit=501)
    assert sum(one.title.startswith("Berth ") for one in found) == 125
    assert not any(one.unasked for one in found)
    assert len(running.site.requests) == 2
    seen = {"100120"}
    for one in found:
        assert one.parent_id in seen
        seen.add(one.id)


def _placed(page_id: str, *above: str, kind: str = "page") -> dict[str, Any]:
    page = {"id": page_id, "type": kind, "title": page_id, "status": "current", "extensions": {"position": "none"}}
    return page | {"ancestors": [{"id": one} for one in above]}


def test_what_hangs_elsewhere_by_now_is_not_below_whatever_the_index_says() -> None:
    told = [
        _placed("12", "3", "7", "11"),
        _placed("13", "3", "8"),
        _placed("11", "3", "7"),
        _placed("14", "7", kind="blogpost"),
        # Nobody says that 9 is below 7.
        _placed("15", "7", "9"),
        _placed("11", "3", "7"),
    ]
    with site() as one:
        one.answer("/c/rest/api/content/search", Reply(body={"results": told, "start": 0, "limit": 100, "size": 6}))
        with transport(f"{one.url}/c", "pat") as asked:
            found = ConfluenceDataCenter(asked).descendants("7", depth=5)
    assert [(each.id, each.parent_id, each.depth) for each in found] == [("11", "7", 1), ("12", "11", 2)]


def test_a_search_that_tells_no_places_is_not_believed() -> None:
    told = [{name: value for name, value in _placed("11", "7").items() if name != "ancestors"}]
    with site() as one:
        one.answer("/c/rest/api/content/search", Reply(body={"results": told, "start": 0, "limit": 100, "size": 1}))
        one.answer("/c/rest/api/content/7/child/page", Reply(body={"results": [], "start": 0, "limit": 100, "size": 0}))
        with transport(f"{one.url}/c", "pat") as asked:
            assert ConfluenceDataCenter(asked).descendants("7", depth=5) == []
        assert [each.path for each in one.requests][-1] == "/c/rest/api/content/7/child/page"


def test_a_search_tells_of_the_pages_below_what_they_tell_themselves(running: Running) -> None:
    control(running, "PATCH", "/settings", {"page_limit": 2})
    with confluence(running) as reading:
        told = reading.summaries_below("100120")
        assert len(told) > 3
        for one in told:
            page = reading.page(one.id, with_body=False)
            assert (one.title, one.version, one.labels, one.web_url) == (
                page.title, page.version, page.labels, page.web_url,
            )  # fmt: skip
            assert one.restricted == reading.view_restrictions(one.id).restricts
        assert any(one.restricted for one in told)
        assert reading.summaries_below("100120", limit=1) == told[:1]


def test_comments_come_in_threads(running: Running) -> None:
    page_id = next(page.page_id for page in running.site.pages.values() if any(one.parent_id for one in page.comments))
    with confluence(running) as reading:
        for found, inline in ((reading.footer_comments(page_id), False), (reading.inline_comments(page_id), True)):
            written = {one.comment_id: one for one in running.site.pages[page_id].comments if one.inline == inline}
            assert {one.id for one in found} == set(written)
            seen: set[str] = set()
            for one in found:
                assert one.parent_id is None or one.parent_id in seen
                assert one.parent_id == written[one.id].parent_id
                assert one.body.format is BodyFormat.STORAGE
                assert one.anchor == (written[one.id].anchor if inline else "")
                assert (one.resolution in set(Resolution)) is inline
                assert reading.account(one.author_id).display_name
                seen.add(one.id)


def test_an_issue_is_read_with_wiki_markup_and_its_files(running: Running) -> None:
    with jira(running) as reading:
        issue = reading.issue("harb-2", ["description", "status", "reporter"])
        assert (issue.key, issue.project_key) == ("HARB-2", "HARB")
        assert isinstance(issue.fields["description"], str)
        assert "h2. What was measured" in issue.fields["description"]
        assert issue.fields["status"]["statusCategory"]["key"] == "indeterminate"
        assert issue.names["description"] == "Description"
        assert issue.schema["reporter"]["type"] == "user"
        assert issue.web_url == f"{running.base_url}/jira/browse/HARB-2"
        first = issue.attachments[0]
        with reading.download(first.id) as whole, reading.download(first.id, range_header="bytes=5-9") as part:
            assert b"".join(part.chunks) == b"".join(whole.chunks)[5:10]
        with reading.thumbnail(first.id) as small:
            assert small.content_type == "image/png"
        with pytest.raises(NotFound):
            reading.thumbnail(issue.attachments[1].id)
        assert reading.media_id(first.id) is None


def test_only_what_is_asked_for_of_an_issue_is_handed_out(running: Running) -> None:
    with jira(running) as reading:
        assert set(reading.issue("HARB-2", ["status", "*all"]).fields) == {"status"}
        assert {"description", "labels", "customfield_10041"} <= set(reading.whole_issue("HARB-2").fields)
        assert "comment" not in reading.whole_issue("HARB-2").fields
        assert len(reading.search("project = HARB", ["summary"], limit=20)) == 20


def test_comments_say_who_may_read_them(running: Running) -> None:
    with jira(running, "tomas") as reading:
        found = reading.comments("HARB-31")
        written = running.site.issues["HARB-31"].comments
        assert [one["id"] for one in found] == [one.comment_id for one in written]
        internal = {"key": "sd.public.comment", "value": {"internal": True}}
        assert [internal in one["properties"] for one in found] == [not one.public for one in written]
        assert [one.get("visibility", {}).get("value") for one in found] == [
            one.visibility["value"] if one.visibility else None for one in written
        ]
        assert all(isinstance(one["body"], str) for one in found)
        assert len(reading.comments("HARB-25", limit=55)) == 55


@pytest.mark.parametrize(
    ("name", "key", "sees"),
    [("bob", "HARB-2", True), ("bob", "10202", True), ("nobody", "HARB-2", False), ("erik", "HARB-2", False)],
)
def test_who_may_see_an_issue_is_known_by_asking(running: Running, name: str, key: str, sees: bool) -> None:
    with jira(running) as reading:
        account = reading.find_account(name)
        assert account.account_id.startswith("JIRAUSER")
        assert reading.account(account.account_id) == account
        assert reading.may_view(key, account.account_id) is sees


def test_a_key_that_nobody_has_may_view_nothing(running: Running) -> None:
    with jira(running) as reading:
        assert not reading.may_view("HARB-2", "JIRAUSER1")
        # A username is no key, also where they look alike.
        assert not reading.may_view("HARB-2", "bob")
        with pytest.raises(NotFound):
            reading.find_account("nobody-at-all")
        with pytest.raises(NotFound):
            reading.issue("HARB-15", [])


def test_accounts_are_looked_up_as_content_names_them(running: Running) -> None:
    with jira(running) as issues, confluence(running) as pages:
        ines = user_key(next(one for one in running.site.accounts.values() if one.email.startswith("ines@")))
        assert [one.display_name for one in pages.accounts([ines, "none", ines])] == ["Ines Moreau"]
        found = issues.accounts(["ines", "bob", "none", "ines"])
        assert [(one.account_id, one.display_name) for one in found] == [
            ("ines", "Ines Moreau"),
            ("bob", "Bob Achterberg"),
        ]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ({"mode": "status", "status": 401}, NotAuthorised),
        ({"mode": "status", "status": 403}, Forbidden),
        ({"mode": "status", "status": 404}, NotFound),
        ({"mode": "status", "status": 500}, Unreachable),
        ({"mode": "rate_limit", "retry_after": 30}, RateLimited),
        ({"mode": "delay", "seconds": 5}, Unreachable),
        ({"mode": "truncate", "keep": 0.5}, Unreachable),
        ({"mode": "reset"}, Unreachable),
        ({"mode": "html"}, Unreachable),
        ({"mode": "garbage"}, Unreachable),
        ({"mode": "endless"}, Unreachable),
        ({"mode": "redirect", "location": "/confluence/login.action"}, Unreachable),
        ({"mode": "headers", "headers": {"X-AUSERNAME": "anonymous"}}, NotAuthorised),
    ],
)
def test_each_way_to_fail_is_named(running: Running, failure: dict[str, Any], kind: type[AtlassianError]) -> None:
    control(running, "POST", "/failures", {**failure, "server": "site"})
    seconds = 1.0 if failure["mode"] == "delay" else PATIENCE_SECONDS
    with confluence(running, seconds=seconds) as pages, jira(running, seconds=seconds) as issues:
        for ask in (lambda: pages.page("100101"), lambda: issues.issue("HARB-2", [])):
            with pytest.raises(kind) as caught:
                ask()
            assert "pat-reader" not in str(caught.value)
    control(running, "DELETE", "/failures")


@pytest.mark.parametrize("mode", ["refused", "anonymous"])
def test_a_wrong_token_is_never_news_about_the_object(running: Running, mode: str) -> None:
    control(running, "PATCH", "/settings", {"failed_sign_in": mode})
    with confluence(running, token="wrong") as pages, jira(running, token="token-reader") as issues:
        for ask in (
            lambda: pages.page("100101"),
            lambda: pages.download("100101", "att10010100"),
            lambda: issues.issue("HARB-2", []),
            lambda: issues.download("30040"),
        ):
            with pytest.raises(NotAuthorised):
                ask()


@pytest.mark.parametrize(
    "failure",
    [
        {"mode": "html"},
        {"mode": "redirect", "location": "/confluence/login.action"},
        {"mode": "redirect", "location": "https://evil.example/file"},
        {"mode": "status", "status": 500},
    ],
)
def test_a_page_for_people_never_passes_for_a_file(running: Running, failure: dict[str, Any]) -> None:
    control(running, "POST", "/failures", {**failure, "path": ".*/(download|secure)/.*"})
    with confluence(running) as pages, jira(running) as issues:
        asking: tuple[Callable[[], object], ...] = (
            lambda: pages.download("100101", "att10010100"),
            lambda: issues.download("30040"),
            lambda: issues.thumbnail("30040"),
        )
        for ask in asking:
            with pytest.raises(Unreachable):
                ask()
    hosts = {one["server"] for one in control(running, "GET", "/requests")}
    assert hosts == {"site"}


@pytest.mark.parametrize(
    ("name", "confluence_may", "jira_may"),
    [
        ("reader", {"sign_in", "read", "read_restrictions", "download"}, {"sign_in", "read", "check_others"}),
        (
            "checker",
            {"sign_in", "read", "read_restrictions", "download"},
            {"sign_in", "read", "check_others", "administer"},
        ),
        ("nobody", set(), {"sign_in"}),
    ],
)
def test_the_connection_test_says_what_each_token_may(
    running: Running, name: str, confluence_may: set[str], jira_may: set[str]
) -> None:
    with confluence(running, name) as pages, jira(running, name) as issues:
        assert {one.name.value for one in pages.probe() if one.allowed} == confluence_may
        assert {one.name.value for one in issues.probe() if one.allowed} == jira_may
        assert pages.probe()[0].name is Ability.SIGN_IN
