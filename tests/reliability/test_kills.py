"""SIGKILL of the portal in the middle of writes, and of the worker in the middle of jobs."""

import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import urllib3
from sqlalchemy import Engine, select

from app.core import db
from app.core.audit import sealer
from app.core.audit.models import AuditEntry
from app.core.audit.verify import verify
from app.core.jobs.models import JobState
from app.core.mail import delivery
from app.core.text import Text
from app.features.share_links.models import ShareLink
from tests import processes
from tests.reliability.conftest import ROOT, Installation, jobs_in, waited_until

WRITERS = 4
KILLS = 3
MESSAGES = 40


def test_a_killed_portal_loses_no_acknowledged_link(installation: Installation) -> None:
    acknowledged: list[str] = []
    stop = threading.Event()
    writers = [threading.Thread(target=_create_links, args=(installation, acknowledged, stop)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(KILLS):
        before = len(acknowledged)
        assert waited_until(partial(_more_than, acknowledged, before + 5))
        installation.kill("portal")
    before = len(acknowledged)
    assert waited_until(partial(_more_than, acknowledged, before))
    stop.set()
    for writer in writers:
        writer.join()
    with db.reading() as session:
        stored = set(session.scalars(select(ShareLink.public_id)))
        recorded = list(
            session.scalars(select(AuditEntry.subject_id).where(AuditEntry.event == "share_links:link:created"))
        )
    assert set(acknowledged) <= stored
    assert len(recorded) == len(stored)
    assert set(recorded) == stored
    assert waited_until(_all_sealed)
    with db.reading() as session:
        assert verify(session).whole


def _more_than(acknowledged: list[str], count: int) -> bool:
    return len(acknowledged) > count


def _create_links(installation: Installation, acknowledged: list[str], stop: threading.Event) -> None:
    pool = urllib3.PoolManager(retries=False, timeout=10)
    while not stop.is_set():
        try:
            answer = pool.request(
                "POST",
                f"{installation.base_url}/api/v1/shares",
                headers={"Authorization": f"Bearer {installation.token}"},
                json={"url": installation.page_url(), "groups": [installation.group_id]},
            )
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
            continue
        if answer.status == 201:
            acknowledged.append(answer.json()["id"])
        else:
            assert answer.status in (429, 503), answer.data[:300]
            time.sleep(0.05)


def _all_sealed() -> bool:
    with db.reading() as session:
        return sealer.unsealed_count(session) == 0


def test_a_killed_worker_leaves_every_job_to_the_next(environ: dict[str, str], engine: Engine, tmp_path: Path) -> None:
    with db.transaction() as session:
        for number in range(MESSAGES):
            delivery.send(session, to=f"p{number}@example.com", subject=Text("Hello"), body=Text("Hello."))
    folder = Path(environ["PORTICO_DATA_DIR"]) / "mail"
    first = _start_worker(environ, tmp_path)
    assert waited_until(lambda: _count(folder) >= 3)
    first.kill()
    first.wait()
    second = _start_worker(environ, tmp_path)
    assert waited_until(lambda: jobs_in(JobState.DONE) == MESSAGES)
    processes.stop(second)
    assert _count(folder) == MESSAGES


def _start_worker(environ: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.reliability.impatient_worker"]
    return processes.start(command, log=folder / "worker.log", environ=environ, cwd=ROOT)


def _count(folder: Path) -> int:
    return len(list(folder.glob("*.eml"))) if folder.exists() else 0
