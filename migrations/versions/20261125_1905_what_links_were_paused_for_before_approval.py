"""Remember what a link was paused for when approval was asked for, so that approving does not resume it

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "7c94d05e1b63"
down_revision = "6a0f3c81d9e4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("link_approvals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_before", sa.String(length=24), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("link_approvals", schema=None) as batch_op:
        batch_op.drop_column("paused_before")
