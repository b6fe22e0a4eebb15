"""Tables of connections and of people's Atlassian accounts. Secrets are encrypted columns and never shown again."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.core.audit.models import RowId
from app.core.crypto.columns import EncryptedText
from app.core.db import Base

#: How long before its end a credential is warned about.
EXPIRY_WARNING = timedelta(days=30)


class CredentialRole(StrEnum):
    """What a credential of a connection is for."""

    READING = "reading"
    CHECKING = "checking"


class AccountSource(StrEnum):
    """How it is known that an Atlassian account is a person's own."""

    TOKEN = "token"  # noqa: S105 - names a source
    ADMINISTRATOR = "administrator"


class Connection(Base):
    """One product of one Atlassian site, with the credential that reads and optionally one that checks."""

    __tablename__ = "connections"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    #: What administrators call it.
    name: Mapped[str] = mapped_column(String(80), unique=True)
    #: confluence or jira.
    product: Mapped[str] = mapped_column(String(12))
    #: A Deployment: cloud or data_center.
    deployment: Mapped[str] = mapped_column(String(12), default="cloud")
    #: Origin of the API, such as https://acme.atlassian.net, or the gateway with the cloud id; on Data Center with its context path.
    base_url: Mapped[str] = mapped_column(String(300))
    #: Host that people see in the addresses they paste, such as acme.atlassian.net.
    site_host: Mapped[str] = mapped_column(String(200), index=True)
    #: Context path below that host on Data Center, such as /jira; empty where there is none.
    site_path: Mapped[str] = mapped_column(String(200), default="", server_default="")
    #: The reading credential: least privilege, content is always fetched with it. Tokens of Data Center go without an address.
    reading_email: Mapped[str | None] = mapped_column(String(254))
    reading_token: Mapped[str] = mapped_column(EncryptedText("connections.reading_token"))
    reading_expires_at: Mapped[datetime | None]
    #: The checking credential, where there is a token: asks whether an account may see something.
    checking_email: Mapped[str | None] = mapped_column(String(254))
    checking_token: Mapped[str | None] = mapped_column(EncryptedText("connections.checking_token"))
    checking_expires_at: Mapped[datetime | None]
    #: Whether there is a checking credential, for those who may not read it.
    has_checking: Mapped[bool] = column_property(checking_token.is_not(None))
    created_at: Mapped[datetime]
    #: Set when an administrator switches the connection off.
    disabled_at: Mapped[datetime | None]
    #: Raised by each change, so that pooled clients of other processes are replaced.
    version: Mapped[int] = mapped_column(default=1)
    last_success_at: Mapped[datetime | None]
    last_error_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(400))
    #: Since when Atlassian refuses the credential, which administrators were told then; None = it does not.
    reading_refused_at: Mapped[datetime | None]
    checking_refused_at: Mapped[datetime | None]
    #: The end of the credential that administrators were told of last.
    reading_warned_of: Mapped[datetime | None]
    checking_warned_of: Mapped[datetime | None]
    #: What Atlassian last said about its limits, as JSON values.
    rate_limit: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    #: Result of the last test: list of {name, allowed, detail}.
    capabilities: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)


class AtlassianAccount(Base):
    """A person's own account on a connection: proven by a token, or assigned by an administrator."""

    __tablename__ = "atlassian_accounts"
    __table_args__ = (UniqueConstraint("person_id", "connection_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("connections.id", ondelete="CASCADE"), index=True)
    #: Atlassian's account id; on Data Center the key of the user.
    account_id: Mapped[str] = mapped_column(String(128))
    display_name: Mapped[str] = mapped_column(String(200))
    #: An AccountSource.
    source: Mapped[str] = mapped_column(String(16))
    #: The person's own token, where they connected one.
    email: Mapped[str | None] = mapped_column(String(254))
    token: Mapped[str | None] = mapped_column(EncryptedText("atlassian_accounts.token"))
    connected_at: Mapped[datetime]
