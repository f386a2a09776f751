"""Marks of balances, and on each payment its own balance transaction, so that the treasury's pages stay quick."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    for name, first in (("balance_mark", ("fund_id", BIG)), ("day_mark", ("entry_date", sa.Date()))):
        of_fund = [sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_balance_mark_fund_id_fund"))]
        op.create_table(
            name,
            sa.Column(*first, autoincrement=False, nullable=False),
            sa.Column("currency", sa.Text(), nullable=False),
            sa.Column("account", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("amount_minor", BIG, nullable=False),
            sa.Column("through", BIG, nullable=False),
            *(of_fund if name == "balance_mark" else []),
            sa.ForeignKeyConstraint(["account"], ["account.code"], name=op.f(f"fk_{name}_account_account")),
            sa.PrimaryKeyConstraint(first[0], "currency", "account", name=op.f(f"pk_{name}")),
        )
    op.add_column("payment", sa.Column("movement_id", sa.Text(), nullable=True))
    op.execute(
        "UPDATE payment SET movement_id = (SELECT min(b.id) FROM balance_transaction b"
        " WHERE b.payment_id = payment.id AND b.reporting_category = 'charge')"
    )
    unsettled = sa.text("movement_id IS NULL AND failed_at IS NULL")
    op.create_index(
        "ix_payment_unsettled", "payment", ["succeeded_at"], sqlite_where=unsettled, postgresql_where=unsettled
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
