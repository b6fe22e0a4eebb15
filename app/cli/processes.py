"""`portico migrate`, `serve`, `worker` and `demo`: the processes of Portico."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import click

from app import lifeline
from app.cli.base import database, other_version
from app.core import migrations
from app.core.config import Config

#: Seconds a process gets to end by itself before it is killed.
GRACE_SECONDS = 25
#: A process that ends by itself is started again after this pause.
RESTART_SECONDS = 1.0


@click.command()
@click.option("--down", metavar="REVISION", help="Go back to a revision instead, `-1` for one step.")
@click.option("--yes", is_flag=True, help="Go back without asking.")
def migrate(down: str | None, yes: bool) -> None:
    """Bring the database to this version."""
    with database(current=False) as (_config, engine):
        if not migrations.is_known(migrations.current(engine)) and (problem := other_version(engine)):
            raise click.ClickException(problem)
        if down is not None:
            if not down:
                raise click.BadParameter("name a revision, or -1 for one step", param_hint="--down")
            if not yes:
                question = "Going back drops what the later versions added, with all its rows. Is there a backup?"
                click.confirm(question, abort=True)
            migrations.downgrade(engine, down)
        else:
            migrations.upgrade(engine)
        click.echo(f"The database is at {migrations.current(engine) or 'nothing'}.")


@click.command(hidden=True)
@click.argument("message")
def migration(message: str) -> None:
    """Write a migration from the difference between models and database (for development)."""
    from alembic import command

    with database(current=False) as (_config, engine):
        command.revision(migrations.alembic_config(engine), message=message, autogenerate=True)


@click.command()
def worker() -> None:
    """Do jobs and recurring work; run one or more of these beside the portal."""
    from app.core.jobs.worker import Ticker
    from app.factory import create_app

    lifeline.hold()
    with database():
        pass
    app = create_app()
    config: Config = app.extensions["portico_config"]
    wake_ups = app.extensions["portico_queue"]()
    ticker = Ticker(wake_ups.wake)
    ticker.start()
    consumer = wake_ups.queue.create_consumer(
        workers=config.queue.worker_threads,
        periodic=False,
        max_delay=1.0,
        graceful_signal="TERM",
        shutdown_timeout=GRACE_SECONDS,
    )
    try:
        consumer.run()
    finally:
        ticker.stop()


@click.command()
def portal() -> None:
    """Run the portal alone, for machines where the worker is started by itself."""
    with database() as (config, _engine):
        pass
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics_folder(config))
    command = portal_command(config)
    os.execv(command[0], command)  # noqa: S606 - our own command


@click.command()
def serve() -> None:
    """Run portal and worker together, for one machine; either is started again if it ends."""
    with database() as (config, _engine):
        pass
    sys.exit(Supervisor(portal_command(config), config).run())


def portal_command(config: Config) -> list[str]:
    """Return the command of the portal alone, as `gunicorn` wants it."""
    web = config.web
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        web.listen,
        "--workers",
        str(web.workers),
        "--threads",
        str(web.threads),
        "--worker-class",
        "gthread",
        "--timeout",
        "60",
        "--graceful-timeout",
        str(GRACE_SECONDS),
        "--keep-alive",
        "15",
        "--limit-request-line",
        "8190",
        "--no-control-socket",
        "--log-level",
        "warning",
        "--chdir",
        str(migrations.FOLDER.parent),
        "--config",
        "python:app.listening",
        # Whom to believe is said by PORTICO_TRUSTED_PROXIES alone. By itself gunicorn believes loopback, and lets it rewrite
        # the path of a request by headers.
        "--forwarded-allow-ips",
        "",
        "--forwarder-headers",
        "",
        "wsgi:app",
    ]


class Supervisor:
    """Keeps the portal and a worker running until it is told to stop."""

    def __init__(self, portal: list[str], config: Config, environ: dict[str, str] | None = None) -> None:
        self._commands = {"portal": portal, "worker": [sys.executable, "-m", "app.cli", "worker"]}
        self._environ = {**os.environ, **(environ or {}), lifeline.PARENT: str(os.getpid())}
        self._environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics_folder(config))
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self.start()
        while not self._stopping:
            self.restart_dead()
            time.sleep(0.2)
        self.stop()
        return 0

    def start(self) -> None:
        """Start both processes."""
        for name in self._commands:
            self._start(name)

    def restart_dead(self) -> None:
        """Start again what has ended."""
        for name, child in list(self._children.items()):
            if child.poll() is not None and not self._stopping:
                click.echo(f"The {name} ended with {child.returncode}; starting it again.", err=True)
                time.sleep(RESTART_SECONDS)
                self._start(name)

    def stop(self) -> None:
        """End both processes, killing what does not end by itself."""
        self._stopping = True
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def _start(self, name: str) -> None:
        # Each leads a group of its own, so that all it has started can be ended with it.
        self._children[name] = subprocess.Popen(
            self._commands[name], env=self._environ, cwd=migrations.FOLDER.parent, start_new_session=True
        )

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True


@click.command()
def demo() -> None:
    """Show Portico with a simulated Atlassian site, people and links, on this machine only."""
    from app.cli import demonstration

    sys.exit(demonstration.run())


def _metrics_folder(config: Config) -> Path:
    folder = (config.web.data_dir / "metrics").absolute()
    # Counters of processes that are gone would be added for ever.
    shutil.rmtree(folder, ignore_errors=True)
    # Where the database is elsewhere, this is the first thing that is written here.
    config.web.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir()
    return folder
