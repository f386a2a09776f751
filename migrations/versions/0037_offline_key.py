"""What is settled can be sealed with a key that the machine does not hold: its public half, who has unlocked it, what
waits for it, and which rows it has sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
SEALED = ("donation", "receipt", "stripe_event", "bank_line", "bank_line_version", "line_question")
STATES = "state IN ('due', 'sent', 'parked', 'held', 'locked')"


def upgrade():
    op.create_table(
        "offline_key",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_offline_key")),
    )
    op.create_table(
        "offline_unlock",
        sa.Column("session_id", BIG, autoincrement=False, nullable=False),
        sa.Column("key_wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["staff_session.id"], name=op.f("fk_offline_unlock_session_id_staff_session")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_offline_unlock")),
    )
    op.create_table(
        "offline_request",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_request")),
    )
    op.add_column("donation", sa.Column("signed_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("donation", sa.Column("opened_until", MOMENT, nullable=True))
    signed = sa.text("signed_sealed IS NOT NULL")
    op.create_index("ix_donation_signed", "donation", ["id"], sqlite_where=signed, postgresql_where=signed)
    for table in SEALED:
        op.add_column(table, sa.Column("under_offline_key", sa.Boolean(), server_default=sa.false(), nullable=False))
        op.create_index(
            f"ix_{table}_not_under_offline_key", table, ["id"],
            sqlite_where=sa.text("under_offline_key = 0"), postgresql_where=sa.text("NOT under_offline_key"),
        )  # fmt: skip
    op.add_column("stripe_event", sa.Column("opened_until", MOMENT, nullable=True))
    op.create_index("ix_stripe_event_opened_until", "stripe_event", ["opened_until"])
    with op.batch_alter_table("mail") as table:  # SQLite cannot change a check in place: it copies the table.
        table.drop_constraint(op.f("ck_mail_state_known"), type_="check")
        table.create_check_constraint(op.f("ck_mail_state_known"), STATES)


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
