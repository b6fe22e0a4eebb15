"""Tables of guests: whom a link was sent to, from where it was opened, what was reported, codes for "Shared with me"."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.crypto.columns import EncryptedText
from app.core.db import Base
from app.features.share_links.models import MailedCode


class Invitation(Base):
    """A link of one person's own under a share: it opens what the share opens, by the same conditions."""

    __tablename__ = "share_link_invitations"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: Random; what the token of the own link names.
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), index=True)
    #: In lower case, as in `LinkRecipient`.
    address: Mapped[str] = mapped_column(String(254), index=True)
    #: What stands behind the @, for lists.
    domain: Mapped[str] = mapped_column(String(254), index=True)
    invited_by_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    #: What the sharer wrote, plain text; None = nothing.
    words: Mapped[str | None] = mapped_column(EncryptedText("share_link_invitations.words"))
    #: Row of the newest mail; it is deleted a week after it was sent.
    mail_id: Mapped[int | None] = mapped_column(RowId)
    #: When the newest mail was written.
    mailed_at: Mapped[datetime]
    #: When the one reminder was written.
    reminded_at: Mapped[datetime | None]
    openings: Mapped[int] = mapped_column(default=0)
    #: The last opening.
    opened_at: Mapped[datetime | None]
    #: When the sharer took it back.
    revoked_at: Mapped[datetime | None]
    #: When whoever it is for said that they are done.
    left_at: Mapped[datetime | None]


class ReaderOpening(Base):
    """One opening by a reader who can be told apart, as they may see it themselves: when, roughly whence and with what."""

    __tablename__ = "reader_openings"
    __table_args__ = (Index("ix_reader_openings_link_id_reader_id", "link_id", "reader", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"))
    #: The own link that it came by.
    invitation_id: Mapped[int | None] = mapped_column(
        RowId, ForeignKey("share_link_invitations.id", ondelete="CASCADE"), index=True
    )
    #: As in `ReaderViews`.
    reader: Mapped[str] = mapped_column(String(264))
    browser_digest: Mapped[str] = mapped_column(String(64))
    #: Family of the browser, such as Firefox; None where it does not say.
    browser: Mapped[str | None] = mapped_column(String(40))
    #: The network without what names a machine in it, such as 192.0.2.0/24; None = unknown.
    network: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)


class LinkReport(Base):
    """Somebody found that a link is not right."""

    __tablename__ = "link_reports"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), index=True)
    #: The own link that it came by.
    invitation_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("share_link_invitations.id"))
    at: Mapped[datetime]
    #: A ReportReason.
    reason: Mapped[str] = mapped_column(String(24))
    words: Mapped[str | None] = mapped_column(EncryptedText("link_reports.words"))


class GuestCode(MailedCode, Base):
    """A code that one browser asked for to see what is shared with an address."""

    __tablename__ = "guest_codes"

    browser_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(EncryptedText("guest_codes.address"))
