"""`portico demo`: a simulated Atlassian site, portal and worker on loopback, with people, content and links.

Everything lives in `var/demo` and is made anew each time. Nothing here is reachable from another machine.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType
from typing import TextIO
from urllib.error import URLError

import click

from app.cli.demo_content import NEWCOMER, PASSWORD, PERSONS, PROVIDER, SAML_PROVIDER, Example, fill
from app.cli.processes import Supervisor, portal_command
from app.core import clock, migrations
from app.core.config import Config, load
from app.core.crypto import keyring, ring
from app.core.crypto.keyring import KeyRing
from app.core.start import make_engine, start

FOLDER = Path("var/demo")
#: On a slow or busy machine it takes a while; only what hangs takes longer.
START_SECONDS = 120


def run() -> int:
    """Run the demonstration until Ctrl-C; returns the exit code."""
    port = _port()
    site_port = port + 1
    for taken in (port, site_port, site_port + 1, site_port + 2):
        if not _free(taken):
            raise click.ClickException(f"Port {taken} is in use. Choose others: PORT=9000 make demo")
    environ = _environ(port, site_port)
    # Held until this process ends: another one would make everything anew under the feet of this one.
    held = _hold_folder()
    ended = _catch_signals()
    simulator = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", str(site_port), "--identity", str(site_port + 2)],
        cwd=migrations.FOLDER.parent,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _say("making a database, people and links")
        config = _prepare(environ)
        _wait_for(f"http://localhost:{site_port}/rest/api/3/serverInfo", "the simulated site")
        issuer = f"http://127.0.0.1:{site_port + 2}"
        _wait_for(f"{issuer}/keys", "the identity provider")
        with urllib.request.urlopen(f"{issuer}/saml/metadata", timeout=10) as described:  # noqa: S310 - our own process
            metadata = described.read()
        example = fill(config, f"http://localhost:{site_port}", issuer, metadata)
        _say("starting portal and worker")
        supervisor = Supervisor(portal_command(config), config, environ)
        supervisor.start()
        try:
            _wait_for(f"http://localhost:{port}/readyz", "the portal")
            click.echo(_table(example, port, site_port))
            while not ended:
                supervisor.restart_dead()
                time.sleep(0.2)
        finally:
            supervisor.stop()
    finally:
        simulator.terminate()
        simulator.wait(10)
        held.close()
    click.echo("\nEverything has ended.")
    return 0


def _port() -> int:
    given = os.environ.get("PORT", "8000")
    if not given.isascii() or not given.isdigit() or not 1_024 <= int(given) <= 65_000:
        raise click.ClickException("PORT has to be a number between 1024 and 65000.")
    return int(given)


def _hold_folder() -> TextIO:
    folder = migrations.FOLDER.parent / FOLDER
    folder.parent.mkdir(exist_ok=True)
    lock = folder.with_suffix(".lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise click.ClickException(
            "The demonstration runs already, from this same folder. End that one first."
        ) from None
    return lock


def _environ(port: int, site_port: int) -> dict[str, str]:
    return {
        "PORTICO_ENVIRONMENT": "development",
        "PORTICO_BASE_URL": f"http://localhost:{port}",
        "PORTICO_LISTEN": f"127.0.0.1:{port}",
        "PORTICO_DATA_DIR": str((migrations.FOLDER.parent / FOLDER).absolute()),
        "PORTICO_ATLASSIAN_CLOUD_HOSTS": f"localhost:{site_port},127.0.0.1:{site_port + 1}",
        "PORTICO_LOG_LEVEL": os.environ.get("PORTICO_LOG_LEVEL", "warning"),
    }


def _prepare(environ: dict[str, str]) -> Config:
    config = load(environ)
    shutil.rmtree(config.web.data_dir, ignore_errors=True)
    keyring.write(ring.path(config), KeyRing((keyring.new_key(clock.now()),)))
    start(config)
    engine = make_engine(config)
    migrations.upgrade(engine)
    engine.dispose()
    return config


def _wait_for(url: str, what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - loopback, our own processes
                return
        except URLError as error:
            # An answer with an error status is an answer.
            if getattr(error, "code", 503) != 503:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise click.ClickException(f"{what.capitalize()} did not start within {START_SECONDS} seconds.")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _catch_signals() -> list[int]:
    ended: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        ended.append(number)

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    return ended


def _say(what: str) -> None:
    click.echo(f"demo   {what} …")


def _table(example: Example, port: int, site_port: int) -> str:
    base = f"http://localhost:{port}"
    width = max(len(person.email) for person in PERSONS) + 2
    people = "\n".join(f"  {person.email:<{width}}{person.role}" for person in PERSONS)
    links = "\n".join(
        f"  {base}/s/{link.token}/\n      {link.what}\n      opens with: {link.opens_with}" for link in example.links
    )
    url = f"http://localhost:{site_port}/wiki/spaces/OPS/pages/100108/Throughput"
    return f"""
Portico is at {base}

Sign in ({base}/sign-in); everybody's password is: {PASSWORD}
{people}

Or press "{PROVIDER}" or "{SAML_PROVIDER}" there: it lists these people and {NEWCOMER}, who has no account yet and is made one.

Links
{links}

Shared with you, for people outside, after a code by mail (mails are files in {FOLDER}/mail) or a sign-in
  {base}/shared/

Make another link
  curl -s {base}/api/v1/shares \\
    -H 'Authorization: Bearer {example.api_token}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"url": "{url}", "generate": true}}'

Ctrl-C ends all of it.
"""
