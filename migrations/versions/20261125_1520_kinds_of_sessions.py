"""kinds of sessions

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

from alembic import op

revision = "9d41f0c7b2aa"
down_revision = "29b482e2c2ed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Guests and customers have limits of their own now.
    op.execute("UPDATE sessions SET kind = (SELECT people.kind FROM people WHERE people.id = sessions.person_id)")


def downgrade() -> None:
    op.execute("UPDATE sessions SET kind = 'outside' WHERE kind <> 'staff'")
