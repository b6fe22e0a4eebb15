"""guests of links

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "1766ee8ff0d9"
down_revision = "63471e479676"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guest_codes",
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("attempt", sa.String(length=24), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("browser_digest", name=op.f("pk_guest_codes")),
    )
    with op.batch_alter_table("guest_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guest_codes_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "share_link_invitations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("invited_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["people.id"], name=op.f("fk_share_link_invitations_invited_by_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["share_links.id"],
            name=op.f("fk_share_link_invitations_link_id_share_links"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_link_invitations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_share_link_invitations_public_id")),
    )
    with op.batch_alter_table("share_link_invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_link_invitations_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_link_invitations_invited_by_id"), ["invited_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_link_invitations_link_id"), ["link_id"], unique=False)

    op.create_table(
        "link_reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["share_link_invitations.id"],
            name=op.f("fk_link_reports_invitation_id_share_link_invitations"),
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_link_reports_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_reports")),
    )
    with op.batch_alter_table("link_reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_reports_link_id"), ["link_id"], unique=False)

    op.create_table(
        "reader_openings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reader", sa.String(length=264), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=40), nullable=True),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["share_link_invitations.id"],
            name=op.f("fk_reader_openings_invitation_id_share_link_invitations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_reader_openings_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_openings")),
    )
    with op.batch_alter_table("reader_openings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reader_openings_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_reader_openings_invitation_id"), ["invitation_id"], unique=False)
        batch_op.create_index("ix_reader_openings_link_id_reader_id", ["link_id", "reader", "id"], unique=False)

    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_grants_invitation_id"), ["invitation_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_grants_invitation_id_share_link_invitations"),
            "share_link_invitations",
            ["invitation_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_grants_invitation_id_share_link_invitations"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_grants_invitation_id"))
        batch_op.drop_column("invitation_id")

    with op.batch_alter_table("reader_openings", schema=None) as batch_op:
        batch_op.drop_index("ix_reader_openings_link_id_reader_id")
        batch_op.drop_index(batch_op.f("ix_reader_openings_invitation_id"))
        batch_op.drop_index(batch_op.f("ix_reader_openings_at"))

    op.drop_table("reader_openings")
    with op.batch_alter_table("link_reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_reports_link_id"))

    op.drop_table("link_reports")
    with op.batch_alter_table("share_link_invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_share_link_invitations_link_id"))
        batch_op.drop_index(batch_op.f("ix_share_link_invitations_invited_by_id"))
        batch_op.drop_index(batch_op.f("ix_share_link_invitations_address"))

    op.drop_table("share_link_invitations")
    with op.batch_alter_table("guest_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_guest_codes_ends_at"))

    op.drop_table("guest_codes")
