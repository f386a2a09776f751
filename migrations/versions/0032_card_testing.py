"""Card testing is counted: which network opened a payment page, and how the latest charges went. Unpaid donations have
their personal data erased after a day."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "checkout_opening",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("donation_id", BIG, nullable=False),
        sa.Column("network_hash", sa.LargeBinary(), nullable=False),
        sa.Column("proved", sa.Boolean(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_checkout_opening_donation_id_donation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout_opening")),
    )
    op.create_index(op.f("ix_checkout_opening_donation_id"), "checkout_opening", ["donation_id"])
    op.create_index(op.f("ix_checkout_opening_opened_at"), "checkout_opening", ["opened_at"])
    op.create_index("ix_checkout_opening_network", "checkout_opening", ["network_hash", "opened_at"])
    op.create_index("ix_payment_charged_at", "payment", ["charged_at"])
    op.add_column("donation", sa.Column("emptied_at", MOMENT, nullable=True))


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
