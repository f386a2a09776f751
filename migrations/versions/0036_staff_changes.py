"""Changes of who may do what wait for a second admin, or for a day."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateTable

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = "'roles', 'invitation', 'enabled', 'password', 'totp', 'passkey', 'recovery_codes'"


def upgrade():
    known = sa.MetaData()
    sa.Table("staff", known, sa.Column("id", BIG, primary_key=True))
    table = sa.Table(
        "staff_change",
        known,
        sa.Column("id", BIG, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("takes_effect_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_staff_change_kind_known"),
        sa.CheckConstraint("state IN ('waiting', 'made', 'refused')", name="ck_staff_change_state_known"),
        sa.CheckConstraint("state = 'waiting' OR decided_at IS NOT NULL", name="ck_staff_change_decided_is_dated"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_change_staff_id_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_change"),
        sa.UniqueConstraint("reference", name="uq_staff_change_reference"),
    )
    conn = op.get_bind()
    made = str(CreateTable(table).compile(conn))
    conn.exec_driver_sql(with_autoincrement(made) if conn.dialect.name == "sqlite" else made)
    op.create_index("ix_staff_change_state", "staff_change", ["state", "takes_effect_at"])


def with_autoincrement(sql):
    """The words of the table with AUTOINCREMENT, and with the name of its key, which SQLAlchemy would leave out."""
    sql, keys = re.subn(r",\s*CONSTRAINT pk_staff_change PRIMARY KEY \(id\)", "", sql)
    key = "id INTEGER NOT NULL CONSTRAINT pk_staff_change PRIMARY KEY AUTOINCREMENT"
    sql, ids = re.subn(r"\bid INTEGER NOT NULL", key, sql, count=1)
    assert (keys, ids) == (1, 1), sql
    return sql


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
