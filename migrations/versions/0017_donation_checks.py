"""Forms between typing and paying, failed payments of completed sessions, and each donation that asks for updates."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade():
    _add_donation_checks()
    _add_subscription_requests()
    op.add_column("checkout_attempt", sa.Column("payment_failed_at", TIME, nullable=True))
    _say_which_debits_have_failed()


def _add_donation_checks():
    op.create_table(
        "donation_check",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("fields_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("donation_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_donation_check_appeal_id_appeal")),
        sa.ForeignKeyConstraint(["donation_id"], ["donation.id"], name=op.f("fk_donation_check_donation_id_donation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_donation_check")),
        sa.UniqueConstraint("code", name=op.f("uq_donation_check_code")),
        sa.UniqueConstraint("key", name=op.f("uq_donation_check_key")),
        sa.UniqueConstraint("donation_id", name=op.f("uq_donation_check_donation_id")),
    )
    op.create_index(op.f("ix_donation_check_appeal_id"), "donation_check", ["appeal_id"])
    op.create_index(op.f("ix_donation_check_expires_at"), "donation_check", ["expires_at"])


def _add_subscription_requests():
    # Put aside: SQLite makes the table of subscriptions anew, which nothing may refer to meanwhile.
    op.execute(
        "CREATE TABLE asked_beside AS SELECT id AS subscription_id, donation_id FROM subscription"
        " WHERE donation_id IS NOT NULL"
    )
    op.drop_index("ix_subscription_donation_id", table_name="subscription")
    with op.batch_alter_table("subscription") as batch:
        batch.drop_constraint("fk_subscription_donation_id_donation", type_="foreignkey")
        batch.drop_column("donation_id")
    op.create_table(
        "subscription_request",
        sa.Column("subscription_id", BIG, nullable=False),
        sa.Column("donation_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_subscription_request_subscription_id_subscription")
        ),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_subscription_request_donation_id_donation")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "donation_id", name=op.f("pk_subscription_request")),
    )
    op.create_index(op.f("ix_subscription_request_donation_id"), "subscription_request", ["donation_id"])
    op.execute(
        "INSERT INTO subscription_request (subscription_id, donation_id)"
        " SELECT subscription_id, donation_id FROM asked_beside"
    )
    op.drop_table("asked_beside")


def _say_which_debits_have_failed():
    """A bank debit that was refused while it was on its way left its donation `processing` for good: nothing said that
    the payment of its completed session had failed. Cards cannot: where one is declined, the session stays open."""
    nothing_else = (
        "NOT EXISTS (SELECT 1 FROM payment p WHERE p.donation_id = d.id AND p.failed_at IS NULL)"
        " AND EXISTS (SELECT 1 FROM payment p WHERE p.donation_id = d.id AND p.failed_at IS NOT NULL"
        " AND p.method <> 'card')"
        " AND (SELECT count(*) FROM checkout_attempt c WHERE c.donation_id = d.id AND c.state <> 'expired') = 1"
    )
    op.execute(
        "UPDATE checkout_attempt SET payment_failed_at ="
        " (SELECT max(p.failed_at) FROM payment p WHERE p.donation_id = checkout_attempt.donation_id)"
        " WHERE state = 'complete' AND donation_id IN"
        f" (SELECT d.id FROM donation d WHERE d.state = 'processing' AND {nothing_else})"
    )
    op.execute(
        "UPDATE donation SET state = 'failed', settled_at ="
        " (SELECT max(c.payment_failed_at) FROM checkout_attempt c WHERE c.donation_id = donation.id)"
        " WHERE state = 'processing' AND EXISTS (SELECT 1 FROM checkout_attempt c"
        " WHERE c.donation_id = donation.id AND c.payment_failed_at IS NOT NULL)"
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
