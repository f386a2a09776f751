"""By what each data key is known, so that a wrong one is found before anything is sealed; and when archives were
written and proved."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "data_key",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.Column("lost_at", TIME, nullable=True),
        sa.Column("lookup_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_data_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_data_key_key_id")),
    )
    op.create_table(
        "archive_record",
        sa.Column("id", BIG, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bytes", BIG, nullable=False),
        sa.CheckConstraint("act IN ('written', 'drilled')", name=op.f("ck_archive_record_act_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_record")),
    )
    op.create_index("ix_archive_record_act", "archive_record", ["act", "at"])


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
