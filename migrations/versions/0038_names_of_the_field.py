"""Tables and columns are called what the field calls them: offline donations, statement lines, payment requests, branch
returns, subscribers. Only names change. What was written under the old names, as kinds of entries, stays as it is."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TABLES = {
    "balance_mark": "balance_snapshot",
    "bank_line": "statement_line",
    "bank_line_evidence": "statement_line_evidence",
    "bank_line_version": "statement_line_version",
    "brake": "throttle",
    "cure": "correction",
    "day_mark": "daily_total_snapshot",
    "disbursement": "payment_request",
    "halt": "posting_stop",
    "line_question": "statement_line_question",
    "offline_gift": "offline_donation",
    "pay_in": "branch_return",
    "rest_mark": "open_item_snapshot",
    "slip": "paying_in_slip",
    "subscription": "subscriber",
    "subscription_request": "subscriber_request",
}
# By the old names of their tables.
COLUMNS = {
    ("approval", "disbursement_id"): "payment_request_id",
    ("bank_line_evidence", "bank_line_id"): "statement_line_id",
    ("bank_line_version", "bank_line_id"): "statement_line_id",
    ("classification", "movement_id"): "balance_transaction_id",
    ("line_question", "bank_line_id"): "statement_line_id",
    ("match", "bank_line_id"): "statement_line_id",
    ("offline_gift", "slip_id"): "paying_in_slip_id",
    ("pay_in", "amends"): "revises",
    ("pay_in", "gift_id"): "offline_donation_id",
    ("payment", "movement_id"): "recorded_transaction_id",
    ("subscription_request", "subscription_id"): "subscriber_id",
}
_OTHERS = {"accepted_is_a_gift": "accepted_is_a_donation", "account_of_movement": "account_of_transaction"}
_FUNCTIONS = ("bank_line_stays_unless_withdrawn", "match_stays_unless_withdrawn")


def upgrade():
    conn = op.get_bind()
    if conn.dialect.name == "sqlite":
        _rename_in_sqlite(conn)
    else:
        _rename_in_postgresql(conn)


def _words(table):
    """Old word -> new one, in the names and the SQL that belong to a table."""
    of_table = {old: new for (owner, old), new in COLUMNS.items() if owner == table}
    return {**{old: new for (_, old), new in COLUMNS.items()}, **TABLES, **_OTHERS, **of_table}


def renamed(name, table):
    """The name of an index, constraint, trigger or sequence, whose parts are names of tables and columns."""
    words = _words(table)
    longest_first = "|".join(sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<![a-z0-9])({longest_first})(?![a-z0-9])", lambda found: words[found[1]], name)


def rewritten(sql, table):
    """SQL with the new names. What stands in quotes was written into rows, or is said to people: it stays."""
    words = _words(table)

    def changed(found):
        word = found[0]
        if word.startswith("'"):
            return word
        is_of_convention = re.match(r"(pk|fk|uq|ck|ix)_|\w+_(stays|never_deleted)", word)
        return renamed(word, table) if is_of_convention else words.get(word, word)

    return re.sub(r"'(?:[^']|'')*'|\w+", changed, sql)


def _rename_in_sqlite(conn):
    """In the words of the schema alone, as 0031 does it: the rows stay where they are. ALTER TABLE would leave the
    names of constraints as they were."""
    rows = conn.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master").all()
    conn.exec_driver_sql("PRAGMA writable_schema=ON")
    for kind, name, table, sql in rows:
        if sql is None or not table.startswith("sqlite_"):
            conn.exec_driver_sql(
                "UPDATE sqlite_master SET name = ?, tbl_name = ?, sql = ? WHERE type = ? AND name = ?",
                (renamed(name, table), TABLES.get(table, table), sql and rewritten(sql, table), kind, name),
            )
    for old, new in TABLES.items():
        conn.exec_driver_sql("UPDATE sqlite_sequence SET name = ? WHERE name = ?", (new, old))
    version = conn.exec_driver_sql("PRAGMA schema_version").scalar_one()
    conn.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    conn.exec_driver_sql("PRAGMA writable_schema=RESET")
    found = conn.exec_driver_sql("PRAGMA quick_check").scalars().all()
    assert found == ["ok"], found


def _rename_in_postgresql(conn):
    # Keys first: an index of a key is renamed with it.
    for what, asked in (("CONSTRAINT", _CONSTRAINTS), ("INDEX", _INDEXES), ("SEQUENCE", _SEQUENCES),
                        ("TRIGGER", _TRIGGERS)):  # fmt: skip
        for table, name in conn.execute(sa.text(asked)).all():
            new = renamed(name, table)
            if new == name:
                continue
            if what == "CONSTRAINT":
                conn.exec_driver_sql(f'ALTER TABLE "{table}" RENAME CONSTRAINT {name} TO {new}')
            elif what == "TRIGGER":
                conn.exec_driver_sql(f'ALTER TRIGGER {name} ON "{table}" RENAME TO {new}')
            else:
                conn.exec_driver_sql(f"ALTER {what} {name} RENAME TO {new}")
    for (table, old), new in COLUMNS.items():
        conn.exec_driver_sql(f'ALTER TABLE "{table}" RENAME COLUMN {old} TO {new}')
    for old, new in TABLES.items():
        conn.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
    for name in _FUNCTIONS:
        table = name.removesuffix("_stays_unless_withdrawn")
        new = renamed(name, table)
        if new != name:
            conn.exec_driver_sql(f"ALTER FUNCTION {name} RENAME TO {new}")
        body = conn.exec_driver_sql(f"SELECT prosrc FROM pg_proc WHERE oid = '{new}'::regproc").scalar_one()
        conn.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {new}() RETURNS trigger LANGUAGE plpgsql AS $${rewritten(body, table)}$$"
        )


_HERE = "relnamespace = current_schema()::regnamespace"
_CONSTRAINTS = (
    f"SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE {_HERE}"
    " AND contype IN ('p', 'f', 'u', 'c') AND conparentid = 0 ORDER BY 1, 2"
)
_INDEXES = "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2"
_SEQUENCES = f"SELECT relname, relname FROM pg_class WHERE relkind = 'S' AND {_HERE} ORDER BY 1"
_TRIGGERS = (
    f"SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE {_HERE} AND NOT tgisinternal"
    " ORDER BY 1, 2"
)


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
