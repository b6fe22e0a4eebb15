"""Find the grant of a visit by link, browser and own link together, and only grants of own links by those

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "93be1d7a40c5"
down_revision = "7c94d05e1b63"
branch_labels = None
depends_on = None

_OWN = sa.text("invitation_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index("ix_grants_link_id_browser_digest")
        batch_op.drop_index("ix_grants_invitation_id")
        batch_op.create_index(
            "ix_grants_link_id_browser_digest_invitation_id", ["link_id", "browser_digest", "invitation_id"]
        )
        batch_op.create_index("ix_grants_invitation_id", ["invitation_id"], sqlite_where=_OWN, postgresql_where=_OWN)


def downgrade() -> None:
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index("ix_grants_invitation_id")
        batch_op.drop_index("ix_grants_link_id_browser_digest_invitation_id")
        batch_op.create_index("ix_grants_invitation_id", ["invitation_id"])
        batch_op.create_index("ix_grants_link_id_browser_digest", ["link_id", "browser_digest"])
