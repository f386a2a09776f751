"""Charges that carry a donation's reference without being its payment are held for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "stray_payment",
        sa.Column("payment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("donation_id", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason IN ('other_currency', 'paid_already')", name=op.f("ck_stray_payment_reason_known")),
        sa.ForeignKeyConstraint(["donation_id"], ["donation.id"], name=op.f("fk_stray_payment_donation_id_donation")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_stray_payment")),
    )
    op.create_index(op.f("ix_stray_payment_donation_id"), "stray_payment", ["donation_id"])
    op.add_column("donation", sa.Column("joint_until", sa.DateTime(timezone=True), nullable=True))
    # What was counted together stays so: nothing that is booked changes by this migration.
    op.execute(
        "UPDATE donation SET joint_until ="
        " (SELECT max(p.first_seen_at) FROM payment p WHERE p.donation_id = donation.id)"
        " WHERE id IN (SELECT p.donation_id FROM payment p JOIN donation d ON d.id = p.donation_id"
        " WHERE p.succeeded_at IS NOT NULL AND p.failed_at IS NULL AND p.currency = d.currency"
        " GROUP BY p.donation_id HAVING count(*) > 1)"
    )
    # Two currencies in one donation were never sound, and are for a person to decide.
    op.execute(
        "INSERT INTO stray_payment (payment_id, donation_id, reason, since)"
        " SELECT p.id, d.id, 'other_currency', p.first_seen_at FROM payment p JOIN donation d ON d.id = p.donation_id"
        " WHERE p.succeeded_at IS NOT NULL AND p.currency <> d.currency"
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
