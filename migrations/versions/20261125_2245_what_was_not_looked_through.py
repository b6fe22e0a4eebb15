"""Keep which files a content check could not look through, and what it found with the notice to the owner

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "4b8e1d60c2f7"
down_revision = "d41f7a9c2e85"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("link_approvals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unread", sa.JSON(), nullable=True))
    with op.batch_alter_table("share_link_notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("findings", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("unread", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("share_link_notices", schema=None) as batch_op:
        batch_op.drop_column("unread")
        batch_op.drop_column("findings")
    with op.batch_alter_table("link_approvals", schema=None) as batch_op:
        batch_op.drop_column("unread")
