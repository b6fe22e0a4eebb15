"""A portal as it is run in life, on this test's own database, with a simulated site beside it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import urllib3
from sqlalchemy import Engine, func, select

from app.core import db
from app.core.accounts import api_tokens, membership, queries
from app.core.accounts.actor import SYSTEM
from app.core.accounts.api_tokens import Scope
from app.core.config import Config
from app.core.connections import accounts, clients
from app.core.connections import service as connections
from app.core.connections.service import Credential, Draft
from app.core.crypto.keyring import KeyRing
from app.core.jobs.models import Job, JobState
from app.integrations.atlassian.types import Account, Product
from simulator.site import Running, start
from tests import processes, settings
from tests.factories.people import make_administrator, make_author

ROOT = Path(__file__).parents[2]


@dataclass
class Installation:
    """A running installation: its address, the author's API token, and where its processes write."""

    base_url: str
    site: Running
    token: str
    group_id: str
    environ: dict[str, str]
    folder: Path
    log: Path
    module: str
    process: subprocess.Popen[bytes]

    def page_url(self, page_id: str = "100108") -> str:
        """Return the address of a page as somebody would paste it."""
        return f"{self.site.base_url}/wiki/spaces/OPS/pages/{page_id}/Page"

    def children(self) -> dict[str, int]:
        """Return the process ids of the portal's master and of the worker."""
        found = {}
        for pid in processes.children(self.process.pid):
            # Empty where it has just ended.
            if command := Path(f"/proc/{pid}/cmdline").read_bytes():
                found["worker" if b"worker\0" in command and b"gunicorn" not in command else "portal"] = pid
        return found

    def kill(self, name: str) -> None:
        """SIGKILL the portal with all its workers, or the worker."""
        pid = self.children().get(name)
        if pid is not None:
            # Each is the leader of a session of its own, so its workers go with it.
            os.killpg(pid, signal.SIGKILL)

    def kill_everything(self) -> None:
        """SIGKILL what starts portal and worker again, then both."""
        if self.process.poll() is not None:
            return
        children = self.children()
        self.process.kill()
        self.process.wait()
        for pid in children.values():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def start_again(self) -> None:
        """Start what was killed as a whole."""
        self.process = _serve(self.module, self.environ, self.log)


@pytest.fixture
def environ(tmp_path: Path, _key_ring: KeyRing, database_url: str) -> dict[str, str]:
    """The variables of an installation on this test's database."""
    port = processes.free_port()
    found = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    return found | settings.environ(
        tmp_path / "data",
        _key_ring,
        base_url=f"http://localhost:{port}",
        listen=f"127.0.0.1:{port}",
        database_url=database_url,
        log_level="warning",
    )


@pytest.fixture
def site() -> Iterator[Running]:
    """A simulated Atlassian site."""
    with start() as running:
        yield running


@pytest.fixture
def serving() -> str:
    """The module that is run as `portico serve`."""
    return "app.cli"


@pytest.fixture
def installation(
    environ: dict[str, str], site: Running, engine: Engine, config: Config, tmp_path: Path, serving: str
) -> Iterator[Installation]:
    """`portico serve` with an author who may share every page of the space OPS."""
    clients.configure(config)
    token, group_id = _fill(site)
    log = tmp_path / "log"
    process = _serve(serving, environ, log)
    made = Installation(
        environ["PORTICO_BASE_URL"], site, token, group_id, environ, tmp_path / "data", log, serving, process
    )
    yield made
    # How it ends when it is told to is the story of one test; nothing here is worth waiting for.
    made.kill_everything()


@pytest.fixture
def elsewhere(installation: Installation, tmp_path: Path) -> Iterator[str]:
    """The address of a second portal on the same database, as on another machine: it shares no folder with the first."""
    port, log = processes.free_port(), tmp_path / "elsewhere.log"
    own = {"PORTICO_LISTEN": f"127.0.0.1:{port}", "PORTICO_DATA_DIR": str(tmp_path / "elsewhere")}
    command = [sys.executable, "-m", "app.cli", "portal"]
    process = processes.start(command, log=log, environ=installation.environ | own, cwd=ROOT)
    processes.wait_until(partial(_is_ready, port), process, log=log, what="the second portal")
    yield f"http://127.0.0.1:{port}"
    processes.stop(process, seconds=40)


def _serve(module: str, environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    port = int(environ["PORTICO_LISTEN"].rpartition(":")[2])
    process = processes.start([sys.executable, "-m", module, "serve"], log=log, environ=environ, cwd=ROOT)
    processes.wait_until(partial(_is_ready, port), process, log=log, what="portico serve")
    return process


def _is_ready(port: int) -> bool:
    """Tell whether a portal answers: its port is open while its processes are still loading, which a busy machine drags out."""
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}/readyz", retries=False, timeout=5).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _fill(site: Running) -> tuple[str, str]:
    with db.transaction() as session:
        administrator = queries.actor_for(session, make_administrator(session))
        author = make_author(session)
        draft = Draft("Site", site.base_url, None, Credential("reader@acme.example", "token-reader"), None)
        row = connections.create(session, administrator, Product.CONFLUENCE, draft)
        group = membership.create_group(session, administrator, name="Partners")
        secret, _ = api_tokens.create(session, SYSTEM, author, name="t", scopes=["shares:read", "shares:write"], days=1)
        actor = queries.actor_for(session, author)
    ines = Account("5f1a00000000000000000a02", "Ines Moreau", "ines@acme.example", active=True)
    with db.transaction() as session:
        accounts.connect(session, actor, clients.site_of(row), ines, email="ines@acme.example", token="token-ines")
    return secret, group.public_id


def administrator_token() -> str:
    """Return a token of the administrator."""
    scopes = [Scope.SHARES_READ, Scope.SHARES_WRITE, Scope.RULES_WRITE]
    with db.transaction() as session:
        ada = queries.person_by_email(session, "ada.admin@example.com")
        assert ada is not None
        return api_tokens.create(session, SYSTEM, ada, name="t", scopes=scopes, days=1)[0]


def waited_until(done: Callable[[], bool], seconds: float = processes.PATIENCE_SECONDS) -> bool:
    """Poll `done()` until it is true or the time is over, whatever the clock is made to say meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.1)
    return done()


def jobs_in(state: JobState) -> int:
    """Return how many jobs are in a state."""
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.state == state)) or 0
