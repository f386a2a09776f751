"""Balance transactions that belong to no payment: Stripe's own fees, payouts, reserves, top-ups, and whatever it may
invent. Each has one entry; what cannot be named goes to an account that asks for an explanation. Row 8."""

from __future__ import annotations

from donations.bookkeeping.accounts import (
    ACCOUNT_FEES,
    DISPUTED,
    IN_SETTLEMENT,
    PAYMENTS_IN_TRANSIT,
    PAYOUTS_IN_TRANSIT,
    RESERVES,
    STRIPE_BALANCE,
    UNCLASSIFIED,
)
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.facts import BalanceTransaction

_COUNTERS = {
    **dict.fromkeys(
        ("charge", "refund", "refund_failure", "charge_failure", "partial_capture_reversal"), IN_SETTLEMENT
    ),
    **dict.fromkeys(("dispute", "dispute_reversal"), DISPUTED),
    **dict.fromkeys(("payout", "payout_reversal"), PAYOUTS_IN_TRANSIT),
    **dict.fromkeys(("fee", "network_cost", "tax"), ACCOUNT_FEES),
    **dict.fromkeys(("topup", "topup_reversal"), PAYMENTS_IN_TRANSIT),
    "risk_reserved_funds": RESERVES,
}
_CLEARED_BY_SOURCE = frozenset({IN_SETTLEMENT, DISPUTED, PAYOUTS_IN_TRANSIT, PAYMENTS_IN_TRANSIT})
_OF_THE_HOUSE = frozenset({ACCOUNT_FEES, RESERVES})
RESERVED = "risk_reserved"


def is_of_unknown_kind(category: str) -> bool:
    """Whether no rule says what a balance transaction of this reporting category is, so that a person must."""
    return category not in _COUNTERS


def entry_for(transaction: BalanceTransaction, *, general_fund_id: int | None, suspense_fund_id: int) -> list[Wanted]:
    """The entry of a balance transaction without a payment: Stripe balance + net, fees + fee, counter - amount. Fees
    and reserves are the general fund's; the rest is in suspense until it is known whose it is. A treasurer classifies
    one of an unknown kind."""
    if transaction.balance_type == RESERVED:
        return []  # The other half of a reserve: the half of the payments balance books both.
    counter = _COUNTERS.get(transaction.reporting_category, UNCLASSIFIED)
    house = general_fund_id or suspense_fund_id
    fund = house if counter in _OF_THE_HOUSE else suspense_fund_id
    if counter == UNCLASSIFIED and transaction.classified is not None:
        counter, fund = transaction.classified.account, transaction.classified.fund_id
    ref = transaction.source_id or transaction.id if counter in _CLEARED_BY_SOURCE else None
    lines = [
        Line(STRIPE_BALANCE, fund, transaction.currency, transaction.amount_minor),
        Line(counter, fund, transaction.currency, -transaction.amount_minor, ref),
        Line(ACCOUNT_FEES, house, transaction.currency, transaction.fee_minor),
        Line(STRIPE_BALANCE, house, transaction.currency, -transaction.fee_minor),
    ]
    return entry(f"bt:{transaction.id}", "movement", transaction.created_at, lines)
