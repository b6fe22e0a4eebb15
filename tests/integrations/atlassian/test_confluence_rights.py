"""Who may view a page of Confluence Cloud: restrictions above it, permissions of an account, and what a connection may."""

from typing import Any

import pytest

from app.integrations.atlassian.errors import AtlassianError, Unreachable
from app.integrations.atlassian.types import Ability, Restriction
from tests.integrations.atlassian.confluence import V1, V2, confluence, restricted
from tests.integrations.atlassian.site import Reply, Request, Site


def test_ancestors_beyond_one_answer_are_continued_from_the_highest() -> None:
    upper = [{"id": "1", "type": "page"}, {"id": "2", "type": "page"}]
    lower = [{"id": str(n), "type": "folder" if n == 3 else "page"} for n in range(3, 253)]
    with confluence() as (peer, one):
        peer.answer(f"{V2}/pages/999/ancestors", Reply(200, {"results": lower, "_links": {}}))
        peer.answer(f"{V2}/folders/3/ancestors", Reply(200, {"results": upper, "_links": {}}))
        assert one.ancestors("999") == [str(n) for n in range(1, 253)]


def test_restrictions_of_both_kinds_are_read_to_the_end() -> None:
    def answer(request: Request) -> Reply:
        start = int(request.query["start"][0])
        users = [f"u{n}" for n in range(start, min(start + 2, 5))]
        return Reply(200, restricted(users, ["g1"] if start == 0 else [], limit=2))

    with confluence() as (peer, one):
        peer.routes[f"{V1}/content/123/restriction/byOperation/read"] = answer
        found = one.view_restrictions("123")
        assert peer.requests[0].query["expand"] == ["restrictions.user,restrictions.group"]
    assert found == Restriction("123", frozenset({"u0", "u1", "u2", "u3", "u4"}), frozenset({"g1"}))
    assert found.restricts


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"restrictions": {}},
        {"restrictions": {"user": {"results": []}}},
        {"restrictions": {"user": {"results": []}, "group": {}}},
        {"restrictions": {"user": {"results": [{}]}, "group": {"results": []}}},
    ],
)
def test_an_answer_without_restrictions_is_never_read_as_unrestricted(answer: Any) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V1}/content/123/restriction/byOperation/read", Reply(200, answer))
        with pytest.raises(Unreachable):
            one.view_restrictions("123")


def _family(peer: Site, *, above: Reply, kind: str = "page") -> None:
    ancestors = {"results": [{"id": "10", "type": kind}, {"id": "11", "type": "page"}], "_links": {}}
    peer.answer(f"{V2}/pages/123/ancestors", Reply(200, ancestors))
    peer.answer(f"{V1}/content/10/restriction/byOperation/read", above)
    peer.answer(f"{V1}/content/11/restriction/byOperation/read", Reply(200, restricted()))
    peer.answer(f"{V1}/content/123/restriction/byOperation/read", Reply(200, restricted(users=["u"])))


def test_the_restriction_path_holds_those_that_keep_somebody_out_from_the_top() -> None:
    with confluence() as (peer, one):
        _family(peer, above=Reply(200, restricted(groups=["g"])))
        found = one.restriction_path("123")
    assert found == (
        Restriction("10", frozenset(), frozenset({"g"})),
        Restriction("123", frozenset({"u"}), frozenset()),
    )


@pytest.mark.parametrize("status", [400, 403, 404, 410, 500])
def test_an_ancestor_that_does_not_answer_is_no_news_about_the_page(status: int) -> None:
    with confluence() as (peer, one):
        _family(peer, above=Reply(status, {}))
        with pytest.raises(AtlassianError) as caught:
            one.restriction_path("123")
    assert caught.value.is_down


@pytest.mark.parametrize(("status", "known"), [(400, True), (404, True), (403, True), (500, False), (401, False)])
def test_a_folder_above_may_be_unknown_to_the_old_interface(status: int, known: bool) -> None:
    with confluence() as (peer, one):
        _family(peer, above=Reply(status, {}), kind="folder")
        if known:
            assert [found.page_id for found in one.restriction_path("123")] == ["123"]
        else:
            with pytest.raises(AtlassianError) as caught:
                one.restriction_path("123")
            assert caught.value.is_down


@pytest.mark.parametrize("allowed", [True, False])
def test_who_may_view_is_asked_for_one_account(allowed: bool) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V1}/content/123/permission/check", Reply(200, {"hasPermission": allowed, "errors": []}))
        assert one.may_view("123", 'a"1') is allowed
        assert peer.requests[0].method == "POST"
        assert peer.requests[0].body == b'{"subject": {"type": "user", "identifier": "a\\"1"}, "operation": "read"}'


@pytest.mark.parametrize("answer", [{}, {"hasPermission": "true"}, {"hasPermission": 1}, [], None])
def test_an_unclear_permission_is_no_permission(answer: Any) -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V1}/content/123/permission/check", Reply(200, answer))
        with pytest.raises(Unreachable):
            one.may_view("123", "a-1")


def test_the_connection_test_ends_where_nobody_is_signed_in() -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V1}/user/current", Reply(401, {"message": "No."}))
        found = one.probe()
        assert [(line.name, line.allowed) for line in found] == [(Ability.SIGN_IN, False)]
        assert "did not accept" in found[0].detail


def test_the_connection_test_says_what_could_not_be_tried() -> None:
    with confluence() as (peer, one):
        peer.answer(f"{V1}/user/current", Reply(200, {"accountId": "a-1", "displayName": "Ada"}))
        peer.answer(f"{V2}/pages", Reply(200, {"results": [{"id": "123", "authorId": "a-1"}]}))
        peer.answer(f"{V1}/content/123/restriction/byOperation/read", Reply(200, restricted()))
        peer.answer(f"{V2}/pages/123/attachments", Reply(200, {"results": []}))
        found = {line.name: line for line in one.probe()}
    assert [name for name, line in found.items() if line.allowed] == [
        Ability.SIGN_IN,
        Ability.READ,
        Ability.READ_RESTRICTIONS,
    ]
    assert "no attachment" in found[Ability.DOWNLOAD].detail
    assert "no other author" in found[Ability.CHECK_OTHERS].detail
