"""Tables about the life of links: what halts sharing, and work on many links at once."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.db import Base


class ProvenRight(Base):
    """When it was last asked, and when proven, that somebody whose links show an object may see it in Atlassian."""

    __tablename__ = "proven_rights"

    shared_object_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("shared_objects.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), primary_key=True, index=True)
    #: None = never, as nothing was there to ask with.
    proven_at: Mapped[datetime | None]
    #: The last try, whether or not there was an answer; None = a version that did not keep it.
    asked_at: Mapped[datetime | None]


class SharingHalt(Base):
    """An emergency stop, or sharing switched off, from its beginning to its end; kept as history."""

    __tablename__ = "sharing_halts"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    #: A HaltKind.
    kind: Mapped[str] = mapped_column(String(8))
    #: A HaltScope.
    scope: Mapped[str] = mapped_column(String(16))
    #: What it covers, as the visit's statement makes it from a link's own rows, such as `connection:3`.
    target: Mapped[str] = mapped_column(String(120))
    #: What administrators call that: a name, a key, an address of a person.
    label: Mapped[str] = mapped_column(String(300))
    #: Why, in an administrator's words; for administrators only.
    reason: Mapped[str] = mapped_column(Text)
    #: What those are told who held a grant; empty = the usual sentence.
    message: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime]
    #: None = from the command line.
    began_by_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"))

    __table_args__ = (
        # One of a kind at a time for each target; what every visit looks into holds only what is in force.
        Index(
            "ux_sharing_halts_target_kind",
            "target",
            "kind",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class BulkRun(Base):
    """One piece of work on many links: asked for, confirmed, done link by link, and kept as its report."""

    __tablename__ = "bulk_runs"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    #: Who asked, and may look; what they may do is asked again for every link.
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    #: A BulkAction.
    action: Mapped[str] = mapped_column(String(12))
    #: Days to extend by.
    days: Mapped[int | None]
    #: Address of the new owner.
    email: Mapped[str | None] = mapped_column(String(254))
    total: Mapped[int]
    made_at: Mapped[datetime]
    #: Until it is confirmed nothing is done.
    confirmed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class BulkItem(Base):
    """One link of such work, and what came of it."""

    __tablename__ = "bulk_items"
    __table_args__ = (Index("ix_bulk_items_run_id_outcome", "run_id", "outcome"),)

    run_id: Mapped[int] = mapped_column(RowId, ForeignKey("bulk_runs.id", ondelete="CASCADE"), primary_key=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    #: done or refused; None = not yet.
    outcome: Mapped[str | None] = mapped_column(String(8))
    #: Why it was refused, as it was said then.
    reason: Mapped[str | None] = mapped_column(String(400))
