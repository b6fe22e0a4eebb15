"""Everything at once, and SIGKILL at random: whatever was acknowledged holds, and everything is done once.

`STORM_OPERATIONS` does more than CI has time for, `STORM_KILLS` says how many kills come meanwhile, `STORM_SEED` does the same
choices again. What it saw is printed, which pytest shows with `-s`, or where the test fails.
"""

import os
import secrets
import subprocess
import sys
import time
from functools import partial
from random import Random

import pytest

from app.core import db
from app.core.audit import sealer
from app.core.jobs.models import JobState
from tests.factories.people import make_guest
from tests.reliability import invariants
from tests.reliability.clients import Program
from tests.reliability.conftest import ROOT, Installation, administrator_token, jobs_in, waited_until
from tests.reliability.storm import PATIENCE, Actor, Storm

ACTORS = 4
OPERATIONS = int(os.environ.get("STORM_OPERATIONS", "80"))
KILLS = int(os.environ.get("STORM_KILLS", "3"))
SEED = int(os.environ.get("STORM_SEED") or secrets.randbelow(10**6))


@pytest.fixture
def serving() -> str:
    """A killed worker's work is taken over after two seconds here, or most of the time would be waiting for leases."""
    return "tests.reliability.impatient_serve"


def test_what_was_acknowledged_holds_whatever_is_killed(installation: Installation) -> None:
    print(f"seed {SEED}, {OPERATIONS} operations, {KILLS} kills")
    began = time.monotonic()
    administrator, emails = _prepare(installation)
    storm = Storm(installation, administrator, OPERATIONS)
    actors = [Actor(storm, number, SEED, email) for number, email in enumerate(emails)]
    for actor in actors:
        actor.thread.start()
    _kill_now_and_then(storm, actors)
    for actor in actors:
        actor.thread.join(2 * PATIENCE)
    print(f"{storm.begun} operations in {time.monotonic() - began:.0f} s: {dict(sorted(storm.counts.items()))}")
    assert not storm.violations
    assert waited_until(_all_done)
    links = [link for actor in actors for link in actor.links]
    with db.reading() as session:
        assert list(invariants.broken(session, links, storm.runs, installation.folder / "mail")) == []
    for command in (["audit", "verify"], ["doctor"]):
        said = subprocess.run(
            [sys.executable, "-m", "app.cli", *command],
            env=installation.environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stdout + said.stderr
    print(f"{len(links)} links, {sum(one.opened for one in links)} openings; everything holds")


def _prepare(installation: Installation) -> tuple[str, list[str]]:
    """Let links be made that only the views guard, and return the administrator's token and who signs in."""
    token = administrator_token()
    with db.transaction() as session:
        emails = [make_guest(session, f"Guest {number}").email for number in range(ACTORS)]
    ruled = Program(installation.base_url, token).call("PATCH", "/link-rules", {"rules": {"require_gate": False}})
    assert ruled.status == 200, ruled.data
    return token, emails


def _kill_now_and_then(storm: Storm, actors: list[Actor]) -> None:
    """Kill the portal, the worker or all of it, `KILLS` times over the length of the storm, at random instants."""
    random = Random(SEED)
    for number in range(1, KILLS + 1):
        due = number * OPERATIONS // (KILLS + 1)
        assert waited_until(partial(_begun, storm, actors, due), 10 * PATIENCE)
        time.sleep(random.uniform(0, 0.5))
        what = random.choice(["portal", "portal", "worker", "everything"])
        if what == "everything":
            storm.installation.kill_everything()
            storm.installation.start_again()
        else:
            assert waited_until(partial(_runs, storm.installation, what))
            storm.installation.kill(what)
        storm.count(f"killed {what}")


def _begun(storm: Storm, actors: list[Actor], operations: int) -> bool:
    return storm.begun >= operations or not any(actor.thread.is_alive() for actor in actors)


def _runs(installation: Installation, name: str) -> bool:
    return name in installation.children()


def _all_done() -> bool:
    with db.reading() as session:
        sealed = sealer.unsealed_count(session) == 0
    return sealed and not any(jobs_in(state) for state in (JobState.QUEUED, JobState.LEASED))
