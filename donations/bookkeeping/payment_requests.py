"""Payment requests: money owed to a payee once it is approved, and in transit once it is sent. Row 13."""

from __future__ import annotations

from datetime import datetime

from donations.bookkeeping.accounts import DISBURSED, DISBURSEMENTS_UNPAID, PAYMENTS_IN_TRANSIT
from donations.bookkeeping.entries import Line, Wanted, entry


def entries_of_request(
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
