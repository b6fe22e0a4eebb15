"""Keep who was asked to approve a link, and what they decided

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "b84c1f6e2d07"
down_revision = "1766ee8ff0d9"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "link_approvals",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("link_id", _ROW_ID, nullable=False),
        sa.Column("asked_by_id", _ROW_ID, nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", _ROW_ID, nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name=op.f("fk_link_approvals_asked_by_id_people")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["people.id"], name=op.f("fk_link_approvals_decided_by_id_people")),
        sa.ForeignKeyConstraint(
            ["link_id"], ["share_links.id"], name=op.f("fk_link_approvals_link_id_share_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_approvals")),
    )
    with op.batch_alter_table("link_approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_approvals_link_id"), ["link_id"], unique=False)


def downgrade() -> None:
    op.drop_table("link_approvals")
