"""Answers of a Data Center that nobody should believe: restrictions left unsaid, and files that lead elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.integrations.atlassian.data_center.confluence import ConfluenceDataCenter
from app.integrations.atlassian.data_center.jira import JiraDataCenter
from app.integrations.atlassian.errors import (
    Unreachable,
)
from tests.integrations.atlassian.data_center import transport
from tests.integrations.atlassian.site import Reply, Site, site


@pytest.fixture
def polite() -> Iterator[Site]:
    with site() as one:
        one.answer("/c/rest/api/content/7", Reply(body=_content("7", [{"id": "5", "type": "page"}])))
        for page_id, names in (("5", ["ann"]), ("7", [])):
            users = {"results": [{"userKey": name} for name in names], "size": len(names), "limit": 100}
            groups: dict[str, Any] = {"results": []}
            one.answer(
                f"/c/rest/api/content/{page_id}/restriction/byOperation/read",
                Reply(body={"operation": "read", "restrictions": {"user": users, "group": groups}}),
            )
        yield one


def _content(page_id: str, ancestors: list[dict[str, str]]) -> dict[str, Any]:
    return {"id": page_id, "type": "page", "title": "T", "status": "current", "ancestors": ancestors}


@pytest.mark.parametrize(
    "answer",
    [
        Reply(body={"restrictions": {"read": {"restrictions": {"user": {"results": []}}}}}),
        Reply(body={"viewContentRestrictions": {"results": [{"operation": "read"}]}}),
        Reply(status=404, body={"message": "null for uri"}),
        Reply(status=405, body={"message": "Method not allowed"}),
        Reply(body={"viewContentRestrictions": {"results": [{"content": {"id": 5, "type": "page"}}]}}),
    ],
    ids=["as published", "unnamed", "unknown", "not allowed", "expanded"],
)
def test_however_inherited_restrictions_are_listed_they_are_found(polite: Site, answer: Reply) -> None:
    polite.answer("/c/rest/api/content/7/restriction/relevantViewRestrictions", answer)
    with transport(f"{polite.url}/c", "t") as one:
        (found,) = ConfluenceDataCenter(one).restriction_path("7")
    assert (found.page_id, set(found.users)) == ("5", {"ann"})


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/c/rest/api/content/5/restriction/byOperation/read", Reply(body={"operation": "read", "restrictions": {}})),
        ("/c/rest/api/content/5/restriction/byOperation/read", Reply(status=404, body={})),
        ("/c/rest/api/content/5/restriction/byOperation/read", Reply(status=403, body={})),
        ("/c/rest/api/content/7/restriction/relevantViewRestrictions", Reply(status=500, body={})),
    ],
    ids=["lists missing", "gone above", "forbidden above", "broken"],
)
def test_a_restriction_that_was_not_said_is_not_taken_for_none(polite: Site, path: str, answer: Reply) -> None:
    listed = {"results": [{"_expandable": {"content": "/rest/api/content/5"}}]}
    polite.answer(
        "/c/rest/api/content/7/restriction/relevantViewRestrictions", Reply(body={"viewContentRestrictions": listed})
    )
    polite.answer(path, answer)
    with transport(f"{polite.url}/c", "t") as one, pytest.raises(Unreachable):
        ConfluenceDataCenter(one).restriction_path("7")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/steal/30040/x",
        "http://127.0.0.1/j/secure/attachment/30041/x.png",
        "http://127.0.0.1/j/secure/attachment/30040/../../rest/api/2/myself",
        "http://127.0.0.1/j/secure/attachment/30040/a/b",
        "http://127.0.0.1/j/secure/attachment/30040/",
        "http://[",
    ],
)
def test_an_address_of_a_file_never_leads_elsewhere(address: str) -> None:
    with site() as polite:
        polite.answer("/j/rest/api/2/attachment/30040", Reply(body={"size": 3, "content": address}))
        with transport(f"{polite.url}/j", "t") as one, pytest.raises(Unreachable):
            JiraDataCenter(one).download("30040")
        assert [request.path for request in polite.requests] == ["/j/rest/api/2/attachment/30040"]


def test_a_file_is_fetched_below_our_base_whatever_host_its_address_names() -> None:
    with site() as polite:
        named = {"size": 3, "content": "https://jira.example/other/secure/attachment/30040/a%20b.png"}
        polite.answer("/j/rest/api/2/attachment/30040", Reply(body=named))
        polite.answer("/j/secure/attachment/30040/a%20b.png", Reply(body=b"abc", headers={"Content-Type": "image/png"}))
        with transport(f"{polite.url}/j", "t") as one, JiraDataCenter(one).download("30040") as found:
            assert b"".join(found.chunks) == b"abc"
        assert all(request.headers["Authorization"] == "Bearer t" for request in polite.requests)
