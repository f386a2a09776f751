"""Receipts of discreet appeals get numbers of their own, which tell nothing of each other."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade():
    # Not as a batch: SQLite would copy the table, and others point at it.
    op.execute(
        "ALTER TABLE receipt_series ADD COLUMN numbering TEXT NOT NULL DEFAULT 'sequential'"
        " CONSTRAINT ck_receipt_series_numbering_known CHECK (numbering IN ('sequential', 'random'))"
    )
    op.execute("INSERT INTO receipt_series (prefix, next_number, numbering) VALUES ('D', 1, 'random')")


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
