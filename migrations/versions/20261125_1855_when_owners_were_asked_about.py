"""Remember when it was last asked about an owner's right, also where nobody could answer

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "6a0f3c81d9e4"
down_revision = "4d1b7e90c2fa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("proven_rights", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("proven_at", existing_type=sa.DateTime(timezone=True), nullable=True)
    op.execute("UPDATE proven_rights SET asked_at = proven_at")


def downgrade() -> None:
    # A right that was never proven was no row before.
    op.execute("DELETE FROM proven_rights WHERE proven_at IS NULL")
    with op.batch_alter_table("proven_rights", schema=None) as batch_op:
        batch_op.alter_column("proven_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.drop_column("asked_at")
