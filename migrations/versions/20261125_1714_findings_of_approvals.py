"""Keep what a content check found with the request to approve it

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "c95d2a7f3e18"
down_revision = "e3ea0dadfab3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("link_approvals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("findings", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("findings_digest", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("link_approvals", schema=None) as batch_op:
        batch_op.drop_column("findings_digest")
        batch_op.drop_column("findings")
