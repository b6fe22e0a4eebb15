"""curl against the running portal: what a client that shares no code with it sees."""

import json
import re
import subprocess

from tests.journeys.portal import Portal
from tests.processes import PATIENCE_SECONDS


def _curl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", str(PATIENCE_SECONDS), *words],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        check=False,
    )


def _status(*words: str) -> str:
    return _curl("--output", "/dev/null", "--write-out", "%{http_code}", *words).stdout


def test_a_running_portal_says_that_it_is_alive_and_ready(portal: Portal) -> None:
    assert _status(f"{portal.base_url}/healthz") == "200"
    assert _status(f"{portal.base_url}/readyz") == "200"


def test_a_host_that_the_settings_do_not_name_is_turned_away(portal: Portal) -> None:
    assert _status("--header", "Host: attacker.example", f"{portal.base_url}/sign-in") == "400"


def test_every_answer_carries_a_policy_without_unsafe_words(portal: Portal) -> None:
    headers = _curl("--head", f"{portal.base_url}/sign-in").stdout.lower()
    assert "content-security-policy: default-src 'none'" in headers
    assert "unsafe-" not in headers


def test_an_api_call_without_a_token_gets_a_problem_document(portal: Portal) -> None:
    answer = _curl("--include", "--header", "Accept: application/json", f"{portal.base_url}/api/v1/shares").stdout
    head, _, body = answer.partition("\n\n") if "\r\n" not in answer else answer.partition("\r\n\r\n")
    assert " 401" in head.splitlines()[0]
    assert "application/problem+json" in head
    assert json.loads(body)["status"] == 401


def test_metrics_are_summed_over_all_workers(portal: Portal) -> None:
    counted = re.compile(
        r'^portico_requests_total\{endpoint="account.sign_in",method="GET",status="200"\} (\d+)', re.MULTILINE
    )

    def answered() -> int:
        found = counted.search(_curl(f"{portal.base_url}/metrics").stdout)
        return int(found.group(1)) if found else 0

    before = answered()
    for _ in range(20):
        assert _status(f"{portal.base_url}/sign-in") == "200"
    # Each connection is answered by one of two processes; what is asked of either counts both.
    assert {answered() - before for _ in range(10)} == {20}
