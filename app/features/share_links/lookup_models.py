"""Tables that lists, counts and charts of links stay quick by, however many links and openings there are."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.db import Base
from app.core.folding import WORD_LENGTH, folded_text


class LinkWord(Base):
    """A word of a link's name, folded: what the link is found by."""

    __tablename__ = "share_link_words"
    __table_args__ = (Index("ix_share_link_words_word", "word", "link_id"),)

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(folded_text(WORD_LENGTH), primary_key=True)


class ObjectWord(Base):
    """A word of the title, the key or the container of what is shared, folded: its links are found by it."""

    __tablename__ = "shared_object_words"
    __table_args__ = (Index("ix_shared_object_words_word", "word", "object_id"),)

    object_id: Mapped[int] = mapped_column(RowId, ForeignKey("shared_objects.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(folded_text(WORD_LENGTH), primary_key=True)


class LinkDay(Base):
    """How often one link was opened, refused and downloaded from on one day in UTC."""

    __tablename__ = "share_link_days"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    openings: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    downloads: Mapped[int] = mapped_column(default=0)


class LinkNetwork(Base):
    """A network that a link was opened from."""

    __tablename__ = "share_link_networks"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    #: Keyed digest of link and network: tells whether it was seen before, and nothing else.
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)


class SavedFilter(Base):
    """What somebody looks for again and again in a list of links, by a name of their own."""

    __tablename__ = "saved_link_filters"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    #: Whether it is about everybody's links.
    everybodys: Mapped[bool]
    #: Query arguments of the list, as they stand in its address.
    query: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class LinkFigures(Base):
    """Figures over all links, counted by the worker every few minutes; one row for each kind."""

    __tablename__ = "share_link_figures"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    counted_at: Mapped[datetime]
