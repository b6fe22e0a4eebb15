"""Fetching from identity providers: bounded in size and time, nowhere inside, and no credential to anybody else."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from app.integrations.http.errors import Busy, HostRefused, Unreachable
from app.integrations.http.slots import Slots
from app.integrations.identity.fetching import (
    MAX_DISCOVERY,
    MAX_KEY_SET,
    MAX_SAML_METADATA,
    MAX_TOKEN_ANSWER,
    MAX_USERINFO,
    Fetcher,
)
from tests.integrations.atlassian.site import Reply, rude, site
from tests.processes import PATIENCE_SECONDS

Ask = Callable[[Fetcher, str], Any]

DOCUMENTS: list[tuple[Ask, int]] = [
    (lambda one, url: one.discovery(url), MAX_DISCOVERY),
    (lambda one, url: one.key_set(url), MAX_KEY_SET),
    (lambda one, url: one.saml_metadata(url), MAX_SAML_METADATA),
]
CREDENTIALED: list[tuple[Ask, int]] = [
    (lambda one, url: one.token(url, {"Authorization": "Basic canary"}, b"code=canary").body, MAX_TOKEN_ANSWER),
    (lambda one, url: one.userinfo(url, "canary").body, MAX_USERINFO),
]
ALL = DOCUMENTS + CREDENTIALED
NAMES = ["discovery", "key_set", "saml_metadata", "token", "userinfo"]


@contextmanager
def fetcher(**changes: Any) -> Iterator[Fetcher]:
    settings: dict[str, Any] = {
        "allow_loopback": True,
        "connect_timeout": PATIENCE_SECONDS,
        "read_timeout": PATIENCE_SECONDS,
        "total_timeout": PATIENCE_SECONDS,
        "slots": Slots(),
        **changes,
    }
    one = Fetcher(**settings)
    try:
        yield one
    finally:
        one.close()


def test_documents_are_fetched_as_they_are() -> None:
    with site({"/d": lambda _: Reply(200, b"\xef\xbb\xbf{}")}) as peer, fetcher() as one:
        for ask, _ in DOCUMENTS:
            assert ask(one, f"{peer.url}/d?p=policy") == b"\xef\xbb\xbf{}"
    assert {request.method for request in peer.requests} == {"GET"}
    assert all(request.query == {"p": ["policy"]} for request in peer.requests)
    assert not any("Authorization" in request.headers for request in peer.requests)
    assert "samlmetadata" in peer.requests[2].headers["Accept"]


def test_a_code_is_posted_with_the_headers_it_needs() -> None:
    with site({"/t": lambda _: Reply(200, {"a": 1})}) as peer, fetcher() as one:
        found = one.token(f"{peer.url}/t", {"Authorization": "Basic x", "Accept": "application/json"}, b"code=c")
    assert (found.status, found.body, found.content_type) == (200, b'{"a": 1}', "application/json")
    (request,) = peer.requests
    assert (request.method, request.body, request.headers["Authorization"]) == ("POST", b"code=c", "Basic x")


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_endpoints_refusal_is_handed_on_to_be_read(status: int) -> None:
    with site({"/t": lambda _: Reply(status, {"error": "invalid_grant"})}) as peer, fetcher() as one:
        assert one.token(f"{peer.url}/t", {}, b"").status == status


def test_userinfo_is_asked_for_with_the_token_in_the_header() -> None:
    with site({"/u": lambda _: Reply(200, {"sub": "ada"})}) as peer, fetcher() as one:
        assert one.userinfo(f"{peer.url}/u", "at-1").body == b'{"sub": "ada"}'
    assert peer.requests[0].headers["Authorization"] == "Bearer at-1"


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "é", "a\0b"])
def test_an_access_token_cannot_write_headers_of_its_own(token: str) -> None:
    with site() as peer, fetcher() as one, pytest.raises(Unreachable, match="cannot be sent"):
        one.userinfo(f"{peer.url}/u", token)
    assert peer.requests == []


@pytest.mark.parametrize(("ask", "limit"), ALL, ids=NAMES)
def test_each_kind_of_answer_has_a_size_beyond_which_it_is_refused(ask: Ask, limit: int) -> None:
    with (
        site({"/fits": lambda _: Reply(200, b"x" * limit), "/more": lambda _: Reply(200, b"x" * (limit + 1))}) as peer,
        fetcher() as one,
    ):
        assert len(ask(one, f"{peer.url}/fits")) == limit
        with pytest.raises(Unreachable, match=f"more than {limit:,} bytes"):
            ask(one, f"{peer.url}/more")


@pytest.mark.parametrize("status", [201, 204, 206, 404, 500, 503])
def test_a_document_with_another_status_than_200_is_no_document(status: int) -> None:
    with site({"/d": lambda _: Reply(status, b"")}) as peer, fetcher() as one:
        for ask, _ in DOCUMENTS:
            with pytest.raises(Unreachable) as caught:
                ask(one, f"{peer.url}/d")
            assert caught.value.status == status


@pytest.mark.parametrize("status", [204, 302, 500])
def test_a_token_endpoint_that_neither_grants_nor_refuses_is_unreachable(status: int) -> None:
    reply = Reply(status, b"", {"Location": "/elsewhere"})
    with site({"/t": lambda _: reply}) as peer, fetcher() as one, pytest.raises(Unreachable):
        one.token(f"{peer.url}/t", {}, b"code=c")
    assert [request.path for request in peer.requests] == ["/t"]


def test_a_coding_that_could_unpack_to_more_is_refused() -> None:
    reply = Reply(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
    with site({"/d": lambda _: reply}) as peer, fetcher() as one, pytest.raises(Unreachable, match="coding"):
        one.discovery(f"{peer.url}/d")
    assert peer.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_document_may_have_moved_within_its_own_host(status: int) -> None:
    routes = {"/old": lambda _: Reply(status, b"", {"Location": "/new?a=b"}), "/new": lambda _: Reply(200, b"{}")}
    with site(routes) as peer, fetcher() as one:
        assert one.key_set(f"{peer.url}/old") == b"{}"
    assert [(request.path, request.query) for request in peer.requests] == [("/old", {}), ("/new", {"a": ["b"]})]


def test_a_redirect_to_another_host_or_port_is_not_followed() -> None:
    with site({"/d": lambda _: Reply(200, b"{}")}) as other, fetcher() as one:
        places = [
            f"{other.url}/d",
            f"//127.0.0.1:{other.port}/d",
            "http://169.254.169.254/latest/meta-data",
            "http://10.0.0.1/",
            "https://evil.example/d",
            "file:///etc/passwd",
            "http://[::1",
            "",
            "/" + "x" * 3000,
        ]
        for place in places:
            reply = Reply(302, b"", {"Location": place} if place else {})
            with site({"/d": lambda _, reply=reply: reply}) as peer:  # type: ignore[misc]
                with pytest.raises(Unreachable):
                    one.discovery(f"{peer.url}/d")
                assert len(peer.requests) == 1
    assert other.requests == []


def test_redirects_in_a_circle_come_to_an_end() -> None:
    circle = Reply(302, b"", {"Location": "/d"})
    with (
        site({"/d": lambda _: circle}) as peer,
        fetcher() as one,
        pytest.raises(Unreachable, match="more than 3 redirects"),
    ):
        one.saml_metadata(f"{peer.url}/d")
    assert len(peer.requests) == 4


@pytest.mark.parametrize(("ask", "_limit"), CREDENTIALED, ids=NAMES[3:])
def test_a_credential_is_never_redirected(ask: Ask, _limit: int) -> None:
    elsewhere = Reply(307, b"", {"Location": "/y"})
    with site({"/x": lambda _: elsewhere}) as peer, fetcher() as one, pytest.raises(Unreachable, match="redirect"):
        ask(one, f"{peer.url}/x")
    assert len(peer.requests) == 1


@pytest.mark.parametrize(("ask", "_limit"), ALL, ids=NAMES)
@pytest.mark.parametrize(
    "url",
    [
        "http://id.acme.example/",
        "http://127.0.0.1:9/",
        "https://127.0.0.1:9/",
        "https://[::1]:9/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]/",
        "https://ada@id.acme.example/",
        "https://id.acme.example/\r\nX: y",
        "https://id.acme.example/ x",
        "https://id.acme.example\\@10.0.0.1/",
        "https://id.acme.example/" + "x" * 2000,
        "ftp://id.acme.example/",
        "",
    ],
)
def test_an_address_that_is_not_of_the_internet_is_refused_before_any_connection(
    ask: Ask, _limit: int, url: str
) -> None:
    def never(_host: str) -> Sequence[str]:
        raise AssertionError

    with fetcher(allow_loopback=False, resolver=never) as one:
        with pytest.raises(HostRefused):
            ask(one, url)
        with pytest.raises(HostRefused):
            one.check(url)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["104.192.136.1", "10.0.0.1"], []]
)
@pytest.mark.parametrize(("ask", "_limit"), ALL, ids=NAMES)
def test_a_name_that_points_inside_is_refused_when_connecting(ask: Ask, _limit: int, addresses: list[str]) -> None:
    with (
        fetcher(allow_loopback=False, resolver=lambda _: addresses) as one,
        pytest.raises(HostRefused, match=r"id\.acme\.example"),
    ):
        ask(one, "https://id.acme.example/x")


def test_development_reaches_this_machine_and_nothing_else_inside() -> None:
    with (
        fetcher(resolver=lambda _: ["10.0.0.1"]) as one,
        pytest.raises(HostRefused),
    ):
        one.discovery("https://id.acme.example/x")


def _silent(_peer: socket.socket, over: threading.Event) -> None:
    over.wait()


def _dripping(peer: socket.socket, over: threading.Event) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
    while not over.wait(0.05):
        peer.sendall(b" ")


def _slow_circle(peer: socket.socket, over: threading.Event) -> None:
    if not over.wait(0.4):
        peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("behave", [_silent, _dripping, _slow_circle])
def test_a_provider_that_keeps_us_waiting_is_left_in_time(
    behave: Callable[[socket.socket, threading.Event], None],
) -> None:
    with rude(behave) as peer, fetcher(total_timeout=1.0) as one:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            one.discovery(f"{peer.url}/x")
        assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_code_is_posted_once_even_where_the_connection_breaks() -> None:
    with rude(lambda _peer, _over: None) as peer, fetcher() as one:
        with pytest.raises(Unreachable):
            one.token(f"{peer.url}/t", {}, b"code=c")
        assert peer.connections == 1
        with pytest.raises(Unreachable):
            one.discovery(f"{peer.url}/d")
        assert peer.connections == 3


def test_a_slow_provider_holds_only_so_many_threads() -> None:
    slots = Slots(limit=1)
    with rude(_silent) as peer, fetcher(slots=slots, total_timeout=1.0) as one:
        give_back = slots.take(f"127.0.0.1:{peer.port}")
        with pytest.raises(Busy):
            one.discovery(f"{peer.url}/x")
        give_back()
        with pytest.raises(Unreachable):
            one.discovery(f"{peer.url}/x")
        assert slots.taken(f"127.0.0.1:{peer.port}") == 0


def test_errors_and_logs_name_the_host_and_hold_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with site({"/x": lambda _: Reply(500, b"canary")}) as peer, fetcher() as one:
        for ask, _ in CREDENTIALED:
            with pytest.raises(Unreachable) as caught:
                ask(one, f"{peer.url}/x?key=canary")
            assert "canary" not in caught.value.message
            assert "127.0.0.1" in caught.value.message
    assert "canary" not in caplog.text
