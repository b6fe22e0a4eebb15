"""credential alarms and jobs that are over

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "dbd2c60ebeca"
down_revision = "5c0e7b41d6a3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading_refused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("checking_refused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reading_warned_of", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("checking_warned_of", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_state_finished_at", ["state", "finished_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_state_finished_at")

    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.drop_column("checking_warned_of")
        batch_op.drop_column("reading_warned_of")
        batch_op.drop_column("checking_refused_at")
        batch_op.drop_column("reading_refused_at")
