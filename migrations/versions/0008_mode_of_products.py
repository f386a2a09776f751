"""In which of Stripe's modes an appeal's product was made: the other mode does not know it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("appeal", sa.Column("stripe_product_livemode", sa.Boolean(), nullable=True))


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
