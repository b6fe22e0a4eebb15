"""Keep with a copy of a picture how large it is, and with what is shared how often one has become known

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "d41f7a9c2e85"
down_revision = "b5e2c80f6d17"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("copies") as batch_op:
        batch_op.add_column(sa.Column("width", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("height", sa.Integer(), nullable=True))
    with op.batch_alter_table("shared_objects") as batch_op:
        batch_op.add_column(sa.Column("sizes_known", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("shared_objects") as batch_op:
        batch_op.drop_column("sizes_known")
    with op.batch_alter_table("copies") as batch_op:
        batch_op.drop_column("height")
        batch_op.drop_column("width")
