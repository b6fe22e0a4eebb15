"""Starts what is measured: each server is one gunicorn worker with eight threads, pinned to core 0.

Everything else (load generators, PostgreSQL, the simulated site) stays on the other core with this process.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from app.cli.processes import portal_command
from app.core import clock, migrations
from app.core.config import load
from app.core.crypto import keyring
from app.core.crypto.keyring import KeyRing
from app.core.start import make_engine
from bench.content import Tokens
from tests import processes
from tests.database import PostgresqlDatabases

ROOT = Path(__file__).parents[1]
SERVER_CORE, OTHER_CORE = 0, 1
THREADS = 8


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


@dataclass(frozen=True)
class Portal(Server):
    """A running portal with its links."""

    tokens: Tokens
    #: The environment that it was started with.
    environ: Mapping[str, str]


AnyServer = TypeVar("AnyServer", bound=Server)


@dataclass
class Workshop:
    """A temporary folder, a PostgreSQL, and the servers that run in it."""

    folder: Path
    postgresql: PostgresqlDatabases
    site_url: str
    _servers: list[Server] = field(default_factory=list)

    def peer(self, module: str, database: str | None = None) -> Server:
        """Start a peer of `bench.peers`."""
        port = processes.free_port()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
        command += ["--threads", str(THREADS), "--worker-class", "gthread", "--keep-alive", "15"]
        command += ["--no-control-socket", "--log-level", "warning", f"bench.peers.{module}:app"]
        environ = _without_ours() | ({"BENCH_DATABASE": database} if database else {})
        return self._started(Server(port, self._run(command, environ, str(port))))

    def portal(self, name: str, database: str | None = None) -> Portal:
        """Start the portal as `portico serve` starts it, without the worker, with people, links and copies in place."""
        port = processes.free_port()
        folder = self.folder / name
        environ = _without_ours() | _settings(folder, port, database)
        config = load(environ)
        keyring.write(folder / "keys.json", KeyRing((keyring.new_key(clock.now()),)))
        engine = make_engine(config)
        migrations.upgrade(engine)
        engine.dispose()
        tokens = self._fill(environ)
        (folder / "metrics").mkdir()
        environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder / "metrics")
        running = self._run(portal_command(config), environ, str(port))
        return self._started(Portal(port, running, tokens, environ))

    def stop(self) -> None:
        for server in self._servers:
            processes.stop(server.process)

    def _fill(self, environ: Mapping[str, str]) -> Tokens:
        made = subprocess.run(
            [sys.executable, "-m", "bench.content", self.site_url],
            cwd=ROOT,
            env=dict(environ),
            stdout=subprocess.PIPE,
            check=True,
        )
        return Tokens(**json.loads(made.stdout))

    def _run(self, command: list[str], environ: Mapping[str, str], name: str) -> subprocess.Popen[bytes]:
        pinned = ["taskset", "--cpu-list", str(SERVER_CORE), *command]
        return processes.start(pinned, log=self.folder / f"{name}.log", environ=environ, cwd=ROOT)

    def _started(self, server: AnyServer) -> AnyServer:
        self._servers.append(server)
        log = self.folder / f"{server.port}"
        processes.wait_until(lambda: processes.accepts(server.port), server.process, log=log, what="a server")
        return server


@contextmanager
def workshop(folder: Path, site_url: str) -> Iterator[Workshop]:
    """Open a workshop; whatever was started in it ends with the block."""
    os.sched_setaffinity(0, {OTHER_CORE})
    postgresql = PostgresqlDatabases()
    made = Workshop(folder, postgresql, site_url)
    try:
        yield made
    finally:
        made.stop()
        postgresql.close()


def _settings(folder: Path, port: int, database: str | None) -> dict[str, str]:
    found = {
        "PORTICO_ENVIRONMENT": "development",
        "PORTICO_BASE_URL": f"http://localhost:{port}",
        "PORTICO_LISTEN": f"127.0.0.1:{port}",
        "PORTICO_DATA_DIR": str(folder),
        "PORTICO_WORKERS": "1",
        "PORTICO_THREADS": str(THREADS),
        # The flood comes from many addresses by way of this header.
        "PORTICO_TRUSTED_PROXIES": "127.0.0.0/8",
        "PORTICO_ATLASSIAN_CLOUD_HOSTS": "localhost,127.0.0.1",
    }
    return found | ({"PORTICO_DATABASE_URL": database} if database else {})


def _without_ours() -> dict[str, str]:
    # What is compiled once is kept, as where a portal is installed.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PORTICO_") and name != "PYTHONDONTWRITEBYTECODE"
    }
