"""Tables of the audit trail. `audit_entries` and `audit_seals` refuse UPDATE and DELETE by trigger."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base

#: SQLite counts rows only in a plain INTEGER column.
RowId = BigInteger().with_variant(Integer, "sqlite")


class AuditEntry(Base):
    """One thing that happened; never changed, never deleted."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject_kind", "subject_id", "id"),
        Index("ix_audit_entries_actor", "actor_kind", "actor_id", "id"),
        Index("ix_audit_entries_event_id", "event", "id"),
        Index("ix_audit_entries_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    #: Value of an AuditEvent.
    event: Mapped[str] = mapped_column(String(80))
    #: person, visitor, token, system.
    actor_kind: Mapped[str] = mapped_column(String(16))
    #: Public id of the actor, where there is one.
    actor_id: Mapped[str | None] = mapped_column(String(64))
    #: What it happened to: link, person, group, connection, …
    subject_kind: Mapped[str | None] = mapped_column(String(32))
    subject_id: Mapped[str | None] = mapped_column(String(64))
    #: Where the call entered: web, api, worker, command.
    source: Mapped[str] = mapped_column(String(16))
    request_id: Mapped[str] = mapped_column(String(32))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: SHA-256 of salt and canonical personal values; provable while `audit_personal` has the row, opaque after.
    personal_digest: Mapped[str | None] = mapped_column(String(64))


class AuditPersonal(Base):
    """Personal values of an entry, beside it so that they can be erased without breaking the chain."""

    __tablename__ = "audit_personal"

    entry_id: Mapped[int] = mapped_column(RowId, ForeignKey("audit_entries.id"), primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(32))
    #: `address`, `agent`, `actor_name` and the event's own personal details.
    values: Mapped[dict[str, Any]] = mapped_column(JSON)


class AuditSeal(Base):
    """One link of the chain: mac = HMAC(key, previous mac ‖ seq ‖ digest of the entry)."""

    __tablename__ = "audit_seals"

    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(RowId, ForeignKey("audit_entries.id"), unique=True)
    key_id: Mapped[str] = mapped_column(String(40))
    mac: Mapped[str] = mapped_column(String(64))
