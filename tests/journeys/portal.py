"""A portal with worker on this run's database, a simulated site beside it, and people to play with.

One per process that runs tests: journeys share it, so each makes the people and links that it is about.
"""

import base64
import email
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.policy import default
from itertools import count
from pathlib import Path
from typing import Any

import urllib3
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts import api_tokens, queries, sessions
from app.core.accounts.actor import SYSTEM, PersonKind
from app.core.accounts.models import Group, Person
from app.core.config import load
from app.core.connections import accounts, clients
from app.core.connections import service as connections
from app.core.connections.models import Connection
from app.core.connections.service import Credential, Draft
from app.core.crypto.keyring import KeyRing
from app.core.jobs.models import Job, JobState
from app.core.permissions import Role
from app.core.ratelimit import Attempt
from app.core.settings import registry
from app.core.settings.models import RuntimeSetting
from app.features.share_links.models import AddressCode, RuleLevel, ShareLink
from app.integrations.atlassian.types import Account, Product
from simulator.site import Running
from tests import processes, settings
from tests.database import Databases, connect
from tests.factories import people
from tests.processes import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
INES = Account("5f1a00000000000000000a02", "Ines Moreau", "ines@acme.example", active=True)
BERTH_PLAN = "100101"
ORGANISATION = {"name": "Acme Harbour Logistics", "contact": "portal@acme.example", "time_zone": "Europe/Stockholm"}


@dataclass(frozen=True)
class Cast:
    """Somebody who can sign in; everybody's password is `people.PASSWORD`."""

    id: int
    public_id: str
    name: str
    email: str
    password: str = people.PASSWORD
    #: Authors have an API token, to make links without going through the pages.
    api_token: str = ""


@dataclass(frozen=True)
class Shared:
    """A link that was made."""

    id: str
    address: str
    password: str | None


class Portal:
    """A running installation, and what a test may arrange in it."""

    def __init__(
        self, base_url: str, public_url: str, engine: Engine, site: Running, data: Path, environ: Mapping[str, str]
    ) -> None:
        self.base_url = base_url
        self.public_url = public_url
        self.engine = engine
        self.site = site
        self.data = data
        self._environ = environ
        self._numbers = count(1)
        self._http = urllib3.PoolManager(retries=False, timeout=PATIENCE_SECONDS)

    def command(self, *words: str | Path) -> str:
        """Run `portico …` beside it and return what it prints; fail with all it said where it fails."""
        finished = subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, words)],
            cwd=ROOT,
            env=dict(self._environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert finished.returncode == 0, f"portico {words}:\n{finished.stdout}{finished.stderr}"
        return finished.stdout

    def output(self) -> str:
        """Return the end of its log."""
        return f"portico serve:\n{(self.data / 'log').read_text(errors='replace')[-8_000:]}"

    def page_url(self, page_id: str = BERTH_PLAN) -> str:
        """Return a page's address as somebody would paste it."""
        return f"{self.site.base_url}/wiki/spaces/OPS/pages/{page_id}/Page"

    def issue_url(self, key: str = "HARB-2") -> str:
        """Return an issue's address as somebody would paste it."""
        return f"{self.site.base_url}/browse/{key}"

    def person(
        self,
        name: str,
        *,
        kind: PersonKind = PersonKind.STAFF,
        roles: tuple[Role, ...] = (),
        groups: tuple[str, ...] = (),
        token: bool = False,
    ) -> Cast:
        """Make somebody with a password, and an address that nobody else has."""
        word = re.sub(r"[^a-z]+", ".", name.lower())
        email = f"{word}.{next(self._numbers)}@acme.example"
        with db.transaction() as session:
            rows = tuple(session.scalars(select(Group).where(Group.public_id.in_(groups))))
            made = people.make_person(session, name, email=email, kind=kind, roles=roles, groups=rows)
            return Cast(made.id, made.public_id, name, email, api_token=_api_token(session, made) if token else "")

    def administrator(self, name: str = "Ada Lindqvist") -> Cast:
        """Make an administrator."""
        return self.person(name, roles=(Role.ADMINISTRATOR,))

    def auditor(self, name: str = "Otto Brandt") -> Cast:
        """Make an auditor."""
        return self.person(name, roles=(Role.AUDITOR,))

    def author(self, name: str = "Ines Moreau", *, connected: bool = True) -> Cast:
        """Make an author, with a proven account on both products unless the story is about that."""
        made = self.person(name, roles=(Role.AUTHOR,), token=True)
        if connected:
            with db.transaction() as session:
                actor = queries.actor_for(session, session.get_one(Person, made.id))
                for row in session.scalars(select(Connection)):
                    accounts.connect(
                        session, actor, clients.site_of(row), INES, email=INES.email or "", token="token-ines"
                    )
        return made

    def guest(self, name: str = "Greta Vance", *groups: str) -> Cast:
        """Make a guest, in groups by id."""
        return self.person(name, kind=PersonKind.GUEST, groups=groups)

    def group(self, name: str) -> str:
        """Make a group and return its id; the name is made unlike any other."""
        with db.transaction() as session:
            return people.make_group(session, f"{name} {next(self._numbers)}").public_id

    def group_name(self, group_id: str) -> str:
        """Return what a group is called."""
        with db.reading() as session:
            return session.scalars(select(Group.name).where(Group.public_id == group_id)).one()

    def session_of(self, person: Cast) -> str:
        """Begin a session and return its secret, where the sign-in page is not what the story is about."""
        with db.transaction() as session:
            secret, _ = sessions.begin(session, session.get_one(Person, person.id), {"password": clock.now()})
        return secret

    def share(self, author: Cast, url: str | None = None, **conditions: Any) -> Shared:
        """Make a link as a program does, by the API."""
        answer = self._http.request(
            "POST",
            f"{self.base_url}/api/v1/shares",
            headers={"Authorization": f"Bearer {author.api_token}"},
            json={"url": url or self.page_url(), **conditions},
        )
        body = answer.json()
        assert answer.status == 201, body
        return Shared(body["id"], body["link"], body["password"])

    @contextmanager
    def link(self, shared: Shared) -> Iterator[ShareLink]:
        """Change a link's row where time or another system would have."""
        with db.transaction() as session:
            yield session.scalars(select(ShareLink).where(ShareLink.public_id == shared.id)).one()

    @contextmanager
    def rules(self, container: str, **values: bool | int | str) -> Iterator[None]:
        """Have rules of its own for a space of the Confluence of this site, for as long as a story needs them."""
        with db.transaction() as session:
            site = session.scalars(select(Connection.id).where(Connection.product == Product.CONFLUENCE.value)).one()
            row = RuleLevel(connection_id=site, container=container.lower(), values=values, changed_at=clock.now())
            session.add(row)
        yield
        with db.transaction() as session:
            session.execute(delete(RuleLevel).where(RuleLevel.container == container.lower()))

    def failed_job(self) -> int:
        """Put a job there that was given up; returns its number."""
        now = clock.now()
        with db.transaction() as session:
            row = Job(
                name="mail.deliver",
                arguments={"mail_id": 0},
                state=JobState.FAILED.value,
                attempts=8,
                last_error="The mail server refused the connection.",
                run_at=now,
                created_at=now,
                finished_at=now,
            )
            session.add(row)
            session.flush()
            return row.id

    def set(self, area: str, **values: Any) -> None:
        """Change run-time settings, where the page for it is not what the story is about; the portal knows them then."""
        with db.transaction() as session:
            session.merge(RuntimeSetting(area=area, values=values, changed_at=clock.now()))
        self.let_settings_be_read()

    @staticmethod
    def let_settings_be_read() -> None:
        """Wait until no process of the portal goes on with settings of before."""
        time.sleep(registry.FRESH_SECONDS)

    def mail(self, address: str, pattern: str) -> re.Match[str]:
        """Wait for a mail to an address that has such a line, and return the match in the newest one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            files = sorted((self.data / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
            for file in reversed(files):
                message = email.message_from_bytes(file.read_bytes(), policy=default)
                found = re.search(pattern, message.get_content(), re.MULTILINE)
                if message["To"] == address and found is not None:
                    return found
            time.sleep(0.2)
        raise AssertionError(f"no mail with {pattern} came to {address}")

    def mailed_code(self, address: str, other_than: str = "") -> str:
        """Wait for a code, other than an earlier one, and return it."""
        return self.mail(address, rf"^ +(?!{other_than or 'none'})(\d{{6}})$")[1]

    def let_codes_be_asked(self, ago: timedelta) -> None:
        """Let the codes that visitors asked for be as old as that, however long the pages took since."""
        with db.transaction() as session:
            session.execute(update(AddressCode).values(asked_at=clock.now() - ago))

    def let_limits_last(self) -> None:
        """Let what was counted count in the next window too: a minute of the clock may end between two pages."""
        with db.transaction() as session:
            newest = {
                (row.scope, row.key): row for row in session.scalars(select(Attempt).order_by(Attempt.window_start))
            }
            for row in newest.values():
                ends_at = row.ends_at + (row.ends_at - row.window_start)
                session.add(
                    Attempt(scope=row.scope, key=row.key, window_start=row.ends_at, count=row.count, ends_at=ends_at)
                )

    def let_time_pass(self) -> None:
        """Forget the attempts that were counted, as the next window does."""
        with db.transaction() as session:
            session.execute(delete(Attempt))

    def attach(self, page_id: str, filename: str, content: bytes) -> None:
        """Attach a file to a page of the simulated site."""
        where = f"{self.site.base_url}/_simulator/attachments/{page_id}/{filename}"
        body = {"base64": base64.b64encode(content).decode(), "media_type": "application/octet-stream"}
        answer = urllib3.request("PUT", where, json=body, timeout=PATIENCE_SECONDS)
        assert answer.status < 300, answer.data

    def attachment(self, filename: str) -> bytes:
        """Return the bytes of a file of the simulated site."""
        found = [file for file in self.site.site.attachments.values() if file.filename == filename]
        assert found, f"the simulated site has no file {filename}"
        content = found[0].latest.content
        return b"".join(content.read(0, content.size))


@contextmanager
def running(
    site: Running, databases: Databases, ring: KeyRing, folder: Path, *, two_hosts: bool = False, **variables: str
) -> Iterator[Portal]:
    """Start `portico serve` on a database of its own, with a connection to each product of the site; `variables` are settings."""
    port = processes.free_port()
    url = databases.fresh()
    base_url, public_url = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
    more = {"log_level": "warning"} | variables
    if two_hosts:
        more |= {"public_url": public_url, "workers": "1"}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    environ |= settings.environ(folder, ring, base_url=base_url, listen=f"127.0.0.1:{port}", database_url=url, **more)
    clients.configure(load(environ))
    engine = connect(url)
    db.bind(engine)
    _connect_site(site)
    log = folder / "log"
    process = processes.start([sys.executable, "-m", "app.cli", "serve"], log=log, environ=environ, cwd=ROOT)
    try:
        processes.wait_until(lambda: _ready(port), process, log=log, what="portico serve")
        yield Portal(base_url, public_url if two_hosts else base_url, engine, site, folder, environ)
    finally:
        _end(process)
        engine.dispose()
        databases.drop(url)


def _connect_site(site: Running) -> None:
    with db.transaction() as session:
        administrator = queries.actor_for(session, people.make_administrator(session, "First Administrator"))
        # Areas of settings are declared where an application is made, and this process makes none.
        session.add(RuntimeSetting(area="organisation", values=ORGANISATION, changed_at=clock.now()))
        for product in Product:
            reading = Credential("reader@acme.example", "token-reader", None)
            checking = Credential("checker@acme.example", "token-checker", None)
            draft = Draft(f"Acme {product.value.capitalize()}", site.base_url, None, reading, checking)
            connections.create(session, administrator, product, draft)


def _api_token(session: Session, person: Person) -> str:
    secret, _ = api_tokens.create(session, SYSTEM, person, name="story", scopes=["shares:read", "shares:write"], days=1)
    return secret


def _ready(port: int) -> bool:
    try:
        answer = urllib3.request("GET", f"http://127.0.0.1:{port}/readyz", retries=False, timeout=5)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200


def _end(process: subprocess.Popen[bytes]) -> None:
    processes.stop(process, how=signal.SIGTERM, seconds=40)
