"""Keep work on many links, and what came of each

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "e3ea0dadfab3"
down_revision = "8e6d853553fa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_bulk_runs_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_runs")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bulk_runs_public_id")),
    )
    with op.batch_alter_table("bulk_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_runs_person_id"), ["person_id"], unique=False)

    op.create_table(
        "bulk_items",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_bulk_items_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["bulk_runs.id"], name=op.f("fk_bulk_items_run_id_bulk_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "link_id", name=op.f("pk_bulk_items")),
    )
    with op.batch_alter_table("bulk_items", schema=None) as batch_op:
        batch_op.create_index("ix_bulk_items_run_id_outcome", ["run_id", "outcome"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("bulk_items", schema=None) as batch_op:
        batch_op.drop_index("ix_bulk_items_run_id_outcome")

    op.drop_table("bulk_items")
    with op.batch_alter_table("bulk_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bulk_runs_person_id"))

    op.drop_table("bulk_runs")
