"""Keep the pages that links cover below the page they name

Rules: one thing per migration; both directions; a column that is not null comes with a server default; nothing is
dropped that the previous version still reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "f778f716ab21"
down_revision = "dbd2c60ebeca"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "covered_pages",
        sa.Column("root_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("space_key", sa.String(length=64), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["shared_objects.id"],
            name=op.f("fk_covered_pages_object_id_shared_objects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["root_id"], ["shared_objects.id"], name=op.f("fk_covered_pages_root_id_shared_objects"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("root_id", "object_id", name=op.f("pk_covered_pages")),
    )
    with op.batch_alter_table("covered_pages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_covered_pages_object_id"), ["object_id"], unique=False)

    with op.batch_alter_table("shared_objects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tree_digest", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("shared_objects", schema=None) as batch_op:
        batch_op.drop_column("tree_digest")

    with op.batch_alter_table("covered_pages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_covered_pages_object_id"))

    op.drop_table("covered_pages")
