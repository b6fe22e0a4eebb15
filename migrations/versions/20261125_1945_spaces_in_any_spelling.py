"""Write the keys of halted spaces and projects in small letters, so that they cover every spelling

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

from alembic import op

revision = "b5e2c80f6d17"
down_revision = "93be1d7a40c5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE sharing_halts SET target = lower(target) WHERE scope = 'space'")


def downgrade() -> None:
    # As products write most of them.
    op.execute("UPDATE sharing_halts SET target = 'space:' || upper(substr(target, 7)) WHERE scope = 'space'")
