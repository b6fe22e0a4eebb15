"""Sending: `send` writes the message and its job into the caller's transaction; the worker delivers.

At least once; the stable Message-ID lets receivers drop a second copy (RFC 5322 section 3.6.4).
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.config import Config
from app.core.config import Mail as MailSettings
from app.core.crypto import tokens
from app.core.errors import Unavailable
from app.core.jobs import outbox, schedule
from app.core.mail.models import OutgoingMail
from app.core.text import Text

SMTP_TIMEOUT_SECONDS = 20
#: Sent messages are kept this long, then deleted.
KEEP_SENT = timedelta(days=7)

_deliver: Callable[[EmailMessage], None] | None = None
_sender = "Portico <portico@localhost>"


def configure(config: Config) -> None:
    """Choose how mail leaves: by SMTP, into a folder in development, or not at all."""
    global _deliver, _sender
    _sender = config.mail.mail_from
    if config.mail.smtp_host is not None:
        settings = config.mail
        _deliver = lambda message: _by_smtp(settings, message)  # noqa: E731
    elif config.web.development:
        folder = config.web.data_dir / "mail"
        _deliver = lambda message: _into_folder(folder, message)  # noqa: E731
    else:
        _deliver = None


def can_send() -> bool:
    """Tell whether mail leaves this installation."""
    return _deliver is not None


def send(session: Session, *, to: str, subject: Text, body: Text) -> int:
    """Write a message and the job that delivers it; return its row id."""
    now = clock.now()
    domain = parseaddr(_sender)[1].partition("@")[2] or "localhost"
    row = OutgoingMail(
        message_id=f"<{tokens.new_public_id()}.{int(now.timestamp())}@{domain}>",
        recipient=to,
        subject=" ".join(str(subject).split())[:200],
        body=str(body),
        created_at=now,
    )
    session.add(row)
    session.flush()
    outbox.enqueue(session, deliver, mail_id=row.id)
    return row.id


@outbox.job("mail.deliver")
def deliver(mail_id: int) -> None:
    """Deliver one message; sending twice is harmless because its Message-ID is stable."""
    with db.reading() as session:
        row = session.scalars(select(OutgoingMail).where(OutgoingMail.id == mail_id)).one_or_none()
    if row is None or row.sent_at is not None:
        return
    if _deliver is None:
        raise Unavailable("mail", Text("No mail server is set; set PORTICO_SMTP_HOST."))
    message = EmailMessage()
    message["From"] = _sender
    message["To"] = row.recipient
    message["Subject"] = row.subject
    message["Message-ID"] = row.message_id
    message["Date"] = format_datetime(row.created_at.astimezone(UTC))
    # No out-of-office answers to a machine (RFC 3834 section 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.body)
    _deliver(message)
    with db.transaction() as session:
        session.execute(update(OutgoingMail).where(OutgoingMail.id == mail_id).values(sent_at=clock.now()))


@schedule.every(3_600, "mail.purge")
def purge() -> None:
    """Delete messages that were sent more than a week ago."""
    with db.transaction() as session:
        session.execute(delete(OutgoingMail).where(OutgoingMail.sent_at < clock.now() - KEEP_SENT))


def unreachable(settings: MailSettings) -> str | None:
    """Return why the mail server does not let Portico in, or None where it does; sends nothing."""
    try:
        with _signed_in(settings):
            return None
    except (OSError, smtplib.SMTPException) as error:
        return str(error) or type(error).__name__


def _by_smtp(settings: MailSettings, message: EmailMessage) -> None:
    with _signed_in(settings) as client:
        client.send_message(message)


@contextmanager
def _signed_in(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    host = settings.smtp_host or ""
    secure = ssl.create_default_context()
    client: smtplib.SMTP
    if settings.smtp_security == "tls":
        client = smtplib.SMTP_SSL(host, settings.smtp_port, timeout=SMTP_TIMEOUT_SECONDS, context=secure)
    else:
        client = smtplib.SMTP(host, settings.smtp_port, timeout=SMTP_TIMEOUT_SECONDS)
    with client:
        if settings.smtp_security == "starttls":
            client.starttls(context=secure)
        if settings.smtp_user and settings.smtp_password:
            client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        yield client


def _into_folder(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = str(message["Message-ID"]).strip("<>").replace("/", "_")
    (folder / f"{name}.eml").write_bytes(bytes(message))
