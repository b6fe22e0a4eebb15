"""codes at own links

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "4d1b7e90c2fa"
down_revision = "c95d2a7f3e18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("address_codes", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_address_codes_invitation_id"), ["invitation_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_address_codes_invitation_id_share_link_invitations"),
            "share_link_invitations",
            ["invitation_id"],
            ["id"],
            ondelete="CASCADE",
        )


def downgrade() -> None:
    with op.batch_alter_table("address_codes", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_address_codes_invitation_id_share_link_invitations"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_address_codes_invitation_id"))
        batch_op.drop_column("invitation_id")
