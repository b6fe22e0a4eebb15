"""Tables of single sign-on: connections, who came through them, and what is outstanding, seen, delivered and explained."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit.models import RowId
from app.core.crypto.columns import EncryptedText
from app.core.db import Base


class Purpose(StrEnum):
    """What somebody was sent to the provider for."""

    SIGN_IN = "sign_in"
    TEST = "test"
    REAUTH = "reauth"


class AttemptResult(StrEnum):
    """How an attempt ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class SsoConnection(Base):
    """One identity provider, and what Portico believes of what it says."""

    __tablename__ = "sso_connections"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: Stands in the addresses that the provider is given, and is the source of the connection's groups; never changes.
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    #: What administrators call it.
    name: Mapped[str] = mapped_column(String(80), unique=True)
    #: saml, oidc or oauth.
    kind: Mapped[str] = mapped_column(String(8))
    #: Key of the preset it was made from.
    preset: Mapped[str] = mapped_column(String(40))
    #: None = off: only a test sign-in goes through.
    enabled_at: Mapped[datetime | None]
    button_label: Mapped[str] = mapped_column(String(80))
    #: Order of the buttons.
    position: Mapped[int] = mapped_column(default=0)
    for_staff: Mapped[bool] = mapped_column(default=True)
    for_guests: Mapped[bool] = mapped_column(default=True)
    #: SamlSettings, OidcSettings or OAuthSettings as JSON with a schema version.
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Client secret of OpenID Connect or OAuth.
    client_secret: Mapped[str | None] = mapped_column(EncryptedText("sso_connections.client_secret"))
    #: Own key pairs as JSON, oldest first; SAML requests, decryption and private_key_jwt.
    own_keys: Mapped[str | None] = mapped_column(EncryptedText("sso_connections.own_keys"))
    #: AttributeRule list as JSON with a schema version.
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: GroupRules as JSON with a schema version.
    groups: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: IdentityRules as JSON with a schema version.
    identity: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    #: Raised by each change.
    version: Mapped[int] = mapped_column(default=1)
    #: The version that a test sign-in last went through with; it may be switched on when that is the present one.
    tested_version: Mapped[int | None]
    tested_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_refused_at: Mapped[datetime | None]


class SsoIdentity(Base):
    """Whose a provider's subject is. Made by a first sign-in, or by an administrator's assignment."""

    __tablename__ = "sso_identities"
    __table_args__ = (UniqueConstraint("connection_id", "subject"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("sso_connections.id", ondelete="CASCADE"))
    #: NameID or `sub` as the provider says it, with its qualifiers; never a changeable address alone.
    subject: Mapped[str] = mapped_column(String(512))
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class SsoConflict(Base):
    """A subject that nobody is known by, with somebody's address that nobody vouched for: an administrator decides."""

    __tablename__ = "sso_conflicts"
    __table_args__ = (UniqueConstraint("connection_id", "subject"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("sso_connections.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(512))
    #: The address as the provider says it.
    email: Mapped[str] = mapped_column(String(254))
    #: Whose address it is here.
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    first_at: Mapped[datetime]
    #: When it was tried last; the row ends 30 days later.
    last_at: Mapped[datetime] = mapped_column(index=True)
    #: Reference id of that attempt, whose explanation says what else was received.
    reference: Mapped[str] = mapped_column(String(32))


class SsoRequest(Base):
    """Somebody is at the provider; an answer counts only for a request that is outstanding, and once."""

    __tablename__ = "sso_requests"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("sso_connections.id", ondelete="CASCADE"), index=True)
    #: SHA-256 of the SAML request id or of the OAuth state.
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    #: SHA-256 of the random id of the browser that began it.
    browser_digest: Mapped[str] = mapped_column(String(64))
    #: Nonce and code verifier as JSON.
    secrets: Mapped[str | None] = mapped_column(EncryptedText("sso_requests.secrets"))
    #: Path that was wanted, on our own host.
    next_path: Mapped[str] = mapped_column(String(2_000))
    #: A Purpose.
    purpose: Mapped[str] = mapped_column(String(10))
    #: Whose re-authentication or test it is.
    person_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SsoSeen(Base):
    """An assertion that was read; the same one is refused until it would be too old anyway."""

    __tablename__ = "sso_seen"

    connection_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("sso_connections.id", ondelete="CASCADE"), primary_key=True
    )
    #: SHA-256 of the assertion's ID: providers choose its length.
    assertion_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


class SsoOutcome(Base):
    """What a verified answer said, kept for a minute until the browser that asked comes for it."""

    __tablename__ = "sso_outcomes"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: SHA-256 of the one-time handle.
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("sso_connections.id", ondelete="CASCADE"))
    #: The request it answers; None where the provider began.
    request_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("sso_requests.id", ondelete="CASCADE"))
    payload: Mapped[str] = mapped_column(EncryptedText("sso_outcomes.payload"))
    ends_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SsoAttempt(Base):
    """One attempt to sign in, so that it can be explained by its reference id; deleted after 30 days."""

    __tablename__ = "sso_attempts"
    __table_args__ = (Index("ix_sso_attempts_connection_id_id", "connection_id", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: The reference id that the person was shown: the request id of the call.
    reference: Mapped[str] = mapped_column(String(32), index=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("sso_connections.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(index=True)
    #: A Purpose.
    purpose: Mapped[str] = mapped_column(String(10))
    #: An AttemptResult.
    result: Mapped[str] = mapped_column(String(10))
    #: Stable code of what refused it; None where accepted.
    reason: Mapped[str | None] = mapped_column(String(40))
    #: Version of the connection at that instant.
    connection_version: Mapped[int]
    #: What the provider's clock said, where it says.
    provider_at: Mapped[datetime | None]
    #: List of {name, passed, expected, found} in the order they were made, as JSON.
    checks: Mapped[str] = mapped_column(EncryptedText("sso_attempts.checks"))
    #: {subject, attributes: {name: [values]}, contexts: […]} as JSON; None where nothing could be believed.
    received: Mapped[str | None] = mapped_column(EncryptedText("sso_attempts.received"))
    person_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"))


class VerifiedDomain(Base):
    """A mail domain for which an administrator lets a connection vouch."""

    __tablename__ = "sso_verified_domains"

    connection_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("sso_connections.id", ondelete="CASCADE"), primary_key=True
    )
    #: Lower case, without @.
    domain: Mapped[str] = mapped_column(String(200), primary_key=True)
