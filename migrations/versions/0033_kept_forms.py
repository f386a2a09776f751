"""What somebody of the team has typed outlives their session: sealed, for them alone, for some hours."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "kept_form",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("sent_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_kept_form_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
        sa.UniqueConstraint("code", name=op.f("uq_kept_form_code")),
    )
    op.create_index("ix_kept_form_expires_at", "kept_form", ["expires_at"])
    op.create_index("ix_kept_form_staff_id", "kept_form", ["staff_id"])


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
