"""Receipts tell the truth, once: a change that may still be undone waits, an ended receipt says why and never becomes
live again, and the team's reprints are recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = "kind IN ('voided', 'replaced', 'printed', 'reprinted')"
CAUSES = "cause IN ('refunded', 'lost', 'refunded_and_lost', 'failed', 'more', 'corrected', 'moved')"
SQLITE = """
CREATE TRIGGER receipt_never_returns BEFORE UPDATE OF state ON receipt
WHEN OLD.state <> 'live' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'receipts: one that has ended never returns'); END
"""
POSTGRESQL = """
CREATE FUNCTION receipt_never_returns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'live' AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'receipts: one that has ended never returns' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_never_returns BEFORE UPDATE OF state ON receipt FOR EACH ROW
    EXECUTE FUNCTION receipt_never_returns();
"""


def upgrade():
    with op.batch_alter_table("receipt_event") as table:  # SQLite cannot change a check in place: it copies the table.
        table.drop_constraint(op.f("ck_receipt_event_kind_known"), type_="check")
        table.add_column(sa.Column("cause", sa.Text(), nullable=True))
        table.create_check_constraint(op.f("ck_receipt_event_kind_known"), KINDS)
        table.create_check_constraint(op.f("ck_receipt_event_cause_known"), CAUSES)
    op.create_table(
        "receipt_change",
        sa.Column("donation_id", BIG, autoincrement=False, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["donation_id"], ["donation.id"], name=op.f("fk_receipt_change_donation_id_donation")),
        sa.PrimaryKeyConstraint("donation_id", name=op.f("pk_receipt_change")),
    )
    op.create_index(op.f("ix_receipt_change_due_at"), "receipt_change", ["due_at"])
    op.create_index(op.f("ix_mail_receipt_id"), "mail", ["receipt_id"])
    op.execute(SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL)


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
