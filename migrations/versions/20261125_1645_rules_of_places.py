"""Keep the rules of connections, spaces and projects

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "3e1b7c5a90d2"
down_revision = "7e1d90b2c4f8"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rule_levels",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("connection_id", _ROW_ID, nullable=False),
        sa.Column("container", sa.String(length=64), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", _ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["people.id"], name=op.f("fk_rule_levels_changed_by_id_people")),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_rule_levels_connection_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_levels")),
        sa.UniqueConstraint("connection_id", "container", name=op.f("uq_rule_levels_connection_id_container")),
    )


def downgrade() -> None:
    op.drop_table("rule_levels")
