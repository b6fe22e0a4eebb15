"""What halts sharing.

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "63471e479676"
down_revision = "f272474a35f5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sharing_halts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["began_by_id"], ["people.id"], name=op.f("fk_sharing_halts_began_by_id_people")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["people.id"], name=op.f("fk_sharing_halts_ended_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_halts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sharing_halts_public_id")),
    )
    with op.batch_alter_table("sharing_halts", schema=None) as batch_op:
        batch_op.create_index(
            "ux_sharing_halts_target_kind",
            ["target", "kind"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("sharing_halts", schema=None) as batch_op:
        batch_op.drop_index(
            "ux_sharing_halts_target_kind",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("sharing_halts")
