"""Rules of matching that were refused, so that they are not offered again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("match_rule", sa.Column("is_refused", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
