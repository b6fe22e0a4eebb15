"""Proving the trail: order and completeness up to the head, and what is not sealed yet."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.core.audit.models import AuditEntry, AuditPersonal, AuditSeal
from app.core.audit.sealer import GENESIS, SEALED_COLUMNS, Head, entry_digest, head, mac_of, unsealed_count
from app.core.audit.trail import personal_digest
from app.core.crypto import ring
from app.core.crypto.keyring import KeyRingError, Purpose

BATCH = 2_000
#: Problems after which reading on says nothing new.
MAXIMUM_PROBLEMS = 20


@dataclass
class Report:
    """What a verification found; no problems means that the chain is whole up to `head`."""

    sealed: int = 0
    unsealed: int = 0
    erased: int = 0
    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    problems: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, removed or inserted."""
        return not self.problems


def verify(session: Session, witness: Head | None = None) -> Report:
    """Recompute the whole chain; with a `witness` from outside also prove that nothing was cut off the end."""
    report = Report(head=head(session), unsealed=unsealed_count(session))
    previous, expected, witnessed = GENESIS, 1, witness is None or witness.seq == 0
    for row in _sealed(session):
        _check(report, row, previous, expected)
        if witness is not None and row.seq == witness.seq:
            witnessed = hmac.compare_digest(row.mac, witness.mac)
            if not witnessed:
                report.problems.append(f"Seal {row.seq} differs from the witnessed head: the chain was rewritten.")
                witnessed = True
        previous, expected = row.mac, row.seq + 1
        report.sealed += 1
        if len(report.problems) >= MAXIMUM_PROBLEMS:
            report.problems.append("Further problems are not listed.")
            return report
    if not witnessed and witness is not None:
        report.problems.append(
            f"The chain ends at {report.head.seq}, before the witnessed head {witness.seq}: it was cut."
        )
    return report


def _check(report: Report, row: Row[Any], previous: str, expected: int) -> None:
    if row.seq != expected:
        report.problems.append(f"Seals {expected} to {row.seq - 1} are missing.")
    if row.id is None:
        report.problems.append(f"Entry {row.entry_id}, sealed as {row.seq}, is missing.")
        return
    try:
        key = ring.current().derived(Purpose.AUDIT, row.key_id)
    except KeyRingError:
        report.problems.append(f"Seal {row.seq} was made with the key {row.key_id}, which is not in the key ring.")
        return
    columns = {column.key: getattr(row, column.key) for column in SEALED_COLUMNS}
    if not hmac.compare_digest(mac_of(key, previous, row.seq, entry_digest(columns)), row.mac):
        report.problems.append(f"Entry {row.entry_id} or seal {row.seq} was changed.")
    if row.personal_digest is None:
        return
    if row.salt is None:
        report.erased += 1
    elif not hmac.compare_digest(personal_digest(row.salt, row.personal_values), row.personal_digest):
        report.problems.append(f"The personal values of entry {row.entry_id} were changed.")


def _sealed(session: Session) -> Iterator[Row[Any]]:
    after = 0
    while True:
        query = (
            select(
                AuditSeal.seq,
                AuditSeal.entry_id,
                AuditSeal.key_id,
                AuditSeal.mac,
                *SEALED_COLUMNS,
                AuditPersonal.salt,
                AuditPersonal.values.label("personal_values"),
            )
            .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
            .outerjoin(AuditPersonal, AuditPersonal.entry_id == AuditSeal.entry_id)
            .where(AuditSeal.seq > after)
            .order_by(AuditSeal.seq)
            .limit(BATCH)
        )
        rows = session.execute(query).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].seq
