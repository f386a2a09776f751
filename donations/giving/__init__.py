"""The life of a donation: checked before it is paid (checks), begun (gifts), taken to Checkout (checkouts), put in a
state by its facts (states), settled when something is known of its payment (settling), given back (refunding); and of a
gift that no card brought (offline), or a branch handed in (pay_ins). No HTTP and no Stripe here."""

from donations.giving import checks, offline, pay_ins, refunding, unpaid
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
from donations.giving.deciding import assign
from donations.giving.gifts import Gift, begin, by_shares, terms_of
from donations.giving.outcomes import Outcome, outcome_of, payment_progress
from donations.giving.receipt_changes import carry_out_change
from donations.giving.settling import settle
from donations.giving.states import (
    COUNTED_STATES,
    SETTLED_STATES,
    DonationFacts,
    PaymentProgress,
    progress_of,
    state_of,
)

__all__ = [
    "COUNTED_STATES",
    "LOOK_AFTER",
    "LOOK_FOR_PAYMENT_AFTER",
    "SETTLED_STATES",
    "DonationFacts",
    "Gift",
    "Outcome",
    "PaymentProgress",
    "assign",
    "attempt_for",
    "attempt_not_repeatable",
    "attempt_opened",
    "begin",
    "by_shares",
    "carry_out_change",
    "checks",
    "look_for_payment",
    "look_soon",
    "offline",
    "outcome_of",
    "overdue_sessions",
    "page_of",
    "pay_ins",
    "payment_progress",
    "progress_of",
    "record_session",
    "refunding",
    "settle",
    "state_of",
    "terms_of",
    "unpaid",
]  # fmt: skip
