"""What holds of the database after any kills, given what the actors of a storm know was acknowledged."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit.models import AuditEntry
from app.core.jobs.models import Job, JobState
from app.core.mail.models import OutgoingMail
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.life_models import BulkItem, BulkRun, SharingHalt
from app.features.share_links.models import Grant, ShareLink
from tests.reliability.storm import Link

_STATES = {"active": (False, False), "paused": (True, False), "revoked": (None, True)}


def broken(session: Session, links: Iterable[Link], runs: Iterable[str], mail: Path) -> Iterator[str]:
    """Yield a sentence for everything that does not hold."""
    rows = {row.public_id: row for row in session.scalars(select(ShareLink))}
    known = {link.public_id: link for link in links}
    yield from (f"the acknowledged link {one} is gone" for one in known.keys() - rows.keys())
    created = _recorded(session, ShareLinkEvent.CREATED)
    yield from (f"{one} was recorded {created[one]} times as made" for one in rows if created[one] != 1)
    yield from (f"{one} was recorded as made and is not there" for one in created.keys() - rows.keys())
    opened, granted = _recorded(session, ShareLinkEvent.OPENED), _grants(session)
    extended = _extended(session)
    for public_id, row in rows.items():
        if row.max_views is not None and row.views > row.max_views:
            yield f"{public_id} was opened {row.views} times, and may be {row.max_views} times"
        if not row.views == opened[public_id] == granted[row.id]:
            yield f"{public_id}: {row.views} views, {opened[public_id]} recorded, {granted[row.id]} grants"
        if public_id in known:
            yield from _as_acknowledged(known[public_id], row, extended[row.id])
    yield from _bulk(session, runs)
    yield from _jobs_and_mail(session, mail)


def _as_acknowledged(link: Link, row: ShareLink, days: int) -> Iterator[str]:
    if not link.opened <= row.views <= link.opened + link.unsure:
        yield f"{link.public_id}: {row.views} views, {link.opened} acknowledged, {link.unsure} without an answer"
    if row.name != link.name:
        yield f"{link.public_id} is called {row.name}, and {link.name} was acknowledged"
    if row.expires_at != datetime.fromisoformat(link.expires_at) + timedelta(days=days):
        yield f"{link.public_id} ends {row.expires_at}, and was to end {link.expires_at} and {days} days later"
    paused, revoked = _STATES[link.state]
    differs = row.paused_at is not None if paused is False else row.paused_at is None if paused else False
    if not link.in_bulk and (differs or (row.revoked_at is not None) != revoked):
        yield f"{link.public_id} is not {link.state}, as was acknowledged"


def _bulk(session: Session, runs: Iterable[str]) -> Iterator[str]:
    found = {row.public_id: row for row in session.scalars(select(BulkRun))}
    yield from (f"the acknowledged work {one} is gone" for one in set(runs) - found.keys())
    counts = Counter(
        {
            (run_id, outcome): count
            for run_id, outcome, count in session.execute(
                select(BulkItem.run_id, BulkItem.outcome, func.count()).group_by(BulkItem.run_id, BulkItem.outcome)
            )
        }
    )
    for row in found.values():
        handled = counts[row.id, "done"] + counts[row.id, "refused"]
        if row.finished_at is None or handled != row.total or counts[row.id, None]:
            yield f"of the work {row.public_id} {handled} of {row.total} links are done"


def _jobs_and_mail(session: Session, folder: Path) -> Iterator[str]:
    states = Counter(dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all()))
    if set(states) - {JobState.DONE}:
        yield f"not all jobs are done: {dict(states)}"
    # All of it: what is encrypted cannot be looked for.
    messages = session.scalars(select(OutgoingMail)).all()
    files = {path.name for path in folder.glob("*.eml")}
    wanted = {f"{one.message_id.strip('<>').replace('/', '_')}.eml" for one in messages}
    if files != wanted or any(one.sent_at is None for one in messages):
        yield f"{len(wanted)} messages were written, {len(files)} are in the folder"
    for event, subject in ((ShareLinkEvent.STOPPED, "Emergency stop"), (ShareLinkEvent.SWITCHED_ON, "Sharing goes on")):
        causes = sum(_recorded(session, event).values())
        told = sum(one.subject.startswith(subject) for one in messages)
        if causes != told:
            yield f"{causes} times {event}, and {told} messages about it"
    if session.scalar(select(func.count()).select_from(SharingHalt).where(SharingHalt.ended_at.is_(None))):
        yield "a stop that was lifted is in force"


def _recorded(session: Session, event: ShareLinkEvent) -> Counter[str]:
    query = select(AuditEntry.subject_id, func.count()).where(AuditEntry.event == event).group_by(AuditEntry.subject_id)
    return Counter({subject or "": count for subject, count in session.execute(query)})


def _grants(session: Session) -> Counter[int]:
    return Counter(dict(session.execute(select(Grant.link_id, func.count()).group_by(Grant.link_id)).all()))


def _extended(session: Session) -> Counter[int]:
    """Return by how many days each link was extended, by what came of the work on many links."""
    query = (
        select(BulkItem.link_id, func.sum(BulkRun.days))
        .join(BulkRun, BulkRun.id == BulkItem.run_id)
        .where(BulkRun.action == "extend", BulkItem.outcome == "done")
        .group_by(BulkItem.link_id)
    )
    return Counter({link_id: days or 0 for link_id, days in session.execute(query)})
