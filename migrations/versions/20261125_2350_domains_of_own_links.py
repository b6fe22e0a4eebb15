"""Keep the domain of whom an own link is for, so that lists find links by it

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "c7a04e19d3b2"
down_revision = "e86b25d0f4a1"
branch_labels = None
depends_on = None

_TABLE = "share_link_invitations"
_DOMAIN = {"sqlite": "substr(address, instr(address, '@') + 1)", "postgresql": "split_part(address, '@', 2)"}


def upgrade() -> None:
    with op.batch_alter_table(_TABLE) as batch_op:
        batch_op.add_column(sa.Column("domain", sa.String(254), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_share_link_invitations_domain"), ["domain"])
    op.execute(f"UPDATE {_TABLE} SET domain = {_DOMAIN[op.get_bind().dialect.name]}")  # noqa: S608 - from above


def downgrade() -> None:
    with op.batch_alter_table(_TABLE) as batch_op:
        batch_op.drop_index(batch_op.f("ix_share_link_invitations_domain"))
        batch_op.drop_column("domain")
