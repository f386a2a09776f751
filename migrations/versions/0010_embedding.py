"""Which sites may frame an appeal, on which its frame was seen; further goals, and when a part of a goal was reached."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.add_column("appeal", sa.Column("embed_sites", JSON, nullable=False, server_default="[]"))
    op.add_column("appeal", sa.Column("stretch_minor", JSON, nullable=False, server_default="[]"))
    op.create_table(
        "milestone",
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent > 0", name=op.f("ck_milestone_percent_positive")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_milestone_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("appeal_id", "period_start", "percent", name=op.f("pk_milestone")),
    )
    op.create_table(
        "embedding_site",
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("times", BIG, nullable=False),
        sa.Column("first_seen_on", sa.Date(), nullable=False),
        sa.Column("last_seen_on", sa.Date(), nullable=False),
        sa.CheckConstraint("times > 0", name=op.f("ck_embedding_site_times_positive")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_embedding_site_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("appeal_id", "origin", name=op.f("pk_embedding_site")),
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
