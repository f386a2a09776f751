"""The entries of treasurers' own actions: offline donations, paying-in slips, payments out, transfers, opening
balances, write-offs. Rows 4b, 10, 13, 14 and 16; what reaches the bank is in bank.py."""

from __future__ import annotations

from datetime import datetime

from donations.bookkeeping.accounts import (
    BANK,
    CASH,
    CHEQUES,
    DISBURSED,
    DISBURSEMENTS_UNPAID,
    DONATIONS_OFFLINE,
    DONATIONS_ONLINE,
    OPENING,
    PAYING_IN,
    PAYMENTS_IN_TRANSIT,
    RETURNABLE,
    TRANSFERS,
    WRITTEN_OFF,
)
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.bookkeeping.payouts import Parts

HELD_IN = {"cash": CASH, "cheque": CHEQUES}


def entry_of_gift(
    offline_donation_id: int, method: str, parts: Parts, currency: str, accepted_at: datetime
) -> list[Wanted]:
    """Row 10: cash or a cheque in hand, once it is accepted."""
    lines: list[Line] = []
    for fund, minor in parts:
        lines.append(Line(HELD_IN[method], fund, currency, minor))
        lines.append(Line(DONATIONS_OFFLINE, fund, currency, -minor))
    return entry(f"offline:{offline_donation_id}", "gift", accepted_at, lines)


def entry_of_slip(ref: str, held: list[tuple[str, int, int]], currency: str, paid_in_at: datetime) -> list[Wanted]:
    """Row 10: what is on a paying-in slip leaves the hand. `held` are (method, fund id, minor units)."""
    lines: list[Line] = []
    for method, fund, minor in held:
        lines.append(Line(PAYING_IN, fund, currency, minor, ref))
        lines.append(Line(HELD_IN[method], fund, currency, -minor))
    return entry(ref, "slip", paid_in_at, lines)


def entries_of_disbursement(
    ref: str, fund_id: int, minor: int, currency: str, approved_at: datetime | None, sent_at: datetime | None
) -> list[Wanted]:
    """Row 13: approved, it is owed; sent, it is on its way."""
    wanted: list[Wanted] = []
    if approved_at is not None:
        lines = [
            Line(DISBURSED, fund_id, currency, minor),
            Line(DISBURSEMENTS_UNPAID, fund_id, currency, -minor, ref),
        ]
        wanted += entry(f"{ref}:approve", "disbursement approved", approved_at, lines)
    if sent_at is not None:
        lines = [
            Line(DISBURSEMENTS_UNPAID, fund_id, currency, minor, ref),
            Line(PAYMENTS_IN_TRANSIT, fund_id, currency, -minor, ref),
        ]
        wanted += entry(f"{ref}:send", "disbursement sent", sent_at, lines)
    return wanted


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
