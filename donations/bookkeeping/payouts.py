"""Payouts: what Stripe sent to the bank, by the funds whose money it was. Rows 6 and 6b."""

from __future__ import annotations

from collections.abc import Sequence

from donations.bookkeeping.accounts import ACCOUNT_FEES, PAYOUTS_IN_TRANSIT, STRIPE_BALANCE
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.facts import BalanceTransaction

PAYOUT_CATEGORIES = frozenset({"payout", "payout_reversal"})
Parts = Sequence[tuple[int, int]]  # (fund id, minor units)


def entry_of_payout(
    transaction: BalanceTransaction, parts: Parts, *, general_fund_id: int | None, suspense_fund_id: int
) -> list[Wanted]:
    """The entry of a payout's own balance transaction, or of the one that returned it: payouts in transit against
    the Stripe balance, by the funds of its members. `parts` are of the payout as it was made, positive towards the
    bank; what they do not explain, all of it while the members are not known, is in suspense."""
    left = -transaction.amount_minor  # what left the Stripe balance
    turn = 1 if left * sum(minor for _, minor in parts) >= 0 else -1
    shares = [(fund, turn * minor) for fund, minor in parts]
    shares.append((suspense_fund_id, left - sum(minor for _, minor in shares)))
    house = general_fund_id or suspense_fund_id
    ref, currency = transaction.source_id or transaction.id, transaction.currency
    lines: list[Line] = []
    for fund, minor in shares:
        lines.append(Line(PAYOUTS_IN_TRANSIT, fund, currency, minor, ref))
        lines.append(Line(STRIPE_BALANCE, fund, currency, -minor))
    lines.append(Line(ACCOUNT_FEES, house, currency, transaction.fee_minor))  # An instant payout has one.
    lines.append(Line(STRIPE_BALANCE, house, currency, -transaction.fee_minor))
    return entry(f"bt:{transaction.id}", "movement", transaction.created_at, lines)
