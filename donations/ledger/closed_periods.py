"""I14: what was signed when a period was closed still agrees with the ledger. Closing itself is not done here."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Date, bindparam, select, text
from sqlalchemy.engine import Connection

from donations.models import Period, PeriodBalance


def trial_balance(conn: Connection, until: date) -> list[list[Any]]:
    """[account, fund id, currency, minor units] of all entries to that day, in order, zeros left out."""
    rows = conn.execute(_TRIAL_BALANCE, {"ends_on": until})
    return [[account, fund_id, currency, int(minor)] for account, fund_id, currency, minor in rows]


def hash_of(figures: list[list[Any]]) -> str:
    return hashlib.sha256(json.dumps(figures, separators=(",", ":")).encode()).hexdigest()


def changed(conn: Connection) -> list[int]:
    """The numbers of the closed periods whose trial balance is no longer the one that was signed. One look through the
    postings, however many periods there are."""
    closed = conn.execute(_CLOSED).all()
    signed = {row.id: (row.ends_on, row.sha256) for row in closed}  # The newest of each comes last.
    if not signed:
        return []
    days = sorted({ends_on for ends_on, _ in signed.values()})
    hashes = dict(zip(days, _hashes(conn, days), strict=True))
    return [number for number, (ends_on, sha256) in signed.items() if hashes[ends_on] != sha256]


def faults(conn: Connection) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each such period as the check of the ledger tells it."""
    for number in changed(conn):
        yield f"closed period {number} no longer has the figures that were signed", "", {"period": number}


def _hashes(conn: Connection, days: list[date]) -> Iterator[str]:
    """The hash of the trial balance to each of these days, in order."""
    sums: dict[tuple[int, int, str], int] = defaultdict(int)
    rows = iter(conn.execute(_BY_DAY, {"ends_on": days[-1]}).all())
    row = next(rows, None)
    for day in days:
        while row is not None and row.entry_date <= day:
            sums[row.account, row.fund_id, row.currency] += int(row.minor)
            row = next(rows, None)
        yield hash_of([[*place, minor] for place, minor in sorted(sums.items()) if minor])


_CLOSED = (
    select(Period.id, Period.ends_on, PeriodBalance.sha256)
    .join(PeriodBalance, PeriodBalance.period_id == Period.id)
    .where(Period.state == "closed")
    .order_by(Period.ends_on, PeriodBalance.closed_at)
)
_TRIAL_BALANCE = text(
    "SELECT p.account, p.fund_id, p.currency, sum(p.amount_minor) FROM posting p JOIN entry e ON e.id = p.entry_id"
    " WHERE e.entry_date <= :ends_on GROUP BY p.account, p.fund_id, p.currency HAVING sum(p.amount_minor) <> 0"
    " ORDER BY p.account, p.fund_id, p.currency"
).bindparams(bindparam("ends_on", type_=Date))
_BY_DAY = (
    text(
        "SELECT e.entry_date, p.account, p.fund_id, p.currency, sum(p.amount_minor) AS minor FROM posting p"
        " JOIN entry e ON e.id = p.entry_id WHERE e.entry_date <= :ends_on"
        " GROUP BY e.entry_date, p.account, p.fund_id, p.currency ORDER BY e.entry_date"
    )
    .bindparams(bindparam("ends_on", type_=Date))
    .columns(entry_date=Date)
)
