"""A period that somebody only looked at was written, and kept earlier ones from being closed. Those without a signature
go; from now on a period is written by its first signature."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "DELETE FROM period WHERE state = 'open'"
        " AND NOT EXISTS (SELECT 1 FROM period_signature s WHERE s.period_id = period.id)"
        " AND NOT EXISTS (SELECT 1 FROM period_balance b WHERE b.period_id = period.id)"
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
