"""Which remainders may be written off: what is left over once an item has arrived, never an item still expected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import accounts
from donations.models import Match
from donations.reconciliation import dashboard, to_do

ACCOUNTS = (
    accounts.PAYING_IN, accounts.PAYMENTS_IN_TRANSIT, accounts.PAYOUTS_IN_TRANSIT, accounts.IN_SETTLEMENT,
    accounts.DISPUTED,
)  # fmt: skip
# Of the others the to-do list says when they have waited longer than they should.
_KINDS = {
    accounts.PAYMENTS_IN_TRANSIT: "transit",
    accounts.PAYOUTS_IN_TRANSIT: "transit",
    accounts.IN_SETTLEMENT: "settlement",
    accounts.DISPUTED: "withheld",
}


def remainders(conn: Connection, at: datetime) -> list[Any]:
    """(account, what it clears, fund id, currency, minor units) of what may be written off, fund by fund."""
    listed = {item.ref for kind in sorted({*_KINDS.values()}) for item in to_do.of_kind(conn, kind, at)}
    found = dashboard.not_cleared(conn, ACCOUNTS)
    return [one for one in found if one.account == accounts.PAYING_IN or one.clear_ref in listed]


def is_a_rest(conn: Connection, account: int | None, clear_ref: str, at: datetime) -> bool:
    """Whether the open balance is a remainder. Of a paying-in slip: the bank has credited a part of it."""
    if account == accounts.PAYING_IN:
        number = clear_ref.removeprefix("slip:")
        credited = (Match.kind == "slip", Match.target == number, Match.state == "confirmed")
        return bool(conn.execute(select(func.count()).where(*credited)).scalar_one())
    return account in _KINDS and to_do.find(conn, _KINDS[account], clear_ref, at) is not None
