"""The table of mail that is to be sent; its body is encrypted, since it may hold addresses of shared things."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.crypto.columns import EncryptedText
from app.core.db import Base


class OutgoingMail(Base):
    """One message to one recipient."""

    __tablename__ = "outgoing_mail"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: The same for every delivery of this message: a mail server or a reader can drop a second copy.
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    recipient: Mapped[str] = mapped_column(EncryptedText("outgoing_mail.recipient"))
    subject: Mapped[str] = mapped_column(EncryptedText("outgoing_mail.subject"))
    body: Mapped[str] = mapped_column(EncryptedText("outgoing_mail.body"))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
