"""The sealer: links entries into a chain, one process at a time, at most a second behind.

Writers stay independent of one another; yet whoever can write the tables cannot forge the chain without the key ring.
On PostgreSQL ids are given before commit, so the sealer takes whatever is not sealed yet, in order of id.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from app.core.audit.models import AuditEntry, AuditSeal
from app.core.audit.trail import canonical
from app.core.crypto import ring
from app.core.crypto.keyring import Purpose

BATCH = 1_000
#: How far below the newest sealed entry the sealer looks for entries that were committed late; the hourly pass
#: looks everywhere.
WINDOW = 20_000
#: What the first seal follows.
GENESIS = "0" * 64


@dataclass(frozen=True)
class Head:
    """The end of the chain: what an outside witness keeps."""

    seq: int
    mac: str


SEALED_COLUMNS = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.event,
    AuditEntry.actor_kind,
    AuditEntry.actor_id,
    AuditEntry.subject_kind,
    AuditEntry.subject_id,
    AuditEntry.source,
    AuditEntry.request_id,
    AuditEntry.details,
    AuditEntry.personal_digest,
)


def entry_digest(entry: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of an entry's immutable columns, given by name."""
    values = dict(entry)
    values["at"] = values["at"].isoformat(timespec="microseconds")
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def mac_of(key: bytes, previous: str, seq: int, digest: str) -> str:
    """Return the mac of one seal (hex)."""
    return hmac.new(key, f"{previous}\n{seq}\n{digest}".encode(), hashlib.sha256).hexdigest()


def head(session: Session) -> Head:
    """Return the end of the chain; (0, GENESIS) while nothing is sealed."""
    row = session.execute(select(AuditSeal.seq, AuditSeal.mac).order_by(AuditSeal.seq.desc()).limit(1)).first()
    return Head(row.seq, row.mac) if row else Head(0, GENESIS)


def seal(session: Session, limit: int = BATCH, *, everywhere: bool = False) -> int:
    """Seal up to `limit` entries in this transaction and return how many; the caller holds the sealer's lease."""
    last = head(session)
    rows = list(session.execute(_unsealed(session, everywhere).order_by(AuditEntry.id).limit(limit)))
    if not rows:
        return 0
    key_id = ring.current().newest.id
    key = ring.current().derived(Purpose.AUDIT)
    seals, mac = [], last.mac
    for seq, row in enumerate(rows, start=last.seq + 1):
        mac = mac_of(key, mac, seq, entry_digest(dict(row._mapping)))
        seals.append({"seq": seq, "entry_id": row.id, "key_id": key_id, "mac": mac})
    # Two sealers at once collide on `seq`: one of them fails whole and tries again.
    session.execute(insert(AuditSeal), seals)
    return len(seals)


def unsealed_count(session: Session, cap: int = 10_000) -> int:
    """Return how many entries are not sealed yet, at most `cap`."""
    return len(session.execute(_unsealed(session, everywhere=True).limit(cap)).all())


def _unsealed(session: Session, everywhere: bool) -> Select[Any]:
    query = (
        select(*SEALED_COLUMNS)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .where(AuditSeal.entry_id.is_(None))
    )
    newest = None if everywhere else session.scalar(select(func.max(AuditSeal.entry_id)))
    return query.where(AuditEntry.id > newest - WINDOW) if newest else query
