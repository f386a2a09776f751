"""Adjustments: transfers between funds, opening balances, write-offs, refunds that the donor lets us keep. Rows 4b, 14
and 16."""

from __future__ import annotations

from datetime import datetime

from donations.bookkeeping.accounts import BANK, DONATIONS_ONLINE, OPENING, RETURNABLE, TRANSFERS, WRITTEN_OFF
from donations.bookkeeping.entries import Line, Wanted, entry


def entry_of_transfer(
    key: str, from_fund: int, to_fund: int, bank_ref: str, minor: int, currency: str, at: datetime
) -> list[Wanted]:
    """Row 14: a surplus moved to another fund, within one bank account."""
    lines = [
        Line(TRANSFERS, from_fund, currency, minor),
        Line(BANK, from_fund, currency, -minor, bank_ref),
        Line(BANK, to_fund, currency, minor, bank_ref),
        Line(TRANSFERS, to_fund, currency, -minor),
    ]
    return entry(key, "transfer", at, lines)


def entry_of_opening(key: str, fund_id: int, bank_ref: str, minor: int, currency: str, at: datetime) -> list[Wanted]:
    """Row 16: what a fund had at the bank when the ledger began."""
    lines = [Line(BANK, fund_id, currency, minor, bank_ref), Line(OPENING, fund_id, currency, -minor)]
    return entry(key, "opening", at, lines)


def entry_of_write_off(
    key: str, fund_id: int, account: int, clear_ref: str | None, minor: int, currency: str, at: datetime
) -> list[Wanted]:
    """What cannot be explained or recovered, cleared from the clearing account that holds it."""
    lines = [Line(WRITTEN_OFF, fund_id, currency, minor), Line(account, fund_id, currency, -minor, clear_ref)]
    return entry(key, "write-off", at, lines)


def entry_of_kept(key: str, fund_id: int, clear_ref: str, minor: int, currency: str, at: datetime) -> list[Wanted]:
    """Row 4b: the donor of a refund that bounced lets us keep it."""
    lines = [
        Line(RETURNABLE, fund_id, currency, minor, clear_ref),
        Line(DONATIONS_ONLINE, fund_id, currency, -minor),
    ]
    return entry(key, "kept", at, lines)
