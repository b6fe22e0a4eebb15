"""Jira Cloud against a site that answers as documented, and as it should not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.integrations.atlassian.cloud.jira import JiraCloud
from app.integrations.atlassian.errors import NotAuthorised, NotFound, Unreachable
from app.integrations.atlassian.interfaces import JiraReader
from app.integrations.atlassian.types import Ability
from tests.integrations.atlassian.site import Reply, Request, Site, site, transport

V3 = "/rest/api/3"


@contextmanager
def _jira(prefix: str = "", site_url: str | None = None) -> Iterator[tuple[Site, JiraCloud]]:
    with site() as peer, transport(peer.url + prefix) as one:
        yield peer, JiraCloud(one, site_url=site_url)


def _issue(key: str = "HARB-2", fields: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "id": "10202",
        "key": key,
        "names": {"summary": "Summary", "customfield_1": "Berth", "assignee": "Assignee"},
        "schema": {"customfield_1": {"type": "string"}},
        "fields": {
            "summary": "Crane",
            "updated": "2026-11-18T21:30:00.000+0100",
            "project": {"key": "HARB"},
            "attachment": [
                {
                    "id": 30040,
                    "filename": "a.png",
                    "mimeType": "image/png",
                    "size": 5,
                    "created": "2026-10-27T15:00:00.000+0000",
                }
            ],
            **(fields or {}),
        },
        **changes,
    }


def test_the_adapter_is_what_the_rest_asks_for() -> None:
    with _jira() as (_, one):
        reader: JiraReader = one
        assert reader.rate_limit is None
        reader.close()


def test_an_issue_holds_the_requested_fields_and_no_other() -> None:
    answer = _issue(fields={"customfield_1": "B4", "assignee": {"displayName": "Bob"}, "comment": {}})
    with _jira() as (peer, one):
        peer.answer(f"{V3}/issue/HARB-2", Reply(200, answer))
        issue = one.issue("HARB-2", ["customfield_1", "summary"])
        assert peer.requests[0].query["fields"] == ["customfield_1,summary,updated,project,attachment"]
        assert peer.requests[0].query["expand"] == ["names,schema"]
        assert issue.web_url == f"{peer.url}/browse/HARB-2"
    assert (issue.id, issue.key, issue.summary, issue.project_key) == ("10202", "HARB-2", "Crane", "HARB")
    assert issue.updated == "2026-11-18T21:30:00.000+0100"
    assert dict(issue.fields) == {"customfield_1": "B4", "summary": "Crane"}
    assert dict(issue.names) == {"customfield_1": "Berth", "summary": "Summary"}
    assert dict(issue.schema) == {"customfield_1": {"type": "string"}}
    (attachment,) = issue.attachments
    assert (attachment.id, attachment.filename, attachment.media_type, attachment.size) == (
        "30040",
        "a.png",
        "image/png",
        5,
    )
    assert (attachment.version, attachment.container_id, attachment.file_id) == (1, "10202", None)
    assert "Crane" not in repr(issue.attachments)


@pytest.mark.parametrize("word", ["*all", "*navigable", "-comment", "a,b", "", "x y", "x&y=z"])
def test_words_that_would_widen_the_request_are_not_sent(word: str) -> None:
    with _jira() as (peer, one):
        peer.answer(f"{V3}/issue/HARB-2", Reply(200, _issue()))
        assert dict(one.issue("HARB-2", [word]).fields) == {}
        assert peer.requests[0].query["fields"] == ["summary,updated,project,attachment"]


def test_a_moved_issue_comes_with_its_new_key() -> None:
    with _jira("/ex/jira/1", site_url="https://acme.atlassian.net/") as (peer, one):
        peer.answer(f"/ex/jira/1{V3}/issue/OLD-1", Reply(200, _issue("NEW-7")))
        issue = one.issue("OLD-1", [])
        assert (issue.key, issue.web_url) == ("NEW-7", "https://acme.atlassian.net/browse/NEW-7")


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        _issue(key=""),
        _issue(fields={"summary": None}),
        _issue(fields={"updated": 1}),
        _issue(fields={"project": {}}),
        _issue(fields={"attachment": {}}),
        _issue(fields={"attachment": [1]}),
        _issue(fields={"attachment": [{"id": "1"}]}),
        _issue(names=[]),
    ],
)
def test_an_issue_of_the_wrong_shape_is_unreachable_and_not_an_issue(answer: Any) -> None:
    with _jira() as (peer, one):
        peer.answer(f"{V3}/issue/HARB-2", Reply(200, answer))
        with pytest.raises(Unreachable):
            one.issue("HARB-2", [])


@pytest.mark.parametrize(
    "key", ["", "HARB", "HARB-", "HARB-0", "-1", "../x-1", "HARB-1/comment", "HARB-1?x", "HÄRB-1", "HARB-1\n"]
)
def test_what_is_no_issue_key_is_not_asked_for(key: str) -> None:
    with _jira() as (peer, one):
        with pytest.raises(NotFound):
            one.issue(key, [])
        with pytest.raises(NotFound):
            one.may_view(key, "a-1")
        with pytest.raises(NotFound):
            one.download(key)
        with pytest.raises(NotFound):
            one.thumbnail(key)
        assert peer.requests == []


def test_a_search_follows_tokens_with_the_same_question() -> None:
    def answer(request: Request) -> Reply:
        at = int(request.query.get("nextPageToken", ["0"])[0])
        issues = [_issue(f"HARB-{at + n}", names={}) for n in (1, 2)]
        names = {"summary": "Summary"}
        return Reply(200, {"issues": issues, "names": names, "isLast": at >= 4, "nextPageToken": str(at + 2)})

    with _jira() as (peer, one):
        peer.routes[f"{V3}/search/jql"] = answer
        found = one.search("project = HARB", ["summary"], limit=5)
        assert [issue.key for issue in found] == [f"HARB-{n}" for n in range(1, 6)]
        assert {request.query["jql"][0] for request in peer.requests} == {"project = HARB"}
        assert dict(found[0].names) == {"summary": "Summary"}
        assert len(peer.requests) == 3


@pytest.mark.parametrize(
    ("users", "allowed"),
    [
        ([{"accountId": "a-1", "active": True}], True),
        ([{"accountId": "a-2", "active": True}, {"accountId": "a-1", "active": True}], True),
        ([{"accountId": "a-1", "active": False}], False),
        ([{"accountId": "a-1"}], False),
        ([{"accountId": "a-11", "active": True}], False),
        ([], False),
    ],
)
def test_who_may_view_is_whom_jira_lists(users: list[dict[str, Any]], allowed: bool) -> None:
    with _jira() as (peer, one):
        peer.answer(f"{V3}/user/viewissue/search", Reply(200, users))
        assert one.may_view("HARB-2", "a-1") is allowed
        assert peer.requests[0].query == {"issueKey": ["HARB-2"], "accountId": ["a-1"], "maxResults": ["1000"]}


@pytest.mark.parametrize("answer", [{}, {"values": []}, None, [1]])
def test_an_unclear_list_of_users_is_no_permission(answer: Any) -> None:
    with _jira() as (peer, one):
        peer.answer(f"{V3}/user/viewissue/search", Reply(200, answer))
        with pytest.raises(Unreachable):
            one.may_view("HARB-2", "a-1")


@pytest.mark.parametrize("reason", ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"])
@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_as_for_nobody_is_a_rejected_credential_and_no_news_about_the_issue(status: int, reason: str) -> None:
    with _jira() as (peer, one):
        peer.answer(f"{V3}/issue/HARB-2", Reply(status, _issue(), {"X-Seraph-LoginReason": reason}))
        with pytest.raises(NotAuthorised) as caught:
            one.issue("HARB-2", [])
        assert caught.value.is_down
        peer.answer(f"{V3}/issue/HARB-2", Reply(200, _issue(), {"X-Seraph-LoginReason": "OK"}))
        assert one.issue("HARB-2", []).key == "HARB-2"


def test_files_and_thumbnails_come_by_redirect() -> None:
    with site() as elsewhere, _jira() as (peer, one):
        elsewhere.answer("/file", Reply(200, b"bytes", {"Content-Type": "image/png"}))
        redirect = Reply(303, b"", {"Location": f"{elsewhere.url}/file"})
        peer.answer(f"{V3}/attachment/content/30040", redirect)
        peer.answer(f"{V3}/attachment/thumbnail/30040", redirect)
        with one.download("30040", range_header="bytes=0-") as found:
            assert b"".join(found.chunks) == b"bytes"
        with one.thumbnail("30040", width=200) as found:
            assert b"".join(found.chunks) == b"bytes"
        assert peer.requests[0].query == {"redirect": ["true"]}
        assert peer.requests[1].query == {"redirect": ["true"], "fallbackToDefault": ["false"], "width": ["200"]}


def test_an_account_says_whether_it_is_active() -> None:
    with _jira() as (peer, one):
        peer.answer(f"{V3}/myself", Reply(200, {"accountId": "a-1", "displayName": "Ada", "active": False}))
        account = one.myself()
    assert (account.account_id, account.email, account.active) == ("a-1", None, False)


def test_the_connection_test_names_projects_and_what_is_too_much() -> None:
    def permissions(request: Request) -> Reply:
        key = request.query["permissions"][0]
        return Reply(200, {"permissions": {key: {"key": key, "havePermission": key != "USER_PICKER"}}})

    def projects(request: Request) -> Reply:
        start = int(request.query["startAt"][0])
        return Reply(200, {"values": [{"key": f"P{start}"}], "isLast": start == 2, "startAt": start, "maxResults": 1})

    with _jira() as (peer, one):
        peer.answer(f"{V3}/myself", Reply(200, {"accountId": "a-1", "displayName": "Ada", "active": True}))
        peer.routes |= {f"{V3}/mypermissions": permissions, f"{V3}/project/search": projects}
        found = {line.name: line for line in one.probe()}
    assert [name for name, line in found.items() if line.allowed] == [Ability.SIGN_IN, Ability.READ, Ability.ADMINISTER]
    assert found[Ability.READ].detail == "Sees P0, P1, P2."


def test_the_connection_test_ends_where_nobody_is_signed_in() -> None:
    with _jira() as (peer, one):
        peer.answer(f"{V3}/myself", Reply(401, {}))
        assert [(line.name, line.allowed) for line in one.probe()] == [(Ability.SIGN_IN, False)]
