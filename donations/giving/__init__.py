"""The life of a donation: checked before it is paid (checks), created (new_donation), taken to Checkout (checkouts),
put in a state by its facts (states), settled when something is known of its payment (settlement), refunded (refunds).
Also offline donations (offline_donations) and branch returns (branch_returns). No HTTP and no Stripe here."""

from donations.giving import branch_returns, checks, offline_donations, refunds, unpaid
from donations.giving.checkouts import (
    LOOK_AFTER,
    LOOK_FOR_PAYMENT_AFTER,
    attempt_for,
    attempt_not_repeatable,
    attempt_opened,
    look_for_payment,
    look_soon,
    overdue_sessions,
    page_of,
    record_session,
)
from donations.giving.fund_assignment import assign
from donations.giving.new_donation import NewDonation, begin, by_shares
from donations.giving.outcomes import Outcome, outcome_of, payment_progress
from donations.giving.receipt_changes import carry_out_change
from donations.giving.settlement import settle
from donations.giving.states import (
    COUNTED_STATES,
    SETTLED_STATES,
    DonationFacts,
    PaymentProgress,
    progress_of,
    state_of,
)
from donations.giving.terms import terms_of

__all__ = [
    "COUNTED_STATES",
    "LOOK_AFTER",
    "LOOK_FOR_PAYMENT_AFTER",
    "SETTLED_STATES",
    "DonationFacts",
    "NewDonation",
    "Outcome",
    "PaymentProgress",
    "assign",
    "attempt_for",
    "attempt_not_repeatable",
    "attempt_opened",
    "begin",
    "branch_returns",
    "by_shares",
    "carry_out_change",
    "checks",
    "look_for_payment",
    "look_soon",
    "offline_donations",
    "outcome_of",
    "overdue_sessions",
    "page_of",
    "payment_progress",
    "progress_of",
    "record_session",
    "refunds",
    "settle",
    "state_of",
    "terms_of",
    "unpaid",
]  # fmt: skip
