"""A PostgreSQL server that is killed while it is used: 503 meanwhile, service by itself afterwards, and nothing lost."""

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
import urllib3
from sqlalchemy import select

from app.core import db
from app.core.audit.models import AuditEntry
from app.core.audit.verify import verify
from app.core.jobs.models import Job, JobState
from app.core.mail import delivery
from app.core.text import Text
from app.features.share_links.models import ShareLink
from tests.database import PostgresqlDatabases
from tests.processes import PATIENCE_SECONDS
from tests.reliability.conftest import Installation, waited_until

pytestmark = pytest.mark.processes
KILLS = 2


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlDatabases]:
    """A PostgreSQL of this module's own, whatever database the rest of this run is on."""
    made = PostgresqlDatabases()
    yield made
    made.close()


@pytest.fixture
def database_url(server: PostgresqlDatabases) -> Iterator[str]:
    """A migrated database there."""
    url = server.fresh()
    yield url
    server.drop(url)


def test_service_returns_by_itself_and_nothing_acknowledged_is_lost(
    installation: Installation, server: PostgresqlDatabases
) -> None:
    acknowledged: list[str] = []
    seen: set[int] = set()
    stop = threading.Event()
    writer = threading.Thread(target=_create_links, args=(installation, acknowledged, seen, stop))
    writer.start()
    for _ in range(KILLS):
        assert waited_until(partial(_more_than, acknowledged, len(acknowledged) + 2))
        server.kill()
        assert waited_until(lambda: _status(installation, "/readyz") == 503)
        # The process lives, and says so; nobody gets a page that looks broken.
        assert _status(installation, "/healthz") == 200
        server.start_again()
        assert waited_until(lambda: _status(installation, "/readyz") == 200)
    assert waited_until(partial(_more_than, acknowledged, len(acknowledged)))
    stop.set()
    writer.join()
    db.engine().dispose()
    with db.transaction() as session:
        delivery.send(session, to="after@example.com", subject=Text("Hello"), body=Text("Hello."))
    assert waited_until(partial(_done, "mail.deliver"))
    with db.reading() as session:
        stored = set(session.scalars(select(ShareLink.public_id)))
        recorded = set(
            session.scalars(select(AuditEntry.subject_id).where(AuditEntry.event == "share_links:link:created"))
        )
        assert verify(session).whole
    assert set(acknowledged) <= stored == recorded
    assert seen <= {201, 429, 503}


def _more_than(acknowledged: list[str], count: int) -> bool:
    return len(acknowledged) > count


def _create_links(installation: Installation, acknowledged: list[str], seen: set[int], stop: threading.Event) -> None:
    pool = urllib3.PoolManager(retries=False, timeout=PATIENCE_SECONDS)
    while not stop.is_set():
        answer = pool.request(
            "POST",
            f"{installation.base_url}/api/v1/shares",
            headers={"Authorization": f"Bearer {installation.token}"},
            json={"url": installation.page_url(), "groups": [installation.group_id]},
        )
        seen.add(answer.status)
        if answer.status == 201:
            acknowledged.append(answer.json()["id"])
        time.sleep(0.05)


def _status(installation: Installation, path: str) -> int:
    pool = urllib3.PoolManager(retries=False, timeout=PATIENCE_SECONDS)
    return pool.request("GET", f"{installation.base_url}{path}").status


def _done(name: str) -> bool:
    with db.reading() as session:
        states = set(session.scalars(select(Job.state).where(Job.name == name)))
    return states == {JobState.DONE}
