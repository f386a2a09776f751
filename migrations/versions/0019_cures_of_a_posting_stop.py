"""Cures of a posting stop, acceptances among them, and lost numbers of receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
KINDS = "'recalculate', 'reissue', 'record_lost', 'reverse', 'refund', 'assign', 'accept'"


def upgrade():
    op.create_table(
        "cure",
        sa.Column("id", BIG, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("invariant", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("fund_id", BIG, nullable=True),
        sa.Column("refund_attempt_id", BIG, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_cure_kind_known")),
        sa.CheckConstraint("state IN ('requested', 'made', 'refused')", name=op.f("ck_cure_state_known")),
        sa.CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name=op.f("ck_cure_decided_by_a_person")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_cure_fund_id_fund")),
        sa.ForeignKeyConstraint(
            ["refund_attempt_id"], ["refund_attempt.id"], name=op.f("fk_cure_refund_attempt_id_refund_attempt")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cure")),
        sa.UniqueConstraint("form_key", name=op.f("uq_cure_form_key")),
    )
    op.create_index("ix_cure_state", "cure", ["state", "requested_at"])
    op.create_index("ix_cure_refund_attempt_id", "cure", ["refund_attempt_id"])
    op.create_table(
        "receipt_gap",
        sa.Column("id", BIG, nullable=False),
        sa.Column("series_id", BIG, nullable=False),
        sa.Column("first_number", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("last_number >= first_number AND first_number > 0", name=op.f("ck_receipt_gap_is_a_range")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["receipt_series.id"], name=op.f("fk_receipt_gap_series_id_receipt_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_gap")),
    )
    op.create_index(op.f("ix_receipt_gap_series_id"), "receipt_gap", ["series_id"])
    for table, said, may_change in (
        ("cure", "cures: what was decided stands", "OLD.state = 'requested'"),
        ("receipt_gap", "receipts: a lost number stays lost", None),
    ):
        _guard(table, said, may_change)


def _guard(table, said, may_change):
    """What a person has decided is never changed, and no row is ever deleted."""
    postgresql_too = op.get_bind().dialect.name == "postgresql"
    unless = f" WHEN (NOT ({may_change}))" if may_change else ""
    for rule, when, each, only in (
        ("stays", "BEFORE UPDATE", "ROW", unless),
        ("never_deleted", "BEFORE DELETE", "ROW", ""),
        ("never_truncated", "BEFORE TRUNCATE", "STATEMENT", ""),
    ):
        if postgresql_too:
            op.execute(
                f"CREATE TRIGGER {table}_{rule} {when} ON {table} FOR EACH {each}{only}"
                f" EXECUTE FUNCTION ledger_refuse('{said}')".replace(":", r"\:")
            )
        elif each == "ROW":
            op.execute(
                f"CREATE TRIGGER {table}_{rule} {when} ON {table}{only}"
                f" BEGIN SELECT RAISE(ABORT, '{said}'); END".replace(":", r"\:")
            )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
