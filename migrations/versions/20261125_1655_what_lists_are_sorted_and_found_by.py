"""Keep what lists are sorted and found by beside what it is made from

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "f272474a35f5"
down_revision = "3e1b7c5a90d2"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NEVER = "1970-01-01 00:00:00.000000"
_BATCH = 1_000
_RARE = {
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
_SORTED = ("created_at", "name_key", "expires_at", "views", "last_opened_at")
_EVENTS = {
    "openings": "share_links:link:opened",
    "failures": "share_links:gate:failed",
    "downloads": "share_links:file:downloaded",
}


def upgrade() -> None:
    _tables()
    for table in ("people", "groups", "share_links"):
        op.add_column(table, sa.Column("name_key", _folded(120), server_default="", nullable=False))
    op.create_index("ix_people_name_key", "people", ["name_key", "id"])
    op.add_column(
        "people", sa.Column("signed_in_key", sa.DateTime(timezone=True), server_default=_NEVER, nullable=False)
    )
    op.create_index("ix_people_signed_in_key", "people", ["signed_in_key", "id"])
    op.create_index("ix_groups_name_key", "groups", ["name_key", "id"])
    op.create_index("ix_groups_source", "groups", ["source", "id"])
    for column in (
        sa.Column("last_opened_at", sa.DateTime(timezone=True), server_default=_NEVER, nullable=False),
        sa.Column("new_network_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_for_version", sa.String(64), server_default="", nullable=False),
        sa.Column("page_changed", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("share_links", column)
    _fill()
    op.drop_index("ix_share_links_expires_at", "share_links")
    for name in _SORTED:
        op.create_index(f"ix_share_links_{name}", "share_links", [name, "id"])
    op.create_index("ix_share_links_new_network_at", "share_links", ["new_network_at"])
    for name, which in _RARE.items():
        op.create_index(
            f"ix_share_links_{name}",
            "share_links",
            ["id"],
            sqlite_where=sa.text(which),
            postgresql_where=sa.text(which),
        )
    op.create_index("ix_shared_objects_object_id", "shared_objects", ["object_id"])
    op.create_index("ix_shared_objects_object_key", "shared_objects", ["object_key"])


def downgrade() -> None:
    op.drop_index("ix_shared_objects_object_key", "shared_objects")
    op.drop_index("ix_shared_objects_object_id", "shared_objects")
    for name in (*_RARE, *_SORTED, "new_network_at"):
        op.drop_index(f"ix_share_links_{name}", "share_links")
    op.create_index("ix_share_links_expires_at", "share_links", ["expires_at"])
    for name in ("ix_groups_source", "ix_groups_name_key"):
        op.drop_index(name, "groups")
    for name in ("ix_people_signed_in_key", "ix_people_name_key"):
        op.drop_index(name, "people")
    for name in ("page_changed", "made_for_version", "new_network_at", "last_opened_at"):
        op.drop_column("share_links", name)
    op.drop_column("people", "signed_in_key")
    for table in ("share_links", "groups", "people"):
        op.drop_column(table, "name_key")
    for table in (
        *("share_link_words", "shared_object_words", "share_link_days", "share_link_networks"),
        *("saved_link_filters", "share_link_figures"),
    ):
        op.drop_table(table)


def _tables() -> None:
    for table, owner, own in (
        ("share_link_words", "share_links", "link_id"),
        ("shared_object_words", "shared_objects", "object_id"),
    ):
        op.create_table(
            table,
            sa.Column(own, _ID, nullable=False),
            sa.Column("word", _folded(40), nullable=False),
            sa.ForeignKeyConstraint([own], [f"{owner}.id"], name=f"fk_{table}_{own}_{owner}", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint(own, "word", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_word", table, ["word", own])
    op.create_table(
        "share_link_days",
        sa.Column("link_id", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _EVENTS),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name="fk_share_link_days_link_id_share_links", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("link_id", "day", name="pk_share_link_days"),
    )
    op.create_index("ix_share_link_days_day", "share_link_days", ["day"])
    op.create_table(
        "share_link_networks",
        sa.Column("link_id", _ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name="fk_share_link_networks_link_id_share_links", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("link_id", "digest", name="pk_share_link_networks"),
    )
    op.create_table(
        "saved_link_filters",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(24), nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("everybodys", sa.Boolean(), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_saved_link_filters_person_id_people", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_link_filters"),
        sa.UniqueConstraint("person_id", "name", name="uq_saved_link_filters_person_id_name"),
        sa.UniqueConstraint("public_id", name="uq_saved_link_filters_public_id"),
    )
    op.create_table(
        "share_link_figures",
        sa.Column("name", sa.String(24), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_share_link_figures"),
    )


def _fill() -> None:
    op.execute("UPDATE people SET signed_in_key = COALESCE(last_signed_in_at, signed_in_key)")
    _keys("people", "display_name")
    _keys("groups", "name")
    _keys("share_links", "name")
    _words("share_link_words", "link_id", "SELECT id, name FROM share_links")
    _words("shared_object_words", "object_id", "SELECT id, title, object_key, container FROM shared_objects")
    _days()


def _keys(table: str, column: str) -> None:
    bind = op.get_bind()
    update = sa.text(f"UPDATE {table} SET name_key = :key WHERE id = :id")  # noqa: S608 - names from above
    for rows in _rows(f"SELECT id, {column} FROM {table}"):  # noqa: S608 - names from above
        bind.execute(update, [{"id": row[0], "key": _fold(row[1])[:120]} for row in rows])


def _words(table: str, own: str, query: str) -> None:
    bind = op.get_bind()
    insert = sa.text(f"INSERT INTO {table} ({own}, word) VALUES (:id, :word)")  # noqa: S608 - names from above
    for rows in _rows(query):
        found = [{"id": row[0], "word": word} for row in rows for word in _words_of(row[1:])]
        if found:
            bind.execute(insert, found)


def _days() -> None:
    bind = op.get_bind()
    day = "date(e.at)" if bind.dialect.name == "sqlite" else "CAST(e.at AT TIME ZONE 'UTC' AS date)"
    counts = ", ".join(f"SUM(CASE WHEN e.event = '{event}' THEN 1 ELSE 0 END)" for event in _EVENTS.values())
    events = ", ".join(f"'{event}'" for event in _EVENTS.values())
    bind.execute(
        sa.text(
            f"INSERT INTO share_link_days (link_id, day, openings, failures, downloads) "  # noqa: S608 - constants
            f"SELECT l.id, {day}, {counts} FROM audit_entries e JOIN share_links l ON l.public_id = e.subject_id "
            f"WHERE e.subject_kind = 'link' AND e.event IN ({events}) GROUP BY l.id, {day}"
        )
    )
    bind.execute(
        sa.text(
            "UPDATE share_links SET last_opened_at = COALESCE((SELECT MAX(e.at) FROM audit_entries e "  # noqa: S608 - constants
            "WHERE e.subject_kind = 'link' AND e.subject_id = share_links.public_id "
            f"AND e.event = '{_EVENTS['openings']}'), last_opened_at)"
        )
    )


def _rows(query: str) -> Iterable[list[tuple[Any, ...]]]:
    # Read whole: the driver of SQLite cannot write while it reads.
    found = [tuple(row) for row in op.get_bind().execute(sa.text(query))]
    return (found[start : start + _BATCH] for start in range(0, len(found), _BATCH))


def _folded(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _words_of(texts: Iterable[str | None]) -> list[str]:
    pattern = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
    found = dict.fromkeys(word[:40] for text in texts for word in re.findall(pattern, _fold(text or "")))
    return list(found)[:80]
