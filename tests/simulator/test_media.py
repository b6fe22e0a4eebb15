"""Files: the redirect, the other origin, ranges, expiry, and what must never be sent there."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from simulator import media as simulated_media
from simulator.confluence import PREFIX
from tests.simulator.conftest import Client

FILE = "/wiki/rest/api/content/100101/child/attachment/att10010100/download"
LARGE = "/wiki/rest/api/content/100111/child/attachment/att10011111/download"


def _location(client: Client, path: str = FILE) -> str:
    return str(client.ask(path).headers["Location"])


@pytest.mark.parametrize(("path", "status"), [(FILE, 302), ("/rest/api/3/attachment/content/30040", 303)])
def test_a_download_is_a_redirect_to_another_origin(client: Client, path: str, status: int) -> None:
    answer = client.ask(path)
    site, media = urlsplit(client.running.base_url), urlsplit(str(answer.headers["Location"]))
    assert answer.status == status
    assert (media.hostname, media.port) != (site.hostname, site.port)
    assert media.hostname != site.hostname


def test_the_media_address_holds_the_identifier_that_documents_use(client: Client) -> None:
    fields = client.get("/rest/api/3/issue/HARB-2?fields=description")["fields"]
    media = next(one for one in _walk(fields["description"]) if one.get("type") == "media")
    assert f"/file/{media['attrs']['id']}/binary" in _location(client, "/rest/api/3/attachment/content/30040")


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("content", []):
        yield from _walk(child)


def test_the_media_host_gives_the_whole_file_and_says_how_large_it_is(client: Client) -> None:
    answer = client.ask(_location(client), None)
    listed = client.get(f"{PREFIX}/attachments/att10010100")["fileSize"]
    assert (answer.status, len(answer.data), int(answer.headers["Content-Length"])) == (200, listed, listed)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=65530-65545", 206, 65530, 65546),
        ("bytes=37748730-", 206, 37748730, 37748736),
        ("bytes=-4", 206, 37748732, 37748736),
        ("bytes=37748735-99999999", 206, 37748735, 37748736),
        ("bytes=37748736-", 416, 0, 0),
        ("bytes=9-5", 416, 0, 0),
    ],
)
def test_a_range_of_the_large_file_is_exactly_those_bytes(
    client: Client, wanted: str, status: int, start: int, end: int
) -> None:
    answer = client.ask(_location(client, LARGE), None, headers={"Range": wanted})
    assert answer.status == status
    total = "37748736"
    expected = f"bytes {start}-{end - 1}/{total}" if status == 206 else f"bytes */{total}"
    assert answer.headers["Content-Range"] == expected
    whole = client.running.site.attachments["att10011111"].latest.content
    assert answer.data == b"".join(whole.read(start, end))


def test_the_large_file_is_larger_than_the_portal_keeps(client: Client) -> None:
    assert client.get(f"{PREFIX}/attachments/att10011111")["fileSize"] > 25 * 1024 * 1024


def test_a_signed_address_stops_working(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    location = _location(client)
    assert client.ask(location, None).status == 200
    later = time.time() + client.running.site.settings.media_seconds + 1
    monkeypatch.setattr(simulated_media, "time", SimpleNamespace(time=lambda: later))
    assert client.ask(location, None).status == 401


def test_an_address_that_was_changed_does_not_work(client: Client) -> None:
    location = _location(client)
    other = client.get(f"{PREFIX}/attachments/att10010101")["fileId"]
    file_id = urlsplit(location).path.split("/")[2]
    assert client.ask(location.replace(file_id, other), None).status == 404
    assert client.ask(location.replace("token=", "token=x"), None).status == 401


@pytest.mark.parametrize("header", ["Authorization", "Cookie"])
def test_credentials_sent_to_the_media_host_fail_and_are_remembered(client: Client, header: str) -> None:
    assert client.ask(_location(client), None, headers={header: "Basic abc"}).status == 400
    (found,) = client.control("GET", "violations")
    assert (found["server"], found["violation"]) == ("media", "credentials sent to the media host")


def test_the_path_that_download_links_name_is_closed_to_tokens(client: Client) -> None:
    link = client.get(f"{PREFIX}/attachments/att10010100")["downloadLink"]
    answer = client.ask(f"/wiki{link}")
    assert (answer.status, answer.headers["WWW-Authenticate"][:5]) == (401, "OAuth")


def test_a_file_of_a_hidden_page_is_absent(client: Client) -> None:
    client.control("PUT", "attachments/100107/secret.txt", {"text": "x", "media_type": "text/plain"})
    file = client.control("GET", "pages/100107")["attachments"]["secret.txt"]["id"]
    for account, status in (("tomas", 302), ("reader", 404)):
        path = f"/wiki/rest/api/content/100107/child/attachment/{file}/download"
        assert client.ask(path, account).status == status
    # Nor is it reached by way of a page that may be seen.
    assert client.ask(f"/wiki/rest/api/content/100101/child/attachment/{file}/download").status == 404


def test_an_older_version_of_a_file_stays_what_it_was(client: Client) -> None:
    client.control("PUT", "attachments/100101/site-plan.png", {"text": "second"})
    latest = client.ask(_location(client), None)
    first = client.ask(_location(client, f"{FILE}?version=1"), None)
    assert (latest.data, first.data[:4]) == (b"second", b"\x89PNG")


def test_jira_serves_a_file_itself_where_no_redirect_is_wanted(client: Client) -> None:
    path = "/rest/api/3/attachment/content/30041?redirect=false"
    assert client.ask(path).data.startswith(b"%PDF")
    assert client.ask(path, headers={"Range": "bytes=1-3"}).data == b"PDF"


def test_a_name_with_line_breaks_does_not_become_a_header(client: Client) -> None:
    answer = client.ask(_location(client, "/wiki/rest/api/content/100112/child/attachment/att10011203/download"), None)
    assert isinstance(answer, urllib3.BaseHTTPResponse)
    assert (answer.status, "Set-Cookie" in answer.headers) == (200, False)
