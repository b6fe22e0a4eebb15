"""Who gets in and who sees what."""

import pytest

from simulator.confluence import PREFIX
from tests.simulator.conftest import Client

BOB = "5f1a00000000000000000a03"
DOWNLOAD = "/wiki/rest/api/content/100101/child/attachment/att10010100/download"


@pytest.mark.parametrize("path", [f"{PREFIX}/pages/100101", "/rest/api/3/myself", "/rest/api/3/issue/HARB-1", DOWNLOAD])
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic %%%",
        "Basic cmVhZGVy",
        "Basic " + "cmVhZGVyQGFjbWUuZXhhbXBsZTp0b2tlbi1ib2I=",
        "Bearer token-reader",
    ],
)
def test_without_the_right_token_nothing_is_answered(client: Client, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert client.ask(path, None, headers=headers).status == 401


def test_a_deactivated_account_cannot_sign_in(client: Client) -> None:
    assert client.ask("/rest/api/3/myself", "erik").status == 401


def test_an_expired_token_is_refused_until_it_is_valid_again(client: Client) -> None:
    client.control("PATCH", "accounts/reader", {"token_valid": False})
    answer = client.ask(f"{PREFIX}/pages/100101")
    assert (answer.status, answer.headers["X-Seraph-LoginReason"]) == (401, "AUTHENTICATED_FAILED")
    client.control("PATCH", "accounts/reader", {"token_valid": True})
    assert client.ask(f"{PREFIX}/pages/100101").status == 200


def test_where_jira_lets_anybody_in_a_wrong_token_looks_like_an_absent_issue(client: Client) -> None:
    client.control("PATCH", "settings", {"failed_sign_in": "anonymous"})
    client.control("PATCH", "accounts/reader", {"token_valid": False})
    issue, myself = client.ask("/rest/api/3/issue/HARB-1"), client.ask("/rest/api/3/myself")
    assert (issue.status, issue.headers["X-Seraph-LoginReason"]) == (404, "AUTHENTICATED_FAILED")
    assert myself.status == 401


def test_every_answer_names_the_account_that_was_signed_in(client: Client) -> None:
    answer = client.ask("/rest/api/3/myself", "ines")
    assert answer.headers["X-AAccountId"] == answer.json()["accountId"]


SEEN = {
    "100101": {"reader", "checker", "ines", "bob", "tomas", "lena", "carla"},
    "100105": {"reader", "ines", "tomas"},  # restricted to operations and the reader
    "100106": {"reader", "ines", "tomas"},  # nothing of its own: inherited from the page above
    "100107": {"tomas", "carla"},  # restricted to managers
    "100203": {"lena"},
    "100302": {"checker", "carla", "tomas"},  # a space of its own
}


@pytest.mark.parametrize("account", ["reader", "checker", "ines", "bob", "tomas", "lena", "carla", "nobody"])
@pytest.mark.parametrize("page_id", SEEN)
def test_a_page_is_seen_by_whom_space_and_restrictions_let(client: Client, page_id: str, account: str) -> None:
    status = client.ask(f"{PREFIX}/pages/{page_id}", account).status
    assert status == (200 if account in SEEN[page_id] else 404)


@pytest.mark.parametrize("account", ["ines", "bob", "tomas", "lena", "carla", "nobody", "erik"])
@pytest.mark.parametrize("page_id", SEEN)
def test_the_permission_check_agrees_with_what_is_seen(client: Client, page_id: str, account: str) -> None:
    account_id = client.control("GET", f"accounts/{account}")["account_id"]
    body = {"subject": {"type": "user", "identifier": account_id}, "operation": "read"}
    path = f"/wiki/rest/api/content/{page_id}/permission/check"
    answer = client.get(path, "checker", method="POST", json=body)
    assert answer["hasPermission"] == (account in SEEN[page_id])
    assert bool(answer["errors"]) != answer["hasPermission"]


def test_an_absent_page_and_a_hidden_one_cannot_be_told_apart(client: Client) -> None:
    absent, hidden = client.ask(f"{PREFIX}/pages/4"), client.ask(f"{PREFIX}/pages/100107")
    assert (absent.status, absent.data) == (hidden.status, hidden.data)


def test_only_an_administrator_may_check_what_others_may(client: Client) -> None:
    body = {"subject": {"type": "user", "identifier": BOB}, "operation": "read"}
    path = "/wiki/rest/api/content/100101/permission/check"
    assert client.ask(path, "reader", "POST", json=body).status == 403


def test_an_issue_with_a_security_level_is_seen_by_managers_only(client: Client) -> None:
    path = "/rest/api/3/issue/HARB-15"
    assert [client.ask(path, one).status for one in ("tomas", "checker", "reader", "bob")] == [200, 200, 404, 404]


def test_a_link_to_a_hidden_issue_is_not_shown(client: Client) -> None:
    def linked(account: str) -> set[str]:
        links = client.get("/rest/api/3/issue/HARB-2?fields=issuelinks", account)["fields"]["issuelinks"]
        return {(one.get("inwardIssue") or one["outwardIssue"])["key"] for one in links}

    assert linked("tomas") - linked("reader") == {"HARB-15"}


def test_a_comment_for_a_role_is_shown_to_that_role_only(client: Client) -> None:
    def bodies(account: str) -> int:
        return int(client.get("/rest/api/3/issue/HARB-2/comment", account)["total"])

    assert (bodies("reader"), bodies("bob")) == (4, 3)


def test_who_may_see_an_issue_is_answered_to_those_who_may_browse_people(client: Client) -> None:
    path = f"/rest/api/3/user/viewissue/search?issueKey=HARB-2&accountId={BOB}"
    assert [one["accountId"] for one in client.get(path)] == [BOB]
    client.control("PATCH", "accounts/reader", {"grants": ["jira:use", "project:HARB"]})
    assert client.get(path) == []


def test_who_may_not_see_an_issue_is_not_in_the_list(client: Client) -> None:
    path = f"/rest/api/3/user/viewissue/search?issueKey=HARB-15&accountId={BOB}"
    assert client.get(path, "tomas") == []


def test_permissions_are_data_that_a_test_may_change(client: Client) -> None:
    client.control("PATCH", "accounts/bob", {"groups": ["staff", "managers"]})
    assert client.ask(f"{PREFIX}/pages/100107", "bob").status == 200
    client.control("PATCH", "accounts/bob", {"groups": []})
    assert client.ask(f"{PREFIX}/pages/100101", "bob").status == 404
