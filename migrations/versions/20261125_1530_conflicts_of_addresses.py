"""conflicts of addresses

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "b7c2e5a91d34"
down_revision = "9d41f0c7b2aa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sso_conflicts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["sso_connections.id"],
            name=op.f("fk_sso_conflicts_connection_id_sso_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sso_conflicts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_conflicts")),
        sa.UniqueConstraint("connection_id", "subject", name=op.f("uq_sso_conflicts_connection_id_subject")),
    )
    with op.batch_alter_table("sso_conflicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sso_conflicts_last_at"), ["last_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sso_conflicts_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("sso_conflicts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sso_conflicts_person_id"))
        batch_op.drop_index(batch_op.f("ix_sso_conflicts_last_at"))

    op.drop_table("sso_conflicts")
