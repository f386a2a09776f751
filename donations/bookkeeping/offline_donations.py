"""Offline donations: cash and cheques in hand once they are accepted, and taken to the bank on a paying-in slip. Row
10. What reaches the bank is in bank.py."""

from __future__ import annotations

from datetime import datetime

from donations.bookkeeping.accounts import CASH, CHEQUES, DONATIONS_OFFLINE, PAYING_IN
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.bookkeeping.payouts import Parts

HELD_IN = {"cash": CASH, "cheque": CHEQUES}


def entry_of_donation(
    offline_donation_id: int, method: str, parts: Parts, currency: str, accepted_at: datetime
) -> list[Wanted]:
    """Row 10: cash or a cheque in hand, once it is accepted."""
    lines: list[Line] = []
    for fund, minor in parts:
        lines.append(Line(HELD_IN[method], fund, currency, minor))
        lines.append(Line(DONATIONS_OFFLINE, fund, currency, -minor))
    return entry(f"offline:{offline_donation_id}", "gift", accepted_at, lines)


def entry_of_paying_in_slip(
    ref: str, held: list[tuple[str, int, int]], currency: str, paid_in_at: datetime
) -> list[Wanted]:
    """Row 10: what is on a paying-in slip leaves the hand. `held` are (method, fund id, minor units)."""
    lines: list[Line] = []
    for method, fund, minor in held:
        lines.append(Line(PAYING_IN, fund, currency, minor, ref))
        lines.append(Line(HELD_IN[method], fund, currency, -minor))
    return entry(ref, "slip", paid_in_at, lines)
