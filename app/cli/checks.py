"""`portico doctor`: what is not right, and how to mend it."""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import click
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.cli import keys
from app.cli.base import database, other_version
from app.core import clock, db
from app.core.accounts import service
from app.core.audit import sealer, trail
from app.core.config import Config
from app.core.connections.models import EXPIRY_WARNING, Connection
from app.core.crypto import ring
from app.core.errors import DomainError
from app.core.jobs import queue
from app.core.jobs.models import Job, JobState
from app.core.mail import delivery
from app.documents.paper.process import Request, Work
from app.features.share_links.paper import child as paper_child

#: Credentials that end within this time are reported.
LEAST_FREE_BYTES = 500 * 1024 * 1024


@click.command()
def doctor() -> None:
    """Say what is not right and how to mend it; exit code 1 where something is not."""
    with database(current=False) as (config, _engine):
        problems = list(examine(config))
    for sentence in problems:
        click.echo(f"✗ {sentence}")
    if problems:
        sys.exit(1)
    click.echo("✓ Everything that can be checked from here is right.")


def examine(config: Config) -> Iterator[str]:
    """Return a sentence for everything that is not right."""
    yield from _keys(config)
    try:
        if problem := other_version(db.engine()):
            yield problem
            return
        if missing := keys.missing_keys():
            yield f"The key file lacks {', '.join(missing)}, which the database needs. Put it back from your backup."
            return
    except (SQLAlchemyError, DomainError) as error:
        yield f"The database does not answer ({type(error).__name__}). Start it, or correct PORTICO_DATABASE_URL."
        return
    checks: list[Callable[[Config], Iterator[str]]] = [_audit, _worker, _queue, _people, _connections, _mail]
    for check in (*checks, _disk, _witness, _pdf):
        yield from check(config)


def _keys(config: Config) -> Iterator[str]:
    path = ring.path(config)
    if config.keys.keys is None and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{path} can be read by others. Run `chmod 600 {path}`."
    folder = config.web.data_dir
    if folder.exists() and folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{folder} can be looked into by others. Run `chmod 700 {folder}`."


def _audit(_config: Config) -> Iterator[str]:
    try:
        trail.ensure_writable()
    except DomainError:
        yield "The audit trail cannot be written to, so nothing is shown. Check disk space and the database's rights."
        return
    with db.reading() as session:
        behind = sealer.unsealed_count(session)
    if behind > sealer.BATCH:
        yield f"{behind} audit entries are not sealed. Start a worker: `portico worker` or `portico serve`."


def _worker(_config: Config) -> Iterator[str]:
    with db.reading() as session:
        failed = session.scalar(select(func.count()).select_from(Job).where(Job.state == JobState.FAILED)) or 0
        overdue = (
            select(func.count())
            .select_from(Job)
            .where(Job.state == JobState.QUEUED, Job.run_at < clock.now() - timedelta(minutes=5))
        )
        waiting = session.scalar(overdue) or 0
    if failed:
        yield f"{failed} jobs have failed for good. Look at the jobs page and retry them."
    if waiting:
        yield f"{waiting} jobs have waited for more than five minutes. Start a worker: `portico worker`."


def _queue(config: Config) -> Iterator[str]:
    try:
        queue.build(config).storage.queue_size()
    except Exception as error:  # noqa: BLE001 - Redis, PostgreSQL and SQLite have no family in common
        yield f"The queue does not answer ({type(error).__name__}). Start it, or correct PORTICO_QUEUE_URL; jobs wait longer."


def _people(_config: Config) -> Iterator[str]:
    with db.reading() as session:
        if not service.administrators(session):
            yield "Nobody is administrator. Run `portico create-admin`."


def _connections(_config: Config) -> Iterator[str]:
    now = clock.now()
    with db.reading() as session:
        rows = session.scalars(select(Connection).where(Connection.disabled_at.is_(None))).all()
    if not rows:
        yield "There is no connection to an Atlassian site. Add one on the connections page."
    for row in rows:
        for role, end in (("reading", row.reading_expires_at), ("checking", row.checking_expires_at)):
            if end is not None and end - now < EXPIRY_WARNING:
                yield f"The {role} credential of {row.name} ends on {end:%d %b %Y}. Make a new one and enter it."
        if row.last_error_at is not None and (row.last_success_at is None or row.last_error_at > row.last_success_at):
            yield f"{row.name} did not work at {row.last_error_at:%d %b %Y, %H:%M} UTC: {row.last_error}"


def _mail(config: Config) -> Iterator[str]:
    if not delivery.can_send():
        yield "No mail leaves: set PORTICO_SMTP_HOST, or owners of links are told nothing."
    elif config.mail.smtp_host is not None and (reason := delivery.unreachable(config.mail)):
        yield f"The mail server does not let Portico in: {reason}. Correct the PORTICO_SMTP_… settings."


def _disk(config: Config) -> Iterator[str]:
    folder = config.web.data_dir
    if not os.access(folder, os.W_OK | os.X_OK):
        yield f"{folder} cannot be written to by this user. Give it to the user that Portico runs as."
    elif shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        yield f"Less than 500 MB are free where {folder} is. Make room: without it nothing can be recorded or shown."


def _witness(config: Config) -> Iterator[str]:
    outside = config.operations.audit_head_file
    if outside is not None and not os.access(outside if outside.exists() else outside.parent, os.W_OK):
        yield f"The head of the audit chain cannot be written to {outside}. Correct PORTICO_AUDIT_HEAD_FILE or its rights."


def _pdf(_config: Config) -> Iterator[str]:
    request = Request(Work.MAKE, "<!doctype html><html lang='en'><title>Check</title><p>Portico")
    try:
        paper_child.make(request, beat=lambda: None)
    except (paper_child.NotMade, OSError):
        yield "No PDF can be made here. Install libpangoft2-1.0-0, libharfbuzz-subset0 and fonts-liberation."
