"""Refunds that somebody here asked for, kept before Stripe is called."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "refund_attempt",
        sa.Column("id", BIG, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", BIG, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("refund_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", TIME, nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_attempt_amount_positive")),
        sa.CheckConstraint(
            "(state = 'made') = (refund_id IS NOT NULL)", name=op.f("ck_refund_attempt_made_with_its_refund")
        ),
        sa.CheckConstraint(
            "reason IN ('requested_by_customer', 'duplicate', 'fraudulent')",
            name=op.f("ck_refund_attempt_reason_known"),
        ),
        sa.CheckConstraint("state IN ('asked', 'made', 'refused')", name=op.f("ck_refund_attempt_state_known")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_attempt_payment_id_payment")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_attempt_refund_id_refund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_attempt")),
        sa.UniqueConstraint("form_key", name=op.f("uq_refund_attempt_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_refund_attempt_reference")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_refund_attempt_refund_id")),
    )
    op.create_index(op.f("ix_refund_attempt_payment_id"), "refund_attempt", ["payment_id"], unique=False)
    op.create_index(op.f("ix_refund_attempt_next_try_at"), "refund_attempt", ["next_try_at"], unique=False)


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
