"""What a test may change while the simulator runs, and what it can find out afterwards."""

import pytest

from simulator.confluence import PREFIX
from tests.simulator.conftest import Client


def test_a_new_body_is_a_new_version_and_the_old_one_stays(client: Client) -> None:
    before = client.get(f"{PREFIX}/pages/100101?body-format=storage")
    client.control("PATCH", "pages/100101", {"body": "<p>New</p>", "title": "Other", "message": "why"})
    after = client.get(f"{PREFIX}/pages/100101?body-format=storage")
    assert after["version"]["number"] == before["version"]["number"] + 1
    assert (after["title"], after["body"]["storage"]["value"], after["version"]["message"]) == (
        "Other",
        "<p>New</p>",
        "why",
    )
    older = client.get(f"{PREFIX}/pages/100101?body-format=storage&version={before['version']['number']}")
    assert (older["body"], older["status"]) == (before["body"], "historical")


def test_labels_and_status_change_without_a_version(client: Client) -> None:
    version = client.get(f"{PREFIX}/pages/100101")["version"]["number"]
    client.control("PATCH", "pages/100101", {"labels": ["no-share"], "status": "archived"})
    page = client.get(f"{PREFIX}/pages/100101?include-labels=true")
    assert [one["name"] for one in page["labels"]["results"]] == ["no-share"]
    assert (page["status"], page["version"]["number"]) == ("archived", version)


@pytest.mark.parametrize("status", ["archived", "trashed"])
def test_a_page_keeps_answering_with_its_status_until_it_is_purged(client: Client, status: str) -> None:
    client.control("PATCH", "pages/100101", {"status": status})
    assert client.get(f"{PREFIX}/pages/100101")["status"] == status
    assert client.ask(f"{PREFIX}/pages/100101?status=current").status == 404
    client.control("DELETE", "pages/100101")
    assert client.ask(f"{PREFIX}/pages/100101").status == 404


def test_a_restriction_on_a_page_bites_on_everything_below_it(client: Client) -> None:
    client.control("PATCH", "pages/100001", {"restrict": {"users": ["ines"], "groups": ["finance"]}})
    assert client.ask(f"{PREFIX}/pages/100101").status == 404
    path = "/wiki/rest/api/content/100001/restriction/byOperation/read"
    found = client.get(path, "ines")["restrictions"]
    assert [one["displayName"] for one in found["user"]["results"]] == ["Ines Moreau"]
    assert [one["id"] for one in found["group"]["results"]] == ["finance"]
    # Direct ones only, as in life: the page below shows none of its own.
    below = client.get("/wiki/rest/api/content/100101/restriction/byOperation/read", "ines")["restrictions"]
    assert (below["user"]["results"], below["group"]["results"]) == ([], [])


def test_a_page_can_be_added_and_moved(client: Client) -> None:
    made = client.control("POST", "pages", {"title": "Fresh", "body": "<p>1</p>", "parent": "100105"})
    assert client.ask(f"{PREFIX}/pages/{made['id']}", "bob").status == 404
    client.control("PATCH", f"pages/{made['id']}", {"parent": "100001"})
    assert client.ask(f"{PREFIX}/pages/{made['id']}", "bob").status == 200


def test_an_issue_changes_with_its_updated_instant(client: Client) -> None:
    before = client.get("/rest/api/3/issue/HARB-2?fields=updated")["fields"]["updated"]
    client.control("PATCH", "issues/HARB-2", {"fields": {"summary": "Changed", "status": "Done"}})
    fields = client.get("/rest/api/3/issue/HARB-2?fields=updated,summary,status")["fields"]
    assert (fields["summary"], fields["status"]["name"]) == ("Changed", "Done")
    assert fields["updated"] != before
    client.control("DELETE", "issues/HARB-2")
    assert client.ask("/rest/api/3/issue/HARB-2").status == 404


def test_a_comment_is_added_with_its_audience(client: Client) -> None:
    visibility = {"type": "role", "value": "Operations", "identifier": "Operations"}
    client.control("POST", "issues/HARB-9/comments", {"text": "hidden", "visibility": visibility, "public": False})
    (comment,) = client.get("/rest/api/3/issue/HARB-9/comment")["comments"]
    assert (comment["jsdPublic"], comment["visibility"]["value"]) == (False, "Operations")


def test_reset_brings_everything_back(client: Client) -> None:
    client.control("PATCH", "pages/100101", {"title": "Other"})
    client.control("POST", "failures", {"mode": "status"})
    client.control("PATCH", "settings", {"page_limit": 1})
    client.control("POST", "reset")
    seen = client.control("GET", "")
    assert (seen["pages"]["100101"], seen["failures"], seen["settings"]["page_limit"]) == (
        "Berth and crane plan, week 48",
        [],
        100,
    )
    assert seen["base_url"] == client.running.base_url


def test_the_log_says_what_was_asked_by_whom_and_holds_no_secret(client: Client) -> None:
    location = client.ask("/wiki/rest/api/content/100101/child/attachment/att10010100/download").headers["Location"]
    client.ask(str(location), None)
    first, second = client.control("GET", "requests")
    assert (first["server"], first["account"], first["status"]) == ("site", "reader@acme.example", 302)
    assert (second["server"], second["method"], second["status"], second["query"]) == ("media", "GET", 200, "")
    assert "token" not in str([first, second])
    client.control("DELETE", "requests")
    assert client.control("GET", "requests") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "pages/100101", {"titel": "x"}, 400),
        ("PATCH", "pages/1", {"title": "x"}, 404),
        ("PATCH", "pages/100101", {"restrict": {"users": ["someone"]}}, 404),
        ("PATCH", "accounts/someone", {"active": False}, 404),
        ("PATCH", "accounts/bob", {"groups": ["nobody-knows"]}, 404),
        ("POST", "failures", {"mode": "explode"}, 400),
        ("POST", "failures", {"match": "x"}, 400),
        ("PATCH", "settings", {"page_limits": 1}, 400),
        ("POST", "pages", {"space": "OPS"}, 400),
        ("POST", "failures", [], 400),
    ],
)
def test_a_slip_in_a_test_is_told_at_once(client: Client, method: str, path: str, body: object, status: int) -> None:
    answer = client.ask(f"/_simulator/{path}", None, method, json=body)
    assert (answer.status, "simulator" in answer.json()) == (status, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PREFIX}/pages/100101/likes"),
        ("DELETE", f"{PREFIX}/pages/100101"),
        ("GET", "/"),
        ("GET", "/rest/api/3/x"),
    ],
)
def test_what_is_not_simulated_says_so_and_names_its_path(client: Client, method: str, path: str) -> None:
    answer = client.ask(path, method=method)
    assert answer.status == 501
    assert f"{method} {path}" in answer.json()["simulator"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rest/api/3/search?jql=project=HARB"),
        ("POST", "/rest/api/3/search"),
        ("GET", "/rest/api/2/search"),
        ("POST", "/rest/api/2/search"),
        ("GET", "/wiki/rest/api/content"),
        ("GET", "/wiki/rest/api/content/100101"),
        ("GET", "/wiki/rest/api/content/100101/child/page"),
        ("GET", "/wiki/rest/api/content/100101/label"),
        ("GET", "/wiki/rest/api/space"),
        ("GET", "/wiki/rest/api/space/OPS"),
    ],
)
def test_what_atlassian_took_away_answers_410(client: Client, method: str, path: str) -> None:
    assert client.ask(path, method=method).status == 410
