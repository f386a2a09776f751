"""How many people must approve becomes a setting: changed in the browser by two people, with a limit by amount."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "approval_rule",
        sa.Column("id", BIG, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("approvals_required", sa.Integer(), nullable=False),
        sa.Column("one_up_to_minor", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('requested', 'made', 'refused')", name=op.f("ck_approval_rule_state_known")),
        sa.CheckConstraint("approvals_required IN (1, 2)", name=op.f("ck_approval_rule_one_or_two")),
        sa.CheckConstraint("one_up_to_minor >= 0", name=op.f("ck_approval_rule_limit_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
        sa.UniqueConstraint("form_key", name=op.f("uq_approval_rule_form_key")),
    )
    op.add_column("organisation", sa.Column("one_approval_up_to_minor", BIG, server_default="0", nullable=False))


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
