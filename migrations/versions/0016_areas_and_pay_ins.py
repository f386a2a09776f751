"""What branches raise: the area a gift counts for, the link of each branch, and what it has handed in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade():
    op.add_column("area", sa.Column("is_listed", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("area", sa.Column("link_nonce", sa.Text(), nullable=True))
    big = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    # Written out: SQLite adds a key to a table only together with its column.
    op.execute(
        f"ALTER TABLE donation ADD COLUMN area_id {big} CONSTRAINT fk_donation_area_id_area REFERENCES area (id)"
    )
    op.create_index(op.f("ix_donation_area_id"), "donation", ["area_id"])
    op.create_table(
        "pay_in",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("amends", BIG, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("personal_until", sa.Date(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("gift_id", BIG, nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.CheckConstraint("state IN ('new', 'replaced', 'accepted', 'declined')", name=op.f("ck_pay_in_state_known")),
        sa.CheckConstraint("method IN ('cash', 'cheque', 'bank')", name=op.f("ck_pay_in_method_known")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_pay_in_amount_positive")),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_pay_in_ends_after_start")),
        sa.CheckConstraint("state <> 'accepted' OR gift_id IS NOT NULL", name=op.f("ck_pay_in_accepted_is_a_gift")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_pay_in_area_id_area")),
        sa.ForeignKeyConstraint(["amends"], ["pay_in.id"], name=op.f("fk_pay_in_amends_pay_in")),
        sa.ForeignKeyConstraint(["gift_id"], ["offline_gift.id"], name=op.f("fk_pay_in_gift_id_offline_gift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_in")),
        sa.UniqueConstraint("amends", name=op.f("uq_pay_in_amends")),
        sa.UniqueConstraint("form_key", name=op.f("uq_pay_in_form_key")),
    )
    op.create_index(op.f("ix_pay_in_area_id"), "pay_in", ["area_id"])
    op.create_index(op.f("ix_pay_in_gift_id"), "pay_in", ["gift_id"])
    op.create_index("ix_pay_in_state", "pay_in", ["state", "sent_at"])


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
