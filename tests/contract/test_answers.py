"""Every answer of the simulator against what Atlassian has published for that operation and status."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3
from jsonschema import Draft4Validator

from simulator import data_center
from simulator.adf import from_storage
from simulator.application import create_site_application
from simulator.loading import CONTENT
from simulator.site import Running
from tests.contract.conftest import read
from tests.contract.documents import DOCUMENTS, Document, complaints
from tests.contract.faults import FAULTS, Fault

V2, V1, JIRA = "confluence-v2", "confluence-v1", "jira-v3"
BOB = "5f1a00000000000000000a03"


@dataclass(frozen=True)
class Call:
    """One request: which published operation, how it is filled in, who asks, and the status that must come."""

    document: str
    template: str
    path: str
    status: int = 200
    method: str = "GET"
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    account: str = "reader"
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.query or ''} as {self.account} is {self.status}"


def _page_calls() -> list[Call]:
    pages = [100001, 100101, 100109, 100112, 100113, 100114, 100116, 100129, 100402]
    formats: list[dict[str, str]] = [
        {},
        {"body-format": "storage", "include-labels": "true"},
        {"body-format": "atlas_doc_format"},
    ]
    calls = [Call(V2, "/pages/{id}", f"/pages/{page}", query=query) for page in pages for query in formats]
    below = ("direct-children", "descendants", "footer-comments", "inline-comments")
    for kind in ("attachments", "labels", "ancestors", *below):
        calls += [
            Call(V2, f"/pages/{{id}}/{kind}", f"/pages/{page}/{kind}") for page in (100001, 100111, 100403, 100120)
        ]
        calls += [
            Call(V2, f"/pages/{{id}}/{kind}", f"/pages/{page}/{kind}", status)
            for page, status in ((100107, 404), (4, 404), ("x", 400))
        ]
    return calls


CALLS = [
    *_page_calls(),
    Call(V2, "/pages/{id}", "/pages/100101", query={"version": "1"}),
    Call(V2, "/pages/{id}", "/pages/100107", 404),
    Call(V2, "/pages/{id}", "/pages/x", 400),
    Call(V2, "/pages/{id}", "/pages/100101", 401, account="stranger"),
    Call(V2, "/pages/{id}/attachments", "/pages/100111/attachments", query={"limit": "2"}),
    Call(V2, "/pages/{id}/attachments", "/pages/100111/attachments", query={"filename": "handover.pdf"}),
    Call(V2, "/pages/{id}/footer-comments", "/pages/100403/footer-comments", query={"body-format": "storage"}),
    Call(V2, "/pages/{id}/descendants", "/pages/100120/descendants", query={"depth": "3", "limit": "2"}),
    *(
        Call(V2, f"/pages/{{id}}/{kind}", f"/pages/100120/{kind}", query=query)
        for kind, query in (
            ("footer-comments", {"body-format": "atlas_doc_format", "sort": "created-date", "status": "current"}),
            ("inline-comments", {"body-format": "atlas_doc_format", "resolution-status": "open"}),
        )
    ),
    *(
        Call(V2, f"/{kind}/{{id}}/children", f"/{kind}/{number}/children", status, query={"body-format": "storage"})
        for kind, number, status in (
            ("footer-comments", 461001, 200),
            ("footer-comments", 4, 404),
            ("inline-comments", 461005, 200),
            ("inline-comments", 461001, 404),
        )
    ),
    *(Call(V2, f"/pages/{{id}}/{kind}", f"/pages/110021/{kind}") for kind in ("direct-children", "descendants")),
    *(Call(V2, "/folders/{id}/ancestors", f"/folders/{n}/ancestors", at) for n, at in ((110080, 200), (110021, 404))),
    Call(V2, "/pages", "/pages", query={"id": "100101,100102", "body-format": "storage"}),
    Call(V2, "/pages", "/pages", query={"limit": "3", "status": "archived"}),
    Call(V2, "/pages", "/pages", 401, account="stranger"),
    Call(V2, "/attachments/{id}", "/attachments/att10010100"),
    Call(V2, "/attachments/{id}", "/attachments/att1", 404),
    Call(V2, "/spaces", "/spaces", query={"keys": "OPS"}),
    Call(V2, "/spaces/{id}", "/spaces/65001"),
    Call(V2, "/spaces/{id}", "/spaces/65003", 404),
    Call(V2, "/users-bulk", "/users-bulk", method="POST", body={"accountIds": [BOB, "nobody-knows"]}),
    Call(V2, "/users-bulk", "/users-bulk", 400, method="POST", body={}),
    *(
        Call(V1, "/wiki/rest/api/content/search", "/wiki/rest/api/content/search", status, query=query, account=account)
        for query, account, status in (
            ({"cql": "type=page and ancestor=100120", "limit": "3"}, "reader", 200),
            ({"cql": "type=page and ancestor=100001", "limit": "100"}, "checker", 200),
            ({"cql": "anything"}, "reader", 400),
            ({"cql": "type=page and ancestor=100120"}, "stranger", 401),
        )
    ),
    Call(V1, "/wiki/rest/api/user/current", "/wiki/rest/api/user/current"),
    Call(V1, "/wiki/rest/api/user/current", "/wiki/rest/api/user/current", 403, account="nobody"),
    Call(V1, "/wiki/rest/api/user", "/wiki/rest/api/user", query={"accountId": BOB}),
    Call(V1, "/wiki/rest/api/user", "/wiki/rest/api/user", 404, query={"accountId": "x"}),
    *(
        Call(
            V1,
            "/wiki/rest/api/content/{id}/restriction/byOperation/{operationKey}",
            f"/wiki/rest/api/content/{page}/restriction/byOperation/read",
            status,
            query={"expand": "restrictions.user,restrictions.group"},
        )
        for page, status in ((100101, 200), (100105, 200), (100107, 404))
    ),
    *(
        Call(
            V1,
            "/wiki/rest/api/content/{id}/permission/check",
            f"/wiki/rest/api/content/{page}/permission/check",
            status,
            "POST",
            body=body,
            account=account,
        )
        for page, account, body, status in (
            (100101, "checker", {"subject": {"type": "user", "identifier": BOB}, "operation": "read"}, 200),
            (100107, "checker", {"subject": {"type": "user", "identifier": BOB}, "operation": "read"}, 200),
            (100107, "checker", {"subject": {"type": "group", "identifier": "staff"}, "operation": "read"}, 200),
            (100101, "reader", {"subject": {"type": "user", "identifier": BOB}, "operation": "read"}, 403),
            (100101, "checker", {}, 400),
            (4, "checker", {"subject": {"type": "user", "identifier": BOB}, "operation": "read"}, 404),
        )
    ),
    *(
        Call(
            V1,
            "/wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download",
            f"/wiki/rest/api/content/{page}/child/attachment/{file}/download",
            status,
            query=query,
            account=account,
        )
        for page, file, query, account, status in (
            (100101, "att10010100", {}, "reader", 302),
            (100101, "att10010100", {"version": "9"}, "reader", 400),
            (100101, "att10010200", {}, "reader", 404),
            (100101, "att10010100", {}, "stranger", 401),
        )
    ),
    Call(JIRA, "/rest/api/3/myself", "/rest/api/3/myself"),
    Call(JIRA, "/rest/api/3/myself", "/rest/api/3/myself", 401, account="stranger"),
    Call(JIRA, "/rest/api/3/serverInfo", "/rest/api/3/serverInfo"),
    Call(JIRA, "/rest/api/3/field", "/rest/api/3/field"),
    *(
        Call(JIRA, "/rest/api/3/issue/{issueIdOrKey}", f"/rest/api/3/issue/HARB-{number}", query=query)
        for number in (1, 2, 7, 18, 19, 21, 25, 31)
        for query in ({}, {"expand": "names,schema"}, {"fields": "summary,attachment"})
    ),
    Call(JIRA, "/rest/api/3/issue/{issueIdOrKey}", "/rest/api/3/issue/HARB-15", 404),
    Call(JIRA, "/rest/api/3/issue/{issueIdOrKey}", "/rest/api/3/issue/HARB-1", 401, account="stranger"),
    Call(JIRA, "/rest/api/3/issue/{issueIdOrKey}/comment", "/rest/api/3/issue/HARB-2/comment"),
    Call(
        JIRA,
        "/rest/api/3/issue/{issueIdOrKey}/comment",
        "/rest/api/3/issue/HARB-25/comment",
        query={"startAt": "50", "maxResults": "20", "orderBy": "-created"},
    ),
    Call(JIRA, "/rest/api/3/issue/{issueIdOrKey}/comment", "/rest/api/3/issue/HARB-15/comment", 404),
    Call(
        JIRA,
        "/rest/api/3/issue/{issueIdOrKey}/comment",
        "/rest/api/3/issue/HARB-2/comment",
        400,
        query={"orderBy": "x"},
    ),
    Call(JIRA, "/rest/api/3/attachment/content/{id}", "/rest/api/3/attachment/content/30040", 303),
    *(
        Call(
            JIRA,
            "/rest/api/3/attachment/content/{id}",
            "/rest/api/3/attachment/content/30040",
            status,
            query={"redirect": "false"},
            headers={"Range": wanted} if wanted else {},
        )
        for wanted, status in (("", 200), ("bytes=0-9", 206), ("bytes=99999999-", 416), ("lines=1", 400))
    ),
    Call(JIRA, "/rest/api/3/attachment/content/{id}", "/rest/api/3/attachment/content/4", 404),
    Call(JIRA, "/rest/api/3/attachment/thumbnail/{id}", "/rest/api/3/attachment/thumbnail/30040", 303),
    Call(JIRA, "/rest/api/3/attachment/thumbnail/{id}", "/rest/api/3/attachment/thumbnail/30041", 404),
    Call(JIRA, "/rest/api/3/user/bulk", "/rest/api/3/user/bulk", query={"accountId": BOB, "maxResults": "50"}),
    Call(JIRA, "/rest/api/3/user/bulk", "/rest/api/3/user/bulk", 400),
    Call(JIRA, "/rest/api/3/user/bulk", "/rest/api/3/user/bulk", 401, account="stranger"),
    *(
        Call(JIRA, "/rest/api/3/user/viewissue/search", "/rest/api/3/user/viewissue/search", status, query=query)
        for query, status in (
            ({"issueKey": "HARB-2", "accountId": BOB}, 200),
            ({"projectKey": "HARB", "query": "ines"}, 200),
            ({"issueKey": "HARB-2"}, 400),
            ({"issueKey": "HARB-15", "accountId": BOB}, 404),
        )
    ),
    *(
        Call(JIRA, "/rest/api/3/mypermissions", "/rest/api/3/mypermissions", status, query=query)
        for query, status in (
            ({"permissions": "BROWSE_PROJECTS,ADMINISTER", "issueKey": "HARB-2"}, 200),
            ({}, 400),
            ({"permissions": "FLY"}, 400),
            ({"permissions": "BROWSE_PROJECTS", "projectKey": "NONE"}, 404),
        )
    ),
    Call(JIRA, "/rest/api/3/project/search", "/rest/api/3/project/search", 200),
    Call(JIRA, "/rest/api/3/project/search", "/rest/api/3/project/search", 200, account="nobody"),
    *(
        Call(JIRA, "/rest/api/3/search/jql", "/rest/api/3/search/jql", status, query=query)
        for query, status in (
            ({"jql": "project = HARB", "maxResults": "5", "fields": "summary,status"}, 200),
            ({"jql": "key in (HARB-2, HARB-15)"}, 200),
            ({"jql": ""}, 400),
            ({"jql": "wind > 5"}, 400),
        )
    ),
]

#: Routes outside the published documents, and why they are there.
UNPUBLISHED = {
    "/wiki/download/<path:rest>": "closed for API tokens by a change notice",
    "/wiki/rest/api/content": "removed from the document in 2025",
    "/wiki/rest/api/content/<page_id>": "removed from the document in 2025",
    "/wiki/rest/api/content/<page_id>/child/<kind>": "removed from the document in 2025",
    "/wiki/rest/api/content/<page_id>/label": "removed from the document for GET in 2025",
    "/wiki/rest/api/space": "removed from the document for GET in 2025",
    "/wiki/rest/api/space/<key>": "removed from the document for GET in 2025",
    "/rest/api/2/search": "removed in 2025, answers 410",
    "/rest/api/3/search": "still in the document, answers 410 in life since 2025",
}


def _send(running: Running, call: Call) -> urllib3.BaseHTTPResponse:
    prefix = "/wiki/api/v2" if call.document == V2 else ""
    headers = dict(call.headers)
    if call.account != "stranger":
        headers |= urllib3.make_headers(basic_auth=f"{call.account}@acme.example:token-{call.account}")
    with urllib3.PoolManager() as http:
        return http.request(
            call.method,
            f"{running.base_url}{prefix}{call.path}",
            fields=call.query if call.method == "GET" else None,
            json=call.body,
            headers=headers,
            redirect=False,
        )


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_an_answer_has_the_published_status_and_shape(
    call: Call, running: Running, documents: dict[str, Document]
) -> None:
    document = documents[call.document]
    assert set(call.query) <= document.parameters(call.method, call.template)
    answer = _send(running, call)
    assert answer.status == call.status, answer.data[:300]
    assert call.status in document.statuses(call.method, call.template)
    validator = document.validator(call.method, call.template, call.status)
    if validator is not None:
        assert list(complaints(validator, answer.json())) == []
    elif call.document == JIRA and call.status in (400, 403, 404):
        # Only some operations publish the body of an error, but all have the same.
        assert list(complaints(document.component("ErrorCollection"), answer.json())) == []
    if call.status in (302, 303):
        assert answer.headers["Location"].startswith(f"{running.media_url}/file/")


def test_every_route_is_checked_here_or_said_to_be_unpublished(running: Running) -> None:
    rules = list(create_site_application(running.site, CONTENT).url_map.iter_rules())
    elsewhere = {rule.rule for rule in rules if data_center.serves(rule.rule) or rule.rule.startswith("/_simulator")}
    routes = {rule.rule for rule in rules} - elsewhere
    checked = {("/wiki/api/v2" if call.document == V2 else "") + call.template for call in CALLS}
    shapes = {"/".join("*" if part.startswith("{") else part for part in one.split("/")) for one in checked}
    unchecked = {
        one
        for one in routes
        if "/".join("*" if part.startswith("<") else part for part in one.split("/")) not in shapes
    }
    assert unchecked == set(UNPUBLISHED)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.reason[:40])
def test_a_listed_fault_is_really_in_the_document(fault: Fault) -> None:
    document = Document(fault.document, read(DOCUMENTS[fault.document]), faults=())
    if fault.operation:
        method, path, status = fault.operation
        assert status not in document.statuses(method, path)
    if fault.schema:
        name, lacking, _ = fault.schema
        assert lacking not in document.published(name).get("properties", {})
    if fault.holds:
        name, wrong, holds = fault.holds
        assert document.published(name)["properties"][wrong] != holds
    if fault.body:
        method, path, status, schema = fault.body
        published = document.operation(method, path)["responses"].get(str(status), {})
        assert published.get("content", {}).get("application/json", {}).get("schema") != schema
    if fault.demands:
        name, wrongly = fault.demands
        said = " ".join(complaints(document.component(name), {}))
        assert all(one in said for one in wrongly)


@pytest.mark.parametrize(
    "spoil",
    [
        {"id": 5},
        {"status": "flying"},
        {"version": {"number": "one"}},
        {"invented": True},
        {"createdAt": 5},
    ],
    ids=str,
)
def test_the_check_notices_an_answer_that_differs(
    spoil: dict[str, Any], running: Running, documents: dict[str, Document]
) -> None:
    body = _send(running, Call(V2, "/pages/{id}", "/pages/100101")).json()
    validator = documents[V2].validator("GET", "/pages/{id}", 200)
    assert validator is not None
    assert list(complaints(validator, body)) == []
    assert list(complaints(validator, body | spoil)) != []


#: The document says of an issue's fields only that they are an object; these are its own schemas for what is in them.
FIELDS = {
    "status": "StatusDetails",
    "reporter": "UserDetails",
    "assignee": "UserDetails",
    "attachment": "Attachment",
    "comment": "PageOfComments",
    "issuelinks": "IssueLink",
    "subtasks": "LinkedIssue",
    "parent": "LinkedIssue",
    "priority": "Priority",
    "resolution": "Resolution",
    "project": "ProjectDetails",
    "components": "ProjectComponent",
    "fixVersions": "Version",
    "issuetype": "IssueTypeDetails",
    "security": "SecurityLevel",
    "customfield_10041": "CustomFieldOption",
    "customfield_10045": "UserDetails",
}


@pytest.mark.parametrize(("name", "schema"), FIELDS.items(), ids=FIELDS)
def test_a_field_of_every_issue_has_its_published_shape(
    name: str, schema: str, running: Running, documents: dict[str, Document]
) -> None:
    validator, seen = documents[JIRA].component(schema), 0
    for key in running.site.issues:
        answer = _send(running, Call(JIRA, "", f"/rest/api/3/issue/{key}", account="tomas"))
        value = answer.json()["fields"].get(name)
        for one in value if isinstance(value, list) else [value] if value is not None else []:
            assert list(complaints(validator, one)) == [], key
            seen += 1
    assert seen


def test_rich_text_is_what_the_published_schema_of_documents_allows(running: Running, adf: Draft4Validator) -> None:
    for key, issue in running.site.issues.items():
        bodies = [issue.fields["description"], *(one.body for one in issue.comments)]
        # Unknown nodes and broken ones are on purpose in these two.
        if key not in ("HARB-19", "HARB-21"):
            assert [said for one in bodies if one for said in complaints(adf, one)] == [], key


@pytest.mark.parametrize("page_id", ["100101", "100104", "100112", "100116"])
def test_a_page_converted_to_a_document_is_what_the_schema_allows(
    page_id: str, running: Running, adf: Draft4Validator
) -> None:
    assert list(complaints(adf, from_storage(running.site.pages[page_id].latest.body))) == []
