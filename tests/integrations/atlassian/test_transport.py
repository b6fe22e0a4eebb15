"""The transport against polite and rude sites: every answer and every lack of one is bounded and named."""

import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from app.integrations.atlassian.auth import ApiToken
from app.integrations.atlassian.errors import (
    AtlassianError,
    Busy,
    ConnectionBroken,
    Forbidden,
    Gone,
    HostRefused,
    NotAuthorised,
    NotFound,
    RateLimited,
    Refused,
    Unreachable,
)
from app.integrations.atlassian.hosts import HostPolicy
from app.integrations.atlassian.transport import Transport
from app.integrations.http.slots import Slots
from tests.integrations.atlassian.site import TOKEN, Reply, Request, rude, site, transport
from tests.processes import PATIENCE_SECONDS

Behaviour = Callable[[socket.socket, threading.Event], None]
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _silent(_peer: socket.socket, over: threading.Event) -> None:
    over.wait()


def _dripping_head(peer: socket.socket, over: threading.Event) -> None:
    for byte in JSON_HEAD * 10_000:
        peer.sendall(bytes([byte]))
        if over.wait(0.05):
            return


def _dripping_body(peer: socket.socket, over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"Content-Length: 10000000\r\n\r\n")
    while not over.wait(0.05):
        peer.sendall(b" ")


def _dripping_chunks(peer: socket.socket, over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not over.wait(0.05):
        peer.sendall(b"1\r\n \r\n")


def _endless_continues(peer: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.01):
        peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize(
    ("behave", "bound"),
    [
        (_silent, "read_timeout"),
        (_silent, "total_timeout"),
        (_dripping_head, "total_timeout"),
        (_dripping_body, "total_timeout"),
        (_dripping_chunks, "total_timeout"),
        (_endless_continues, "total_timeout"),
    ],
)
def test_a_peer_that_keeps_us_waiting_is_left_in_time(behave: Behaviour, bound: str) -> None:
    bounds = {"read_timeout": 10 * PATIENCE_SECONDS, "total_timeout": 10 * PATIENCE_SECONDS} | {bound: 0.5}
    with rude(behave) as peer, transport(peer.url, **bounds) as one:
        began = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            one.get("/x")
        assert 0.4 <= time.monotonic() - began < PATIENCE_SECONDS
    assert "in time" in caught.value.message
    assert caught.value.is_down
    assert peer.connections == 1


def _endless_body(peer: socket.socket, over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"\r\n[")
    while not over.is_set():
        peer.sendall(b"0," * 32_000)


def _endless_head(peer: socket.socket, over: threading.Event) -> None:
    peer.sendall(JSON_HEAD)
    while not over.is_set():
        peer.sendall(b"X-More: and more\r\n" * 1000)


def _one_long_line(peer: socket.socket, over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"X-Long: ")
    while not over.is_set():
        peer.sendall(b"x" * 32_000)


def _not_http(peer: socket.socket, _over: threading.Event) -> None:
    peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def _wrong_lengths(peer: socket.socket, _over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}")


def _short_body(peer: socket.socket, _over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"Content-Length: 100\r\n\r\n{}")


def _bad_chunks(peer: socket.socket, _over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")


def _bad_gzip(peer: socket.socket, _over: threading.Event) -> None:
    peer.sendall(JSON_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    "behave",
    [_endless_body, _endless_head, _one_long_line, _not_http, _wrong_lengths, _short_body, _bad_chunks, _bad_gzip],
)
def test_an_answer_that_is_no_answer_is_unreachable(behave: Behaviour) -> None:
    with rude(behave) as peer, transport(peer.url, max_json_bytes=1_000_000) as one, pytest.raises(Unreachable):
        one.get("/x")


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with (
        site({"/x": lambda _: Reply(200, bomb, headers)}) as peer,
        transport(peer.url, max_json_bytes=1_000_000) as one,
        pytest.raises(Unreachable, match="larger"),
    ):
        one.get("/x")


def test_a_packed_body_is_unpacked() -> None:
    headers = {"Content-Type": "application/json;charset=UTF-8", "Content-Encoding": "gzip"}
    with site({"/x": lambda _: Reply(200, gzip.compress(b'{"a": 1}'), headers)}) as peer, transport(peer.url) as one:
        assert one.get("/x") == {"a": 1}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Log in</html>", "text/html"),
        (b'{"a": 1}', "text/html"),
        (b'{"a": 1}', ""),
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"\xff\xfe{", "application/json"),
        (b"[NaN]", "application/json"),
        (b"[" * 200_000, "application/json"),
        (b"[" + b"9" * 10_000 + b"]", "application/json"),
    ],
)
def test_what_is_not_json_is_unreachable(body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    with (
        site({"/x": lambda _: Reply(200, body, headers)}) as peer,
        transport(peer.url) as one,
        pytest.raises(Unreachable),
    ):
        one.get("/x")


def _resetting(peer: socket.socket, _over: threading.Event) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def test_a_broken_connection_is_tried_once_more_where_asking_twice_does_no_harm() -> None:
    with rude(_resetting) as peer, transport(peer.url) as one:
        with pytest.raises(ConnectionBroken):
            one.get("/x")
        assert peer.connections == 2
        with pytest.raises(ConnectionBroken):
            one.post("/x", {})
        assert peer.connections == 3


def test_a_connection_that_went_stale_while_idle_is_replaced() -> None:
    def once(peer: socket.socket, _over: threading.Event) -> None:
        peer.sendall(JSON_HEAD + b"Content-Length: 2\r\n\r\n{}")

    with rude(once) as peer, transport(peer.url) as one:
        assert one.get("/x") == {}
        assert one.get("/x") == {}
        assert peer.connections == 2


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with transport(f"http://127.0.0.1:{port}") as one, pytest.raises(Unreachable):
        one.get("/x")


@pytest.mark.parametrize(
    ("status", "kind", "is_down"),
    [
        (301, Unreachable, True),
        (302, Unreachable, True),
        (400, Refused, False),
        (401, NotAuthorised, True),
        (403, Forbidden, False),
        (404, NotFound, False),
        (408, Unreachable, True),
        (409, Refused, False),
        (410, Gone, False),
        (422, Refused, False),
        (429, RateLimited, True),
        (500, Unreachable, True),
        (501, Unreachable, True),
        (502, Unreachable, True),
        (503, Unreachable, True),
        (504, Unreachable, True),
    ],
)
def test_each_status_is_one_error(status: int, kind: type[AtlassianError], is_down: bool) -> None:
    body = {"message": f"{TOKEN} at https://media.example/f?token=SECRET"}
    headers = {"Location": "https://acme.atlassian.net/login"}
    with site({"/x": lambda _: Reply(status, body, headers)}) as peer, transport(peer.url) as one:
        with pytest.raises(kind) as caught:
            one.get("/x")
        assert type(caught.value) is kind
        assert len(peer.requests) == 1
    assert (caught.value.status, caught.value.is_down) == (status, is_down)
    assert TOKEN not in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert "https://media.example/…" in str(caught.value)


def test_a_refusal_hands_on_atlassians_sentences() -> None:
    with (
        site({"/x": lambda _: Reply(400, {"errorMessages": ["No."], "errors": {"a": "b"}})}) as peer,
        transport(peer.url) as one,
        pytest.raises(Refused) as caught,
    ):
        one.get("/x")
    assert caught.value.messages == ("No.", "a: b")


def test_an_error_keeps_its_status_when_its_body_cannot_be_read() -> None:
    def behave(peer: socket.socket, over: threading.Event) -> None:
        peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n{")
        over.wait()

    with rude(behave) as peer, transport(peer.url, read_timeout=0.2) as one, pytest.raises(Forbidden):
        one.get("/x")


def test_an_operation_bounds_all_its_calls_together() -> None:
    def slow(_request: Request) -> Reply:
        time.sleep(0.3)
        return Reply(200, {})

    with site({"/x": slow}) as peer, transport(peer.url) as one:
        began = time.monotonic()
        with one.operation(0.7), pytest.raises(Unreachable):
            list(map(one.get, ["/x"] * 10))
        assert time.monotonic() - began >= 0.6
        assert 1 <= len(peer.requests) <= 3


def test_an_inner_operation_cannot_outlast_the_outer_one() -> None:
    with site() as peer, transport(peer.url, total_timeout=2.0) as one:
        with one.operation(0.5), one.operation(60.0):
            assert one.time_left() <= 0.5
        with one.operation(60.0), one.operation(0.5):
            assert one.time_left() <= 0.5
        assert one.time_left() == 2.0


def test_the_fifth_thread_is_told_at_once_while_four_wait() -> None:
    gate, slots = threading.Event(), Slots()

    def waiting(_request: Request) -> Reply:
        gate.wait(10 * PATIENCE_SECONDS)
        return Reply(200, {})

    bounds = {"read_timeout": 10 * PATIENCE_SECONDS, "total_timeout": 10 * PATIENCE_SECONDS}
    with site({"/x": waiting}) as peer, transport(peer.url, slots=slots, **bounds) as one:
        threads = [threading.Thread(target=one.get, args=("/x",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + PATIENCE_SECONDS
        while len(peer.requests) < 4 and time.monotonic() < end:
            time.sleep(0.01)
        began = time.monotonic()
        with pytest.raises(Busy):
            one.get("/x")
        gate.set()
        assert time.monotonic() - began < PATIENCE_SECONDS
        for thread in threads:
            thread.join()
        assert one.get("/x") == {}
    assert slots.taken(f"127.0.0.1:{peer.port}") == 0


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_place_is_given_back_whatever_the_answer(status: int) -> None:
    slots = Slots(limit=1)
    with site({"/x": lambda _: Reply(status, {})}) as peer, transport(peer.url, slots=slots) as one:
        for _ in range(3):
            with suppress(AtlassianError):
                one.get("/x")
    assert slots.taken(f"127.0.0.1:{peer.port}") == 0


def test_requests_carry_credentials_and_say_who_asks() -> None:
    with (
        site({"/ex/jira/1-2/x": lambda _: Reply(200, {})}) as peer,
        transport(f"{peer.url}/ex/jira/1-2/", request_id=lambda: "r-1") as one,
    ):
        one.get("/x", {"a": "b&c", "d": ["1", "2"]})
        request = peer.requests[0]
        assert one.base_url == f"{peer.url}/ex/jira/1-2"
    assert request.headers["Authorization"].startswith("Basic ")
    assert request.headers["User-Agent"] == "Portico"
    assert request.headers["X-Request-Id"] == "r-1"
    assert request.query == {"a": ["b&c"], "d": ["1", "2"]}


def test_a_redirect_is_never_followed_with_credentials() -> None:
    with site() as other, site() as peer, transport(peer.url) as one:
        for status in (301, 302, 303, 307, 308):
            peer.answer("/x", Reply(status, {}, {"Location": f"{other.url}/steal"}))
            with pytest.raises(Unreachable):
                one.get("/x")
        assert other.requests == []


def test_an_answer_for_another_account_is_not_believed() -> None:
    with site({"/x": lambda _: Reply(200, {}, {"X-AAccountId": "them"})}) as peer:
        with transport(peer.url, expected_account="me") as one, pytest.raises(NotAuthorised):
            one.get("/x")
        with transport(peer.url, expected_account="them") as one:
            assert one.get("/x") == {}


@pytest.mark.parametrize(
    ("base_url", "kept"),
    [
        ("https://acme.atlassian.net/", "https://acme.atlassian.net"),
        ("https://ACME.atlassian.net:443", "https://acme.atlassian.net"),
        ("https://api.atlassian.com/ex/confluence/11-22/", "https://api.atlassian.com/ex/confluence/11-22"),
    ],
)
def test_a_base_address_is_kept_in_one_form(base_url: str, kept: str) -> None:
    assert Transport(base_url, ApiToken("a@b.example", "t"), policy=HostPolicy()).base_url == kept


@pytest.mark.parametrize(
    "base_url",
    [
        "https://evil.example",
        "http://acme.atlassian.net",
        "https://acme.atlassian.net/?x=1",
        "https://acme.atlassian.net/#x",
        "https://acme.atlassian.net/../x",
        "https://acme.atlassian.net/a%2e",
        "https://acme.atlassian.net//evil.example",
    ],
)
def test_a_base_address_outside_the_policy_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(HostRefused):
        Transport(base_url, ApiToken("a@b.example", "t"), policy=HostPolicy())


def test_logs_and_errors_hold_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with site({"/gone": lambda _: Reply(500, b"", {})}) as peer, transport(peer.url) as one:
        caught: list[Any] = []
        for path in ("/gone", "/missing"):
            try:
                one.get(path, {"cursor": "SECRET"})
            except AtlassianError as error:
                caught.append(error)
    with rude(_resetting) as peer2, transport(peer2.url) as one:
        try:
            one.get("/reset", {"cursor": "SECRET"})
        except AtlassianError as error:
            caught.append(error)
    assert len(caught) == 3
    told = caplog.text + "".join(f"{error!r}{error.__cause__!r}{error.__context__!r}" for error in caught) + repr(one)
    assert "/gone answered 500" in told
    assert "SECRET" not in told
    assert TOKEN not in told
    assert ApiToken("reader@acme.example", TOKEN).headers()["Authorization"] not in told
