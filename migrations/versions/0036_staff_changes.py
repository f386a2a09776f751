"""Changes of who may do what wait for a second admin, or for a day."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = "'roles', 'invitation', 'enabled', 'password', 'totp', 'passkey', 'recovery_codes'"


def upgrade():
    op.create_table(
        "staff_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("takes_effect_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_staff_change_kind_known")),
        sa.CheckConstraint("state IN ('waiting', 'made', 'refused')", name=op.f("ck_staff_change_state_known")),
        sa.CheckConstraint(
            "state = 'waiting' OR decided_at IS NOT NULL", name=op.f("ck_staff_change_decided_is_dated")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_change_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_change")),
        sa.UniqueConstraint("reference", name=op.f("uq_staff_change_reference")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_staff_change_state", "staff_change", ["state", "takes_effect_at"])


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
