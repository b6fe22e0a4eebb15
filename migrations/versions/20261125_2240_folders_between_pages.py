"""Keep the folders between two pages of a tree, and from which depth on there is more than was looked at

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "e86b25d0f4a1"
down_revision = "4b8e1d60c2f7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("covered_pages") as batch_op:
        batch_op.add_column(sa.Column("folders", sa.JSON(), server_default="[]", nullable=False))
    with op.batch_alter_table("shared_objects") as batch_op:
        batch_op.add_column(sa.Column("tree_cut_at", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("shared_objects") as batch_op:
        batch_op.drop_column("tree_cut_at")
    with op.batch_alter_table("covered_pages") as batch_op:
        batch_op.drop_column("folders")
