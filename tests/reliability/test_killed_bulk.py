"""SIGKILL of the worker in the middle of work on many links: each is done once, and the report adds up."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from app.core import db
from app.core.accounts import queries
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.life import bulk
from app.features.share_links.life.bulk import BulkAction, Order
from app.features.share_links.life_models import BulkItem
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import ShareLink
from tests import processes
from tests.factories import links, people
from tests.reliability.conftest import ROOT, waited_until

#: How many links the filter finds, how many it does not, and at which of its links each worker is killed.
FOUND, OTHERS, KILLED_AT = 150, 10, (10, 60)
DAYS = 3


@pytest.fixture
def author(engine: Engine, app: object) -> Person:
    """Somebody with many links, most of which a filter finds."""
    with db.transaction() as session:
        made = people.make_author(session)
        for number in range(FOUND + OTHERS):
            links.make_link(session, made, name=f"{'Harbour' if number < FOUND else 'Depot'} {number}")
        return made


@pytest.fixture
def workers(environ: dict[str, str], tmp_path: Path) -> Iterator["Workers"]:
    """Workers, one after the other."""
    with ExitStack() as stack:
        yield Workers(environ, tmp_path / "worker.log", stack)


class Workers:
    """Starts workers, which end with the test."""

    def __init__(self, environ: dict[str, str], log: Path, stack: ExitStack) -> None:
        self._environ, self._log, self._stack = environ, log, stack

    def start(self, module: str = "impatient_worker", **variables: str) -> subprocess.Popen[bytes]:
        """Start another one."""
        command = [sys.executable, "-m", f"tests.reliability.{module}"]
        process = processes.start(command, log=self._log, environ=self._environ | variables, cwd=ROOT)
        self._stack.callback(processes.stop, process)
        return process


@pytest.mark.parametrize(
    ("order", "event"),
    [
        (Order(BulkAction.PAUSE), ShareLinkEvent.PAUSED),
        (Order(BulkAction.EXTEND, days=DAYS), ShareLinkEvent.CHANGED),
        (Order(BulkAction.REVOKE), ShareLinkEvent.REVOKED),
    ],
    ids=lambda value: value.action.value if isinstance(value, Order) else "",
)
def test_work_on_all_that_a_filter_finds_is_done_once_though_its_worker_is_killed(
    author: Person, workers: Workers, order: Order, event: ShareLinkEvent
) -> None:
    with db.transaction() as session:
        actor = queries.actor_for(session, session.get_one(Person, author.id))
        before = {row.id: row.expires_at for row in session.scalars(select(ShareLink))}
        public_id = bulk.plan(session, actor, order, Wanted(search="harbour"))
        bulk.confirm(session, actor, public_id)
    for link in KILLED_AT:
        earlier = _handled()
        worker = workers.start("mortal_worker", MORTAL_AT=str(link))
        assert worker.wait(processes.PATIENCE_SECONDS) == -signal.SIGKILL
        assert earlier < _handled() < FOUND
    workers.start()
    assert waited_until(partial(_at_least, FOUND))
    with db.reading() as session:
        assert waited_until(lambda: bulk.progress(session, actor, public_id).finished_at is not None)
        progress = bulk.progress(session, actor, public_id)
        assert (progress.total, progress.done, progress.refused, progress.handled) == (FOUND, FOUND, 0, FOUND)
        assert bulk.refused(session, actor, public_id) == []
        rows = session.scalars(select(ShareLink)).all()
        times = Counter(session.scalars(select(AuditEntry.subject_id).where(AuditEntry.event == event)))
    assert times == {row.public_id: 1 for row in rows if row.name.startswith("Harbour")}
    for row in rows:
        _expect(row, order if row.name.startswith("Harbour") else None, row.expires_at - before[row.id])


def _expect(row: ShareLink, order: Order | None, longer: timedelta) -> None:
    action = order.action if order else None
    assert (row.paused_at is not None) == (action is BulkAction.PAUSE)
    assert (row.revoked_at is not None) == (action is BulkAction.REVOKE)
    assert longer == timedelta(days=DAYS if action is BulkAction.EXTEND else 0)


def _handled() -> int:
    with db.reading() as session:
        done = select(func.count()).select_from(BulkItem).where(BulkItem.outcome.is_not(None))
        return session.scalar(done) or 0


def _at_least(count: int) -> bool:
    return _handled() >= count
