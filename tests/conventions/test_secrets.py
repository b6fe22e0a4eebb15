"""Secrets leave no trace: canaries go through real flows of a portal of its own, then every place is searched.

The portal runs in a child process, so that the log is what an operator would get: standard error, at the most talkative
level. Planted are sign-in passwords, a link's password, API tokens, Atlassian tokens, a one-time link and a session.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from app.core.crypto.keyring import KeyRing
from app.core.db import transaction
from tests import settings
from tests.conventions import canaries
from tests.database import Databases
from tests.factories import connections

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Traces:
    """What the portal left behind, by place, and the secrets that went through it."""

    log: str
    tables: str
    answers: dict[str, str]
    metrics: str
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory, _key_ring: KeyRing, databases: Databases) -> Traces:
    """Run the flows once and collect."""
    folder = tmp_path_factory.mktemp("canaries")
    url = databases.fresh()
    environ = settings.environ(folder, _key_ring, database_url=url, log_level="debug")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    finished = subprocess.run(
        [sys.executable, "-m", canaries.__name__],
        cwd=ROOT,
        env=kept | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3_000:]
    databases.drop(url)
    return Traces(log=finished.stderr, **json.loads(finished.stdout))


def _found(traces: Traces, text: str) -> list[str]:
    return [name for name, secret in traces.secrets.items() if secret in text]


def test_the_flows_went_through(traces: Traces) -> None:
    # An empty log would hold no secret either.
    assert traces.log.count('"event": "request"') >= len(traces.answers)
    assert "accounts:session:refused" in traces.tables
    assert "share_links:link:opened" in traces.tables
    assert "share_links:gate:failed" in traces.tables
    assert "portico_requests_total" in traces.metrics
    assert all(len(secret) >= 10 for secret in traces.secrets.values())
    assert len(traces.secrets) >= 9


def test_no_secret_is_in_the_log(traces: Traces) -> None:
    assert _found(traces, traces.log) == []


def test_no_secret_is_in_any_table(traces: Traces) -> None:
    assert _found(traces, traces.tables) == []


def test_no_secret_is_in_the_metrics(traces: Traces) -> None:
    assert _found(traces, traces.metrics) == []


def test_a_secret_is_shown_in_the_one_answer_that_is_for_it_and_nowhere_else(traces: Traces) -> None:
    shown = {step: found for step, text in traces.answers.items() if (found := _found(traces, text))}
    # A gate's own forms name the address they were reached by.
    for step in canaries.STEPS_UNDER_THE_LINK:
        shown[step] = [name for name in shown.get(step, []) if name != "link token"]
    # The form of a one-time link is sent to its own address.
    shown["one-time link"] = [name for name in shown.get("one-time link", []) if name != "one-time link"]
    # A link's owner is told its address.
    assert {step: found for step, found in shown.items() if found} == {
        "API token": ["API token"],
        "API": ["link token"],
    }


def test_the_log_shows_the_end_of_a_share_address(traces: Traces) -> None:
    paths = {json.loads(line).get("path") for line in traces.log.splitlines() if line.startswith("{")}
    assert f"/s/…{traces.secrets['link token'][-4:]}/" in paths


def test_the_search_would_find_a_canary(traces: Traces) -> None:
    assert _found(traces, f"…{traces.secrets['own Atlassian token']}…") == ["own Atlassian token"]


@pytest.mark.usefixtures("engine")
def test_a_statement_that_fails_does_not_tell_its_values() -> None:
    with pytest.raises(StatementError) as refused:
        _store_a_naive_instant()
    assert canaries.TYPED_TOKEN not in str(refused.value)
    with pytest.raises(IntegrityError) as doubled:
        _make_twice()
    assert "reader@example.com" not in str(doubled.value)


def _store_a_naive_instant() -> None:
    with transaction() as session:
        connection = connections.make_connection(session)
        connection.reading_token = canaries.TYPED_TOKEN
        # It is refused while the values are made ready, before the token is encrypted.
        connection.reading_expires_at = datetime(2027, 1, 1)  # noqa: DTZ001
        session.flush()


def _make_twice() -> None:
    with transaction() as session:
        for _ in range(2):
            connections.make_connection(session, name="Twice")
