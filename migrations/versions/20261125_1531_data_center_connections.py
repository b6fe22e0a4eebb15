"""Data Center connections

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "5c0e7b41d6a3"
down_revision = "b7c2e5a91d34"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("connections") as batch_op:
        batch_op.add_column(sa.Column("site_path", sa.String(length=200), server_default="", nullable=False))
        batch_op.alter_column("reading_email", existing_type=sa.String(length=254), nullable=True)


def downgrade() -> None:
    # The version before knows no tokens without an address; it cannot use these connections, and does not lose them.
    op.execute("UPDATE connections SET reading_email = '' WHERE reading_email IS NULL")
    with op.batch_alter_table("connections") as batch_op:
        batch_op.alter_column("reading_email", existing_type=sa.String(length=254), nullable=False)
        batch_op.drop_column("site_path")
