"""Tables about the life of links: what halts sharing, and work on many links at once."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.db import Base


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
