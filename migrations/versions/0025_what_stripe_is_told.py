"""Stripe is told by opaque ids what a donation is for, so that it can be recovered after a restore; and no link that
opens anything stands in the database."""

import sqlalchemy as sa
from alembic import op

from donations.models.base import Json, new_opaque_id

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 1000
ATTEMPT = sa.table("checkout_attempt", sa.column("id", BIG), sa.column("params", Json))
LINKS = ("success_url", "cancel_url")


def upgrade():
    for name in ("fund", "area"):
        op.add_column(name, sa.Column("opaque_id", sa.Text(), nullable=True))
        table = sa.table(name, sa.column("id", BIG), sa.column("opaque_id", sa.Text()))
        for number in op.get_bind().scalars(sa.select(table.c.id)).all():
            op.execute(sa.update(table).where(table.c.id == number).values(opaque_id=new_opaque_id()))
        op.create_index(f"uq_{name}_opaque_id", name, ["opaque_id"], unique=True)
    op.add_column("donation", sa.Column("purpose_estimated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "recovery",
        sa.Column("payment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("donation_id", BIG, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('exact', 'estimated', 'not_recovered')", name=op.f("ck_recovery_outcome_known")
        ),
        sa.CheckConstraint(
            "reason IN ('other_installation', 'no_session', 'unknown_product', 'not_ours', 'unknown_to_stripe')",
            name=op.f("ck_recovery_reason_known"),
        ),
        sa.ForeignKeyConstraint(["donation_id"], ["donation.id"], name=op.f("fk_recovery_donation_id_donation")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_recovery_payment_id_payment")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_recovery")),
    )
    op.create_index(op.f("ix_recovery_donation_id"), "recovery", ["donation_id"])
    lost = sa.text("donation_id IS NULL AND reference IS NOT NULL")
    op.create_index("ix_payment_lost", "payment", ["id"], sqlite_where=lost, postgresql_where=lost)
    _take_the_links_out()
    with op.batch_alter_table("checkout_attempt") as table:
        table.drop_column("url")


def _take_the_links_out():
    """From what was asked of Checkout: the address to come back to led to the receipt and the name on it."""
    conn, last = op.get_bind(), 0
    while True:
        rows = conn.execute(sa.select(ATTEMPT).where(ATTEMPT.c.id > last).order_by(ATTEMPT.c.id).limit(BATCH)).all()
        for row in rows:
            params = {name: value for name, value in row.params.items() if name not in LINKS}
            conn.execute(sa.update(ATTEMPT).where(ATTEMPT.c.id == row.id).values(params=params))
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
