"""Decisions about supporters' messages"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "message_decision",
        sa.Column("donation_id", BIG, autoincrement=False, nullable=False),
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("hidden_by", sa.Text(), nullable=True),
        sa.Column("hidden_at", TIME, nullable=True),
        sa.Column("shown_since", TIME, nullable=True),
        sa.CheckConstraint("verdict IN ('approved', 'hidden')", name=op.f("ck_message_decision_verdict_known")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_message_decision_appeal_id_appeal")),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_message_decision_donation_id_donation")
        ),
        sa.PrimaryKeyConstraint("donation_id", name=op.f("pk_message_decision")),
    )
    op.create_index("ix_message_decision_shown", "message_decision", ["appeal_id", "shown_since"], unique=False)


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
