"""Tables of people, groups, memberships, roles, sessions, known browsers, one-time links and API tokens."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.core.audit.models import RowId
from app.core.db import Base
from app.core.folding import KEY_LENGTH, folded_text, key_of
from app.core.paging import NEVER

#: Source of groups and memberships that were made in Portico itself.
LOCAL = "local"


class MembershipSource(StrEnum):
    """Where a membership comes from; only that source removes it."""

    MANUAL = "manual"
    SSO = "sso"
    SCIM = "scim"
    DIRECTORY = "directory"
    REQUEST = "request"


class Person(Base):
    """Somebody who can sign in, or could once."""

    __tablename__ = "people"
    __table_args__ = (
        Index("ix_people_name_key", "name_key", "id"),
        Index("ix_people_signed_in_key", "signed_in_key", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: Names the person in addresses and in the audit trail.
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    #: staff, guest, customer.
    kind: Mapped[str] = mapped_column(String(10))
    display_name: Mapped[str] = mapped_column(String(120))
    #: The same, folded: what lists are sorted by.
    name_key: Mapped[str] = mapped_column(folded_text(KEY_LENGTH), server_default="")
    email: Mapped[str] = mapped_column(String(254))
    #: The address in lower case: what people are found by.
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    #: When the address was proven; None = nobody vouches for it.
    email_verified_at: Mapped[datetime | None]
    #: administrator, code, or the public id of the connection that asserted it.
    email_verified_by: Mapped[str | None] = mapped_column(String(40))
    #: `<key id>$<bcrypt>`; None = no local sign-in.
    password_hash: Mapped[str | None] = mapped_column(String(160))
    password_changed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    #: None = active.
    deactivated_at: Mapped[datetime | None]
    last_signed_in_at: Mapped[datetime | None]
    #: The same, or NEVER: what lists are sorted by.
    signed_in_key: Mapped[datetime] = mapped_column(default=NEVER, server_default=f"{NEVER:%Y-%m-%d %H:%M:%S.%f}")
    #: IANA zone name; None = the organisation's.
    time_zone: Mapped[str | None] = mapped_column(String(64))

    @validates("display_name")
    def _named(self, _key: str, name: str) -> str:
        self.name_key = key_of(name)
        return name

    @validates("last_signed_in_at")
    def _signed_in(self, _key: str, at: datetime | None) -> datetime | None:
        self.signed_in_key = at or NEVER
        return at

    @property
    def active(self) -> bool:
        """Whether the person may sign in."""
        return self.deactivated_at is None


class Group(Base):
    """A group of one source. Its identity is (source, external id); the name is a label."""

    __tablename__ = "groups"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_groups_name_key", "name_key", "id"),
        Index("ix_groups_source", "source", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    #: `local`, or the public id of the connection it came through.
    source: Mapped[str] = mapped_column(String(40))
    #: The source's own id; for local groups the public id.
    external_id: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(120), index=True)
    #: The same, folded: what lists are sorted by.
    name_key: Mapped[str] = mapped_column(folded_text(KEY_LENGTH), server_default="")
    description: Mapped[str] = mapped_column(String(400), default="")
    created_at: Mapped[datetime]

    @validates("name")
    def _named(self, _key: str, name: str) -> str:
        self.name_key = key_of(name)
        return name


class Membership(Base):
    """One person in one group, by one source; flat."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_group_id_person_id", "group_id", "person_id"),)

    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(RowId, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    #: A MembershipSource.
    source: Mapped[str] = mapped_column(String(12), primary_key=True)
    #: Public id of the connection that asserted it; empty where the source is one of a kind. Only it takes it back.
    origin: Mapped[str] = mapped_column(String(40), primary_key=True, default="", server_default="")
    created_at: Mapped[datetime]
    #: Until when the last assertion of it counts; None = until it is removed.
    valid_until: Mapped[datetime | None]


class RoleAssignment(Base):
    """A role given to a person or to a group."""

    __tablename__ = "role_assignments"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (group_id IS NULL)", name="one_holder"),
        UniqueConstraint("role", "person_id"),
        UniqueConstraint("role", "group_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: A Role.
    role: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("groups.id", ondelete="CASCADE"), index=True)


class SignInSession(Base):
    """A signed-in browser. A row that is ended, idle or over is dead at the next request."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: SHA-256 of the 256-bit id in the cookie.
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    #: The person's kind: each has limits of its own.
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    #: Written at most once a minute.
    last_seen_at: Mapped[datetime]
    #: Ends when nothing was seen until then.
    idle_ends_at: Mapped[datetime]
    #: Ends whatever happens.
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    #: Method → instant at which it was achieved, such as {"password": "2026-11-23T09:00:00+00:00"}.
    methods: Mapped[dict[str, Any]] = mapped_column(JSON)
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str | None] = mapped_column(String(400))


class KnownBrowser(Base):
    """A browser that signed in as a person before; it has an allowance of its own against guessing."""

    __tablename__ = "known_browsers"

    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), primary_key=True)
    #: SHA-256 of the browser's random id.
    browser_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_used_at: Mapped[datetime]


class OneTimeLink(Base):
    """A link that sets a new password once; shown to the administrator who asked for it."""

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A bearer token for the API; shown once, kept as a digest."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    #: Space-separated, such as `shares:read shares:write`.
    scopes: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: Written at most once a minute.
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
