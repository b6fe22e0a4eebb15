"""The Data Center half of the simulator beside what Atlassian has published for both products, Jira in two releases."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3

from simulator import data_center
from simulator.application import create_site_application
from simulator.data_center.people import jira_key, user_key
from simulator.loading import CONTENT
from simulator.site import Running
from tests.contract.documents import Document, complaints

CONFLUENCE = ("confluence-dc",)
JIRA = ("jira-dc-10", "jira-dc-11")
#: Where the documents say that their paths begin.
BASES = {
    "confluence-dc": data_center.CONFLUENCE,
    "jira-dc-10": f"{data_center.JIRA}/rest",
    "jira-dc-11": f"{data_center.JIRA}/rest",
}


@dataclass(frozen=True)
class Call:
    """One request: which published operation of which documents, how it is filled in, who asks, and the status that must come."""

    documents: tuple[str, ...]
    template: str
    path: str
    status: int = 200
    query: dict[str, str] = field(default_factory=dict)
    account: str = "reader"

    def __str__(self) -> str:
        return f"{self.path} {self.query or ''} as {self.account} is {self.status}"


def _of_confluence(template: str, path: str, answers: int = 200, account: str = "reader", **query: str) -> Call:
    return Call(CONFLUENCE, f"/rest/api{template}", f"/rest/api{path}", answers, query, account)


def _of_jira(template: str, path: str, answers: int = 200, account: str = "reader", **query: str) -> Call:
    return Call(JIRA, f"/api/2{template}", f"/api/2{path}", answers, query, account)


NOTHING: dict[str, str] = {}
EXPANDS = ("", "space,version,history,ancestors,metadata.labels,body.storage")
CALLS = [
    _of_confluence("/user/current", "/user/current"),
    _of_confluence("/user/current", "/user/current", 403, "nobody"),
    _of_confluence("/user", "/user", username="ines"),
    _of_confluence("/user", "/user", 404, username="none"),
    *(
        _of_confluence("/content/{id}", f"/content/{page}", expand=expand, status="any")
        for page in (100001, 100101, 100109, 100112, 100114, 100116)
        for expand in EXPANDS
    ),
    *(_of_confluence("/content/{id}", f"/content/{page}", 404) for page in (4, 100107, 100114)),
    _of_confluence("/content/{id}", "/content/att10010100", expand="version,container"),
    _of_confluence("/content", "/content", spaceKey="OPS", title="Storm closure procedure"),
    _of_confluence("/content", "/content", type="page", limit="3", start="2"),
    *(
        _of_confluence(f"/content/{{id}}/child/{kind}", f"/content/{page}/child/{kind}", status, **query)
        for kind, query in (
            ("attachment", {"expand": "version,container"}),
            ("comment", {"expand": "body.storage,version,history,ancestors,extensions.resolution", "depth": "all"}),
        )
        for page, status in ((100001, 200), (100111, 200), (100403, 200), (100107, 404))
    ),
    _of_confluence("/content/{id}/child/attachment", "/content/100111/child/attachment", limit="2", start="4"),
    _of_confluence("/content/{id}/child/attachment", "/content/100111/child/attachment", filename="handover.pdf"),
    _of_confluence("/content/{id}/child/{type}", "/content/100001/child/page"),
    _of_confluence(
        "/content/search",
        "/content/search",
        cql="type=page and ancestor=100001",
        expand="ancestors,extensions.position",
    ),
    _of_confluence(
        "/content/search",
        "/content/search",
        cql="type=page and ancestor=100120",
        expand="space,version,metadata.labels,restrictions.read.restrictions.user,restrictions.read.restrictions.group",
    ),
    _of_confluence("/content/{id}/label", "/content/100101/label"),
    _of_confluence("/content/{id}/label", "/content/100107/label", 404),
    *(
        _of_confluence(
            "/content/{id}/restriction/byOperation/{operationKey}",
            f"/content/{page}/restriction/byOperation/{operation}",
            expand="restrictions.user,restrictions.group",
        )
        for page in (100101, 100105)
        for operation in ("read", "update")
    ),
    *(
        _of_confluence(
            "/content/{id}/restriction/relevantViewRestrictions",
            f"/content/{page}/restriction/relevantViewRestrictions",
        )
        for page in (100101, 100106)
    ),
    _of_confluence("/space/{spaceKey}", "/space/OPS"),
    _of_confluence("/space/{spaceKey}", "/space/FIN", 404),
    _of_jira("/serverInfo", "/serverInfo", account="stranger"),
    _of_jira("/myself", "/myself"),
    _of_jira("/myself", "/myself", 401, "stranger"),
    _of_jira("/user", "/user", username="ines"),
    _of_jira("/user", "/user", 404, username="none"),
    _of_jira("/user", "/user", 403, "nobody", username="ines"),
    _of_jira("/field", "/field"),
    _of_jira("/project", "/project"),
    _of_jira("/project", "/project", account="nobody"),
    _of_jira("/mypermissions", "/mypermissions"),
    _of_jira("/mypermissions", "/mypermissions", issueKey="HARB-2"),
    _of_jira("/mypermissions", "/mypermissions", 404, issueKey="HARB-15"),
    *(
        Call(JIRA, "/api/2/issue/{issueIdOrKey}", f"/api/2/issue/HARB-{number}", query=query)
        for number in (1, 2, 7, 18, 19, 21, 25, 31)
        for query in (NOTHING, {"expand": "names,schema"}, {"fields": "summary,attachment"})
    ),
    _of_jira("/issue/{issueIdOrKey}", "/issue/HARB-15", 404),
    _of_jira("/issue/{issueIdOrKey}/comment", "/issue/HARB-31/comment", expand="properties"),
    _of_jira("/issue/{issueIdOrKey}/comment", "/issue/HARB-25/comment", startAt="50", maxResults="20"),
    _of_jira("/issue/{issueIdOrKey}/comment", "/issue/HARB-15/comment", 404),
    _of_jira("/attachment/{id}", "/attachment/30040"),
    _of_jira("/attachment/{id}", "/attachment/4", 404),
    _of_jira("/attachment/{id}", "/attachment/30040", 403, "nobody"),
    _of_jira("/user/viewissue/search", "/user/viewissue/search", issueKey="HARB-2", username="ines"),
    _of_jira("/user/viewissue/search", "/user/viewissue/search", 400, username="ines"),
    _of_jira("/user/viewissue/search", "/user/viewissue/search", 404, issueKey="HARB-15", username="ines"),
    _of_jira(
        "/search", "/search", jql="project = HARB", maxResults="3", fields="summary,status", expand="names,schema"
    ),
    _of_jira("/search", "/search", 400, jql="wind > 5"),
]

#: Routes outside the published documents, and why they are there.
UNPUBLISHED = {
    "/confluence/download/attachments/<page_id>/<path:filename>": "an address for people, which answers of Confluence name",
    "/jira/secure/attachment/<identifier>/<filename>": "an address for people, which answers of Jira name",
    "/jira/secure/thumbnail/<identifier>/<filename>": "an address for people, which answers of Jira name",
}


def _send(running: Running, call: Call) -> urllib3.BaseHTTPResponse:
    headers = {} if call.account == "stranger" else {"Authorization": f"Bearer pat-{call.account}"}
    address = f"{running.base_url}{BASES[call.documents[0]]}{call.path}"
    with urllib3.PoolManager() as http:
        return http.request("GET", address, fields=call.query, headers=headers, redirect=False)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_an_answer_has_the_published_status_and_shape(
    call: Call, running: Running, documents: dict[str, Document]
) -> None:
    answer = _send(running, call)
    assert answer.status == call.status, answer.data[:300]
    for name in call.documents:
        document = documents[name]
        assert set(call.query) <= document.parameters("GET", call.template), name
        assert call.status in document.statuses("GET", call.template), name
        validator = document.validator("GET", call.template, call.status)
        if validator is not None:
            assert list(complaints(validator, answer.json())) == [], name
        elif call.documents == JIRA and call.status in (400, 403, 404):
            # Only some operations publish the body of an error, but all have the same.
            assert list(complaints(document.component("ErrorCollection"), answer.json())) == [], name


def test_every_answer_says_whom_it_is_for_and_how_much_is_left(running: Running) -> None:
    for account, name, reason in (("reader", "reader", "OK"), ("stranger", "anonymous", None), ("no", "anonymous", "")):
        for call in (_of_confluence("", "/content/100101", account=account), _of_jira("", "/myself", account=account)):
            answer = _send(running, call)
            assert answer.headers["X-AUSERNAME"] == name
            expected = "AUTHENTICATED_FAILED" if reason == "" else reason
            assert answer.headers.get("X-Seraph-LoginReason") == expected
            assert {"X-RateLimit-Limit", "X-RateLimit-FillRate", "X-RateLimit-Interval-Seconds", "Retry-After"} <= set(
                answer.headers
            )
            assert "X-AAccountId" not in answer.headers


def test_people_are_known_by_key_as_well(running: Running) -> None:
    ines = next(one for one in running.site.accounts.values() if one.email.startswith("ines@"))
    for call in (
        _of_confluence("", "/user", key=user_key(ines)),
        _of_jira("", "/user", key=jira_key(running.site, ines)),
    ):
        assert _send(running, call).json()["displayName"] == "Ines Moreau"


def test_every_route_is_checked_here_or_said_to_be_unpublished(running: Running) -> None:
    rules = create_site_application(running.site, CONTENT).url_map.iter_rules()
    routes = {rule.rule for rule in rules if data_center.serves(rule.rule)}
    checked = {BASES[call.documents[0]] + call.template for call in CALLS}
    shapes = {_shape(one, "{") for one in checked} | {"/confluence/rest/api/content/*/child/page"}
    assert {one for one in routes if _shape(one, "<") not in shapes} == set(UNPUBLISHED)


def _shape(address: str, mark: str) -> str:
    return "/".join("*" if part.startswith(mark) else part for part in address.split("/"))


#: The documents say of an issue's fields only that they are objects; these are their own schemas for what is in them.
FIELDS = {
    "status": "StatusJsonBean",
    "reporter": "UserJsonBean",
    "attachment": "AttachmentJsonBean",
    "comment": "CommentsWithPaginationJsonBean",
    "priority": "PriorityJsonBean",
    "issuetype": "IssueTypeJsonBean",
    "customfield_10045": "UserJsonBean",
}


@pytest.mark.parametrize("name", JIRA)
@pytest.mark.parametrize(("wanted", "schema"), FIELDS.items(), ids=FIELDS)
def test_a_field_of_every_issue_has_its_published_shape(
    wanted: str, schema: str, name: str, running: Running, documents: dict[str, Document]
) -> None:
    validator, seen = documents[name].component(schema), 0
    for key in running.site.issues:
        value: Any = _send(running, _of_jira("", f"/issue/{key}", account="tomas")).json()["fields"].get(wanted)
        for one in value if isinstance(value, list) else [value] if value is not None else []:
            assert list(complaints(validator, one)) == [], key
            seen += 1
    assert seen


def test_rich_text_is_text_everywhere(running: Running) -> None:
    for key in running.site.issues:
        fields = _send(running, _of_jira("", f"/issue/{key}", account="tomas")).json()["fields"]
        assert isinstance(fields["description"], str | None)
        assert all(isinstance(one["body"], str) for one in fields["comment"]["comments"])
