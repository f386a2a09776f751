"""By which address an event is found, for a person who asks what is kept of them. Events from before have none: they
are opened one by one, until they are erased after 35 days."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("stripe_event", sa.Column("email_hash", sa.LargeBinary(), nullable=True))
    op.create_index("ix_stripe_event_email_hash", "stripe_event", ["email_hash"])


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
