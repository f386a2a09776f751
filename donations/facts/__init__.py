"""Mirrors of what Stripe or a treasurer reports: the values (types), recorded forward only under the lock of the
payment's root row (record), and read back together (load). No entries are made here."""

from donations.facts import stray_payments
from donations.facts.load import load_house, load_of_donations, load_of_payment, load_root, posting_despite_stop
from donations.facts.record import (
    lock_root,
    record_charge,
    record_decision,
    record_dispute,
    record_members,
    record_payout,
    record_refund,
    record_transaction,
    record_warning,
)
from donations.facts.types import (
    BalanceTransaction,
    Charge,
    Checkout,
    Classified,
    Dispute,
    FraudWarning,
    Known,
    PaymentFacts,
    Payout,
    Refund,
    Root,
    Stray,
    Thing,
)
from donations.facts.upserts import TRANSACTION_COLUMNS

__all__ = [
    "TRANSACTION_COLUMNS",
    "BalanceTransaction",
    "Charge",
    "Checkout",
    "Classified",
    "Dispute",
    "FraudWarning",
    "Known",
    "PaymentFacts",
    "Payout",
    "Refund",
    "Root",
    "Stray",
    "Thing",
    "load_house",
    "load_of_donations",
    "load_of_payment",
    "load_root",
    "lock_root",
    "posting_despite_stop",
    "record_charge",
    "record_decision",
    "record_dispute",
    "record_members",
    "record_payout",
    "record_refund",
    "record_transaction",
    "record_warning",
    "stray_payments",
]  # fmt: skip
