"""Lists page by page, each product in its own style."""

import re

import pytest

from simulator.confluence import PREFIX
from tests.simulator.conftest import Client


@pytest.mark.parametrize("limit", [1, 4, 13, 250])
def test_following_the_next_link_gives_every_attachment_once(client: Client, limit: int) -> None:
    path: str | None = f"{PREFIX}/pages/100111/attachments?limit={limit}"
    seen: list[str] = []
    while path:
        answer = client.ask(path)
        body = answer.json()
        seen += [one["id"] for one in body["results"]]
        path = body["_links"].get("next")
        header = re.match(r"<([^>]+)>; rel=\"next\"", answer.headers.get("Link", ""))
        assert (header[1] if header else None) == path
    assert seen == [f"att100111{number:02d}" for number in range(13)]


def test_the_server_may_give_smaller_pages_than_asked_for(client: Client) -> None:
    client.control("PATCH", "settings", {"page_limit": 2})
    assert len(client.get(f"{PREFIX}/pages/100111/attachments?limit=250")["results"]) == 2
    comments = client.get("/rest/api/3/issue/HARB-25/comment?maxResults=100")
    assert (comments["maxResults"], len(comments["comments"]), comments["total"]) == (2, 2, 60)
    assert len(client.get("/rest/api/3/search/jql?jql=project=HARB")["issues"]) == 2


def test_comments_by_start_are_every_comment_once(client: Client) -> None:
    seen: list[str] = []
    while len(seen) < 60:
        page = client.get(f"/rest/api/3/issue/HARB-25/comment?startAt={len(seen)}&maxResults=25")
        assert page["startAt"] == len(seen)
        seen += [one["id"] for one in page["comments"]]
    assert len(set(seen)) == 60


def test_a_search_by_token_gives_every_visible_issue_once(client: Client) -> None:
    seen, token = [], ""
    for _ in range(10):
        page = client.get(f"/rest/api/3/search/jql?jql=project%20%3D%20HARB&maxResults=7&nextPageToken={token}")
        seen += [one["id"] for one in page["issues"]]
        token = page.get("nextPageToken", "")
        assert page["isLast"] == (not token)
        if not token:
            break
    # HARB-15 is for managers.
    assert seen == [str(10200 + number) for number in range(1, 33) if number != 15]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ('labels = "partner" AND status = "In progress"', ["HARB-11", "HARB-27"]),
        ("key in (HARB-2, HARB-15) ORDER BY key DESC", ["HARB-2"]),
        ('project = HARB AND updated >= "2026-11-18"', ["HARB-2", "HARB-5"]),
        ("project != HARB", [f"DESK-{number}" for number in range(1, 11)]),
    ],
)
def test_a_search_finds_what_its_clauses_say(client: Client, jql: str, keys: list[str]) -> None:
    answer = client.ask("/rest/api/3/search/jql", fields={"jql": jql, "fields": "summary"}).json()
    assert [one["key"] for one in answer["issues"]] == keys


@pytest.mark.parametrize("cursor", ["x", "e30=", "bnVsbA=="])
def test_a_cursor_that_was_made_up_is_refused(client: Client, cursor: str) -> None:
    assert client.ask(f"{PREFIX}/pages?cursor={cursor}").status == 400
    assert client.ask(f"/rest/api/3/search/jql?jql=project=HARB&nextPageToken={cursor}").status == 400


def test_ancestors_come_from_the_top_and_the_nearest_are_kept(client: Client) -> None:
    def chain(query: str) -> list[str]:
        return [one["id"] for one in client.get(f"{PREFIX}/pages/100106/ancestors{query}")["results"]]

    assert (chain(""), chain("?limit=1")) == (["100001", "100105"], ["100105"])


def test_children_that_may_not_be_seen_or_are_in_the_trash_are_not_listed(client: Client) -> None:
    def children(account: str) -> set[str]:
        return {one["id"] for one in client.get(f"{PREFIX}/pages/100001/direct-children?limit=100", account)["results"]}

    assert {"100107", "100105", "100114"} & children("bob") == set()
    assert children("tomas") - children("bob") == {"100105", "100107"}


def test_what_is_above_a_folder_is_told_by_its_own_address(client: Client) -> None:
    made = client.control("POST", "folders", {"parent": "100121", "title": "Forms"})
    above = client.get(f"{PREFIX}/folders/{made['id']}/ancestors")["results"]
    assert above[-2:] == [{"id": "100120", "type": "page"}, {"id": "100121", "type": "page"}]
    assert client.ask(f"{PREFIX}/folders/100121/ancestors").status == 404
