"""On SQLite, the id of a row that was deleted is never given to another one: a form or an address that names it means
that row or none. Tables with ids from the database become AUTOINCREMENT. PostgreSQL's sequences never go back."""

import re

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = (
    "adjustment", "appeal", "appeal_draft", "appeal_event", "appeal_update", "appeal_wording", "approval",
    "approval_rule", "archive_record", "area", "bank_account", "checkout_attempt", "classification", "cure",
    "disbursement", "donation", "fund", "goal_change", "match_rule", "passkey", "payment", "period",
    "period_signature", "receipt_gap", "receipt_series", "refund_attempt", "restoration", "slip", "staff",
    "statement", "subscription",
)  # fmt: skip
# Rows of these were deleted before, and nobody knows any more which ids they had.
WERE_DELETED = ("appeal_draft", "passkey")
GAP = 1000


def upgrade():
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":
        return
    # SQLite makes its own table of sequences with the first table that needs it, and keeps it.
    conn.exec_driver_sql("CREATE TABLE first_sequence (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    conn.exec_driver_sql("DROP TABLE first_sequence")
    # The rows stay as they are: AUTOINCREMENT changes how an id is chosen, not how a table is stored. So only the words
    # of the tables change. Copying 31 tables that refer to each other would need foreign keys off, which a transaction
    # cannot do (https://www.sqlite.org/lang_altertable.html#otheralter).
    conn.exec_driver_sql("PRAGMA writable_schema=ON")
    for table in TABLES:
        sql = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one()
        changed = (with_autoincrement(sql), table)
        conn.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", changed)
    version = conn.exec_driver_sql("PRAGMA schema_version").scalar_one()
    conn.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    conn.exec_driver_sql("PRAGMA writable_schema=RESET")
    is_used = conn.exec_driver_sql("SELECT 1 FROM staff").first() is not None
    for table in TABLES:
        gap = GAP if is_used and table in WERE_DELETED else 0
        conn.exec_driver_sql(f"INSERT INTO sqlite_sequence SELECT '{table}', coalesce(max(id), 0) + {gap} FROM {table}")
    found = conn.exec_driver_sql("PRAGMA quick_check").scalars().all()
    assert found == ["ok"], found


def with_autoincrement(sql):
    """The words of a table whose id is chosen by SQLite, with AUTOINCREMENT."""
    key = re.search(r",\s*CONSTRAINT (\w+) PRIMARY KEY \(id\)", sql)
    assert key is not None, sql
    sql = sql.replace(key[0], "", 1)
    sql, count = re.subn(r"\bid INTEGER NOT NULL", f"id INTEGER NOT NULL CONSTRAINT {key[1]} PRIMARY KEY AUTOINCREMENT",
                         sql, count=1)  # fmt: skip
    assert count == 1, sql
    return sql


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
