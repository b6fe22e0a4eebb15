"""Failures on order: what a client meets for each mode, how often, and who meets them."""

import time

import pytest
import urllib3

from simulator.confluence import PREFIX
from tests.simulator.conftest import Client

PAGE = f"{PREFIX}/pages/100101"


def _order(client: Client, mode: str, **more: object) -> None:
    client.control("POST", "failures", {"mode": mode, "count": 1, "path": PAGE} | more)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500, 502, 503])
def test_a_status_comes_once_and_then_the_truth(client: Client, status: int) -> None:
    _order(client, "status", status=status)
    assert [client.ask(PAGE).status for _ in range(2)] == [status, 200]


def test_a_rate_limit_carries_the_documented_headers(client: Client) -> None:
    _order(client, "rate_limit", retry_after=7, reason="confluence-quota-tenant-based")
    answer = client.ask(PAGE)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["RateLimit-Reason"] == "confluence-quota-tenant-based"
    assert answer.headers["X-RateLimit-Reset"].endswith("Z")


def test_a_gateways_rate_limit_may_come_without_retry_after(client: Client) -> None:
    _order(client, "rate_limit", retry_after=None)
    answer = client.ask(PAGE)
    assert (answer.status, "Retry-After" in answer.headers) == (429, False)


def test_ordinary_answers_say_how_much_is_left(client: Client) -> None:
    assert "X-RateLimit-NearLimit" not in client.ask(PAGE).headers
    client.control("PATCH", "settings", {"near_limit": True})
    answer = client.ask(PAGE)
    assert (answer.headers["X-RateLimit-NearLimit"], answer.headers["X-RateLimit-Remaining"]) == ("true", "10")


def test_a_connection_is_reset(client: Client) -> None:
    _order(client, "reset")
    with pytest.raises(urllib3.exceptions.ProtocolError, match="reset"):
        client.ask(PAGE)


def test_an_answer_breaks_off_in_the_middle(client: Client) -> None:
    _order(client, "truncate", keep=0.3)
    with pytest.raises(urllib3.exceptions.ProtocolError, match="IncompleteRead"):
        client.ask(PAGE)


def test_a_slow_answer_comes_after_its_time(client: Client) -> None:
    _order(client, "delay", seconds=0.3)
    began = time.monotonic()
    assert client.ask(PAGE).status == 200
    assert time.monotonic() - began >= 0.3


def test_an_answer_may_come_byte_by_byte(client: Client) -> None:
    _order(client, "drip", seconds=0.001)
    began = time.monotonic()
    assert client.get(PAGE)["id"] == "100101"
    assert time.monotonic() - began >= 0.5


def test_an_endless_answer_does_not_end(client: Client) -> None:
    _order(client, "endless")
    answer = client.ask(PAGE, preload_content=False)
    assert sum(len(answer.read(65536)) for _ in range(40)) > 2_000_000
    answer.close()


@pytest.mark.parametrize(
    ("mode", "content_type", "begins"),
    [
        ("html", "text/html;charset=UTF-8", b"<!DOCTYPE html>"),
        ("empty", "application/json", b""),
        ("garbage", "application/json", b'{"results": [}'),
    ],
)
def test_an_answer_may_be_nonsense_with_a_good_status(
    client: Client, mode: str, content_type: str, begins: bytes
) -> None:
    _order(client, mode)
    answer = client.ask(PAGE)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.data.startswith(begins)


def test_a_redirect_may_lead_anywhere(client: Client) -> None:
    _order(client, "redirect", location="http://169.254.169.254/latest/meta-data/")
    answer = client.ask(PAGE)
    assert (answer.status, answer.headers["Location"]) == (302, "http://169.254.169.254/latest/meta-data/")


def test_headers_of_a_true_answer_may_be_changed(client: Client) -> None:
    _order(client, "headers", headers={"X-AAccountId": "somebody-else"})
    assert client.ask(PAGE).headers["X-AAccountId"] == "somebody-else"


def test_a_failure_can_be_for_one_account_one_method_and_later(client: Client) -> None:
    _order(client, "status", account="ines@acme.example", skip=1, method="GET")
    assert client.ask(PAGE, "reader").status == 200
    assert [client.ask(PAGE, "ines").status for _ in range(3)] == [200, 503, 200]


def test_a_failure_without_a_count_stays_until_it_is_taken_back(client: Client) -> None:
    client.control("POST", "failures", {"mode": "status", "path": "/rest/api/3/.*"})
    assert [client.ask("/rest/api/3/myself").status for _ in range(3)] == [503, 503, 503]
    assert client.ask(PAGE).status == 200
    client.control("DELETE", "failures")
    assert client.ask("/rest/api/3/myself").status == 200


def test_the_media_host_fails_apart_from_the_site(client: Client) -> None:
    client.control("POST", "failures", {"mode": "truncate", "server": "media", "count": 1})
    location = client.ask("/wiki/rest/api/content/100101/child/attachment/att10010100/download").headers["Location"]
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.ask(str(location), None)
    assert client.ask(str(location), None).status == 200
