"""A database that was restored from a copy knows it: a new series of receipts, receipts opened by a link of their own,
and mails that may have gone before are held."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from donations.models.base import UtcDateTime, new_opaque_id

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STAYS = "receipts: a link is never given to another"
SQLITE = f"""
CREATE TRIGGER receipt_link_stays BEFORE UPDATE OF link ON receipt WHEN NEW.link IS NOT OLD.link
BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
"""
POSTGRESQL = f"""
CREATE TRIGGER receipt_link_stays BEFORE UPDATE OF link ON receipt FOR EACH ROW
    WHEN (NEW.link IS DISTINCT FROM OLD.link) EXECUTE FUNCTION ledger_refuse('{STAYS}')
"""


def upgrade():
    installation = op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opaque_id", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    moment = UtcDateTime().process_bind_param(datetime.now(UTC), op.get_bind().dialect)
    op.bulk_insert(installation, [{"id": 1, "opaque_id": new_opaque_id(), "created_at": moment}])
    op.create_table(
        "restoration",
        sa.Column("id", BIG, nullable=False),
        sa.Column("copied_at", MOMENT, nullable=False),
        sa.Column("restored_at", MOMENT, nullable=False),
        sa.Column("series_id", BIG, nullable=False),
        sa.Column("caught_up_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["series_id"], ["receipt_series.id"], name=op.f("fk_restoration_series_id_receipt_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restoration")),
        sa.UniqueConstraint("series_id", name=op.f("uq_restoration_series_id")),
    )
    op.add_column("receipt", sa.Column("link", sa.Text(), nullable=True))
    op.create_index("uq_receipt_link", "receipt", ["link"], unique=True)
    op.execute(SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL)
    with op.batch_alter_table("mail") as table:  # SQLite cannot change a check in place: it copies the table.
        table.drop_constraint(op.f("ck_mail_state_known"), type_="check")
        table.create_check_constraint(op.f("ck_mail_state_known"), "state IN ('due', 'sent', 'parked', 'held')")


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
