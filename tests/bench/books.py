"""A million postings for the measurements of the ledger: a sound ledger, made by bulk SQL in the bench's own database,
with the triggers that guard single rows taken out of its way."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, triggers
from donations.periods import period_of

PAYMENTS, REFUNDED_EVERY, FROM = 200_000, 200, 1_000_000
DAY = date(2026, 11, 20)
_REFUNDED = f"i % {REFUNDED_EVERY} = 0"
_ENTRY = (
    "INSERT INTO entry (id, entry_date, fact_date, posted_at, kind, idem_key, revision, actor, memo, source_type,"
    " source_id) SELECT {id}, :day, :day, :at, '{kind}', {key}, 1, 'stripe', '', 'payment', i FROM bench_number"
)
_POSTING = (
    "INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor, clear_ref)"
    " SELECT {id}, {line}, {account}, :fund, 'GBP', {minor}, {ref} FROM bench_number"
)
_MOVED = (
    "INSERT INTO balance_transaction (id, number, payment_id, source_id, type, reporting_category, balance_type,"
    " amount_minor, fee_minor, net_minor, currency, created_at, available_on) SELECT {id}, {number}, i, {source},"
    " '{kind}', '{kind}', 'payments', {minor}, {fee}, {minor} - {fee}, 'GBP', :at, :day FROM bench_number"
)
_FACTS = (
    "INSERT INTO donation (id, reference, appeal_id, source, state, amount_minor, currency, interval, language,"
    " display, fee_bearer, terms, donor_id, personal_until, counted_in, created_at, settled_at) SELECT i, 'bench' || i,"
    " :appeal, 'card', 'paid', 2000, 'GBP', 'once', 'en', 'secret', 'fund', '{}', 'donor' || i, :day, :start, :at, :at"
    " FROM bench_number",
    "INSERT INTO allocation (donation_id, fund_id, amount_minor) SELECT i, :fund, 2000 FROM bench_number",
    "INSERT INTO payment (id, charge_id, donation_id, reference, amount_minor, currency, method, charged_at,"
    " succeeded_at, recorded_transaction_id, first_seen_at) SELECT i, 'ch_b' || i, i, 'bench' || i, 2000, 'GBP',"
    " 'card', :at, :at, 'txn_b' || i, :at FROM bench_number",
    "INSERT INTO receipt_series (id, prefix, next_number) VALUES (99, 'BENCH', :payments + 1)",
    "INSERT INTO receipt (id, series_id, number, label, donation_id, state, amount_minor, currency, payload,"
    f" payload_sha256, issued_at) SELECT i, 99, i - :first, 'BENCH-' || i, i, CASE WHEN {_REFUNDED} THEN 'void'"
    " ELSE 'live' END, 2000, 'GBP', '{}', '', :at FROM bench_number",
    "INSERT INTO refund (id, payment_id, amount_minor, currency, status, created_at) SELECT 're_b' || i, i, 2000,"
    f" 'GBP', 'succeeded', :at FROM bench_number WHERE {_REFUNDED}",
    "DELETE FROM fund_total WHERE fund_id = :fund",
    "DELETE FROM appeal_total WHERE appeal_id = :appeal",
    "INSERT INTO fund_total (fund_id, period_start, currency, raised_minor) VALUES (:fund, :start, 'GBP', :raised)",
    "INSERT INTO appeal_total (appeal_id, period_start, donations, version, as_of)"
    " VALUES (:appeal, :start, :payments, 1, :at)",
)


def fill(payments: int = PAYMENTS) -> None:
    """That many donations of 20.00 with their fees, one of every 200 refunded: five postings a donation and four a
    refund."""
    appeal = db.session.scalars(select(Appeal).where(Appeal.slug == "hands-off-ali")).one()
    told = {
        "at": datetime(2026, 11, 20, 12, tzinfo=UTC).replace(tzinfo=None if _is_sqlite() else UTC),
        "day": str(DAY) if _is_sqlite() else DAY,
        "start": str(period_of(appeal.period, DAY)) if _is_sqlite() else period_of(appeal.period, DAY),
        "fund": appeal.funds[0].id,
        "appeal": appeal.id,
        "first": FROM,
        "payments": payments,
        "raised": 2000 * (payments - payments // REFUNDED_EVERY),
    }
    with write_unit() as conn:
        _unguarded(conn)
        conn.execute(text("CREATE TABLE bench_number (i bigint PRIMARY KEY)"))
        conn.execute(
            text(
                "INSERT INTO bench_number WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                " WHERE i < :payments) SELECT i + :first FROM n"
            ),
            told,
        )
        for statement in (*_FACTS, *_transactions(), *_entries()):
            asked = {name: value for name, value in told.items() if f":{name}" in statement}
            conn.execute(text(statement), asked)
        conn.execute(text("DROP TABLE bench_number"))
    with db.engine.connect() as conn:
        conn.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _transactions() -> list[str]:
    refunded = _MOVED.format(
        id="'txn_r' || i", number="20000000 + i", source="'re_b' || i", kind="refund", minor=-2000, fee=0
    )
    charged = _MOVED.format(id="'txn_b' || i", number="i", source="'ch_b' || i", kind="charge", minor=2000, fee=48)
    return [charged, f"{refunded} WHERE {_REFUNDED}"]


def _entries() -> list[str]:
    """Postings first: their entry seals them."""
    charge, refund = "'ch_b' || i", "'re_b' || i"
    of_all = {
        ("gift", "10000000 + i", "'charge:ch_b' || i || '\\:gift'"): ((1105, 2000, charge), (4000, -2000, "NULL")),
        ("settlement", "20000000 + i", "'bt:txn_b' || i"): (
            (1100, 1952, "NULL"), (5000, 48, "NULL"), (1105, -2000, charge),
        ),
    }  # fmt: skip
    of_refunded = {
        ("refund", "30000000 + i", "'refund:re_b' || i"): ((4050, 2000, "NULL"), (1105, -2000, refund)),
        ("settlement", "40000000 + i", "'bt:txn_r' || i"): ((1100, -2000, "NULL"), (1105, 2000, refund)),
    }
    statements: list[str] = []
    for entries, only in ((of_all, ""), (of_refunded, f" WHERE {_REFUNDED}")):
        for (kind, entry_id, key), lines in entries.items():
            for line, (account, minor, ref) in enumerate(lines, start=1):
                statements.append(_POSTING.format(id=entry_id, line=line, account=account, minor=minor, ref=ref) + only)
            statements.append(_ENTRY.format(id=entry_id, kind=kind, key=_no_binds(key)) + only)
    return statements


def _no_binds(key: str) -> str:
    return key.replace("'charge:", "'charge\\:").replace("'bt:", "'bt\\:").replace("'refund:", "'refund\\:")


def _unguarded(conn: Connection) -> None:
    if _is_sqlite():
        for name in triggers.EXPECTED["sqlite"]:
            conn.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        return
    conn.execute(text("SET LOCAL session_replication_role = replica"))


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"
