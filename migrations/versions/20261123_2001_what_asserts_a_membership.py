"""what asserts a membership

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "6c0d3a51be97"
down_revision = "a6fa2bef6f2a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint("pk_memberships", type_="primary")
        batch_op.create_primary_key("pk_memberships", ["person_id", "group_id", "source", "origin"])


def downgrade() -> None:
    # What a connection asserted has no place in the earlier table, where two of them would be one.
    op.execute("DELETE FROM memberships WHERE origin <> ''")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_constraint("pk_memberships", type_="primary")
        batch_op.create_primary_key("pk_memberships", ["person_id", "group_id", "source"])
        batch_op.drop_column("valid_until")
        batch_op.drop_column("origin")
