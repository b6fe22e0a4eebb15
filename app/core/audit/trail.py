"""Writing the trail: `record` in the caller's transaction, `record_refusal` in one of its own.

Nothing is shown before it is recorded: when rows cannot be written, `ensure_writable` makes content wait.
"""

import hashlib
import json
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core import clock, context, db
from app.core.accounts.actor import SYSTEM, Actor
from app.core.audit.events import AuditEvent, CoreEvent
from app.core.audit.models import AuditEntry, AuditPersonal
from app.core.errors import Unavailable
from app.core.text import Text

#: Seconds for which one probe of the trail answers for its process.
PROBE_SECONDS = 1.0
#: An embedded database with less room than this may fail at any commit.
LEAST_ROOM_BYTES = 2**20

_probe_lock = threading.Lock()
_probed_at = 0.0


class _ProbeDone(Exception):
    """Rolls the probe back."""


def record(
    session: Session, event: AuditEvent, *, subject: tuple[str, str | int] | None, actor: Actor = SYSTEM, **details: Any
) -> int:
    """Insert one entry in the caller's transaction and return its id.

    `subject` is (kind, public id). `details` are JSON values or instants under the keys that the event declares;
    an undeclared key raises ValueError. Raises Unavailable where the row cannot be written.
    """
    undeclared = details.keys() - event.details - event.personal
    if undeclared:
        raise ValueError(f"{event.value} does not declare {', '.join(sorted(undeclared))}")
    call = context.current()
    personal = {key: value for key, value in details.items() if key in event.personal and value is not None}
    personal |= {
        key: value
        for key, value in {"address": call.address, "agent": call.agent, "actor_name": actor.name or None}.items()
        if value is not None
    }
    salt = secrets.token_hex(16)
    values = {
        "at": clock.now(),
        "event": event.value,
        "actor_kind": actor.kind.value,
        "actor_id": actor.public_id,
        "subject_kind": subject[0] if subject else None,
        "subject_id": str(subject[1]) if subject else None,
        "source": call.source.value,
        "request_id": call.request_id,
        "details": _plain({key: value for key, value in details.items() if key in event.details}),
        "personal_digest": personal_digest(salt, _plain(personal)) if personal else None,
    }
    try:
        entry_id = int(session.execute(insert(AuditEntry).values(values).returning(AuditEntry.id)).scalar_one())
        if personal:
            session.execute(insert(AuditPersonal).values(entry_id=entry_id, salt=salt, values=_plain(personal)))
    except SQLAlchemyError as error:
        # What cannot be recorded does not happen: the caller's transaction ends here.
        raise _unwritable() from error
    return entry_id


def record_refusal(event: AuditEvent, *, subject: tuple[str, str | int] | None, actor: Actor, **details: Any) -> None:
    """Record a refusal by a guard in a transaction of its own."""
    with db.transaction() as session:
        record(session, event, subject=subject, actor=actor, **details)


def personal_digest(salt: str, values: Mapping[str, Any]) -> str:
    """Return the digest that stands in the immutable row for the erasable personal values."""
    return hashlib.sha256(f"{salt}\n{canonical(values)}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: the same bytes for the same value on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def ensure_writable() -> None:
    """Raise Unavailable unless the trail could be written to within the last second.

    Content is refused while it cannot, and served again as soon as a probe passes.
    """
    global _probed_at
    if time.monotonic() - _probed_at < PROBE_SECONDS:
        return
    with _probe_lock:
        if time.monotonic() - _probed_at < PROBE_SECONDS:
            return
        _probe()
        _probed_at = time.monotonic()


def forget_probe() -> None:
    """Make the next `ensure_writable` ask again."""
    global _probed_at
    _probed_at = 0.0


def _probe() -> None:
    try:
        with db.transaction() as session:
            record(session, CoreEvent.REFUSED, subject=None, reason="probe")
            raise _ProbeDone
    except _ProbeDone:
        _ensure_room()
    except (SQLAlchemyError, Unavailable) as error:
        raise _unwritable() from error


def _ensure_room() -> None:
    # SQLite holds in memory what is not committed yet: that the disk is full would show at the commit only.
    engine = db.engine()
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return
    if shutil.disk_usage(Path(engine.url.database).parent).free < LEAST_ROOM_BYTES:
        raise _unwritable()


def _unwritable() -> Unavailable:
    return Unavailable(
        "audit trail", Text("What happens cannot be recorded at the moment, so nothing is done or shown.")
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, (set, frozenset)):
        return sorted(str(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [_plain_value(item) for item in value]
    if isinstance(value, Text):
        return str(value)
    return value
