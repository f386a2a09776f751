"""What the bank was told of a dispute: whether evidence was written at Stripe, and how often it was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("dispute", sa.Column("has_evidence", sa.Boolean(), nullable=True))
    op.add_column("dispute", sa.Column("submissions", sa.Integer(), nullable=True))


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
