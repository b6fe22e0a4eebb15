"""when the pages below a shared page were last read

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "7e1d90b2c4f8"
down_revision = "403069060cb8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shared_objects") as batch_op:
        batch_op.add_column(sa.Column("tree_read_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("shared_objects") as batch_op:
        batch_op.drop_column("tree_read_at")
