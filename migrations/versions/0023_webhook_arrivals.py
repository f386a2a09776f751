"""What became of Stripe's webhooks, counted without their content: so that a wrong secret or clock is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OUTCOMES = "outcome IN ('accepted', 'bad_signature', 'stale', 'unreadable', 'other_mode')"


def upgrade():
    op.create_table(
        "webhook_arrival",
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_webhook_arrival_outcome_known")),
        sa.PrimaryKeyConstraint("outcome", name=op.f("pk_webhook_arrival")),
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
