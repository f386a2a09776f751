"""Updates of appeals"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")


def upgrade():
    op.create_table(
        "appeal_update",
        sa.Column("id", BIG, nullable=False),
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("text", JSON, nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("changed_at", TIME, nullable=True),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("mailed_to", BIG, nullable=False),
        sa.Column("mailed_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_update_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_update")),
        sa.UniqueConstraint("appeal_id", "position", name=op.f("uq_appeal_update_appeal_id_position")),
        sa.UniqueConstraint("form_key", name=op.f("uq_appeal_update_form_key")),
    )
    op.create_index("ix_appeal_update_published", "appeal_update", ["appeal_id", "published_at"], unique=False)


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
