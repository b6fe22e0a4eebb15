"""Tables of share links: their conditions, what they show, who has passed which gate, who may read, encrypted copies."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.core.audit.models import RowId
from app.core.crypto.columns import EncryptedText
from app.core.db import Base
from app.core.folding import KEY_LENGTH, folded_text, key_of
from app.core.paging import NEVER

#: Links that few others are like, by the condition of the index that finds them; queries say the same words.
RARE = {
    "revoked": "revoked_at IS NOT NULL",
    "closed": "closed_at IS NOT NULL",
    "paused": "paused_at IS NOT NULL",
    "scheduled": "opens_at IS NOT NULL",
    "used_up": "views >= max_views",
    "password": "password_hash IS NOT NULL",
    "network": "networks IS NOT NULL",
    "sign_in": "asks_sign_in OR sign_in_through IS NOT NULL",
    "no_person": "NOT asks_sign_in AND sign_in_through IS NULL AND NOT asks_second_factor",
    "second_factor": "asks_second_factor",
    "terms": "terms_version IS NOT NULL",
    "reason": "asks_reason",
    "page_changed": "page_changed",
}
#: Of the grants those that an own link opened.
_OWN = text("invitation_id IS NOT NULL")


class SharedObject(Base):
    """One page or issue that is or was shared, with what was last seen of it; links of many people point at it."""

    __tablename__ = "shared_objects"
    __table_args__ = (UniqueConstraint("connection_id", "object_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("connections.id"), index=True)
    #: page or issue.
    kind: Mapped[str] = mapped_column(String(8))
    #: Atlassian's id, which survives renaming and moving.
    object_id: Mapped[str] = mapped_column(String(64), index=True)
    #: Issue key as last seen; None for pages.
    object_key: Mapped[str | None] = mapped_column(String(64), index=True)
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
    #: Raised each time the size of a picture becomes known, of this page or of one below that links may cover.
    sizes_known: Mapped[int] = mapped_column(default=0, server_default="0")
    #: The depth below from which on there is more than was looked at; None = that is all.
    tree_cut_at: Mapped[int | None]
    #: When the pages below were last read; a check may find the page and not, in time, what is below it.
    tree_read_at: Mapped[datetime | None]
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
    #: Atlassian's id of the page above it, and the titles of the folders in between, the highest first.
    parent_id: Mapped[str] = mapped_column(String(64))
    folders: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
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
    __table_args__ = (
        Index("ix_share_links_created_by_id_id", "created_by_id", "id"),
        # What lists are sorted by, with the row id that decides between equals.
        Index("ix_share_links_created_at", "created_at", "id"),
        Index("ix_share_links_name_key", "name_key", "id"),
        Index("ix_share_links_expires_at", "expires_at", "id"),
        Index("ix_share_links_views", "views", "id"),
        Index("ix_share_links_last_opened_at", "last_opened_at", "id"),
        *(
            Index(f"ix_share_links_{name}", "id", sqlite_where=text(which), postgresql_where=text(which))
            for name, which in RARE.items()
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: Random; part of the signed token and the id in the API.
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    #: One byte, raised by "New address"; a token of another generation is unknown.
    generation: Mapped[int] = mapped_column(default=0)
    #: What the creator calls it; internal only.
    name: Mapped[str] = mapped_column(String(120))
    #: The same, folded: what lists are sorted by.
    name_key: Mapped[str] = mapped_column(folded_text(KEY_LENGTH), server_default="")
    shared_object_id: Mapped[int] = mapped_column(RowId, ForeignKey("shared_objects.id"), index=True)
    created_by_id: Mapped[int] = mapped_column(RowId, ForeignKey("people.id"))
    created_at: Mapped[datetime]
    #: Before this nobody opens it; None = at once.
    opens_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    #: Networks that it opens from, as JSON with a schema version; None = from everywhere.
    networks: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: None = as often as wanted.
    max_views: Mapped[int | None]
    views: Mapped[int] = mapped_column(default=0)
    #: The same for each reader; None = as often as wanted.
    max_views_each: Mapped[int | None]
    #: Whether readers sign in; groups, a named connection and a second factor ask for it by themselves.
    asks_sign_in: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: Name of the way (`sign_in.Way`) that they have to sign in by; None = any.
    sign_in_through: Mapped[str | None] = mapped_column(String(40))
    #: Whether readers have to be in all of the link's groups, not only in one.
    all_groups: Mapped[bool] = mapped_column(default=False, server_default=false())
    asks_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: `<key id>$<bcrypt>`; None = no password.
    password_hash: Mapped[str | None] = mapped_column(String(160))
    #: Which of the link's terms have to be accepted; None = none.
    terms_version: Mapped[int | None]
    asks_reason: Mapped[bool] = mapped_column(default=False, server_default=false())
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
    #: When a reader last opened it, or NEVER; visits of its owner and of administrators do not count.
    last_opened_at: Mapped[datetime] = mapped_column(default=NEVER, server_default=f"{NEVER:%Y-%m-%d %H:%M:%S.%f}")
    #: When a reader opened it from a network that it was not opened from before, other than the first; None = never.
    new_network_at: Mapped[datetime | None] = mapped_column(index=True)
    #: The version of the page or issue that it was made for; empty = not known.
    made_for_version: Mapped[str] = mapped_column(String(64), default="", server_default="")
    #: Whether a check has found another version since.
    page_changed: Mapped[bool] = mapped_column(default=False, server_default=false())

    @validates("name")
    def _named(self, _key: str, name: str) -> str:
        self.name_key = key_of(name)
        return name


class LinkGroup(Base):
    """A group whose members may open a link."""

    __tablename__ = "share_link_groups"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(RowId, ForeignKey("groups.id"), primary_key=True, index=True)


class LinkRecipient(Base):
    """An address, or a domain whose addresses, may open a link after a code by mail; any of them is enough."""

    __tablename__ = "share_link_recipients"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    #: In lower case; what holds an @ is an address.
    value: Mapped[str] = mapped_column(String(254), primary_key=True, index=True)
    #: The domain of the address, or the domain itself: links are searched by it.
    domain: Mapped[str] = mapped_column(String(253), index=True)


class LinkTerms(Base):
    """One version of the terms of a link; kept, since readers have accepted it."""

    __tablename__ = "share_link_terms"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Passage(Base):
    """How far one browser has come through the gates of one link; what it proved of itself is elsewhere."""

    __tablename__ = "link_passages"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    browser_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: Who was signed in; what they passed counts for nobody else.
    person_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    #: Password and reason of earlier conditions are nothing.
    conditions_version: Mapped[int]
    #: When the password was proven; gone with the opening.
    password_at: Mapped[datetime | None]
    #: Which terms were accepted; stays, so that nobody is asked for the same twice.
    terms_version: Mapped[int | None]
    #: When a reason was stated; gone with the opening.
    reason_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(EncryptedText("link_passages.reason"))
    changed_at: Mapped[datetime] = mapped_column(index=True)


class MailedCode:
    """What a code by mail has, whatever it is for: one for each browser and purpose, the next takes its place."""

    #: What was entered, whether or not anything is for it. Encrypted.
    address: Mapped[str]
    #: Random; names this sending, and is part of what the code is bound to.
    attempt: Mapped[str] = mapped_column(String(24))
    #: Keyed digest of code, purpose, address and attempt. The worker writes it when it sends the mail; None = opens nothing.
    code_digest: Mapped[str | None] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class AddressCode(MailedCode, Base):
    """A code that one browser asked for at one link."""

    __tablename__ = "address_codes"
    __table_args__ = (UniqueConstraint("link_id", "browser_digest"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"))
    browser_digest: Mapped[str] = mapped_column(String(64))
    #: The own link that it was asked for at: then the code goes only to whom that was sent.
    invitation_id: Mapped[int | None] = mapped_column(
        RowId, ForeignKey("share_link_invitations.id", ondelete="CASCADE"), index=True
    )
    address: Mapped[str] = mapped_column(EncryptedText("address_codes.address"))


class AddressProof(Base):
    """An address that one browser has proven to receive mail at, for one link."""

    __tablename__ = "address_proofs"
    __table_args__ = (UniqueConstraint("link_id", "browser_digest"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    #: The link it was proven at, and the only one that it opens; None = proven for itself.
    link_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"))
    browser_digest: Mapped[str] = mapped_column(String(64), index=True)
    #: In lower case, as in `LinkRecipient`.
    address: Mapped[str] = mapped_column(String(254), index=True)
    domain: Mapped[str] = mapped_column(String(253))
    proven_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class ReaderViews(Base):
    """How often one reader has opened one link, where the link counts that."""

    __tablename__ = "reader_views"

    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True)
    #: `person:<id>`, else `address:<address>`, else `invitation:<id>`, else `browser:<digest>`.
    reader: Mapped[str] = mapped_column(String(264), primary_key=True)
    views: Mapped[int]


class Grant(Base):
    """One browser that has opened one link and may read on."""

    __tablename__ = "grants"
    __table_args__ = (
        # All that a visit looks one up by: with less, SQLite would rather go through every grant without an own link.
        Index("ix_grants_link_id_browser_digest_invitation_id", "link_id", "browser_digest", "invitation_id"),
        Index("ix_grants_invitation_id", "invitation_id", sqlite_where=_OWN, postgresql_where=_OWN),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"))
    #: SHA-256 of the browser's random id.
    browser_digest: Mapped[str] = mapped_column(String(64), index=True)
    #: Who was signed in when it was given; it works for nobody else.
    person_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"), index=True)
    #: The own link that it was opened by; it works for no other address of the link.
    invitation_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("share_link_invitations.id"))
    conditions_version: Mapped[int]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    #: When the same reader opened the link in another browser since; None = never, or they said that it was them.
    elsewhere_at: Mapped[datetime | None]


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
    #: Pixels of a picture as it is drawn, read from how its bytes begin; None where they do not say, or it is none.
    width: Mapped[int | None]
    height: Mapped[int | None]
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
    #: What a content check found, masked, and which files it could not look through; None = it is not about content.
    findings: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    unread: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))


class RuleLevel(Base):
    """Rules of a connection, or of one space or project on it; those for everywhere are settings of share links."""

    __tablename__ = "rule_levels"
    __table_args__ = (UniqueConstraint("connection_id", "container"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[int] = mapped_column(RowId, ForeignKey("connections.id", ondelete="CASCADE"))
    #: Key of a space or project; empty = the whole connection.
    container: Mapped[str] = mapped_column(String(64), default="")
    #: What is set here, by the names of the settings of share links.
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"))


class LinkApproval(Base):
    """A request that a second person lets a link open, and what became of it."""

    __tablename__ = "link_approvals"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    link_id: Mapped[int] = mapped_column(RowId, ForeignKey("share_links.id", ondelete="CASCADE"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    #: After this it can no longer be decided.
    ends_at: Mapped[datetime]
    #: None = waits; set without a decision where a later request took its place.
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("people.id"))
    approved: Mapped[bool | None]
    note: Mapped[str | None] = mapped_column(String(500))
    #: What a content check found, masked: kind, place, file and a few characters of each; None = it was not about content.
    findings: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    #: Files that it could not look through: name, reason and version of each.
    unread: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    #: What is agreed to when this is approved.
    findings_digest: Mapped[str | None] = mapped_column(String(64))
    #: The PauseReason that the link was stopped for already; approval leaves it paused for that.
    paused_before: Mapped[str | None] = mapped_column(String(24))
