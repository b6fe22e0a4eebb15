"""conditions on links

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "403069060cb8"
down_revision = "f778f716ab21"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_codes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("attempt", sa.String(length=24), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_address_codes_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_codes")),
        sa.UniqueConstraint("link_id", "browser_digest", name=op.f("uq_address_codes_link_id_browser_digest")),
    )
    with op.batch_alter_table("address_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_codes_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "address_proofs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_address_proofs_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_proofs")),
        sa.UniqueConstraint("link_id", "browser_digest", name=op.f("uq_address_proofs_link_id_browser_digest")),
    )
    with op.batch_alter_table("address_proofs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_proofs_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_address_proofs_browser_digest"), ["browser_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_address_proofs_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "link_passages",
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("conditions_version", sa.Integer(), nullable=False),
        sa.Column("password_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("terms_version", sa.Integer(), nullable=True),
        sa.Column("reason_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_link_passages_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_link_passages_person_id_people")),
        sa.PrimaryKeyConstraint("link_id", "browser_digest", name=op.f("pk_link_passages")),
    )
    with op.batch_alter_table("link_passages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_passages_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_passages_person_id"), ["person_id"], unique=False)

    op.create_table(
        "reader_views",
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reader", sa.String(length=264), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_reader_views_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("link_id", "reader", name=op.f("pk_reader_views")),
    )
    op.create_table(
        "share_link_recipients",
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("value", sa.String(length=254), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["share_links.id"],
            name=op.f("fk_share_link_recipients_link_id_share_links"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("link_id", "value", name=op.f("pk_share_link_recipients")),
    )
    with op.batch_alter_table("share_link_recipients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_link_recipients_domain"), ["domain"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_link_recipients_value"), ["value"], unique=False)

    op.create_table(
        "share_link_terms",
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_share_link_terms_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("link_id", "version", name=op.f("pk_share_link_terms")),
    )
    with op.batch_alter_table("share_links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("networks", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("max_views_each", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("asks_sign_in", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("sign_in_through", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("all_groups", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("asks_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("terms_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("asks_reason", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    # The earlier version does not know these conditions: a link that has any must not open without them.
    op.execute(
        """
        UPDATE share_links SET paused_at = CURRENT_TIMESTAMP, paused_reason = 'owner'
        WHERE paused_at IS NULL AND (
            opens_at IS NOT NULL OR networks IS NOT NULL OR max_views_each IS NOT NULL OR asks_sign_in
            OR sign_in_through IS NOT NULL OR all_groups OR asks_second_factor OR terms_version IS NOT NULL
            OR asks_reason OR id IN (SELECT link_id FROM share_link_recipients)
        )
        """
    )
    with op.batch_alter_table("share_links", schema=None) as batch_op:
        batch_op.drop_column("asks_reason")
        batch_op.drop_column("terms_version")
        batch_op.drop_column("asks_second_factor")
        batch_op.drop_column("all_groups")
        batch_op.drop_column("sign_in_through")
        batch_op.drop_column("asks_sign_in")
        batch_op.drop_column("max_views_each")
        batch_op.drop_column("networks")
        batch_op.drop_column("opens_at")

    op.drop_table("share_link_terms")
    with op.batch_alter_table("share_link_recipients", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_share_link_recipients_value"))
        batch_op.drop_index(batch_op.f("ix_share_link_recipients_domain"))

    op.drop_table("share_link_recipients")
    op.drop_table("reader_views")
    with op.batch_alter_table("link_passages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_passages_person_id"))
        batch_op.drop_index(batch_op.f("ix_link_passages_changed_at"))

    op.drop_table("link_passages")
    with op.batch_alter_table("address_proofs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_proofs_ends_at"))
        batch_op.drop_index(batch_op.f("ix_address_proofs_browser_digest"))
        batch_op.drop_index(batch_op.f("ix_address_proofs_address"))

    op.drop_table("address_proofs")
    with op.batch_alter_table("address_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_codes_ends_at"))

    op.drop_table("address_codes")
