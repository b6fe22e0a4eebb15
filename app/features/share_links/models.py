"""Tables of share links, what they show, who may read now, and the encrypted copies."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.db import Base


class SharedObject(Base):
    """One page or issue that is or was shared, with what was last seen of it; links of many people point at it."""

    __tablename__ = "shared_objects"
    __table_args__ = (UniqueConstraint("connection_id", "object_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("connections.id"), index=True)
    #: page or issue.
    kind: Mapped[str] = mapped_column(String(8))
    #: Atlassian's id, which survives renaming and moving.
    object_id: Mapped[str] = mapped_column(String(64))
    #: Issue key as last seen; None for pages.
    object_key: Mapped[str | None] = mapped_column(String(64))
    #: Title or summary as last seen; never shown before the gates.
    title: Mapped[str] = mapped_column(String(500))
    #: Space or project key as last seen.
    container: Mapped[str | None] = mapped_column(String(64))
    web_url: Mapped[str] = mapped_column(String(600))
    #: Version number of a page, `updated` of an issue.
    version: Mapped[str] = mapped_column(String(64))
    #: Digest of the restricting pages and their subjects; empty = not restricted.
    restriction_digest: Mapped[str] = mapped_column(String(64), default="")
    #: Digest of the pages below that links may cover; empty = none, or no link shows any.
    tree_digest: Mapped[str] = mapped_column(String(64), default="", server_default="")
    #: When a check with Atlassian was last good.
    checked_at: Mapped[datetime]
    #: Until when one process is checking; others wait for it (single flight).
    check_lease_until: Mapped[datetime | None]
    #: Since when Atlassian has not answered; None = it does.
    down_since: Mapped[datetime | None]


class CoveredPage(Base):
    """A page below a shared page that links may cover, as the last check of the shared page found it."""

    __tablename__ = "covered_pages"

    root_id: Mapped[int] = mapped_column(RowId, ForeignKey("shared_objects.id", ondelete="CASCADE"), primary_key=True)
    #: The page's own facts; it is checked by itself when somebody reads it.
    object_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("shared_objects.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    #: Atlassian's id of the page above it.
    parent_id: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(500))
    space_key: Mapped[str | None] = mapped_column(String(64))
    #: Order among the pages of one parent, and how far below the shared page it is.
    position: Mapped[int]
    depth: Mapped[int]
    labels: Mapped[list[str]] = mapped_column(JSON)
    #: Number of its version.
    version: Mapped[int]
    updated_at: Mapped[datetime | None]


class ShareLink(Base):
    """One link."""

    __tablename__ = "share_links"
    __table_args__ = (Index("ix_share_links_created_by_id_id", "created_by_id", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: Random; part of the signed token and the id in the API.
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    #: One byte, raised by "New address"; a token of another generation is unknown.
    generation: Mapped[int] = mapped_column(default=0)
    #: What the creator calls it; internal only.
    name: Mapped[str] = mapped_column(String(120))
    shared_object_id: Mapped[int] = mapped_column(RowId, ForeignKey("shared_objects.id"), index=True)
    created_by_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    #: `<key id>$<bcrypt>`; None = no password.
    password_hash: Mapped[str | None] = mapped_column(String(160))
    #: None = as often as wanted.
    max_views: Mapped[int | None]
    views: Mapped[int] = mapped_column(default=0)
    #: Powers as JSON with a schema version.
    powers: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Raised when a condition is tightened; grants of earlier versions are dead.
    conditions_version: Mapped[int] = mapped_column(default=1)
    #: The restriction digest that the creator's proof was made under; another one pauses the link.
    restriction_digest: Mapped[str] = mapped_column(String(64), default="")
    paused_at: Mapped[datetime | None]
    #: A PauseReason.
    paused_reason: Mapped[str | None] = mapped_column(String(24))
    revoked_at: Mapped[datetime | None]
    #: Set when the page or issue is gone, trashed, archived or no longer readable.
    closed_at: Mapped[datetime | None]
    #: A CloseReason.
    closed_reason: Mapped[str | None] = mapped_column(String(24))
    #: Raised by each change a reader can see, so that rendered pages can be kept by it.
    version: Mapped[int] = mapped_column(default=1)


class LinkGroup(Base):
    """A group whose members may open a link; any of them is enough."""

    __tablename__ = "share_link_groups"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(RowId, ForeignKey("groups.id"), primary_key=True, index=True)


class Grant(Base):
    """One browser that has opened one link and may read on."""

    __tablename__ = "grants"
    __table_args__ = (Index("ix_grants_link_id_browser_digest", "link_id", "browser_digest"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"))
    #: SHA-256 of the browser's random id.
    browser_digest: Mapped[str] = mapped_column(String(64), index=True)
    #: Who was signed in when it was given; it works for nobody else.
    person_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    conditions_version: Mapped[int]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Copy(Base):
    """An encrypted copy of a body or a file; deleted when no live link covers it, at latest 24 h after the last good check."""

    __tablename__ = "copies"
    __table_args__ = (UniqueConstraint("shared_object_id", "kind", "name", "version"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    shared_object_id: Mapped[int] = mapped_column(RowId, ForeignKey("shared_objects.id", ondelete="CASCADE"))
    #: body or media.
    kind: Mapped[str] = mapped_column(String(8))
    #: Digest of the rendering options for a body, attachment id for a file.
    name: Mapped[str] = mapped_column(String(128))
    #: Version of the object for a body, of the attachment for a file.
    version: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    created_at: Mapped[datetime]
    #: When it was last known to be what Atlassian has.
    good_at: Mapped[datetime] = mapped_column(index=True)
    #: Only a complete copy is served.
    complete: Mapped[bool] = mapped_column(default=False)
    #: What belongs to a body besides its HTML: headings, attachments, left out; encrypted JSON.
    extra: Mapped[bytes | None] = mapped_column(LargeBinary)


class CopyChunk(Base):
    """256 KiB of a copy, encrypted by itself so that a Range needs only its own chunks."""

    __tablename__ = "copy_chunks"

    copy_id: Mapped[int] = mapped_column(RowId, ForeignKey("copies.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class OwnerNotice(Base):
    """Something the owner of a link has to know, shown on the link's page and sent by mail."""

    __tablename__ = "share_link_notices"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    #: A stable code; the sentence is made from it when it is shown.
    code: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str | None] = mapped_column(Text)
