"""A portal started as an operator starts it, with PostgreSQL and Redis beside it, for programs we did not write.

The portal is `localhost` and every peer `127.0.0.1`: two sites, as in life, so that mistakes with SameSite show.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.crypto.keyring import KeyRing
from tests import processes, settings
from tests.database import PostgresqlDatabases

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Portal:
    """A running portal: where it is, and the environment its commands need."""

    base_url: str
    environ: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    def command(self, *words: str) -> str:
        """Run `portico …` beside it and return what it prints; fail with all it said where it fails."""
        finished = subprocess.run(
            [sys.executable, "-m", "app.cli", *words],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert finished.returncode == 0, f"portico {' '.join(words)}:\n{finished.stdout}{finished.stderr}"
        return finished.stdout


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlDatabases]:
    """A PostgreSQL server of our own, whichever database the run is for."""
    made = PostgresqlDatabases()
    yield made
    made.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of our own, on loopback, that keeps nothing."""
    folder = tmp_path_factory.mktemp("redis")
    port = processes.free_port()
    log = folder / "log"
    server = processes.start(
        ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
        log=log,
        cwd=folder,
    )
    processes.wait_until(lambda: processes.accepts(port), server, log=log, what="redis-server")
    yield f"redis://127.0.0.1:{port}/0"
    processes.stop(server)


@pytest.fixture(scope="session")
def portal(
    postgresql: PostgresqlDatabases, redis_url: str, _key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """`portico serve` (portal and worker) on PostgreSQL, woken through Redis."""
    folder = tmp_path_factory.mktemp("portal")
    port = processes.free_port()
    url = postgresql.fresh()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    environ |= settings.environ(
        folder,
        _key_ring,
        base_url=f"http://localhost:{port}",
        listen=f"127.0.0.1:{port}",
        database_url=url,
        queue_url=redis_url,
    )
    log = folder / "log"
    process = processes.start([sys.executable, "-m", "app.cli", "serve"], log=log, environ=environ, cwd=ROOT)
    processes.wait_until(lambda: processes.accepts(port), process, log=log, what="portico serve")
    yield Portal(f"http://localhost:{port}", environ, log, process)
    processes.stop(process, how=signal.SIGTERM)
    postgresql.drop(url)
