"""Remember when it was last proven that an owner may see what they share

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "8e6d853553fa"
down_revision = "b84c1f6e2d07"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proven_rights",
        sa.Column("shared_object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_proven_rights_person_id_people")),
        sa.ForeignKeyConstraint(
            ["shared_object_id"],
            ["shared_objects.id"],
            name=op.f("fk_proven_rights_shared_object_id_shared_objects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shared_object_id", "person_id", name=op.f("pk_proven_rights")),
    )
    with op.batch_alter_table("proven_rights", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proven_rights_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("proven_rights", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proven_rights_person_id"))

    op.drop_table("proven_rights")
