"""Prints of receipts: the first print is recorded, so that a later one can be marked as a copy."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = "kind IN ('voided', 'replaced', 'printed')"
NAME = "ck_receipt_event_kind_known"


def upgrade():
    with op.batch_alter_table("receipt_event") as table:  # SQLite cannot change a check in place: it copies the table.
        table.drop_constraint(op.f(NAME), type_="check")
        table.create_check_constraint(op.f(NAME), KINDS)
        table.create_index(
            "uq_receipt_event_printed",
            ["receipt_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'printed'"),
            postgresql_where=sa.text("kind = 'printed'"),
        )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
