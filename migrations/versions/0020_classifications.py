"""What money without a purpose is, by a treasurer's decision; what was taken off the to-do list with a reason; and what
was open on the clearing accounts when it was added up last."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
STATES = "state IN ('requested', 'made', 'refused', 'replaced')"


def upgrade():
    op.create_table(
        "classification",
        sa.Column("id", BIG, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("payment_id", BIG, nullable=True),
        sa.Column("movement_id", sa.Text(), nullable=True),
        sa.Column("fund_id", BIG, nullable=False),
        sa.Column("account", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_classification_state_known")),
        sa.CheckConstraint(
            "(payment_id IS NULL) <> (movement_id IS NULL)", name=op.f("ck_classification_of_one_thing")
        ),
        sa.CheckConstraint(
            "(account IS NULL) = (movement_id IS NULL)", name=op.f("ck_classification_account_of_movement")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_classification_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["movement_id"],
            ["balance_transaction.id"],
            name=op.f("fk_classification_movement_id_balance_transaction"),
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_classification_fund_id_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classification")),
        sa.UniqueConstraint("form_key", name=op.f("uq_classification_form_key")),
    )
    op.create_index(op.f("ix_classification_payment_id"), "classification", ["payment_id"])
    op.create_index(op.f("ix_classification_movement_id"), "classification", ["movement_id"])
    made = sa.text("state = 'made' AND movement_id IS NOT NULL")
    op.create_index(
        "ix_classification_made",
        "classification",
        ["movement_id"],
        unique=True,
        sqlite_where=made,
        postgresql_where=made,
    )
    op.create_table(
        "dismissal",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", "ref", name=op.f("pk_dismissal")),
    )
    op.create_table(
        "rest_mark",
        sa.Column("account", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("clear_ref", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fund_id", BIG, autoincrement=False, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("through", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.code"], name=op.f("fk_rest_mark_account_account")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_rest_mark_fund_id_fund")),
        sa.PrimaryKeyConstraint("account", "clear_ref", "currency", "fund_id", name=op.f("pk_rest_mark")),
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
