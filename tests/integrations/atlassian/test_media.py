"""Files: through the redirect without our credentials, in ranges, and bounded whatever the media host does."""

import gc
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from app.integrations.atlassian import media
from app.integrations.atlassian.errors import (
    AtlassianError,
    Busy,
    Forbidden,
    HostRefused,
    NotAuthorised,
    NotFound,
    RateLimited,
    Unreachable,
)
from app.integrations.atlassian.hosts import HostPolicy
from app.integrations.atlassian.transport import Transport
from app.integrations.http import connections
from app.integrations.http.slots import Slots
from tests.integrations.atlassian.site import TOKEN, Reply, Request, Site, rude, site, transport
from tests.processes import PATIENCE_SECONDS

FILE = bytes(range(256)) * 1000
PNG = {"Content-Type": "image/png"}


@contextmanager
def _sites(reply: Reply | None = None, **changes: object) -> Iterator[tuple[Site, Site, Transport]]:
    """Give a site whose /f redirects to a media host's /file, with a transport for it."""
    with site() as peer, site() as elsewhere:
        peer.answer("/f", Reply(302, b"", {"Location": f"{elsewhere.url}/file?token=SECRET"}))
        elsewhere.answer("/file", reply or Reply(200, FILE, PNG))
        with transport(peer.url, **changes) as one:
            yield peer, elsewhere, one


def test_a_file_comes_through_the_redirect_and_the_media_host_sees_no_credentials() -> None:
    with _sites() as (peer, elsewhere, one), one.stream("/f", {"version": 3}) as found:
        assert (found.status, found.content_type, found.content_length) == (200, "image/png", len(FILE))
        assert b"".join(found.chunks) == FILE
        assert "Authorization" in peer.requests[0].headers
        assert peer.requests[0].query == {"version": ["3"]}
        seen = elsewhere.requests[0]
    assert seen.query == {"token": ["SECRET"]}
    assert {name.lower() for name in seen.headers} == {"host", "accept", "accept-encoding", "user-agent"}
    assert TOKEN not in str(seen)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_followed(status: int) -> None:
    with _sites() as (peer, elsewhere, one):
        peer.answer("/f", Reply(status, b"", {"Location": f"{elsewhere.url}/file"}))
        with one.stream("/f") as found:
            assert b"".join(found.chunks) == FILE


@pytest.mark.parametrize("asked", ["bytes=0-99", "bytes=100-", "bytes=-5"])
def test_a_range_is_asked_of_the_signed_address_only(asked: str) -> None:
    part = Reply(206, FILE[:100], {**PNG, "Content-Range": f"bytes 0-99/{len(FILE)}"})
    with _sites(part) as (peer, elsewhere, one), one.stream("/f", range_header=asked) as found:
        assert (found.status, found.content_range, found.content_length) == (206, f"bytes 0-99/{len(FILE)}", 100)
        assert b"".join(found.chunks) == FILE[:100]
    assert "Range" not in peer.requests[0].headers
    assert elsewhere.requests[0].headers["Range"] == asked


@pytest.mark.parametrize("asked", ["", "bytes=", "bytes=0-1,5-6", "pages=1-2", "bytes=0-9\r\nX: y", "bytes=a-b"])
def test_a_range_of_another_shape_is_ignored(asked: str) -> None:
    with _sites() as (_, elsewhere, one), one.stream("/f", range_header=asked) as found:
        assert found.status == 200
    assert "Range" not in elsewhere.requests[0].headers


def test_a_range_beyond_the_end_is_told_without_the_hosts_page() -> None:
    reply = Reply(416, b"<html>no</html>", {"Content-Type": "text/html", "Content-Range": "bytes */256000"})
    with _sites(reply) as (_, _elsewhere, one), one.stream("/f", range_header="bytes=999999-") as found:
        assert (found.status, found.content_range, found.content_length) == (416, "bytes */256000", 0)
        assert list(found.chunks) == []


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/file",
        "http://acme.atlassian.net/file",
        "https://10.0.0.1/file",
        "https://reader@acme.atlassian.net/file",
        "file:///etc/passwd",
        "//evil.example/file",
        "https://[::1/file",
        "https://acme.atlassian.net:22/",
        "javascript:alert(1)",
        "",
        "/login",
        "?login",
        "https://acme.atlassian.net/" + "x" * 20_000,
    ],
)
def test_a_redirect_that_may_not_be_followed_is_not(location: str) -> None:
    slots = Slots()
    with _sites(slots=slots) as (peer, elsewhere, one):
        peer.answer("/f", Reply(302, b"", {"Location": location}))
        with pytest.raises(Unreachable):
            one.stream("/f")
        assert len(peer.requests) == 1
        assert elsewhere.requests == []
        assert slots.taken(f"127.0.0.1:{peer.port}") == 0


def test_a_media_name_that_points_inside_is_refused() -> None:
    def resolver(host: str) -> list[str]:
        return ["10.0.0.1"] if host == "media.atlassian.net" else ["127.0.0.1"]

    with site() as peer, transport(peer.url, resolver=resolver) as one:
        peer.answer("/f", Reply(302, b"", {"Location": "https://media.atlassian.net/file?token=SECRET"}))
        with pytest.raises(HostRefused) as caught:
            one.stream("/f")
    assert "SECRET" not in str(caught.value)


def test_a_redirect_to_this_machine_is_refused_outside_development() -> None:
    with site() as elsewhere, site() as peer, transport(peer.url) as one:
        peer.answer("/f", Reply(302, b"", {"Location": f"{elsewhere.url}/file"}))
        one.policy = HostPolicy()
        with pytest.raises(HostRefused):
            one.stream("/f")
        assert elsewhere.requests == []


def test_the_media_host_may_redirect_on_and_not_for_ever() -> None:
    with _sites() as (_, elsewhere, one):
        elsewhere.answer("/file", Reply(302, b"", {"Location": "/second"}))
        elsewhere.answer("/second", Reply(200, FILE, PNG))
        with one.stream("/f") as found:
            assert b"".join(found.chunks) == FILE
        elsewhere.answer("/second", Reply(302, b"", {"Location": "/second"}))
        with pytest.raises(Unreachable, match="redirects"):
            one.stream("/f")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, NotAuthorised), (403, Forbidden), (404, NotFound), (429, RateLimited), (500, Unreachable)],
)
def test_a_refusal_of_the_site_is_about_the_object(status: int, kind: type[AtlassianError]) -> None:
    with _sites() as (peer, _, one):
        peer.answer("/f", Reply(status, {"message": "No."}))
        with pytest.raises(kind, match="No") as caught:
            one.stream("/f")
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500])
def test_a_refusal_of_the_media_host_is_never_about_the_object(status: int) -> None:
    with _sites(Reply(status, {"message": "SECRET"})) as (_, _elsewhere, one), pytest.raises(AtlassianError) as caught:
        one.stream("/f")
    assert caught.value.is_down
    assert isinstance(caught.value, Unreachable | RateLimited)
    assert "SECRET" not in str(caught.value)


def test_a_page_shown_by_the_site_itself_is_not_taken_for_the_file() -> None:
    with _sites() as (peer, _, one):
        peer.answer("/f", Reply(200, b"<form>Log in</form>", {"Content-Type": "text/html"}))
        with pytest.raises(Unreachable):
            one.stream("/f")


@pytest.mark.parametrize(
    ("headers", "kind", "length"),
    [
        ({"Content-Type": "text/HTML; charset=x"}, "text/html", len(FILE)),
        ({"Content-Type": "nonsense"}, "application/octet-stream", len(FILE)),
        ({}, "application/octet-stream", len(FILE)),
    ],
)
def test_only_well_formed_headers_are_handed_on(headers: dict[str, str], kind: str, length: int) -> None:
    with _sites(Reply(200, FILE, headers)) as (_, _elsewhere, one), one.stream("/f") as found:
        assert (found.content_type, found.content_length, found.content_range) == (kind, length, None)


def test_a_coded_file_is_refused() -> None:
    reply = Reply(200, FILE, {**PNG, "Content-Encoding": "gzip"})
    with _sites(reply) as (_, _elsewhere, one), pytest.raises(Unreachable, match="coding"):
        one.stream("/f")


def test_a_download_holds_a_place_until_it_is_closed_read_or_forgotten() -> None:
    slots = Slots(limit=1)
    with _sites(slots=slots) as (peer, elsewhere, one):
        key = f"127.0.0.1:{elsewhere.port}"
        found = one.stream("/f")
        assert (slots.taken(key), slots.taken(f"127.0.0.1:{peer.port}")) == (1, 0)
        with pytest.raises(Busy):
            one.stream("/f")
        found.close()
        found.close()
        assert slots.taken(key) == 0
        assert list(found.chunks) == []
        assert b"".join(one.stream("/f").chunks) == FILE
        assert slots.taken(key) == 0
        forgotten = one.stream("/f")
        assert slots.taken(key) == 1
        del forgotten
        gc.collect()
        assert slots.taken(key) == 0


@contextmanager
def _rude_media(body: bytes, seconds: float) -> Iterator[Transport]:
    """Give a transport whose /f leads to a media host that sends `body` again and again, resting between."""

    def behave(peer: socket.socket, over: threading.Event) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not over.wait(seconds):
            peer.sendall(f"{len(body):x}\r\n".encode() + body + b"\r\n")

    with rude(behave) as elsewhere, site() as peer:
        peer.answer("/f", Reply(302, b"", {"Location": f"{elsewhere.url}/file?token=SECRET"}))
        with transport(peer.url) as one:
            yield one


def test_a_media_host_that_drips_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "CHUNK_SECONDS", 0.5)
    with _rude_media(b"x", 0.02) as one, one.stream("/f") as found:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            list(found.chunks)
        assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_file_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "MAX_FILE_BYTES", 1_000_000)
    with _rude_media(b"x" * 60_000, 0.0) as one, one.stream("/f") as found:
        received: list[bytes] = []
        with pytest.raises(Unreachable, match="larger"):
            received.extend(found.chunks)
        assert 0 < sum(map(len, received)) <= 1_000_000


def test_a_slow_reader_is_not_held_against_the_media_host(monkeypatch: pytest.MonkeyPatch) -> None:
    rested = 0.0
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + rested))
    with _sites() as (_, _elsewhere, one), one.stream("/f") as found:
        received = b""
        for chunk in found.chunks:
            received += chunk
            rested += 10 * max(media.CHUNK_SECONDS, PATIENCE_SECONDS)
    assert received == FILE


def test_a_file_that_breaks_off_is_an_error_and_not_a_short_file() -> None:
    def behave(peer: socket.socket, _over: threading.Event) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc")

    with rude(behave) as elsewhere, site() as peer, transport(peer.url) as one:
        peer.answer("/f", Reply(302, b"", {"Location": f"{elsewhere.url}/file?token=SECRET"}))
        with one.stream("/f") as found, pytest.raises(Unreachable) as caught:
            list(found.chunks)
    assert "SECRET" not in repr(caught.value)


def test_logs_hold_no_signed_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with _sites() as (_, elsewhere, one):
        with one.stream("/f") as found:
            assert "SECRET" not in repr(found)
        elsewhere.answer("/file", Reply(500, b""))
        with pytest.raises(Unreachable):
            one.stream("/f")
    assert "(file) failed" in caplog.text
    assert "SECRET" not in caplog.text
    assert TOKEN not in caplog.text


def test_a_redirect_can_be_seen_without_being_followed() -> None:
    with _sites() as (peer, elsewhere, one):
        assert one.redirects("/f")
        peer.answer("/f", Reply(200, b"", PNG))
        assert not one.redirects("/f")
        assert elsewhere.requests == []


def test_the_site_answers_slowly_within_the_time_of_the_operation() -> None:
    over = threading.Event()

    def slow(_request: Request) -> Reply:
        over.wait()
        return Reply(302, b"", {"Location": "https://acme.atlassian.net/x"})

    with site({"/f": slow}) as peer, transport(peer.url, total_timeout=0.3) as one:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            one.stream("/f")
        over.set()
        assert time.monotonic() - began < PATIENCE_SECONDS
