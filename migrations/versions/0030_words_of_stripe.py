"""More of what Stripe says is kept: what was only held on a card, whose money a charge is, why a refund waits, which
payout reverses another and where a payout went."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.add_column("payment", sa.Column("authorized_minor", BIG, nullable=True))
    op.add_column("payment", sa.Column("for_account", sa.Text(), nullable=True))
    with op.batch_alter_table("stray_payment") as table:  # SQLite cannot change a check in place: it copies the table.
        table.drop_constraint(op.f("ck_stray_payment_reason_known"), type_="check")
        table.create_check_constraint(
            op.f("ck_stray_payment_reason_known"), "reason IN ('other_currency', 'paid_already', 'other_account')"
        )
    op.add_column("refund", sa.Column("pending_reason", sa.Text(), nullable=True))
    op.add_column("refund", sa.Column("said_at", MOMENT, nullable=True))
    op.add_column("payout", sa.Column("destination", sa.Text(), nullable=True))
    op.add_column("payout", sa.Column("original_id", sa.Text(), nullable=True))
    op.add_column("payout", sa.Column("estimate_kept", sa.Boolean(), server_default=sa.false(), nullable=False))
    # What was estimated before it was made anew when its facts change stays as it was booked.
    op.execute("UPDATE payout SET estimate_kept = true WHERE id IN (SELECT payout_id FROM payout_share)")


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
