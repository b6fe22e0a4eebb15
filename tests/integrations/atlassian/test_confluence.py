"""Confluence Cloud against a site that answers as documented, and as it should not."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.integrations.atlassian.errors import NotAuthorised, NotFound, Unreachable
from app.integrations.atlassian.interfaces import ConfluenceReader
from tests.integrations.atlassian.confluence import V1, V2, confluence, restricted
from tests.integrations.atlassian.site import Reply, Request, site


def _page(**changes: Any) -> dict[str, Any]:
    return {
        "id": "123",
        "title": "Plan",
        "status": "current",
        "spaceId": "7",
        "authorId": "a-1",
        "createdAt": "2026-11-01T10:00:00.000Z",
        "version": {"number": 4, "createdAt": "2026-11-02T10:00:00.000Z"},
        "body": {"storage": {"representation": "storage", "value": "<p>Hello</p>"}},
        "labels": {"results": [{"name": "b"}, {"name": "a"}], "meta": {"hasMore": False}},
        "_links": {"webui": "/spaces/OPS/pages/123/Plan", "base": "https://acme.atlassian.net/wiki"},
        **changes,
    }


def _attachment(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"att{number}",
        "title": f"{number}.png",
        "mediaType": "image/png",
        "fileId": f"file-{number}",
        "fileSize": 10,
        "pageId": "123",
        "createdAt": "2026-11-01T10:00:00Z",
        "version": {"number": 2},
        **changes,
    }


def test_the_adapter_is_what_the_rest_asks_for() -> None:
    with confluence() as (_, one):
        reader: ConfluenceReader = one
        assert reader.rate_limit is None
        reader.close()


def test_a_page_is_read_with_its_body_and_labels() -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V2}/pages/123", Reply(200, _page()))
        page = one.page("123")
        assert peer.requests[0].query == {"include-labels": ["true"], "body-format": ["storage"]}
    assert (page.id, page.title, page.status, page.version, page.space_id, page.space_key) == (
        "123", "Plan", "current", 4, "7", "OPS",
    )  # fmt: skip
    assert (page.labels, page.storage, page.author_id) == (("a", "b"), "<p>Hello</p>", "a-1")
    assert page.updated_at == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert page.web_url == "https://acme.atlassian.net/wiki/spaces/OPS/pages/123/Plan"
    assert "Hello" not in repr(page)


def test_a_page_can_be_read_without_its_body() -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V2}/pages/123", Reply(200, _page(body={})))
        assert one.page("123", with_body=False).storage is None
        assert "body-format" not in peer.requests[0].query


@pytest.mark.parametrize("without", [{}, {"storage": {"representation": "storage", "value": ""}}])
def test_a_page_without_storage_format_is_asked_for_as_adf(without: dict[str, Any]) -> None:
    written = json.dumps({"type": "doc", "version": 1, "content": []})
    with confluence() as (peer, one):
        other = _page(body={"atlas_doc_format": {"value": written}}, version={"number": 5})
        peer.answer(f"{V2}/pages/123", Reply(200, _page(body=without)), Reply(200, other))
        page = one.page("123")
        assert [asked.query["body-format"] for asked in peer.requests] == [["storage"], ["atlas_doc_format"]]
    # It was edited meanwhile: what is said of it belongs to the body that came.
    assert (page.storage, page.adf, page.version) == (None, {"type": "doc", "version": 1, "content": []}, 5)
    assert "doc" not in repr(page)


def test_labels_beyond_the_first_are_asked_for() -> None:
    with confluence() as (peer, one):
        peer.answer(
            f"{V2}/pages/123", Reply(200, _page(labels={"results": [{"name": "a"}], "meta": {"hasMore": True}}))
        )
        peer.answer(f"{V2}/pages/123/labels", Reply(200, {"results": [{"name": "a"}, {"name": "no-share"}]}))
        assert one.page("123").labels == ("a", "no-share")


@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        {},
        _page(id="124"),
        _page(title=None),
        _page(status=3),
        _page(version={}),
        _page(version={"number": "4"}),
        _page(version={"number": True}),
        _page(body={}),
        _page(body={"storage": {"value": None}}),
        _page(body=[]),
        _page(labels={"results": {}}),
        _page(labels={"results": [{"name": 1}]}),
        _page(_links=[]),
        _page(spaceId=None),
    ],
)
def test_a_page_of_the_wrong_shape_is_unreachable_and_not_a_page(answer: Any) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V2}/pages/123", Reply(200, answer))
        with pytest.raises(Unreachable):
            one.page("123")


@pytest.mark.parametrize("page_id", ["", "abc", "0", "-1", "1/../2", "..", "1?x", "1%2f", "１２", "1" * 20, "12\n"])
def test_what_is_no_page_id_is_not_asked_for(page_id: str) -> None:
    with confluence() as (peer, one):
        for ask in (one.page, one.attachments, one.ancestors, one.view_restrictions, one.restriction_path, one.space):
            with pytest.raises(NotFound):
                ask(page_id)
        with pytest.raises(NotFound):
            one.download(page_id, "att1")
        with pytest.raises(NotFound):
            one.download("123", page_id + "x")
        assert peer.requests == []


def _pages_of_attachments(request: Request) -> Reply:
    if "cursor" not in request.query:
        # Behind the gateway links still begin at the site's root.
        next_link = f"{V2}/pages/123/attachments?limit=250&cursor=two"
        return Reply(
            200, {"results": [_attachment(1)], "_links": {"next": next_link, "base": "https://acme.atlassian.net/wiki"}}
        )
    if request.query["cursor"] == ["two"]:
        header = {"Link": f'<{V2}/pages/123/attachments?cursor=three>; rel="next"'}
        return Reply(200, {"results": [_attachment(2), _attachment(9, pageId="124")]}, header)
    return Reply(200, {"results": [_attachment(3, fileId=None, mediaType="")], "_links": {}})


@pytest.mark.parametrize("prefix", ["", "/ex/confluence/11-22"])
def test_attachments_are_read_to_the_last_page_on_the_site_and_behind_the_gateway(prefix: str) -> None:
    with confluence(prefix) as (peer, one):
        peer.routes[f"{prefix}{V2}/pages/123/attachments"] = _pages_of_attachments
        found = one.attachments("123")
        assert peer.requests[0].query == {"status": ["current"], "limit": ["250"]}
    assert [attachment.id for attachment in found] == ["att1", "att2", "att3"]
    first, last = found[0], found[-1]
    assert (first.filename, first.media_type, first.size, first.version) == ("1.png", "image/png", 10, 2)
    assert (first.file_id, first.container_id) == ("file-1", "123")
    assert (last.file_id, last.media_type) == (None, "application/octet-stream")


@pytest.mark.parametrize("start", ["https://evil.example", "//evil.example", "", "https://acme.atlassian.net"])
def test_a_paging_link_cannot_send_us_to_another_host(start: str) -> None:
    with site() as evil, confluence() as (peer, one):
        host = evil.url if start == "https://evil.example" else start

        def pages(request: Request) -> Reply:
            link = f"{host}{V2}/pages/123/attachments?cursor=2"
            return Reply(200, {"results": [], "_links": {} if request.query.get("cursor") else {"next": link}})

        peer.routes[f"{V2}/pages/123/attachments"] = pages
        assert one.attachments("123") == []
        assert len(peer.requests) == 2
        assert evil.requests == []


@pytest.mark.parametrize(
    "link",
    [
        "/steal?cursor=1",
        "/wiki/api/v2/../../steal?cursor=1",
        "/wiki/api/v2/%2e%2e/x?cursor=1",
        "/wiki/api/v2/pages",
        "https://[::1/wiki/api/v2/x?y",
        "@evil.example/",
    ],
)
def test_a_paging_link_to_elsewhere_is_nonsense(link: str) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V2}/pages/123/attachments", Reply(200, {"results": [], "_links": {"next": link}}))
        with pytest.raises(Unreachable):
            one.attachments("123")
        assert len(peer.requests) == 1


def _told(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "type": "page",
        "status": "current",
        "title": f"Page {number}",
        "space": {"key": "OPS"},
        "version": {"number": 4, "when": "2026-11-02T10:00:00.000Z"},
        "metadata": {"labels": {"results": [{"name": "b"}, {"name": "a"}], "_links": {}}},
        "restrictions": {"read": restricted()},
        "_links": {"webui": f"/spaces/OPS/pages/{number}/P"},
        **changes,
    }


def test_a_search_is_followed_by_its_cursor_whatever_its_link_says() -> None:
    def answer(request: Request) -> Reply:
        first = "cursor" not in request.query
        links = {"next": "https://evil.example/rest/api/content/search?cql=all&cursor=a%2Bb%3D"} if first else {}
        return Reply(200, {"results": [_told(1 if first else 2)], "size": 1, "_links": links})

    with confluence() as (peer, one):
        peer.routes[f"{V1}/content/search"] = answer
        found = one.summaries_below("123", limit=10)
        assert [request.query["cql"] for request in peer.requests] == [["type=page and ancestor=123"]] * 2
        assert peer.requests[1].query["cursor"] == ["a+b="]
        assert one.summaries_below("123", limit=1) == found[:1]
    assert [(page.id, page.labels, page.restricted, page.version) for page in found] == [
        ("1", ("a", "b"), False, 4),
        ("2", ("a", "b"), False, 4),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"restrictions": {}},
        {"restrictions": {"read": {"restrictions": {"user": {"results": []}}}}},
        {"restrictions": {"read": {"restrictions": {"user": {"results": []}, "group": {}}}}},
        {"metadata": {}},
        {"metadata": {"labels": {"results": [], "_links": {"next": "/more"}}}},
        {"type": "whiteboard"},
    ],
)
def test_a_page_of_which_a_search_does_not_tell_all_is_not_among_what_it_tells(changes: dict[str, Any]) -> None:
    with confluence() as (peer, one):
        results = [_told(1, **changes), _told(2)]
        peer.answer(f"{V1}/content/search", Reply(200, {"results": results, "size": 2, "_links": {}}))
        assert [page.id for page in one.summaries_below("123")] == ["2"]


@pytest.mark.parametrize("told", [_told(1, restrictions={"read": "all"}), _told(1, version={})])
def test_what_a_search_says_wrong_is_nonsense(told: dict[str, Any]) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V1}/content/search", Reply(200, {"results": [told], "size": 1, "_links": {}}))
        with pytest.raises(Unreachable):
            one.summaries_below("123")


def test_a_restriction_that_a_search_tells_restricts() -> None:
    told = [
        _told(1, restrictions={"read": restricted(["u1"])}),
        _told(2, restrictions={"read": restricted([], ["g1"])}),
    ]
    with confluence() as (peer, one):
        peer.answer(f"{V1}/content/search", Reply(200, {"results": told, "size": 2, "_links": {}}))
        assert [page.restricted for page in one.summaries_below("123")] == [True, True]


def test_a_search_whose_link_has_no_cursor_is_nonsense() -> None:
    with confluence() as (peer, one):
        links = {"next": "/rest/api/content/search?start=1"}
        peer.answer(f"{V1}/content/search", Reply(200, {"results": [_told(1)], "size": 1, "_links": links}))
        with pytest.raises(Unreachable):
            one.summaries_below("123")


def test_a_short_code_is_resolved_without_asking() -> None:
    with confluence() as (peer, one):
        assert one.resolve_short("LIQHD") == "201819180"
        with pytest.raises(NotFound):
            one.resolve_short("!")
        assert peer.requests == []


def test_an_account_is_the_credentials_own() -> None:
    with confluence() as (peer, one):
        peer.answer(
            f"{V1}/user/current", Reply(200, {"type": "known", "accountId": "a-1", "displayName": "Ada", "email": ""})
        )
        account = one.myself()
    assert (account.account_id, account.display_name, account.email, account.active) == ("a-1", "Ada", None, True)


@pytest.mark.parametrize("answer", [{"type": "anonymous", "accountId": "x"}, {"type": "known"}, {"accountId": ""}])
def test_an_anonymous_account_is_no_account(answer: dict[str, str]) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V1}/user/current", Reply(200, answer))
        with pytest.raises(NotAuthorised):
            one.myself()


def test_a_download_names_its_version() -> None:
    with site() as elsewhere, confluence() as (peer, one):
        elsewhere.answer("/file", Reply(200, b"bytes", {"Content-Type": "image/png"}))
        path = f"{V1}/content/123/child/attachment/att1/download"
        peer.answer(path, Reply(302, b"", {"Location": f"{elsewhere.url}/file"}))
        with one.download("123", "att1", version=2) as found:
            assert b"".join(found.chunks) == b"bytes"
        assert peer.requests[0].query == {"version": ["2"]}


def test_behind_the_gateway_the_address_for_people_is_the_sites() -> None:
    with confluence("/ex/confluence/1") as (peer, one):
        path = f"/ex/confluence/1{V2}/pages/123"
        peer.answer(path, Reply(200, _page()), Reply(200, _page(_links={"base": "javascript:x", "webui": "x"})))
        assert one.page("123").web_url == "https://acme.atlassian.net/wiki/spaces/OPS/pages/123/Plan"
        assert one.page("123").web_url.endswith("/wiki/pages/viewpage.action?pageId=123")


def _comment(number: int, **changes: Any) -> dict[str, Any]:
    document = json.dumps({"type": "doc", "version": 1, "content": []})
    return {
        "id": str(number),
        "version": {"number": 1, "createdAt": "2026-11-01T10:00:00Z", "authorId": "a-1"},
        "body": {"atlas_doc_format": {"representation": "atlas_doc_format", "value": document}},
        **changes,
    }


@pytest.mark.parametrize(
    "odd",
    [
        _comment(1, body={}),
        _comment(1, body={"atlas_doc_format": {"value": "no JSON"}}),
        _comment(1, body={"atlas_doc_format": {"value": "[]"}}),
        _comment(1, id="../../users"),
        _comment(1, version={}),
    ],
    ids=str,
)
def test_a_comment_of_another_shape_is_no_comment(odd: dict[str, Any]) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V2}/pages/123/footer-comments", Reply(200, {"results": [odd], "_links": {}}))
        peer.answer(f"{V2}/footer-comments/1/children", Reply(200, {"results": [], "_links": {}}))
        with pytest.raises(Unreachable):
            one.footer_comments("123")


def test_a_comment_that_answers_itself_is_refused() -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V2}/pages/123/footer-comments", Reply(200, {"results": [_comment(1)], "_links": {}}))
        peer.answer(f"{V2}/footer-comments/1/children", Reply(200, {"results": [_comment(1)], "_links": {}}))
        with pytest.raises(Unreachable):
            one.footer_comments("123")


def test_an_unknown_resolution_is_none() -> None:
    with confluence() as (peer, one):
        odd = _comment(1, resolutionStatus="asleep", properties={"inlineOriginalSelection": "here"})
        peer.answer(f"{V2}/pages/123/inline-comments", Reply(200, {"results": [odd], "_links": {}}))
        peer.answer(f"{V2}/inline-comments/1/children", Reply(200, {"results": [], "_links": {}}))
        found = one.inline_comments("123")[0]
        assert (found.resolution, found.anchor, found.inline) == (None, "here", True)
