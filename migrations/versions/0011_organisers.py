"""What organisers need: drafts of appeals, the history of goals, who follows an appeal, and whether a second person
publishes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")


def upgrade():
    op.add_column(
        "organisation", sa.Column("publish_needs_second", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "appeal_draft",
        sa.Column("id", BIG, nullable=False),
        sa.Column("appeal_id", BIG, nullable=True),
        sa.Column("content", JSON, nullable=False),
        sa.Column("base_sha256", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", TIME, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_draft_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_draft")),
        sa.UniqueConstraint("appeal_id", name=op.f("uq_appeal_draft_appeal_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_appeal_draft_form_key")),
    )
    op.create_table(
        "goal_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("before_minor", BIG, nullable=True),
        sa.Column("after_minor", BIG, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "before_minor IS NOT NULL OR after_minor IS NOT NULL", name=op.f("ck_goal_change_says_something")
        ),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_goal_change_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_change")),
    )
    op.create_index("ix_goal_change_appeal", "goal_change", ["appeal_id", "area", "valid_from"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("donation_id", BIG, nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_hash", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("mailed_at", TIME, nullable=True),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("personal_until", sa.Date(), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'confirmed', 'ended')", name=op.f("ck_subscription_state_known")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_subscription_appeal_id_appeal")),
        sa.ForeignKeyConstraint(["donation_id"], ["donation.id"], name=op.f("fk_subscription_donation_id_donation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("appeal_id", "email_hash", name=op.f("uq_subscription_appeal_id_email_hash")),
        sa.UniqueConstraint("reference", name=op.f("uq_subscription_reference")),
    )
    op.create_index(op.f("ix_subscription_donation_id"), "subscription", ["donation_id"], unique=False)
    op.create_index("ix_subscription_mailing", "subscription", ["appeal_id", "state", "id"], unique=False)
    op.create_index("ix_subscription_personal_until", "subscription", ["personal_until"], unique=False)


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
