"""The triggers by which the database itself keeps ledger, receipts and audit log append-only, by name. The migrations
make them; start-up, `doctor` and the tests count them, because a careless migration can drop them silently."""

from __future__ import annotations

from sqlalchemy.engine import Connection

_STAYING = (
    "statement_line",
    "match",
    "period_balance",
    "period_signature",
    "correction",
    "receipt_gap",
    "appeal_wording",
)
_BOTH = (
    "posting_before_entry",
    "posting_never_changes",
    "posting_never_deleted",
    "entry_never_changes",
    "entry_never_deleted",
    "receipt_stays_frozen",
    "receipt_never_deleted",
    "receipt_never_returns",
    "receipt_link_stays",
    "audit_never_changes",
    "audit_never_deleted",
    "donation_has_wording",
    "donation_wording_stays",
    *(f"{table}_{rule}" for table in _STAYING for rule in ("stays", "never_deleted")),
)
EXPECTED = {
    "sqlite": frozenset({*_BOTH, "entry_has_postings", "entry_balances", "entry_in_open_period"}),
    "postgresql": frozenset(
        {
            *_BOTH,
            "entry_seals_postings",
            "posting_never_truncated",
            "entry_never_truncated",
            "receipt_never_truncated",
            "audit_never_truncated",
            *(f"{table}_never_truncated" for table in _STAYING),
        }
    ),
}
_QUERY = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    # tgenabled D means switched off; a trigger that is there and does nothing is as good as missing. Those of another
    # schema guard other tables.
    "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE NOT tgisinternal AND tgenabled <> 'D' AND relnamespace = current_schema()::regnamespace",
}


def missing(conn: Connection) -> list[str]:
    """The names of the triggers that should guard this database and do not."""
    kind = conn.dialect.name
    return sorted(EXPECTED[kind] - set(conn.exec_driver_sql(_QUERY[kind]).scalars()))
